"""What was downloaded is in ``submitted/`` afterwards, under whatever name it came, and every file of it is accounted for."""

import errno
import io
import json
import os
import re
import struct
import tarfile
import unicodedata
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.command_line import commands
from autograder.course.exercise import COURSE, configuration
from autograder.handed_in.readable import NOTEBOOK_BYTES
from autograder.lms import collect as collecting
from autograder.lms import download as downloads
from autograder.lms import formats
from autograder.lms.collect import BadCall, collect, main
from autograder.lms.download import Refused
from autograder.lms.ledger import BadLedger
from autograder.lms.roster import BadRoster, Person, made_id, read_roster, spellings
from tests.lms.downloads import (
    CLASS,
    blackboard_name,
    canvas_name,
    download,
    in_ascii,
    moodle_name,
    names_in,
    put,
    roster,
    zipped,
)

ONE, TWO = "1_chunked_backprop", "2_fused_cross_entropy"
BLANK = (COURSE / "exercises" / ONE / f"{ONE}.ipynb").read_bytes()
ADA, BLAISE, CARL, EMILIE, JUERGEN = CLASS


@pytest.fixture
def course(tmp_path):
    """A course folder with the course's own exercises, a class list, and nothing else."""
    (tmp_path / "source").symlink_to(COURSE / "source")
    put(tmp_path, "roster.csv", roster())
    return tmp_path


def tree(course: Path) -> dict[str, bytes]:
    folder = course / "submitted"
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def of(student, number: int = 0) -> bytes:
    """A notebook that is somebody's, in a version."""
    return BLANK + f" {student.id} {number}".encode()


def taken(course, files: dict[str, bytes], name: str = "d.zip", **how) -> dict[str, bytes]:
    put(course, name, zipped(files))
    collect(course, course / name, zone="Europe/Berlin", **how)
    return tree(course)


# --- names ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_roster", [True, False])
@pytest.mark.parametrize("lms", formats.SHOWN)
def test_everybody_is_found_in_each_form(course, capsys, lms, with_roster):
    if not with_roster:
        (course / "roster.csv").unlink()
    data = {s.id: of(s) for s in CLASS}
    put(course, "d.zip", download(lms, data, f"{ONE}.ipynb", "Exercise_1"))
    assert collect(course, course / "d.zip")
    found = {k: v for k, v in tree(course).items() if not k.endswith("timestamp.txt")}
    assert sorted(found.values()) == sorted(data.values())
    assert all(name.endswith(f"/{ONE}/{ONE}.ipynb") for name in found)
    if with_roster:
        assert found == {f"{s.id}/{ONE}/{ONE}.ipynb": of(s) for s in CLASS}
    else:
        assert "ids that were made" in capsys.readouterr().out
    assert not collect(course, course / "d.zip") or "5 the same as before" in capsys.readouterr().out


def test_an_unpacked_download_is_the_same(course):
    with zipfile.ZipFile(io.BytesIO(download("moodle", {s.id: of(s) for s in CLASS}, f"{ONE}.ipynb", "x"))) as archive:
        archive.extractall(course / "downloads")
    assert collect(course, course / "downloads")
    assert tree(course) == {f"{s.id}/{ONE}/{ONE}.ipynb": of(s) for s in CLASS}


def test_decomposed_umlauts_are_the_same_name(course):
    """macOS unpacks so."""
    name = unicodedata.normalize("NFD", f"{moodle_name(JUERGEN)}/{ONE}.ipynb")
    assert list(taken(course, {name: of(JUERGEN)})) == [f"juergen/{ONE}/{ONE}.ipynb"]


def test_names_in_an_archive_without_the_flag_for_utf8(course):
    put(course, "d.zip", zipped({f"{moodle_name(JUERGEN)}/{ONE}.ipynb": of(JUERGEN)}))
    data = bytearray((course / "d.zip").read_bytes())
    for magic, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = data.index(magic) + place
        data[start : start + 2] = struct.pack("<H", struct.unpack("<H", data[start : start + 2])[0] & ~0x800)
    put(course, "d.zip", bytes(data))
    assert collect(course, course / "d.zip")
    assert list(tree(course)) == [f"juergen/{ONE}/{ONE}.ipynb"]


@pytest.mark.parametrize(
    "path",
    [
        f"ada/{ONE}.ipynb", f"{ONE}/ada/work.ipynb", f"Lovelace, Ada/{ONE} (1).ipynb", f"{ONE}_ada.ipynb",
        f"ada_{ONE}-2.ipynb", f"Copy of {ONE} - Ada Lovelace.ipynb", f"Ada Lovelace - Copy_of_{ONE} (2).ipynb",
        f"{ONE}_LATE_ada42.ipynb", f"ada@uni.example/{ONE}.ipynb", f"1-chunked-backprop-ada42/{ONE}.ipynb",
        f"Group 7/ADA/deep/er/{ONE}.ipynb.json", "ada.ipynb", "hand_ins/ada.zip",
    ],
)  # fmt: skip
def test_a_name_in_whatever_place(course, path):
    data = zipped({f"{ONE}.ipynb": of(ADA)}) if path.endswith(".zip") else of(ADA)
    found = taken(course, {path: data, f"blaise/{ONE}.ipynb": of(BLAISE)}, lms="folder", assignment=ONE)
    assert [data] == [v for k, v in found.items() if k.startswith(f"ada/{ONE}/")]


def test_whoever_is_not_told_is_not_guessed(course, capsys):
    found = taken(course, {f"{ONE}.ipynb": of(ADA), f"adam_{ONE}.ipynb": of(ADA), f"blaise/{ONE}.ipynb": of(BLAISE)})
    assert list(found) == [f"blaise/{ONE}/{ONE}.ipynb"]
    said = capsys.readouterr().out
    assert "2 not matched" in said and "does not say whose it is" in said


def test_classrooms_folders_are_nobodys(course):
    """Two assignments' folders, without a class list: the names are in front of the files'."""
    (course / "roster.csv").unlink()
    files = {
        f"Class/{title}/{s.name} - {name}.ipynb": of(s)
        for title, name in (("Ex 1", ONE), ("Ex 2", TWO))
        for s in (ADA, BLAISE)
    }
    assert {name.split("/")[0] for name in taken(course, files)} == {"ada_lovelace", "blaise_pascal"}


def test_a_login_with_marks_is_told_from_the_title(course):
    put(course, "roster.csv", "id,name,login\nada,Ada Lovelace,ada_l_42\n")
    name = f"Ex_1_ada_l_42_attempt_2026-03-01-23-30-00_{ONE}.ipynb"
    assert f"ada/{ONE}/{ONE}.ipynb" in taken(course, {name: of(ADA)})


