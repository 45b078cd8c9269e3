"""Nothing."""

# start: blank
# expect: C W1 b1 W2 b2 bngain bnbias value:bnmean value:bnvar = not attempted | there is no
# expect: loop:C loop:W1 loop:b1 loop:W2 loop:b2 loop:bngain loop:bnbias loop:update loop:rate = not attempted | no step of a training loop was seen
# expect: loop:trajectory = not attempted
