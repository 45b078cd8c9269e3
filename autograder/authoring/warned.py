"""What the prose of an exercise warns of, and whether an answer that makes the mistake is told so."""

import re

from nbformat import NotebookNode

from autograder.authoring.kinds import names
from toolkit.verdict import Verdict

WARNING = r"What goes wrong|Two traps|different mistakes|Look for these"
"""How the prose begins a list of mistakes; each has its name in bold."""


def prose(notebook: NotebookNode) -> list[str]:
    """The text cells of an exercise; its lines are those of the source."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def warnings_of(texts: list[str]) -> list[str]:
    """The names of the mistakes that the prose lists: what is bold after words such as "What goes wrong here"."""
    found = []
    for text in texts:
        if begins := re.search(WARNING, text):
            bold = re.findall(r"^(?:- )?\*\*(.+?)\*\*", text[begins.end() :], re.MULTILINE)
            found += [title.strip(" .:") for title in bold]
    return list(dict.fromkeys(found))


def is_named(verdict: Verdict, kinds: str) -> bool:
    """Whether a verdict names one of the kinds of mistakes (`` or `` between them); any at all if there are none."""
    return verdict.named and (not kinds or names(verdict.message, kinds))


def flat(text: str) -> str:
    """A text on one line, in small letters."""
    return " ".join(text.split()).casefold()
