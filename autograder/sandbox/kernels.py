"""A Jupyter kernel of the warm process, for nbclient: its manager and its client in one, on one socket.

The other end is ``inside_sandbox.kernel``. What comes from there is not to be trusted: there are limits to what a message,
and all of them together, may hold.
"""

import asyncio
import socket
import time
import uuid
from collections import deque
from collections.abc import Coroutine
from queue import Empty

from nbclient.exceptions import DeadKernelError

from autograder.sandbox.inside_sandbox import wire
from autograder.sandbox.warm import ANSWER_SECONDS, Place

MESSAGE_BYTES, MESSAGES_BYTES = 12 << 20, 64 << 20
"""Most that one message of a kernel may have, and most that all of them may have together."""
_PART = 1 << 18
_TOO_MUCH = "was ended for writing more than can be kept"


class WarmKernel:
    """What nbclient needs of a kernel manager and of its client; the kernel runs in a ``Place``."""

    has_kernel = False
    allow_stdin = False

    def __init__(self, place: Place, environment: dict[str, str]):
        self._place, self._environment = place, environment
        self._socket: socket.socket | None = None
        self._buffer, self._left = bytearray(), MESSAGES_BYTES
        self._reading: asyncio.Future | None = None
        # there is one answer to each request; more of them are not kept
        self._queues: dict[str, deque] = {"shell": deque(maxlen=2), "iopub": deque()}
        self.shell_channel, self.iopub_channel = (_Channel(self, name) for name in ("shell", "iopub"))
        self.session = _Messages()
        self.problem = ""
        """Why nothing is taken from this kernel any more, if so: the end of a sentence on it."""

    # --- as a kernel manager --------------------------------------------------------------------------------------------

    async def start_kernel(self, **_: object) -> None:
        """Start it; what command line and folder it would have elsewhere does not matter here."""
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(ANSWER_SECONDS)
        with theirs:
            self._place.kernel(theirs, self._environment)
        self.has_kernel = True

    def client(self) -> "WarmKernel":
        return self

    async def is_alive(self) -> bool:
        try:
            return self._place.alive()
        except OSError:
            return False

    async def interrupt_kernel(self) -> None:
        self._place.interrupt()

    async def shutdown_kernel(self, now: bool = True) -> None:
        self._place.end()

    async def cleanup_resources(self) -> None:
        self.has_kernel = False

    # --- as a client ----------------------------------------------------------------------------------------------------

    async def start_channels(self) -> None:
        """There is nothing to start."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """It is ready: what it is sent before it reads waits in the socket."""

    async def stop_channels(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        self._socket.close()

    def execute(self, code: str, store_history: bool = True, stop_on_error: bool = True) -> str:
        """Ask for a cell to be run; the id of the request."""
        content = {"code": code, "silent": False, "store_history": store_history, "user_expressions": {},
                   "allow_stdin": False, "stop_on_error": stop_on_error}  # fmt: skip
        return self._request("execute_request", content)

    def kernel_info(self) -> str:
        """Ask for what the kernel is, which it answers as soon as it has nothing else to do; the id of the request."""
        return self._request("kernel_info_request", {})

    def _request(self, kind: str, content: dict) -> str:
        message = self.session.msg(kind, content)
        self.send(message)
        return message["header"]["msg_id"]

    def send(self, message: dict) -> None:
        """Send one of Jupyter's messages.

        Raises:
            DeadKernelError: nobody is there to read it.
        """
        try:
            wire.send(self._socket, message)
        except OSError:
            raise DeadKernelError("Kernel died") from None

    async def get_message(self, channel: str, timeout: float | None) -> dict:
        """The next message of a channel.

        Raises:
            queue.Empty: none came within ``timeout`` seconds. None at all comes from a kernel that has ended.
        """
        queue = self._queues[channel]
        deadline = None if timeout is None else time.monotonic() + timeout
        while not queue:
            await _within(self._more(), deadline)
        return queue.popleft()

    async def _more(self) -> None:
        """Wait until another message has come; whoever asks first has it read for all."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(self._read())
        await asyncio.shield(self._reading)

    async def _read(self) -> None:
        """Put one message into its queue; never ends if there will be none."""
        reading = wire.parse(MESSAGE_BYTES, MESSAGE_BYTES)
        try:
            count = next(reading)
            while True:
                count = reading.send(await self._exactly(count))
        except StopIteration as end:
            try:
                message, buffers = end.value
                kind = message["header"]["msg_type"]
                self._queues[message["channel"]].append({**message, "msg_type": kind, "buffers": buffers})
                return
            except (LookupError, TypeError):
                self._give_up("was ended for sending what is no message")
        except wire.TooLarge:
            self._give_up(_TOO_MUCH)
        except (ValueError, RecursionError, MemoryError):
            self._give_up("was ended for sending what is no message")
        await asyncio.get_running_loop().create_future()  # whether it is alive is asked every second

    async def _exactly(self, count: int) -> bytes:
        """``count`` bytes; waits for ever if they do not come."""
        while len(self._buffer) < count:
            await wire.readable(self._socket)
            try:
                part = self._socket.recv(_PART)
            except ConnectionError:  # it has died with a request unread
                part = b""
            self._left -= len(part)
            if self._left < 0:
                self._give_up(_TOO_MUCH)
            if not part or self.problem:
                await asyncio.get_running_loop().create_future()
            self._buffer += part
        found = bytes(self._buffer[:count])
        del self._buffer[:count]
        return found

    def _give_up(self, problem: str) -> None:
        self.problem = self.problem or problem
        self._buffer.clear()
        self._place.end()


class _Messages:
    def msg(
        self,
        msg_type: str,
        content: dict,
        parent: dict | None = None,
        metadata: dict | None = None,
    ) -> dict:
        """A message as ``jupyter_client.session.Session`` makes it."""
        fresh = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": msg_type,
            "session": "grader",
            "username": "",
            "version": "5.4",
        }
        return {"header": fresh, "parent_header": parent or {}, "metadata": metadata or {}, "content": content}


class _Channel:
    def __init__(self, kernel: WarmKernel, name: str):
        self._kernel, self._name = kernel, name

    async def get_msg(self, timeout: float | None = None) -> dict:
        return await self._kernel.get_message(self._name, timeout)

    def send(self, message: dict) -> None:
        self._kernel.send(message)


async def _within(waiting: Coroutine, deadline: float | None) -> None:
    try:
        await asyncio.wait_for(waiting, None if deadline is None else max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        raise Empty from None
