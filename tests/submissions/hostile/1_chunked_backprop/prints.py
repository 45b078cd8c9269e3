"""200 MB are printed, without one newline."""

# run: writing more than
# seconds: 8
# cell: extra before logprobs
import sys
for _ in range(2000):
    sys.stdout.write("x" * 100_000)
