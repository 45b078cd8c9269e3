"""A cell that kills its process, and a cell that closes all its files."""

# expect: hpreact probs = raised
# cell: probs
import os
dprobs = os.closerange(0, 256) or dlogprobs / probs
# cell: hpreact
import os, signal
dhpreact = os.kill(os.getpid(), signal.SIGKILL) or (1 - h**2) * dh