def test_ilias_writes_in_ascii(course):
    assert in_ascii("Jürgen Möser") == "Juergen Moeser"
    assert spellings("Jürgen Möser") & spellings("Moeser, Juergen") and spellings("Möser Jürgen") & spellings(
        "mosERJurgen"
    )
    assert not spellings("Anna Müller") & spellings("Anne Müller")


# --- two of one name --------------------------------------------------------------------------------------------------------

TWINS = "id,name,email,lms id\nmax1,Max Müller,max1@uni.example,201\nmax2,Max Müller,max2@uni.example,202\n"


def twins(lms: str) -> dict[str, bytes]:
    if lms == "canvas":
        return {f"müllermax_{n}_{n + 5000}_{ONE}.ipynb": BLANK + bytes([n]) for n in (201, 202)}
    return {f"Max Müller_{n}_assignsubmission_file/{ONE}.ipynb": BLANK + bytes([n]) for n in (201, 202)}


@pytest.mark.parametrize("lms", ["canvas", "moodle"])
def test_two_of_one_name_are_told_by_their_numbers(course, lms):
    put(course, "roster.csv", TWINS)
    found = taken(course, twins(lms))
    assert found == {f"max{n - 200}/{ONE}/{ONE}.ipynb": BLANK + bytes([n]) for n in (201, 202)}


@pytest.mark.parametrize("lms", ["canvas", "moodle"])
def test_two_of_one_name_are_not_guessed(course, capsys, lms):
    put(course, "roster.csv", re.sub(r",20\d", ",", TWINS))
    assert taken(course, twins(lms)) == {}
    assert capsys.readouterr().out.count("may be each of max1, max2 in roster.csv") == 2


def test_a_number_that_is_another_lmss_does_not_make_two_one(course, capsys):
    put(course, "roster.csv", "id,name,lms id\nada,Ada Lovelace,4102\nblaise,Blaise Pascal,7\n")
    found = taken(course, {f"{moodle_name(s)}/{ONE}.ipynb": of(s) for s in (ADA, BLAISE)})
    assert list(found) == [f"ada/{ONE}/{ONE}.ipynb"]
    said = capsys.readouterr().out
    assert "'Blaise Pascal' with the number 4102, which is Ada Lovelace's in roster.csv" in said
    assert "in roster.csv, and not in the download: blaise (Blaise Pascal)" in said


def test_two_of_one_name_without_a_roster(course, capsys):
    (course / "roster.csv").unlink()
    assert taken(course, twins("moodle")) == {}  # its numbers are of one assignment only
    assert "is of one of 2 people called 'Max Müller'" in capsys.readouterr().out
    assert set(taken(course, twins("canvas"))) == {f"müllermax-{n}/{ONE}/{ONE}.ipynb" for n in (201, 202)}


def test_where_moodle_says_no_names_numbers_are_the_ids(course):
    (course / "roster.csv").unlink()
    files = {f"Participant_{n}_assignsubmission_file/{ONE}.ipynb": BLANK + bytes([n]) for n in (201, 202)}
    assert set(taken(course, files)) == {f"participant-{n}/{ONE}/{ONE}.ipynb" for n in (201, 202)}


def test_canvas_numbers_stay_with_their_students(course):
    (course / "roster.csv").unlink()
    first = {name: data for name, data in twins("canvas").items() if "_201_" in name}
    taken(course, first)
    found = taken(course, {name.replace(ONE, TWO): data for name, data in twins("canvas").items()}, assignment=TWO)
    assert set(found) == {f"müllermax/{ONE}/{ONE}.ipynb", f"müllermax/{TWO}/{TWO}.ipynb"} | {
        f"müllermax-202/{TWO}/{TWO}.ipynb"
    }


@pytest.mark.parametrize("one, other", [("नीला", "नीलू"), ("สมชาย", "สมชีย"), ("かとう", "がとう"), ("கமலா", "கமலி")])
@pytest.mark.parametrize("lms", ["moodle", "canvas", "folder"])
def test_vowel_signs_are_letters(course, capsys, lms, one, other):
    """Names that differ in a vowel sign are two people's, in a class list and without one."""
    form = {"moodle": "{0}_41{1}_assignsubmission_file/{2}", "canvas": "{0}_10{1}_50{1}_{2}", "folder": "all/{0}/{2}"}[
        lms
    ]
    files = {form.format(name, n, f"{ONE}.ipynb"): of(ADA, n) for n, name in enumerate((one, other))}
    put(course, "roster.csv", f"id,name\nfirst,{one}\n")
    assert taken(course, files) == {f"first/{ONE}/{ONE}.ipynb": of(ADA, 0)}
    assert "who is not in roster.csv" in capsys.readouterr().out or lms == "folder"
    (course / "roster.csv").unlink()
    (course / "collected.json").unlink()
    found = taken(course, files)
    assert {found[f"{unicodedata.normalize('NFC', name)}/{ONE}/{ONE}.ipynb"] for name in (one, other)} == set(
        files.values()
    )


def test_accents_may_be_left_out():
    assert spellings("Zoë Ñandú") & spellings("Zoe Nandu") and spellings("Ἀλέξανδρος") & spellings("Αλεξανδρος")
    assert spellings("Йорик") & spellings("Йорик") and spellings("مُحَمَّد") & spellings("محمد")
    assert made_id(Person(name="नीला शर्मा")) == "नीला_शर्मा" != made_id(Person(name="नीलू शर्मा"))


def test_two_whose_made_ids_are_one_are_named(course, capsys):
    (course / "roster.csv").unlink()
    files = {
        f"Ex_{login}_attempt_2026-03-01-23-30-00_{ONE}.ipynb": of(ADA, n) for n, login in enumerate(("★", "☆", "ada"))
    }
    assert {name.partition("/")[0] for name in taken(course, files)} == {"ada"}
    said = capsys.readouterr().out
    assert (
        "is of '★', whose id would be unknown, as that of '☆' is: take a class list" in said and "2 not matched" in said
    )
    first = {name: data for name, data in files.items() if "★" in name}
    assert "unknown" in {name.partition("/")[0] for name in taken(course, first)}
    before = tree(course)
    assert taken(course, {name: data for name, data in files.items() if "☆" in name}) == before


# --- versions ---------------------------------------------------------------------------------------------------------------


