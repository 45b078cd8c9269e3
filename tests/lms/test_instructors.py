"""What docs/instructors.md shows of the class of five is what comes out, and each file that it links to is there."""

import re
import shutil
import zipfile

from autograder.classroom.grade import Standing
from autograder.course.exercise import COURSE
from autograder.lms import formats, give_back
from autograder.lms.collect import collect
from autograder.lms.ledger import Collected, Ledger
from autograder.reports.report import NOTHING, Row
from tests.lms.downloads import ROSTER_HEADER, roster

GUIDE = (COURSE / "docs" / "instructors.md").read_text(encoding="utf-8")
FIVE = COURSE / "docs" / "class_of_five"


def test_the_class_of_five_is_collected_as_the_guide_shows(tmp_path, capsys):
    (tmp_path / "source").symlink_to(COURSE / "source")
    assert collect(tmp_path, FIVE / "canvas.zip", roster=FIVE / "roster.csv", dry=True)
    assert f"```\n{capsys.readouterr().out}```\n" in GUIDE
    assert collect(tmp_path, FIVE / "canvas.zip", roster=FIVE / "roster.csv")
    shutil.rmtree(tmp_path / "submitted")
    assert collect(tmp_path, FIVE / "moodle.zip", roster=FIVE / "roster.csv")
    assert len(list((tmp_path / "submitted").iterdir())) == 5


def test_the_guide_speaks_of_every_form_and_of_the_roster_that_there_is():
    assert all(f"`{lms}`" in GUIDE for lms in formats.SHOWN)
    assert ROSTER_HEADER in GUIDE and (FIVE / "roster.csv").read_text(encoding="utf-8") == roster()


def test_links_lead_somewhere():
    for text, folder in ((GUIDE, COURSE / "docs"), ((COURSE / "README.md").read_text("utf-8"), COURSE)):
        heads = {
            re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-")
            for head in re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        }
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
            assert link[1:] in heads if link.startswith("#") else (folder / link).exists(), link


def test_who_has_no_points_yet_gets_a_page_and_no_number(tmp_path, capsys, monkeypatch):
    rows = [Row("ada", "5_small", None, 3, problems=("is a PDF",)), Row("bob", "5_small", 2.5, 3)]
    rows.append(Row("cid", "5_small", 0, 3, problems=(NOTHING,)))
    monkeypatch.setattr(give_back, "assignments", lambda _: ["5_small"])
    monkeypatch.setattr(give_back, "standing", lambda _: Standing(rows, []))
    ledger = Ledger()
    for number, student in enumerate(("ada", "bob"), 1):
        ledger.submissions[student] = {"5_small": Collected("canvas", f"{student}_{number}_9{number}_", str(number))}
        page = tmp_path / "feedback" / student / "5_small" / "5_small.html"
        page.parent.mkdir(parents=True)
        page.write_text(student)
    ledger.write(tmp_path)
    assert not give_back.give_back(tmp_path)
    assert "ada, 5_small: has no points yet (is a PDF)." in capsys.readouterr().out
    assert (tmp_path / "returned/canvas/grades.csv").read_text().splitlines()[1:] == [",1,,,", ",2,,,2.5"]
    with zipfile.ZipFile(tmp_path / "returned/canvas/5_small-pages.zip") as pages:
        assert pages.namelist() == ["ada_1_91_5_small.html", "bob_2_92_5_small.html"]


def test_no_cell_becomes_a_formula():
    table = give_back._table(
        ["name"], [["=cmd()"], ["+1"], ["-2"], ["@x"], ["\t=1"], ["-"], ["Möser, Jürgen"], ["a\nb"]]
    )
    assert table.decode() == "name\r\n'=cmd()\r\n'+1\r\n'-2\r\n'@x\r\n?=1\r\n-\r\n\"Möser, Jürgen\"\r\na?b\r\n"
