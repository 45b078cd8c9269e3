"""nan and inf."""

# expect: probs = wrong | holds nan
# expect: hpreact = wrong | holds inf
# cell: probs
dprobs = (probs - probs) / (probs - probs)
# cell: hpreact
dhpreact = (1 - h**2) * dh
dhpreact[0, 0] = float("inf")
