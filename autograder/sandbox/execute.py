"""Runs a student's notebook, for the outputs that the student will see: nbgrader's Execute with a kernel that is shut in.

What a cell prints, how long it and the whole notebook may take and how much it may say are limited. A notebook that goes
beyond shows no output from there on; it is judged all the same.
"""

import atexit
import functools
import os
import socket
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from queue import Empty

from nbclient.exceptions import DeadKernelError
from nbconvert.exporters.exporter import ResourcesDict
from nbformat import NotebookNode
from nbgrader.preprocessors import Execute
from traitlets import Integer

from autograder.course.only_shown import left_out
from autograder.handed_in.mend import NOTES
from autograder.handed_in.naming import shown
from autograder.handed_in.submitted import read_regular, regular_files
from autograder.sandbox.bubblewrap import SandboxMissing
from autograder.sandbox.kernels import WarmKernel
from autograder.sandbox.runner import OVERUSE
from autograder.sandbox.warm import Place, Server

FILES_BYTES = 64 << 20
"""Most that the files beside a notebook may have together, to be there when it is run."""
MESSAGE = 400
"""Characters that each message counts for, besides what is in it."""


class RunNotebook(Execute):
    """Runs a notebook in a ``Place`` of its own. A kernel that dies ends the run, not the grading."""

    notebook_timeout = Integer(180, help="Longest time for a whole notebook, in seconds.").tag(config=True)
    grace = Integer(2, help="Seconds that an interrupted cell has before its kernel is ended.").tag(config=True)
    output_limit = Integer(8 << 20, help="Most characters that a notebook may send as output.").tag(config=True)

    _place: Place
    _kernel: WarmKernel

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        """Run the notebook in the folder ``resources["metadata"]["path"]``, of which it sees a copy.

        Raises:
            SandboxMissing: student code cannot be shut in, and must not run otherwise.
        """
        notes = nb.metadata.setdefault(NOTES, {})
        if "unreadable" in notes:
            return nb, resources
        self._deadline = time.monotonic() + self.notebook_timeout
        self._said, self._ended, self._left_out = 0, "", left_out(nb)
        self._begun, self._cells = time.perf_counter(), 0.0
        folder = resources.get("metadata", {}).get("path") or ""
        self.coalesce_streams = True  # where a printed text is parted depends on the clock
        try:
            self._place = shared_server().open(files_beside(Path(folder)) if folder else {}, autograd=True)
            try:
                return super().preprocess(nb, resources)
            finally:
                self._place.close()
                took = time.perf_counter() - self._begun
                resources.get("seconds", {}).update(kernel=took - self._cells, cells=self._cells)
        except SandboxMissing:
            raise
        except Exception as error:  # a kernel that has died or cannot be talked to: the judge does without
            if self._ended or isinstance(error, DeadKernelError):
                how = self._kernel.problem or self._ended or "died"
                notes["run"] = (
                    f"The kernel {how} while this notebook was run, so the cells from there on show no output."
                )
            else:
                notes["run"] = f"This notebook could not be run to its end ({type(error).__name__})."
        self.log.warning("%s: %s", shown(resources["nbgrader"]["student"]), notes["run"])
        return nb, resources

    def create_kernel_manager(self) -> WarmKernel:
        """The kernel of this notebook's place."""
        environment = {name: value for name, value in os.environ.items() if name.startswith("NBGRADER_")}
        self.km = self._kernel = WarmKernel(self._place, environment)
        return self.km

    def preprocess_cell(
        self, cell: NotebookNode, resources: ResourcesDict, index: int
    ) -> tuple[NotebookNode, ResourcesDict]:
        """Run one cell, if there is time left and it does more than to show something of the exercise's own."""
        if any(cell is other for other in self._left_out):
            return cell, resources
        if time.monotonic() > self._deadline and cell.cell_type == "code":
            self._end(f"was ended after {self.notebook_timeout} s")
            raise DeadKernelError("no time left")
        start = time.perf_counter()
        try:
            return super().preprocess_cell(cell, resources, index)
        finally:
            self._cells += time.perf_counter() - start

    def process_message(self, msg: dict, cell: NotebookNode, cell_index: int) -> NotebookNode | None:
        """Take one message of the kernel's, unless too much has come already."""
        if self._ended and msg["msg_type"] != "status":
            return None
        self._said += MESSAGE + _length([msg["content"], msg["metadata"]]) + sum(map(len, msg["buffers"]))
        if self._said > self.output_limit:
            self._end(f"was ended for writing more than {self.output_limit:,} characters")
            return None
        return super().process_message(msg, cell, cell_index)

    def _get_timeout(self, cell: NotebookNode | None) -> int | None:
        return max(1, min(super()._get_timeout(cell), int(self._deadline - time.monotonic()) + 1))

    async def _async_handle_timeout(self, timeout: int, cell: NotebookNode | None = None) -> dict | None:
        reply = await super()._async_handle_timeout(timeout, cell)
        try:
            asked = self.kc.kernel_info()
            while (await self.kc.shell_channel.get_msg(self.grace))["parent_header"].get("msg_id") != asked:
                pass
        except Empty:
            self._end("was ended: a cell took too long and did not stop when it was interrupted,")
        return reply

    async def _async_check_alive(self) -> None:
        if self.kc is None:  # nbclient goes on asking when a run was broken off
            raise DeadKernelError("Kernel died")
        try:
            await super()._async_check_alive()
        except DeadKernelError:
            self._end("died")
            raise

    def _end(self, how: str) -> None:
        if not self._ended:
            try:
                why = OVERUSE.get(self._place.end(), "").format(shared_server().limits)
            except OSError:
                why = ""
            self._ended = why or how


_server: Server | None = None


def shared_server() -> Server:
    """One warm process for all submissions that this program grades."""
    global _server
    _server = _server or Server()
    return _server


def use_server(confined: bool, controls: Sequence[socket.socket]) -> None:
    """Share the warm process of another program (``Server.controls``); called before any submission is graded."""
    global _server
    _server = Server(confined, controls=controls)


@functools.cache
def sockets_folder() -> str:
    """A folder for the sockets of kernels that nbgrader starts itself, removed when this program ends."""
    folder = tempfile.TemporaryDirectory(prefix="kernels-")
    atexit.register(folder.cleanup)
    return folder.name


def files_beside(folder: Path) -> dict[str, bytes]:
    """The regular files of a folder, notebooks and what links lead to left out, by relative path, up to ``FILES_BYTES``."""
    found: dict[str, bytes] = {}
    left = FILES_BYTES
    for name, size in regular_files(folder, ["*.ipynb"]):
        if size <= left:
            found[name] = read_regular(folder / name, left)
            left -= len(found[name])
    return found


def _length(content: object) -> int:
    """Characters in all strings of a message."""
    if isinstance(content, str):
        return len(content)
    if isinstance(content, dict):
        return sum(_length(key) + _length(value) for key, value in content.items())
    if isinstance(content, list):
        return sum(map(_length, content))
    return 8
