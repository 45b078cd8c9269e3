"""The loop left blank: step 1 keeps its points."""

# expect: loop:C loop:W1 loop:b1 loop:W2 loop:b2 loop:bngain loop:bnbias loop:update loop:rate = not attempted | no step of a training loop was seen
# expect: loop:trajectory = not attempted
# cell: train
pass
