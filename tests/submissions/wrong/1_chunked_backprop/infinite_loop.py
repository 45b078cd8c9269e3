"""A loop that never ends."""

# seconds: 1
# expect: hpreact = timed out | did not end
# cell: hpreact
while True:
    dhpreact = (1 - h**2) * dh