def test_the_newest_attempt_counts_and_times_are_in_utc(course, capsys):
    """In Berlin clocks went forward on 29 March 2026."""
    whens = ["2026-03-28-23-00-00", "2026-03-30-00-10-00", "2026-03-29-01-59-00"]
    files = {f"{blackboard_name(ADA, 'Ex', when)}_{ONE}.ipynb": of(ADA, n) for n, when in enumerate(whens)}
    found = taken(course, files)
    assert found == {f"ada/{ONE}/{ONE}.ipynb": of(ADA, 1), f"ada/{ONE}/timestamp.txt": b"2026-03-29 22:10:00 UTC\n"}
    said = capsys.readouterr().out
    assert said.count("is of an earlier attempt") == 2 and "the newest is of 2026-03-30 00:10 CEST" in said
    assert "the times of handing in have no zone, and are taken for CEST and CET" in said


def test_a_resubmission_replaces_and_keeps(course, capsys):
    when = "2026-03-01-10-00-00"
    before = blackboard_name(ADA, "Ex", when)
    taken(course, {f"{before}_{ONE}.ipynb": of(ADA, 0), f"{before}_more.txt": b"x"})
    again = {f"{blackboard_name(ADA, 'Ex', '2026-03-02-10-00-00')}_{ONE}.ipynb": of(ADA, 1)}
    put(course, f"submitted/ada/{ONE}/by_hand.txt", "mine")
    capsys.readouterr()
    there = tree(course)
    assert taken(course, again, dry=True) == there and not (course / "kept").exists()
    assert "would be moved to kept/" in capsys.readouterr().out
    found = taken(course, again)
    assert found == {
        f"ada/{ONE}/{ONE}.ipynb": of(ADA, 1), f"ada/{ONE}/timestamp.txt": b"2026-03-02 09:00:00 UTC\n",
        f"ada/{ONE}/by_hand.txt": b"mine",
    }  # fmt: skip
    said = capsys.readouterr().out
    assert (
        f"the earlier version is kept/{ONE}-1.ipynb now" in said and "an earlier version is kept/more-1.txt now" in said
    )
    assert "by_hand.txt is there, too; it was not collected, and stays" in said
    assert (course / f"kept/{ONE}-1.ipynb").read_bytes() == of(ADA, 0)
    assert taken(course, {f"{blackboard_name(ADA, 'Ex', when)}_{ONE}.ipynb": of(ADA, 0)}) == found
    assert "is older than what is in submitted/ada" in capsys.readouterr().out


def test_what_was_put_there_by_hand_is_kept(course, capsys):
    put(course, f"submitted/ada/{ONE}/{ONE}.ipynb", "mine")
    taken(course, {f"{moodle_name(ADA)}/{ONE}.ipynb": of(ADA)})
    assert f"a version that was not collected is kept/{ONE}-1.ipynb now" in capsys.readouterr().out
    assert (course / f"kept/{ONE}-1.ipynb").read_text() == "mine"


def test_a_time_that_was_given_by_hand_is_kept(course, capsys):
    put(course, f"submitted/ada/{ONE}/timestamp.txt", "2026-01-01 00:00:00 UTC")
    taken(course, {f"{blackboard_name(ADA, 'Ex', '2026-03-01-10-00-00')}_{ONE}.ipynb": of(ADA)})
    assert "timestamp.txt: a version that was not collected is kept/timestamp-1.txt now" in capsys.readouterr().out
    assert (course / "kept/timestamp-1.txt").read_text().startswith("2026-01-01")


def test_a_download_that_was_made_earlier_does_not_replace(course, capsys):
    name = f"{canvas_name(ADA)}{ONE}.ipynb"
    old, new = zipped({name: of(ADA, 0)}, datetime(2026, 3, 1)), zipped({name: of(ADA, 1)}, datetime(2026, 3, 2))
    for data in (new, old):
        put(course, "d.zip", data)
        collect(course, course / "d.zip")
    assert tree(course) == {f"ada/{ONE}/{ONE}.ipynb": of(ADA, 1)}
    put(course, "both/old.zip", old)
    put(course, "both/new.zip", new)
    (course / "collected.json").unlink()
    assert collect(course, course / "both")
    assert tree(course) == {f"ada/{ONE}/{ONE}.ipynb": of(ADA, 1)}
    assert "is of an earlier download" in capsys.readouterr().out


@pytest.mark.parametrize(
    "names, newest",
    [
        ((f"{ONE}.ipynb", f"{ONE} (1).ipynb", f"{ONE} (10).ipynb"), 2),
        ((f"{ONE}-2.ipynb", f"{ONE}-1.ipynb", f"{ONE}.ipynb"), 0),
    ],
)
def test_the_highest_number_is_the_newest_version(course, names, newest):
    found = taken(
        course, {f"ada/{name}": of(ADA, n) for n, name in enumerate(names)} | {f"blaise/{ONE}.ipynb": of(BLAISE)}
    )
    assert found[f"ada/{ONE}/{ONE}.ipynb"] == of(ADA, newest) and len(found) == 2


def test_versions_that_cannot_be_ordered_are_all_taken(course):
    """The grader takes the one with most answers, and says so."""
    files = {f"ada/{ONE}.ipynb": of(ADA, 0), f"ada/final/{ONE}.ipynb": of(ADA, 1), f"ada/my {ONE}.ipynb": of(ADA, 2)}
    found = taken(course, files | {f"ada/same/{ONE}.ipynb": of(ADA, 0), f"blaise/{ONE}.ipynb": of(BLAISE)})
    assert sorted(v for k, v in found.items() if k.startswith("ada/")) == [of(ADA, n) for n in range(3)]


def test_late_is_said(course, capsys):
    taken(course, {f"{canvas_name(ADA, late=True)}{ONE}-1.ipynb": of(ADA)})
    assert "(new, late)" in capsys.readouterr().out
    assert json.loads((course / "collected.json").read_text())["submissions"]["ada"][ONE]["late"] is True


def test_moodles_worksheet_says_when(course):
    """Moodle's archive has no times, its grading worksheet has."""
    sheet = (
        "Identifier,Full name,ID number,Email address,Status,Grade,Last modified (submission)\n"
        'Participant 4101,Ada Lovelace,ada,ada@uni.example,Submitted,,"Sunday, 29 March 2026, 11:30 PM"\n'
    )
    put(course, "sheet.csv", sheet)
    found = taken(course, {f"{moodle_name(ADA)}/{ONE}.ipynb": of(ADA)}, roster=course / "sheet.csv")
    assert found[f"ada/{ONE}/timestamp.txt"] == b"2026-03-29 21:30:00 UTC\n"


def test_times_that_may_be_two_days_are_none(course, capsys):
    put(
        course,
        "roster.csv",
        "id,name,handed in\nada,Ada Lovelace,02/03/2026 10:00\nblaise,Blaise Pascal,2026-03-02 10:00\n",
    )
    found = taken(course, {f"{moodle_name(s)}/{ONE}.ipynb": of(s) for s in (ADA, BLAISE)})
    assert [name for name in found if "timestamp" in name] == [f"blaise/{ONE}/timestamp.txt"]
    assert "1 times of handing in cannot be read" in capsys.readouterr().out


