"""``make formgrader``: nbgrader's pages for grading by hand, in JupyterLab at the course's root, where they find everything.

Wherever Python is: what needs a sandbox is grading, and says so when it is asked for.
"""

import os
from collections.abc import Sequence

from jupyterlab.labapp import LabApp

from autograder.course.exercise import COURSE


def main(options: Sequence[str] = ()) -> int:
    """``python -m autograder formgrader``: open it, until Ctrl-C; returns the exit status.

    Args:
        options: JupyterLab's own: ``--no-browser``.
    """
    os.chdir(COURSE)  # nbgrader looks for its configuration here
    # in JupyterLab, since there the page's links lead to its files and notebooks
    LabApp.launch_instance([str(COURSE), "--allow-root", "--LabApp.default_url=/lab?formgrader=true", *options])
    return 0
