"""nan and inf."""

# expect: probs = wrong | holds nan
# expect: hpreact = wrong | a later line changes it: cell hpreact, line 2
# cell: probs
dprobs = (probs - probs) / (probs - probs)
# cell: hpreact
dhpreact = (1 - h**2) * dh
dhpreact[0, 0] = float("inf")