def test_a_worksheet_of_another_assignment_says_nothing_of_this_one(course):
    sheet = (
        "Identifier,Full name,ID number,Last modified (submission)\nParticipant 9,Ada Lovelace,ada,2026-03-29 23:30\n"
    )
    put(course, "sheet.csv", sheet)
    found = taken(course, {f"{moodle_name(ADA)}/{ONE}.ipynb": of(ADA)}, roster=course / "sheet.csv")
    assert list(found) == [f"ada/{ONE}/{ONE}.ipynb"]


def test_a_time_that_a_student_wrote_is_none(course, capsys):
    files = {
        f"{moodle_name(ADA)}/{name}": data
        for name, data in ((f"{ONE}.ipynb", of(ADA)), ("timestamp.txt", b"2020-01-01"))
    }
    assert list(taken(course, files)) == [f"ada/{ONE}/{ONE}.ipynb"]
    assert "which only the LMS can" in capsys.readouterr().out


# --- for which assignment ---------------------------------------------------------------------------------------------------


def test_the_cells_tell_what_a_name_does_not(course):
    cross = (COURSE / "exercises" / TWO / f"{TWO}.ipynb").read_bytes()
    files = {f"{moodle_name(ADA)}/homework.ipynb": BLANK, f"{moodle_name(BLAISE)}/Untitled3.ipynb": cross}
    assert set(taken(course, files)) == {f"ada/{ONE}/{ONE}.ipynb", f"blaise/{TWO}/{TWO}.ipynb"}


def test_the_cells_tell_it_below_large_outputs(course):
    notebook = json.loads(BLANK)
    printed = {"output_type": "stream", "name": "stdout", "text": "x" * NOTEBOOK_BYTES}
    next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")["outputs"] = [printed]
    files = {f"{moodle_name(ADA)}/homework.ipynb": json.dumps(notebook).encode()}
    assert set(taken(course, files)) == {f"ada/{ONE}/{ONE}.ipynb"}


def test_what_is_no_notebook_is_taken_for_the_assignment_that_is_named(course):
    blaise = moodle_name(BLAISE)
    files = {f"{moodle_name(ADA)}/answers.pdf": b"%PDF", f"{blaise}/{ONE}.ipynb": BLANK, f"{blaise}/data.csv": b"1"}
    found = taken(course, files, assignment=ONE)
    assert set(found) == {f"ada/{ONE}/answers.pdf", f"blaise/{ONE}/{ONE}.ipynb", f"blaise/{ONE}/data.csv"}


def test_what_is_for_nothing_that_is_known_is_named(course, capsys):
    taken(course, {f"{moodle_name(ADA)}/answers.pdf": b"%PDF", f"{moodle_name(BLAISE)}/{ONE}.ipynb": BLANK})
    assert "--assignment (ASSIGNMENT=) says which" in capsys.readouterr().out


def test_an_archive_of_several_assignments_is_for_each(course):
    cross = (COURSE / "exercises" / TWO / f"{TWO}.ipynb").read_bytes()
    packed = zipped({f"{ONE}.ipynb": BLANK, f"{TWO}.ipynb": cross})
    assert set(taken(course, {f"{moodle_name(ADA)}/all.zip": packed})) == {f"ada/{ONE}/all.zip", f"ada/{TWO}/all.zip"}


def test_text_typed_into_an_lms_is_named(course, capsys):
    files = {
        "Ada Lovelace_4101_assignsubmission_onlinetext/onlinetext.html": b"see above",
        f"{moodle_name(BLAISE)}/{ONE}.ipynb": BLANK,
    }
    assert list(taken(course, files)) == [f"blaise/{ONE}/{ONE}.ipynb"]
    assert "Moodle's assignsubmission_onlinetext" in capsys.readouterr().out


@pytest.mark.parametrize(
    "lms, typed, note",
    [
        (
            "moodle",
            "Ada Lovelace_4101_assignsubmission_onlinetext/onlinetext.html",
            "Moodle's assignsubmission_onlinetext",
        ),
        ("canvas", "lovelaceada_101_text.html", "is text or a link typed into Canvas, no file"),
        ("canvas", "lovelaceada_101_link.html", "is text or a link typed into Canvas, no file"),
        ("blackboard", "Ex_ada42_attempt_2026-03-01-23-30-00.txt", "is Blackboard's own note on an attempt"),
    ],
)
@pytest.mark.parametrize("with_roster", [True, False])
def test_what_is_all_that_somebody_handed_in_is_for_a_human(course, capsys, lms, typed, note, with_roster):
    if not with_roster:
        (course / "roster.csv").unlink()
    files = {typed: b"see above"} | {names_in(lms, s, f"{ONE}.ipynb", "Ex"): of(s) for s in CLASS[1:]}
    put(course, "d.zip", zipped(files))
    assert not collect(course, course / "d.zip", ONE)
    said = capsys.readouterr().out
    assert (
        f"{note}, and all that " in said and "0 skipped · 1 not matched" in said and "not in the download" not in said
    )
    put(course, "d.zip", zipped(files | {names_in(lms, ADA, f"{ONE}.ipynb", "Ex"): of(ADA)}))
    assert collect(course, course / "d.zip", ONE)
    assert "1 skipped · 0 not matched" in capsys.readouterr().out


@pytest.mark.parametrize("packed", [True, False])
def test_a_notebook_is_as_large_as_grading_reads_it(course, capsys, packed):
    """Large by its outputs, which grading leaves out; beyond that a human has to act, and other large files matter to nobody."""
    large = {
        f"{moodle_name(ADA)}/{ONE}.ipynb": BLANK + bytes(40 << 20),
        f"{moodle_name(ADA)}/film.mp4": bytes(40 << 20),
    }
    too_large = {
        f"{moodle_name(BLAISE)}/{ONE}.ipynb": bytes((128 << 20) + 1),
        f"{moodle_name(CARL)}/film.mp4": bytes(40 << 20),
    }
    for name, data in (large | too_large).items():
        put(course, f"all/{name}", data)
    if packed:
        with zipfile.ZipFile(course / "d.zip", "w") as archive:
            for name in large | too_large:
                archive.write(course / "all" / name, name)
    assert not collect(course, course / ("d.zip" if packed else "all"))
    assert tree(course) == {f"ada/{ONE}/{ONE}.ipynb": large[f"{moodle_name(ADA)}/{ONE}.ipynb"]}
    said = capsys.readouterr().out
    assert "134 MB, too much for anything that is handed in here: ask for it" in said and "2 not matched" in said
    assert "here, and all that Carl Friedrich Gauß has handed in there" in said
    assert "in roster.csv, and not in the download: emilie (Émilie du Châtelet), juergen (Jürgen Möser)" in said


