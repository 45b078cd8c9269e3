"""Jupyter kernels forked from the warm process: for nbclient, a kernel manager like any other.

The kernel's sockets are in a folder in memory inside the sandbox; the client reaches them through an open file of that
folder. Nothing of it is on disk.
"""

import asyncio
import atexit
import contextlib
import functools
import tempfile
import time
import uuid
from queue import Empty
from typing import Any

import zmq
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase
from traitlets import Type

from autograder.warm import Place

READY_SECONDS = 60
MESSAGE_BYTES = 32 << 20
"""The longest message that is taken from a kernel."""


class WarmProvisioner(KernelProvisionerBase):
    """Starts a kernel in the ``Place`` of its kernel manager and answers for it."""

    _started = False

    @property
    def _place(self) -> Place:
        return self.parent.place

    @property
    def has_process(self) -> bool:
        return self._started

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        manager = self.parent
        outside, inside = self._place.sockets
        manager.transport, manager.ip = "ipc", f"{outside}/kernel"
        for number, channel in enumerate(("shell", "iopub", "stdin", "hb", "control"), 1):
            setattr(manager, f"{channel}_port", number)
        info = manager.get_connection_info(session=False)
        self.connection_info = info
        inside_info = {**info, "ip": f"{inside}/kernel", "key": info["key"].decode()}
        return await super().pre_launch(cmd=[], **{**kwargs, "inside": inside_info})

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        environment = {k: v for k, v in kwargs.get("env", {}).items() if k.startswith("NBGRADER_")}
        self._place.kernel(kwargs["inside"], kwargs.get("extra_arguments", []), environment)
        self._started = True
        return self.connection_info

    async def poll(self) -> int | None:
        return None if self._started and self._alive() else 0

    def _alive(self) -> bool:
        try:
            return self._place.alive()
        except OSError:
            return False

    async def wait(self) -> int | None:
        while self._alive():
            await asyncio.sleep(0.02)
        self._started = False
        return 0

    async def send_signal(self, signum: int) -> None:
        self._place.interrupt()

    async def kill(self, restart: bool = False) -> None:
        self._place.end()

    async def terminate(self, restart: bool = False) -> None:
        self._place.end()

    async def cleanup(self, restart: bool = False) -> None:
        self._started = False


class WarmKernelClient(AsyncKernelClient):
    """A client that knows a fresh kernel as ready from its messages, where jupyter_client waits for silence."""

    def start_channels(self, **_: bool) -> None:
        """Only what is needed: there is no heartbeat, since the supervisor knows whether the kernel lives."""
        super().start_channels(shell=True, iopub=True, stdin=False, hb=False, control=True)

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        deadline = time.monotonic() + (timeout or READY_SECONDS)
        while time.monotonic() < deadline:
            request = self.kernel_info()
            with contextlib.suppress(Empty):
                reply = await self.shell_channel.get_msg(timeout=1)
                if reply["msg_type"] == "kernel_info_reply":
                    self._handle_kernel_info_reply(reply)
                    while True:  # until it is idle again, so that nothing of this is taken for a cell's output
                        told = await self.iopub_channel.get_msg(timeout=0.2)
                        if (
                            told["parent_header"].get("msg_id") == request
                            and told["content"].get("execution_state") == "idle"
                        ):
                            return
            if not await self._async_is_alive():
                raise RuntimeError("the kernel died before it was ready")
        raise RuntimeError("the kernel was not ready in time")

    wait_for_ready = _async_wait_for_ready


class WarmKernelManager(AsyncKernelManager):
    """A kernel manager whose kernel runs in a ``Place``, whatever the kernelspec says of how to start one."""

    client_factory = Type(WarmKernelClient)

    def __init__(self, place: Place, **options: Any):
        super().__init__(**options)
        self.place = place

    @property
    def kernel_spec(self) -> KernelSpec:
        """What is run does not depend on the kernels that are installed."""
        return KernelSpec(display_name="Python 3", language="python", argv=[])

    async def _async_pre_start_kernel(self, **options: Any) -> tuple[list[str], dict[str, Any]]:
        self.kernel_id = self.kernel_id or str(uuid.uuid4())
        self.provisioner = WarmProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**options)

    def client(self, **options: Any) -> AsyncKernelClient:
        """A client that takes no message beyond ``MESSAGE_BYTES``."""
        self.context.setsockopt(zmq.MAXMSGSIZE, MESSAGE_BYTES)
        self.context.setsockopt(zmq.RECONNECT_IVL, 5)  # milliseconds: the kernel is there almost at once
        return super().client(**options)


@functools.cache
def sockets_folder() -> str:
    """A folder for the sockets of kernels that others start, removed when this program ends."""
    folder = tempfile.TemporaryDirectory(prefix="kernels-")
    atexit.register(folder.cleanup)
    return folder.name
