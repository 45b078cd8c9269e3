"""Memory that belongs to no process: pairs of sockets, filled, in several processes, and some sent through others and closed."""

# run: bytes of memory
# seconds: 8
# cell: h
import os, socket, time
pieces, deadline = b"x" * (1 << 16), time.monotonic() + 6
for number in range(40):
    if os.fork() == 0:
        pairs = []
        try:
            while True:
                pairs += [socket.socketpair()]
                for end in pairs[-1]:
                    end.setblocking(False)
                    try:
                        while True:
                            end.send(pieces)
                    except BlockingIOError:
                        pass
        except OSError:
            pass
        time.sleep(max(0, deadline - time.monotonic()))
        os._exit(0)
time.sleep(max(0, deadline - time.monotonic()))
dh, dW2, db2 = dlogits @ W2.T, h.T @ dlogits, dlogits.sum(0)
