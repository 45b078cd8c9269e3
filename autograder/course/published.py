"""Where a course is published, and what its notebooks say of that: a badge that opens them in Colab, where names.txt is, how one
hands in. ``make exercises COURSE_URL=...`` writes it down in ``source/published.toml``; without that file there is none of it.

The cells carry the tag ``published``. They are for exercises: a solution has neither them nor the setup cell's line.
"""

import copy
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from autograder.files import write

TAG = "published"
FILE = Path("source", "published.toml")
_ADDRESS = re.compile(r"https://github\.com/([A-Za-z0-9-]+)/([\w.-]+?)(?:\.git)?(?:/tree/([\w./-]+?))?/?")
_LINE = 'sys.modules["toolkit.first_names"].COURSE_URL = '
_HEAD = "# Where this course is published: make exercises COURSE_URL=... HAND_IN=... writes it down.\n"


class NoAddress(Exception):
    """What was given for the course's address is none; the message says what is."""


@dataclass(frozen=True)
class Published:
    """A course's repository on GitHub.

    Attributes:
        url: as it was given.
        hand_in: what the instructor says of handing in; may be empty.
    """

    url: str
    hand_in: str = ""

    def __post_init__(self) -> None:
        if not _ADDRESS.fullmatch(self.url):
            raise NoAddress(
                f"--course-url (COURSE_URL=) is the address of the course's repository, https://github.com/OWNER/REPO, or "
                f"https://github.com/OWNER/REPO/tree/BRANCH where the branch is not main. {self.url[:200]!r} is none."
            )

    @property
    def place(self) -> tuple[str, str]:
        """The repository as OWNER/REPO, and the branch."""
        owner, repository, branch = _ADDRESS.fullmatch(self.url).groups()
        return f"{owner}/{repository}", branch or "main"

    @property
    def names_url(self) -> str:
        """Where data/names.txt can be downloaded."""
        return "https://raw.githubusercontent.com/{}/{}/data/names.txt".format(*self.place)

    def badge(self, name: str) -> NotebookNode:
        """The cell that opens an exercise in Colab, with the id by which Colab knows such cells."""
        repository, branch = self.place
        colab = f"https://colab.research.google.com/github/{repository}/blob/{branch}/exercises/{name}/{name}.ipynb"
        text = f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab})"
        return new_markdown_cell(text, metadata={"id": "view-in-github", "colab_type": "text", "tags": [TAG]})

    def handing_in(self) -> NotebookNode:
        """The cell that says how one hands in; the last one."""
        text = (
            "## Handing in\n\n"
            "What you hand in is this notebook file. In Colab: *File → Download → Download .ipynb* (a copy in Drive is yours "
            "alone, and a link to it is no file). In Kaggle: *File → Download Notebook*. In Jupyter: *File → Save*, then "
            "*Download*. In VS Code: the file, saved. Its name does not matter; the checks need not be run again."
        )
        text += f"\n\n{self.hand_in}" if self.hand_in else ""
        text += f"\n\nThe course: [{self.place[0]}]({self.url})."
        return new_markdown_cell(text, metadata={"id": "hand-in", "tags": [TAG]})

    def line(self) -> str:
        """A line of the setup cell."""
        return f"{_LINE}{json.dumps(self.names_url)}\n"


def published(course: Path) -> Published | None:
    """What is written down in a course folder; None if nothing is.

    Raises:
        NoAddress: it cannot be read.
    """
    path = course / FILE
    if not path.exists():
        return None
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
        return Published(str(said["url"]), str(said.get("hand_in", "")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError) as error:
        raise NoAddress(
            f'{FILE} cannot be read ({type(error).__name__}: {error}). It has a line url = "https://github.com/OWNER/REPO", '
            'and may have hand_in = "a sentence".'
        ) from None


def write_down(course: Path, url: str, hand_in: str) -> Published:
    """Note where a course is published; what is not given stays as it was.

    Raises:
        NoAddress: that is no address, or none was ever given.
    """
    before = published(course) if not url or not hand_in else None
    found = Published(url or (before.url if before else ""), hand_in or (before.hand_in if before else ""))
    text = f"{_HEAD}url = {json.dumps(found.url)}\nhand_in = {json.dumps(found.hand_in, ensure_ascii=False)}\n"
    write(course / FILE, text)
    return found


def unpublished(notebook: NotebookNode) -> NotebookNode:
    """A copy of a notebook without what is said of where the course is published."""
    plain = copy.deepcopy(notebook)
    plain.cells = [cell for cell in plain.cells if TAG not in cell.metadata.get("tags", [])]
    for cell in plain.cells:
        if "setup" in cell.metadata.get("tags", []):
            cell.source = "".join(x for x in cell.source.splitlines(keepends=True) if not x.startswith(_LINE))
    return plain
