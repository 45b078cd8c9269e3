"""A message to the grader of brackets within brackets."""

# run: sending what is no message
# seconds: 8
# cell: extra before logprobs
import time
exec(WITNESS_SAY)
try:
    get_ipython()
    deep = b"[" * 1_000_000
    say(deep)
    time.sleep(3)
except NameError:
    pass
