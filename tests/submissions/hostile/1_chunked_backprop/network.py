"""Something outside is called: TCP and UDP on this machine, and abstract and other Unix sockets."""

# free: is heard
# cell: extra before logprobs
import contextlib, socket
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, kind) as caller:
        caller.settimeout(1)
        caller.connect(("127.0.0.1", WITNESS_PORT))
        caller.sendall(b"heard")
for name in ("\0" + WITNESS_ABSTRACT, WITNESS_SOCKET):
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(1)
        caller.connect(name)
        caller.sendall(b"heard")
