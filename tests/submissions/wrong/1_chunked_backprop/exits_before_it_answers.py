"""sys.exit() before the answer, in one statement with it."""

# expect: h = raised | SystemExit
# cell: h
import sys
if True:
    sys.exit()
    dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
