"""A cell that sleeps."""

# seconds: 1
# expect: probs = timed out
# cell: probs
import time
dprobs = time.sleep(1000) or dprobs
