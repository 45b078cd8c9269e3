"""An early mistake (the sign of dprobs), everything after it right."""

# start: solution
# cell: probs
dprobs = -dlogprobs / probs
