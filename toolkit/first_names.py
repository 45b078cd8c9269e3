"""The data: a list of first names, found beside the notebook, in the course, or on the lecture's own page.

Standard library only and no import from the rest of the toolkit, since a student's notebook carries this text inside itself.
"""

import contextlib
import hashlib
import os
import re
import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

COURSE_SHA256 = "a311634f5113663f131a60cd0c76afb8420199991dbd9045773b8a2949ada835"
LECTURE_SHA256 = "0a30b5555f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d"
LECTURE_URL = "https://raw.githubusercontent.com/karpathy/makemore/master/names.txt"
KNOWN = {COURSE_SHA256: "the 2018 list that comes with the course", LECTURE_SHA256: "the lecture's own list"}
TIMEOUT = 10  # seconds without a byte from the server
MIN_NAMES = 10  # a split into 80, 10 and 10 % needs ten names to leave no part empty
COURSE_URL = ""
"""Where the course's own list is; the build puts it in (``make exercises COURSE_URL=...``)."""
COPY = "Copy data/names.txt from the course next to this notebook and run the cell again."
IN_COLAB = (
    "In Colab: open that address in your browser, save the page as names.txt, click the folder at the left edge of Colab and "
    "drop the file there (it is then /content/names.txt)."
)
IN_KAGGLE = "In Kaggle: switch on Internet in the notebook's settings, at the right edge."


def load_names() -> list[str]:
    """The names in the file's own order; a name may occur twice. Prints one line that says which list it is.

    Looks for ``names.txt`` in the working directory, then for ``data/names.txt`` there and in every parent folder. Only if
    there is none, downloads the course's own file, or else the lecture's (or the address in the environment variable
    ``NAMES_URL``), and keeps it as ``names.txt`` in the working directory.

    Returns:
        At least ten non-empty strings of the letters a-z.

    Raises:
        FileNotFoundError: there is no file and none could be downloaded.
        ValueError: the file is empty or broken, or the download is a list that nobody vouches for.
    """
    here = Path.cwd()
    candidates = [(here / "names.txt", "names.txt")]
    candidates += [(folder / "data" / "names.txt", "data/names.txt") for folder in (here, *here.parents)]
    for path, label in candidates:
        if os.path.isfile(path):  # unlike Path.is_file, says False for a folder that one may not enter
            names, which = parse_names(path.read_bytes(), str(path))
            print(f"names.txt: {which or f'another list, {len(names):,} names'} ({label})")
            return names

    own_url = os.environ.get("NAMES_URL")
    url, data = _first_of(
        [own_url] if own_url else [address for address in (COURSE_URL, LECTURE_URL) if address], own_url
    )
    names, which = parse_names(data, f"The file downloaded from {url}")
    if not which and url == LECTURE_URL:
        raise ValueError(
            f"The file at {url} has changed: it is neither of the two lists that this course knows.\n{COPY}"
        )
    kept = "kept here as names.txt" if _keep(data, here / "names.txt") else "could not be kept in this folder"
    print(f"names.txt: {which or f'another list, {len(names):,} names'} (downloaded from {url}, {kept})")
    return names


def parse_names(data: bytes, where: str) -> tuple[list[str], str | None]:
    """The names in a file's bytes, and which known list they are (None: another list). CRLF line ends are read as LF.

    Raises:
        ValueError: a sentence that begins with ``where``: empty, not text, a line that is no name, too short, or cut off.
    """
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ValueError(f"{where} is not a text file, so it cannot be a list of names.\n{COPY}") from None
    if not text.strip():
        raise ValueError(f"{where} is empty.\n{COPY}")
    if text.lstrip("\ufeff \t\n").startswith("<"):
        raise ValueError(f"{where} is a web page, not a list of names.\n{COPY}")
    names = text.removesuffix("\n").split("\n")
    is_name = re.compile("[a-z]+").fullmatch
    for number, name in enumerate(names, start=1):
        if not is_name(name):
            raise ValueError(f"{where}, line {number}: {name[:40]!r} is not a name in lower-case letters a-z.\n{COPY}")
    body = "\n".join(names)
    for same in (body, body + "\n"):  # an editor may add or drop the last line end
        if which := KNOWN.get(hashlib.sha256(same.encode()).hexdigest()):
            return names, which
    if not text.endswith("\n"):  # a copy that broke off nearly always does so inside a line
        raise ValueError(f"{where} breaks off in its last line, {names[-1][:40]!r}: no line end follows.\n{COPY}")
    if len(names) < MIN_NAMES:
        raise ValueError(f"{where} is too short: names: {len(names)}, needed: {MIN_NAMES} or more.\n{COPY}")
    return names, None


def way_out() -> str:
    """Where the list can be had, and where to put it, as the last sentences of an error."""
    address = COURSE_URL or LECTURE_URL
    more = IN_COLAB if "google.colab" in sys.modules else IN_KAGGLE if os.environ.get("KAGGLE_KERNEL_RUN_TYPE") else ""
    return f"{COPY} It is at {address}, too.{' ' + more if more else ''}"


def _first_of(urls: list[str], own_url: str | None) -> tuple[str, bytes]:
    """The first of some addresses that can be downloaded, and the file there.

    Raises:
        FileNotFoundError: none can; it says why not the first, and what to do.
    """
    failures = []
    for url in urls:
        try:
            return url, _download(url)
        except FileNotFoundError as error:
            failures.append(str(error))
    source = f" from {own_url}" if own_url else ""
    raise FileNotFoundError(
        f"No names.txt found here or in any parent folder, and it could not be downloaded{source} ({failures[0]}).\n{way_out()}"
    )


def _download(url: str) -> bytes:
    """The whole file at ``url``, or a FileNotFoundError that says why not."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            return response.read()
    except urllib.error.HTTPError as error:
        reason = f"the server answered {error.code}"
    except HTTPException:  # IncompleteRead and the like
        reason = "the connection broke off"
    except ValueError:
        reason = "that is no web address"
    except OSError:
        reason = "no such file" if url.startswith("file:") else "no network"
    raise FileNotFoundError(reason)


def _keep(data: bytes, path: Path) -> bool:
    """Write ``path`` in one go, so that no other notebook ever reads half a file. False: the folder is not writable."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        return False
    return True