def test_a_folder_of_downloads(course):
    """Two of Moodle's archives, and Drive's in two parts; beside them a student's own archive."""
    cross = (COURSE / "exercises" / TWO / f"{TWO}.ipynb").read_bytes()
    put(course, "all/Course-one-12.zip", zipped({f"{moodle_name(ADA)}/{ONE}.ipynb": BLANK}))
    put(course, "all/Course-two-13.zip", zipped({f"{moodle_name(ADA)}/{TWO}.ipynb": cross}))
    put(course, "all/drive-download-20260301T101010Z-001.zip", zipped({f"Ex/blaise_{ONE}.ipynb": BLANK}))
    put(course, "all/drive-download-20260301T101010Z-002.zip", zipped({f"Ex/carl_{ONE}.ipynb": BLANK}))
    put(course, f"all/emilie_{ONE}.zip", zipped({"work.ipynb": BLANK}))
    assert collect(course, course / "all")
    assert set(tree(course)) == {
        f"ada/{ONE}/{ONE}.ipynb", f"ada/{TWO}/{TWO}.ipynb", f"blaise/{ONE}/{ONE}.ipynb", f"carl/{ONE}/{ONE}.ipynb",
        f"emilie/{ONE}/emilie_{ONE}.zip",
    }  # fmt: skip


# --- what is refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../../evil.ipynb", "/etc/evil.ipynb", "a/../../evil.ipynb", "C:\\evil.ipynb", "..\\evil.ipynb"]
)
def test_an_archive_that_leads_out_is_refused(course, name):
    files = {f"{moodle_name(ADA)}/{ONE}.ipynb": BLANK, name: b"evil"}
    with pytest.raises(Refused, match="a name that leads out of it: nothing of it was taken"):
        taken(course, files)
    assert not (course / "submitted").exists() and not (course / "collected.json").exists()


def test_an_archive_that_explodes_is_refused(course):
    with pytest.raises(Refused, match="becomes too large"):
        taken(course, {f"{moodle_name(ADA)}/{ONE}.ipynb": b" " * (80 << 20)})


def test_an_archive_of_too_many_files_is_refused(course, monkeypatch):
    monkeypatch.setattr(downloads, "CLASS_MEMBERS", 3)
    with pytest.raises(Refused, match="more than 3 files"):
        taken(course, {f"{moodle_name(ADA)}/{n}.ipynb": b"x" for n in range(4)})


def test_a_member_that_is_larger_than_it_says_is_not_taken(course, capsys):
    put(
        course, "d.zip", zipped({f"{moodle_name(ADA)}/{ONE}.ipynb": BLANK, f"{moodle_name(BLAISE)}/{ONE}.ipynb": BLANK})
    )
    data = bytearray((course / "d.zip").read_bytes())
    place = data.index(b"PK\1\2") + 24
    data[place : place + 4] = struct.pack("<I", 100)
    put(course, "d.zip", bytes(data))
    assert not collect(course, course / "d.zip")
    assert list(tree(course)) == [f"blaise/{ONE}/{ONE}.ipynb"]


def test_an_archive_with_a_password_is_refused(course):
    put(course, "d.zip", zipped({f"{moodle_name(ADA)}/{ONE}.ipynb": BLANK}))
    data = bytearray((course / "d.zip").read_bytes())
    for magic, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(magic) + place] |= 1
    put(course, "d.zip", bytes(data))
    with pytest.raises(Refused, match="needs a password"):
        collect(course, course / "d.zip")


def test_links_are_not_followed(course, capsys):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(f"{moodle_name(BLAISE)}/{ONE}.ipynb", BLANK)
        link = zipfile.ZipInfo(f"{moodle_name(ADA)}/{ONE}.ipynb")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    put(course, "d.zip", out.getvalue())
    collect(course, course / "d.zip")
    put(course, "d/ada/x", "")
    (course / f"d/ada/{ONE}.ipynb").symlink_to("/etc/passwd")
    collect(course, course / "d")
    assert list(tree(course)) == [f"blaise/{ONE}/{ONE}.ipynb"]
    assert capsys.readouterr().out.count("is a link") == 2


def test_a_folder_that_is_a_link_is_not_written_to(course, capsys):
    (course / "elsewhere").mkdir()
    (course / "submitted").mkdir()
    (course / "submitted/ada").symlink_to(course / "elsewhere")
    taken(course, {f"{moodle_name(ADA)}/{ONE}.ipynb": BLANK})
    assert not list((course / "elsewhere").iterdir())
    assert "submitted/ada is a link to another place" in capsys.readouterr().out


def test_what_cannot_be_written_stops_nobody_else(course, capsys):
    (course / "elsewhere").mkdir()
    (course / f"submitted/ada/{ONE}/{ONE}.ipynb").mkdir(parents=True)
    (course / f"submitted/carl/{ONE}").mkdir(parents=True)
    (course / f"submitted/carl/{ONE}/answers").symlink_to(course / "elsewhere")
    files = {f"{moodle_name(s)}/{ONE}.ipynb": of(s) for s in (ADA, BLAISE)}
    found = taken(course, files | {f"{moodle_name(CARL)}/answers/{ONE}.ipynb": of(CARL)})
    assert list(found) == [f"blaise/{ONE}/{ONE}.ipynb"] and not list((course / "elsewhere").iterdir())
    said = capsys.readouterr().out
    assert said.count("could not be written to") == 2 and "a link to another place" in said


def damaged(files: dict[str, bytes], member: str) -> bytes:
    """An archive of which one member cannot be read any more."""
    data = bytearray(zipped(files))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        place = archive.getinfo(member).header_offset
    data[place + 30 + len(member.encode()) + 4] ^= 0xFF
    return bytes(data)


@pytest.mark.parametrize("beside", [{}, {"more.txt": b"more"}])
def test_a_damaged_download_costs_nobody_what_was_collected_before(course, capsys, beside):
    name = f"{moodle_name(ADA)}/{ONE}.ipynb"
    before = taken(course, {name: of(ADA, 0), f"{moodle_name(ADA)}/old.txt": b"old"})
    ledger = json.loads((course / "collected.json").read_text())["submissions"]["ada"]
    again = {name: of(ADA, 1)} | {f"{moodle_name(ADA)}/{other}": data for other, data in beside.items()}
    put(course, "d.zip", damaged(again | {f"{moodle_name(BLAISE)}/{ONE}.ipynb": of(BLAISE)}, name))
    capsys.readouterr()
    assert not collect(course, course / "d.zip")
    assert tree(course) == before | {f"blaise/{ONE}/{ONE}.ipynb": of(BLAISE)}
    assert json.loads((course / "collected.json").read_text())["submissions"]["ada"] == ledger
    assert not (course / "kept").exists()
    said = capsys.readouterr().out
    assert "is damaged" in said and said.count(f"submitted/ada/{ONE} stays as it is") == len(beside)
    found = taken(course, again)
    assert found[f"ada/{ONE}/{ONE}.ipynb"] == of(ADA, 1) and f"ada/{ONE}/old.txt" not in found


