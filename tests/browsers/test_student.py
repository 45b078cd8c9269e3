"""A student's way through ``make lab``, in JupyterLab and Notebook 7: a wrong answer, its sentence, the check mark, a grade."""

import subprocess
import sys
from collections.abc import Iterator

import nbformat
import pytest
import requests
from playwright.sync_api import expect

from autograder.browsers.browser import tab
from autograder.browsers.notebook import Notebook, notebook
from autograder.browsers.server import served

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.share(0.15)]
CHUNKED, FUSED = "1_chunked_backprop", "2_fused_cross_entropy"
WRONG = "dlogprobs = torch.zeros_like(logprobs)\ndlogprobs[range(n), Yb] = 1.0 / n"
RIGHT = "dlogprobs = torch.zeros_like(logprobs)\ndlogprobs[range(n), Yb] = -1.0 / n"
FUSED_RIGHT = "dlogits = (F.softmax(logits, 1) - F.one_hot(Yb, num_classes=logits.shape[1])) / n"


@pytest.fixture(scope="module")
def address(course, tmp_path_factory) -> Iterator[str]:
    with served(course, "lab", tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="module", params=["lab", "notebook"])
def chunked(request, address, opened, course) -> Iterator[Notebook]:
    """Exercise 1 as it is released, its first cells run, in each of the two."""
    place = course / "work" / CHUNKED / f"{CHUNKED}.ipynb"
    place.write_bytes((course / "exercises" / CHUNKED / place.name).read_bytes())
    with notebook(opened, address, course / "work", f"{CHUNKED}/{place.name}", request.param) as found:
        found.run_above("logprobs")
        yield found
        assert found.tab.errors == found.tab.abroad == []


def test_no_menu_is_an_instructors(chunked, address):
    assert "Kernel" in chunked.menus() and "Nbgrader" not in chunked.menus()
    expect(chunked.page.locator(".validate-button")).to_be_visible()
    expect(chunked.page.get_by_text("Create Assignment")).to_have_count(0)
    for page in ("formgrader", "formgrader/api/assignments", "assignments", "formgraders"):
        assert requests.get(f"{address}/{page}", timeout=60).status_code == 404, page


def test_what_is_above_the_first_step_is_drawn_set_and_folded(chunked):
    assert "names, the longest has" in chunked.said("words")
    figure = chunked.cell("picture").locator(".jp-OutputArea-output img")
    expect(figure).to_be_visible()
    assert figure.evaluate("image => image.complete && image.naturalWidth") > 600
    formulas = chunked.page.locator(".jp-MarkdownCell mjx-container")
    assert formulas.count() > 10
    assert chunked.page.locator("mjx-merror, [data-mjx-error]").count() == 0
    texts = chunked.page.locator(".jp-MarkdownCell .jp-RenderedMarkdown")
    assert texts.count() == sum(cell.cell_type == "markdown" for cell in nbformat.read(chunked.file, 4).cells)
    left = [text for text in texts.all_text_contents() if "$$" in text or "\\frac" in text or "<details" in text]
    assert not left, left
    setup = chunked.cell("setup")
    assert setup.bounding_box()["height"] < 100, "the setup cell is open"
    step = chunked.cell("logprobs-text")
    expect(step.locator("tbody tr")).to_have_count(3)
    hint = step.locator("details").first
    assert hint.locator("p").is_hidden()
    hint.locator("summary").click()
    expect(hint.locator("p")).to_be_visible()


def test_a_wrong_answer_gets_its_sentence_and_the_mended_one_a_mark(chunked):
    chunked.write("logprobs", WRONG)
    assert not chunked.run("logprobs")
    said = chunked.run("logprobs-check")
    assert said.startswith("✗ dlogprobs") and "the sign is wrong" in said and "Not right yet: dlogprobs" in said
    assert "Traceback" not in said
    chunked.write("logprobs", RIGHT)
    assert not chunked.run("logprobs")
    assert chunked.run("logprobs-check").split() == ["✓", "dlogprobs", "right"]
    chunked.save()
    typed = {c.metadata.get("nbgrader", {}).get("grade_id"): c.source for c in nbformat.read(chunked.file, 4).cells}
    assert typed["logprobs"] == RIGHT


def test_an_exercise_from_blank_to_a_grade(address, opened, course):
    """Validate says what is missing, and later that nothing is; what was saved is graded, and its page opens."""
    path = f"{FUSED}/{FUSED}.ipynb"
    with notebook(opened, address, course / "work", path, "notebook") as fused:
        said = fused.validate()
        assert "The following cell failed" in said and 'check("logits")' in said and "dlogits: not there yet." in said
        fused.write("logits", FUSED_RIGHT)
        assert "Success! Your notebook passes all the tests." in fused.validate()
        fused.save()
        assert fused.tab.errors == fused.tab.abroad == []
    grade = [sys.executable, "-m", "autograder", "self-grade", "--no-open", f"work/{path}"]
    done = subprocess.run(grade, cwd=course, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert f"10 of 10 points in {FUSED}" in done.stdout, done.stdout + done.stderr
    with tab(opened) as watched:
        watched.page.goto((course / "work" / FUSED / f"{FUSED}-feedback.html").as_uri())
        expect(watched.page.locator("body")).to_contain_text("10 of 10 points")
        assert watched.page.locator("math").count()
        assert watched.errors == watched.abroad == []
