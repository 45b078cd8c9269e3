"""A message to the grader that says it is a terabyte long, and 200 MB of it."""

# run: writing more than can be kept
# seconds: 8
# cell: extra before logprobs
import time
exec(WITNESS_SAY)
try:
    get_ipython()
    say(bytes(200_000_000), 1 << 40)
    time.sleep(3)
except NameError:
    pass