def test_a_disk_that_is_full_costs_nobody_what_was_collected_before(course, capsys, monkeypatch):
    when = "2026-03-01-10-00-00"
    names = (f"{ONE}.ipynb", "a.txt", "old.txt")
    first = {f"{blackboard_name(ADA, 'Ex', when)}_{name}": of(ADA, n) for n, name in enumerate(names)}
    before = taken(course, first)
    written, write = [], collecting.write

    def full(path, data, *permissions):
        if path.name == "z.txt":
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        written.append(path.name)
        write(path, data, *permissions)

    monkeypatch.setattr(collecting, "write", full)
    later = "2026-03-02-10-00-00"
    names = ("a.txt", "b.txt", f"{ONE}.ipynb", "z.txt")
    again = {f"{blackboard_name(ADA, 'Ex', later)}_{name}": of(ADA, n) for n, name in enumerate(names, 5)}
    put(course, "d.zip", zipped(again))
    capsys.readouterr()
    assert not collect(course, course / "d.zip")
    assert {"a.txt", "b.txt", f"{ONE}.ipynb"} <= set(written)
    assert tree(course) == before and not list((course / "kept").iterdir())
    said = capsys.readouterr().out
    assert "No space left on device" in said and "0 files taken" in said and said.count("stays as it is") == 3
    monkeypatch.undo()
    assert collect(course, course / "d.zip")
    assert f"ada/{ONE}/z.txt" in tree(course) and f"ada/{ONE}/old.txt" not in tree(course)


