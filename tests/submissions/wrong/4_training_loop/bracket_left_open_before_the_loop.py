"""A bracket is left open before the loop: no step can be run, and that is said of everything, with the line."""

# expect: loop:C loop:W1 loop:b1 loop:W2 loop:b2 loop:bngain loop:bnbias loop:update loop:rate loop:trajectory = raised | never closed
# replace: train | lossi = [] | lossi = [
