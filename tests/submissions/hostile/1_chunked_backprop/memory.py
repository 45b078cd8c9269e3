"""Six gigabytes, touched in steps of 64 MB."""

# run: bytes of memory
# seconds: 40
# cell: h
kept = [bytearray(b"x" * (64 << 20)) for _ in range(96)]
dh, dW2, db2 = dlogits @ W2.T, h.T @ dlogits, dlogits.sum(0)
