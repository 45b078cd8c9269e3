"""Nothing."""

# start: blank
# expect: logits = not attempted
