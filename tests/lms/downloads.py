"""A class of five, and its downloads in the form of each LMS, as its source or manual says (autograder/lms/formats.py)."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

ROSTER_HEADER = "id,name,email,login,lms id"


@dataclass(frozen=True)
class Student:
    """One of the class, and the LMSs' numbers for the person, the assignment's and the file's."""

    id: str
    first: str
    last: str
    number: int

    @property
    def login(self) -> str:
        return f"{self.id}42"

    @property
    def email(self) -> str:
        return f"{self.id}@uni.example"

    @property
    def name(self) -> str:
        return f"{self.first} {self.last}"


CLASS = (
    Student("ada", "Ada", "Lovelace", 101), Student("blaise", "Blaise", "Pascal", 102),
    Student("carl", "Carl Friedrich", "Gauß", 103), Student("emilie", "Émilie", "du Châtelet", 104),
    Student("juergen", "Jürgen", "Möser", 105),
)  # fmt: skip


def roster(numbers: bool = True) -> str:
    rows = (f"{s.id},{s.name},{s.email},{s.login},{s.number if numbers else ''}" for s in CLASS)
    return "\n".join([ROSTER_HEADER, *rows]) + "\n"


def zipped(files: Mapping[str, bytes], when: datetime = datetime(2026, 3, 1, 23, 30)) -> bytes:
    """A zip archive whose files all have one time, as Moodle's and Canvas's do."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, when.timetuple()[:6]), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def in_ascii(name: str) -> str:
    """As ILIAS writes names in files."""
    for letter, plain in {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}.items():
        name = name.replace(letter, plain)
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def moodle_name(student: Student) -> str:
    return f"{student.name.replace('_', ' ')}_{student.number + 4000}_assignsubmission_file"


def canvas_name(student: Student, late: bool = False) -> str:
    joined = re.sub(r"\W", "", f"{student.last}, {student.first}").lower()
    return f"{joined}{'_LATE' if late else ''}_{student.number}_{student.number + 5000}_"


def blackboard_name(student: Student, title: str, when: str) -> str:
    return f"{title}_{student.login}_attempt_{when}"


def ilias_name(student: Student) -> str:
    return in_ascii(f"{student.last}_{student.first}_{student.login}_{student.number}")


def names_in(lms: str, student: Student, file: str, title: str) -> str:
    """Where a student's file is in a download."""
    return {
        "moodle": lambda: f"{moodle_name(student)}/{file}",
        "canvas": lambda: f"{canvas_name(student)}{file}",
        "blackboard": lambda: f"{blackboard_name(student, title, '2026-03-01-23-30-00')}_{file}",
        "ilias": lambda: f"{title}_77/{ilias_name(student)}/{file}",
        "github": lambda: f"{title.lower()}-submissions/{title.lower()}-{student.login}/{file}",
        "folder": lambda: f"Classroom/{title}/{student.name} - {file}",
    }[lms]()


def download(lms: str, handed_in: Mapping[str, bytes], file: str, title: str) -> bytes:
    """A class's download: of each student's id, what was handed in; with what the LMS and systems add."""
    files = {names_in(lms, s, file, title): handed_in[s.id] for s in CLASS if s.id in handed_in}
    first = next(iter(files))
    files[f"__MACOSX/{first}"] = files[f"{first.rpartition('/')[0]}/._x.ipynb".lstrip("/")] = b"\0\5\x16\7"
    if lms == "blackboard":
        for student in CLASS:
            note = f"Name: {student.name} ({student.login})\nDate Submitted: Sunday, March 1, 2026 11:30:00 PM CET\n"
            files[f"{blackboard_name(student, title, '2026-03-01-23-30-00')}.txt"] = note.encode()
    if lms == "github":
        files |= {f"{name.rpartition('/')[0]}/.git/config": b"[core]" for name in list(files) if file in name}
        files |= {f"{name.rpartition('/')[0]}/README.md": b"# mine" for name in list(files) if name.endswith(file)}
    return zipped(files)


def put(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path
