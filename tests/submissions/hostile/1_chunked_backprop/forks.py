"""500 processes, each of which sleeps for 20 s."""

# seconds: 6
# expect: h W2 b2 = raised or timed out or right
# cell: h
import os, time
children = 0
for number in range(500 if WITNESS_FREE is False else 3):
    try:
        if os.fork() == 0:
            time.sleep(20)
            os._exit(0)
        children += 1
    except OSError:
        time.sleep(0.05)
time.sleep(1)
dh, dW2, db2 = dlogits @ W2.T, h.T @ dlogits, dlogits.sum(0)