def test_a_folder_that_lets_nothing_go_is_named(course, capsys, monkeypatch):
    """As a folder that may only be read."""
    before = taken(course, {f"{moodle_name(ADA)}/{name}": name.encode() for name in (f"{ONE}.ipynb", "old.txt")})

    def refuse(course, path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(collecting, "set_aside", refuse)
    put(course, "d.zip", zipped({f"{moodle_name(ADA)}/{ONE}.ipynb": f"{ONE}.ipynb".encode()}))
    assert not collect(course, course / "d.zip")
    assert tree(course) == before
    assert "could not be moved to kept/ (Permission denied)" in capsys.readouterr().out
    assert not collect(course, course / "d.zip")  # it is known still


@pytest.mark.parametrize(
    "data, sentence",
    [
        (b"", "is no archive that can be opened"),
        (b"PK\3\4 but no more", "is damaged"),
        (b"<html>log in</html>", "is no archive that can be opened"),
        (b"Rar!\x1a\x07\0", "is no archive that can be opened"),
    ],
)
def test_what_is_no_archive_gets_a_sentence(course, data, sentence):
    put(course, "d.zip", data)
    with pytest.raises(Refused, match=sentence):
        collect(course, course / "d.zip")


def test_a_tar_is_read_too(course):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo(f"hw-submissions/hw-ada42/{ONE}.ipynb")
        info.size = len(BLANK)
        archive.addfile(info, io.BytesIO(BLANK))
    put(course, "d.tar.gz", out.getvalue())
    assert collect(course, course / "d.tar.gz")
    assert list(tree(course)) == [f"ada/{ONE}/{ONE}.ipynb"]


def tarred(files: dict[str, bytes | str], mode: str = "w:gz") -> bytes:
    """A tar archive; text is where a link leads."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            if isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
            else:
                info.size = len(data)
            archive.addfile(info, io.BytesIO(data) if isinstance(data, bytes) else None)
    return out.getvalue()


def repository(student, name: str = f"{ONE}.ipynb") -> str:
    return f"hw-submissions/hw-{student.login}/{name}"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_what_one_packed_refuses_nobody_elses_in_a_tar(course, capsys, mode):
    """A broken archive in it, or a large one, is handed in as it is; what is no file is named."""
    large = zipped({f"{ONE}.ipynb": b" " * (70 << 20)})
    packed = {repository(ADA, "all.zip"): b"PK\3\4 broken", repository(CARL, "all.zip"): large}
    more = {repository(BLAISE): of(BLAISE), repository(EMILIE): "/etc/passwd", repository(ADA, ".git/x"): b"x"}
    put(course, "d.tar", tarred(packed | more, mode))
    assert not collect(course, course / "d.tar", ONE) or "is a link" in capsys.readouterr().out
    assert tree(course) == {
        f"ada/{ONE}/all.zip": b"PK\3\4 broken", f"blaise/{ONE}/{ONE}.ipynb": of(BLAISE), f"carl/{ONE}/all.zip": large,
    }  # fmt: skip


def test_a_tar_has_a_classs_limits(course, capsys, monkeypatch):
    many = {repository(ADA, f"{n}.png"): b"%d" % n for n in range(2_100)} | {repository(ADA): of(ADA)}
    large = {repository(student): bytes([n]) * (25 << 20) for n, student in enumerate((BLAISE, CARL, JUERGEN))}
    put(course, "d.tar", tarred(many | large, "w"))
    assert collect(course, course / "d.tar", ONE)
    assert tree(course).keys() == {f"{who.id}/{ONE}/{ONE}.ipynb" for who in (ADA, BLAISE, CARL, JUERGEN)}
    for limit, sentence in (("CLASS_MEMBERS", "more than 20 files"), ("CLASS_BYTES", "becomes too large")):
        with monkeypatch.context() as patch:
            patch.setattr(downloads, limit, 20)
            with pytest.raises(
                Refused, match=rf"{sentence}.* Unpack it, and name the folder \(with make: FROM=folder\)\."
            ):
                collect(course, course / "d.tar", ONE)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_that_breaks_off_or_leads_out_is_refused(course, mode):
    whole = tarred({repository(ADA): of(ADA), repository(BLAISE): os.urandom(100_000)}, mode)
    put(course, "d.tar", whole[:60_000])
    with pytest.raises(Refused, match="is damaged"):
        collect(course, course / "d.tar")
    put(course, "d.tar", tarred({repository(ADA): of(ADA), "../evil.ipynb": b"evil"}, mode))
    with pytest.raises(Refused, match="a name that leads out of it"):
        collect(course, course / "d.tar")
    put(course, "d.tar", tarred({repository(ADA): b" " * (80 << 20)}, mode))
    if mode != "w":
        with pytest.raises(Refused, match="becomes too large"):
            collect(course, course / "d.tar")
    assert not tree(course)


def test_a_tar_whose_middle_is_damaged_is_refused(course):
    """Python's tarfile takes what is no header for the end."""
    data = bytearray(tarred({repository(s): of(s) for s in (ADA, BLAISE)}, "w"))
    place = data.index(repository(BLAISE).encode())
    data[place : place + 4] = b"****"
    put(course, "d.tar", bytes(data))
    with pytest.raises(Refused, match="is damaged"):
        collect(course, course / "d.tar")


@pytest.fixture
def closed(monkeypatch):
    """Files and folders that are closed to whoever runs this, root included."""
    places: set[Path] = set()

    def closing(function):
        def called(path, *arguments, **options):
            if places.intersection((Path(path), *Path(path).parents)):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return function(path, *arguments, **options)

        return called

    for owner, name in (
        (Path, "open"),
        (Path, "iterdir"),
        (Path, "read_bytes"),
        (downloads, "read_regular"),
        (os, "scandir"),
    ):
        monkeypatch.setattr(owner, name, closing(getattr(owner, name)))
    return places


def test_what_may_not_be_read_stops_nobody_else(course, capsys, closed):
    def hand_out(number: int) -> None:
        for student in (ADA, BLAISE, CARL, JUERGEN):
            put(course, f"all/{student.id}/{ONE}.ipynb", of(student, number))
        put(course, "all/moodle.zip", zipped({f"{moodle_name(EMILIE)}/{ONE}.ipynb": of(EMILIE, number)}))

    hand_out(0)
    assert collect(course, course / "all")
    before = tree(course)
    hand_out(1)
    closed |= {course / f"submitted/blaise/{ONE}", course / "all/carl", course / "all/moodle.zip"}
    closed.add(course / f"all/juergen/{ONE}.ipynb")
    capsys.readouterr()
    assert not collect(course, course / "all")
    closed.clear()
    said = capsys.readouterr().out
    assert tree(course) == before | {f"ada/{ONE}/{ONE}.ipynb": of(ADA, 1)}
    assert f"is not taken: submitted/blaise/{ONE} cannot be read (Permission denied). Change its permissions." in said
    for name in ("carl", "moodle.zip"):
        assert f"all/{name} cannot be read (Permission denied): change its permissions." in said
    assert f"all/juergen/{ONE}.ipynb cannot be read: " in said and "4 not matched" in said


@pytest.mark.parametrize("place", ["d.zip", "collected.json"])
def test_what_may_not_be_read_at_all_is_a_sentence(course, closed, monkeypatch, place):
    monkeypatch.setattr(collecting, "COURSE", course)
    put(course, "d.zip", zipped({f"{moodle_name(ADA)}/{ONE}.ipynb": of(ADA)}))
    put(course, "collected.json", '{"people": {}, "submissions": {}}')
    closed.add(course / place)
    done = CliRunner().invoke(commands, ["collect", str(course / "d.zip")])
    assert isinstance(done.exception, SystemExit) and done.exit_code != 0
    assert f"{place} cannot be read" in done.output


def test_names_that_no_system_can_hold(course):
    files = {f"{moodle_name(ADA)}/{'x' * 300}.pdf": b"%PDF", f"{moodle_name(ADA)}/a:b\n?.ipynb": BLANK}
    assert all(
        len(name) < 255 and ":" not in name and "\n" not in name for name in taken(course, files, assignment=ONE)
    )


# --- rosters ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, expected",
    [
        ("id;name;e-mail\nada;Ada Lovelace;a@b\n", ("ada", "Ada Lovelace", "a@b", "", "")),
        ("\ufeffid\tFirst name\tSurname\nada\tAda\tLovelace\n", ("ada", "Ada Lovelace", "", "", "")),
        (
            "Student,ID,SIS User ID,SIS Login ID,Section,Ex (1)\n    Points Possible,,,,,26\n"
            '"Lovelace, Ada",101,s1,ada42,A,\n"Student, Test",9,,,A,\n',
            ("s1", "Lovelace, Ada", "", "ada42", "101"),
        ),
        ("identifier,github_username,github_id,name\nada@uni,ada42,77,Ada\n", ("ada@uni", "Ada", "", "ada42", "77")),
        ("id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,a@b,101\n", ("ada", "Ada Lovelace", "a@b", "", "101")),
        ("Identifier,Full name,Email address\nParticipant 4101,Ada Lovelace,a@b\n", ("a@b", "Ada Lovelace", "a@b", "", "4101")),
        ('"Last Name","First Name","Username","Student ID"\nLovelace,Ada,ada42,7\n', ("7", "Ada Lovelace", "", "ada42", "")),
        ("Nachname,Vorname\nGauß,Carl\n", ("carl_gauß", "Carl Gauß", "", "", "")),
    ],
)  # fmt: skip
def test_rosters_of_all_sorts(tmp_path, text, expected):
    (person,) = read_roster(put(tmp_path, "r.csv", text)).people
    assert (person.id, person.name, person.email, person.login, person.number) == expected


def test_a_roster_from_excel(tmp_path):
    found = read_roster(put(tmp_path, "r.csv", "id;name\njm;Jürgen Möser\n".encode("cp1252")))
    assert found.find(Person(name="Möser, Jürgen"))[0].id == "jm"


@pytest.mark.parametrize(
    "text, sentence",
    [("", "is empty"), ("points,grade\n1,2\n", "no column that says who"), ("id,name\na,A\na,B\n", "the id 'a' twice")],
)
def test_a_roster_that_is_none(tmp_path, text, sentence):
    with pytest.raises(BadRoster, match=sentence):
        read_roster(put(tmp_path, "r.csv", text))


# --- the rest ---------------------------------------------------------------------------------------------------------------


def test_nothing_is_written_when_it_is_only_shown(course, capsys):
    put(course, "d.zip", download("canvas", {s.id: of(s) for s in CLASS}, f"{ONE}.ipynb", "x"))
    before = sorted(os.listdir(course))
    assert collect(course, course / "d.zip", dry=True)
    assert sorted(os.listdir(course)) == before
    assert "5 files would be taken (5 new) · 0 skipped · 0 not matched" in capsys.readouterr().out


@pytest.mark.parametrize(
    "how, sentence",
    [
        ({"assignment": "9_none"}, "There is no assignment 9_none"),
        ({"lms": "webct"}, "webct is no LMS that is known"),
        ({"zone": "Europe/Atlantis"}, "There is no time zone Europe/Atlantis"),
    ],
)
def test_what_is_wrong_gets_a_sentence(course, how, sentence):
    with pytest.raises(BadCall, match=sentence):
        collect(course, course, **how)


