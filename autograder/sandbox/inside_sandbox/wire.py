"""Messages between the judge's side and the sandbox: a JSON header and raw bytes, never pickle."""

import asyncio
import json
import socket
import struct
import time
from collections.abc import Callable, Generator, Sequence

MAGIC = b"ninja1\n"
HEADER_BYTES = 1 << 22
"""The longest JSON header that is read from student code."""


class TooLarge(ValueError):
    """A message is larger than what is taken."""


def pack(header: dict, blobs: Sequence[bytes] = (), default: Callable[[object], object] | None = None) -> bytes:
    """One message: sizes, JSON header, raw bytes. ``header`` must be JSON-serialisable, with ``default`` as in json.dumps."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}, default=default).encode()
    return b"".join([MAGIC, struct.pack(">Q", len(text)), text, *blobs])


def receive(
    read: Callable[[int], bytes], limit: int, header_limit: int = HEADER_BYTES
) -> tuple[dict, list[bytes]] | None:
    """Read one message with ``read(count)``, which returns ``count`` bytes, or fewer at the end.

    Returns:
        (header, blobs), or None where the sender has closed.

    Raises:
        ValueError: not a message, or larger than ``limit`` bytes.
    """
    reading = parse(limit, header_limit)
    count = next(reading)
    while True:
        try:
            count = reading.send(read(count))
        except StopIteration as end:
            return end.value


def parse(limit: int, header_limit: int = HEADER_BYTES) -> Generator[int, bytes, tuple[dict, list[bytes]] | None]:
    """``receive`` for those who wait for bytes in their own way: yields how many are wanted next, and is sent them."""
    start = yield len(MAGIC) + 8
    if not start:
        return None
    if len(start) < len(MAGIC) + 8 or not start.startswith(MAGIC):
        raise ValueError("broken message")
    (size,) = struct.unpack(">Q", start[len(MAGIC) :])
    if size > header_limit:
        raise TooLarge("message too large")
    header = json.loads((yield size))
    sizes = header.get("blobs", []) if isinstance(header, dict) else None
    if not isinstance(sizes, list) or not all(type(s) is int and s >= 0 for s in sizes):
        raise ValueError("broken message")
    if sum(sizes) > limit:
        raise TooLarge("message too large")
    blobs = []
    for size in sizes:
        blobs.append((yield size))
    return header, blobs


class Reader:
    """``read(count)`` for a stream socket; open files that come along are kept in ``descriptors``.

    Args:
        deadline: of ``time.monotonic``; none by default.
        descriptors: whether to take open files at all: from the supervisor only, never from student code.
    """

    def __init__(self, connection: socket.socket, deadline: float | None = None, descriptors: bool = False):
        self.connection, self.deadline = connection, deadline
        self.descriptors: list[int] | None = [] if descriptors else None
        self.count = 0
        """Bytes that were read."""

    def __call__(self, count: int) -> bytes:
        """``count`` bytes, fewer if the other side closes before.

        Raises:
            TimeoutError: they did not come in time.
        """
        parts = []
        while count:
            if self.deadline is not None:
                left = self.deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError
                self.connection.settimeout(left)
            if self.descriptors is None:
                part = self.connection.recv(min(count, 1 << 20))
            else:
                part, found, _, _ = socket.recv_fds(self.connection, min(count, 1 << 20), 8)
                self.descriptors += found
            if not part:
                break
            parts.append(part)
            count -= len(part)
            self.count += len(part)
        return b"".join(parts)


async def readable(connection: socket.socket) -> None:
    """Wait, in an event loop, until there is something to read or the other side has closed."""
    loop, waiting = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection, waiting.set)
    try:
        await waiting.wait()
    finally:
        loop.remove_reader(connection)


def send(connection: socket.socket, header: dict, blobs: Sequence[bytes] = (), descriptors: Sequence[int] = ()) -> None:
    """Send one message, with open files if there are any."""
    message = memoryview(pack(header, blobs))
    sent = socket.send_fds(connection, [message[:1]], descriptors) if descriptors else 0
    connection.sendall(message[sent:])
