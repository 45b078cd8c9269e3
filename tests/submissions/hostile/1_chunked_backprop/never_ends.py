"""A loop that goes on for a minute and swallows every KeyboardInterrupt."""

# run: did not stop when it was interrupted
# seconds: 1
# cell: h
import time
end = time.monotonic() + 60
while time.monotonic() < end:
    try:
        time.sleep(0.01)
    except BaseException:
        pass
dh, dW2, db2 = dlogits @ W2.T, h.T @ dlogits, dlogits.sum(0)