def test_a_damaged_ledger_gets_a_sentence(course):
    put(course, "collected.json", "{")
    with pytest.raises(BadLedger, match="Move it away"):
        collect(course, course)


def test_the_program_says_what_is_missing(capsys):
    assert main("") == 2 and "FROM=downloads.zip" in capsys.readouterr().out
    assert main("/no/such/file.zip") == 2 and "There is no file or folder" in capsys.readouterr().out


@pytest.mark.parametrize("lms", ["moodle", "canvas", "blackboard"])
@pytest.mark.parametrize("mark", ["", "-1", " (2)"])
def test_nbgraders_own_zip_collect_knows_the_names(lms, mark):
    place = (
        f"/course/downloaded/{ONE}/extracted/submissions/{names_in(lms, BLAISE, f'{ONE}{mark}.ipynb', 'Exercise_1')}"
    )
    found = re.match(configuration().FileNameCollectorPlugin.named_regexp, place)
    expected = {"moodle": "Blaise Pascal", "canvas": "pascalblaise", "blackboard": "blaise42"}[lms]
    assert (found["student_id"], found["file_id"]) == (expected, ONE)


@pytest.mark.parametrize("lms", ["moodle", "canvas", "blackboard", "ilias", "github"])
def test_a_class_list_that_comes_late_makes_nobody_two_people(course, capsys, lms):
    handed_in = {student.id: of(student) for student in CLASS}
    put(course, "d.zip", download(lms, handed_in, f"{ONE}.ipynb", "Exercise 1"))
    listed = (course / "roster.csv").read_bytes()
    (course / "roster.csv").unlink()
    assert collect(course, course / "d.zip", ONE)
    before = tree(course)
    made = {path.partition("/")[0] for path in before}
    put(course, "roster.csv", listed)
    capsys.readouterr()
    again = collect(course, course / "d.zip", ONE)
    if made == {student.id for student in CLASS}:  # the LMS's logins are the list's ids
        assert again and tree(course).keys() == before.keys()
        return
    said = capsys.readouterr().out
    known = {path: data for path, data in tree(course).items() if path.partition("/")[0] in made}
    assert known == before
    for student in made - {one.id for one in CLASS}:
        assert f"Move submitted/{student} away" in said
    assert not again
    for student in made - {one.id for one in CLASS}:
        (course / "submitted" / student).rename(course / f"{student} was here")
    assert collect(course, course / "d.zip", ONE)
    assert {path.partition("/")[0] for path in tree(course)} == {one.id for one in CLASS}


def test_the_command_that_takes_somebody_from_the_gradebook_can_be_typed(course, capsys):
    """An id may have blanks, and be longer than what a sentence shows of a name."""
    student = "ada " + "l" * 110
    put(course, "roster.csv", f"id,name,login\n{student},Ada Lovelace,ada42\n")
    files = {f"{blackboard_name(ADA, 'Ex', '2026-03-01-10-00-00')}_{ONE}.ipynb": of(ADA)}
    taken(course, files)
    put(course, "roster.csv", "id,name,login\nada,Ada Lovelace,ada42\n")
    capsys.readouterr()
    taken(course, files)
    assert f"student remove --force -- '{student}'`" in capsys.readouterr().out


def test_names_in_a_class_list_reach_no_terminal_as_they_are(course, capsys, monkeypatch):
    """Neither in what is listed nor in what stops everything."""
    monkeypatch.setattr(collecting, "COURSE", course)
    evil = "\x1b[\u202e"
    listed = f"id,name,lms id\nada{evil},Ada{evil},101\nada2{evil},Ada{evil},\nbea,Bea{evil} Pascal,102\n"
    put(course, "roster.csv", listed)
    files = {f"{canvas_name(s)}{ONE}.ipynb": of(s) for s in (BLAISE, CARL)} | {f"ada_103_9_{ONE}.ipynb": of(ADA)}
    put(course, "d.zip", zipped(files))
    assert main(str(course / "d.zip")) == 1
    put(course, "twice.csv", f"id,name\na{evil},A{evil}\na{evil},B\n")
    assert main(str(course / "d.zip"), roster=str(course / "twice.csv")) == 2
    said = capsys.readouterr().out
    assert "may be each of" in said and "which is Bea" in said and "twice" in said
    assert all(line.isprintable() for line in said.splitlines())


@pytest.mark.parametrize("lms", ["moodle", "canvas", "blackboard", "ilias", "github"])
def test_a_class_list_that_is_forgotten_once_makes_nobody_two_people(course, lms):
    put(course, "d.zip", download(lms, {s.id: of(s) for s in CLASS}, f"{ONE}.ipynb", "Exercise 1"))
    assert collect(course, course / "d.zip", ONE)
    (course / "roster.csv").unlink()
    put(course, "d.zip", download(lms, {s.id: of(s, 1) for s in CLASS}, f"{ONE}.ipynb", "Exercise 1"))
    assert collect(course, course / "d.zip", ONE)
    assert {path.partition("/")[0] for path in tree(course)} == {one.id for one in CLASS}
    assert tree(course)[f"ada/{ONE}/{ONE}.ipynb"] == of(ADA, 1)


def test_a_form_that_was_asked_for_and_is_not_the_downloads_is_named(course, capsys):
    put(course, "d.zip", download("canvas", {s.id: of(s) for s in CLASS}, f"{ONE}.ipynb", "Exercise 1"))
    assert not collect(course, course / "d.zip", ONE, lms="moodle")
    assert "d: names look like Canvas's, and moodle was asked for" in capsys.readouterr().out
    assert collect(course, course / "d.zip", ONE, lms="canvas")
    assert "names look like" not in capsys.readouterr().out


@pytest.mark.parametrize("data", [b"PK\x03\x04 a spreadsheet", b"\xd0\xcf\x11\xe0 an older one", b"id,name\n\0\0\0"])
def test_a_list_that_is_a_spreadsheet_gets_a_sentence(course, data):
    put(course, "class.xlsx", data)
    with pytest.raises(BadRoster, match=r"class\.xlsx is no text: a spreadsheet, perhaps\. Save it as CSV"):
        read_roster(course / "class.xlsx")


def test_lines_that_end_in_odd_ways_are_read(course):
    put(course, "mac.csv", b"id,name\rada,Ada Lovelace\rblaise,Blaise Pascal\r")
    assert [person.id for person in read_roster(course / "mac.csv").people] == ["ada", "blaise"]


@pytest.mark.parametrize("place", [".", ".."])
def test_a_folder_with_the_course_in_it_is_no_download(course, place):
    with pytest.raises(BadCall, match="has the course itself in it"):
        collect(course, course / place)
    assert not tree(course)
