"""Nothing."""

# start: blank
# expect: bngain bnbias hprebn = not attempted
