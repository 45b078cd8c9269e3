"""``make lab``: JupyterLab on ``work/``, as a student has it: nbgrader's Validate is there, its menu for instructors is not."""

import os
from collections.abc import Sequence
from pathlib import Path

from jupyterlab.labapp import LabApp

from autograder.course.exercise import COURSE
from autograder.working_copy import work

SETTINGS = Path(__file__).resolve().parent / "jupyter"
"""What of JupyterLab, Notebook and their server is off in a student's: a folder such as Jupyter looks for settings in."""


def main(options: Sequence[str] = ()) -> int:
    """``python -m autograder lab``: make the working copy and open it, until Ctrl-C; returns the exit status.

    Args:
        options: JupyterLab's own: ``--no-browser``.
    """
    os.chdir(COURSE)
    if work.main() and not Path(work.WORK).is_dir():
        return 1
    others = os.environ.get("JUPYTER_CONFIG_PATH")
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [str(SETTINGS), others]))
    # who is root in a container or on a server of their own is not told to find a flag
    LabApp.launch_instance([str(COURSE / work.WORK), "--allow-root", *options])
    return 0
