"""Exceptions that are no Exception, and one whose message cannot be made."""

# expect: probs = raised | SystemExit
# expect: norm_logits = raised | KeyboardInterrupt
# expect: hpreact = raised | Odd
# cell: probs
import sys
dprobs = sys.exit(0)
# cell: norm_logits
def stop():
    raise KeyboardInterrupt
dnorm_logits = stop()
# cell: hpreact
class Odd(Exception):
    def __str__(self):
        raise RuntimeError
def odd():
    raise Odd
dhpreact = odd()
