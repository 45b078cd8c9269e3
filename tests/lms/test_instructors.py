"""What docs/instructors.md shows of the class of five is what comes out, and each file that it links to is there."""

import re
import shutil

from autograder.course.exercise import COURSE
from autograder.lms import formats, give_back
from autograder.lms.collect import collect
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


def test_no_cell_becomes_a_formula():
    table = give_back._table(
        ["name"], [["=cmd()"], ["+1"], ["-2"], ["@x"], ["\t=1"], ["-"], ["Möser, Jürgen"], ["a\nb"]]
    )
    assert table.decode() == "name\r\n'=cmd()\r\n'+1\r\n'-2\r\n'@x\r\n =1\r\n-\r\n\"Möser, Jürgen\"\r\na b\r\n"
