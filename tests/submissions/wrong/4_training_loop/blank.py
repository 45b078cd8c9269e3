"""Nothing."""

# start: blank
# expect: C W1 b1 W2 b2 bngain bnbias value:bnmean value:bnvar loop:C loop:W1 loop:b1 loop:W2 loop:b2 loop:bngain loop:bnbias loop:update loop:rate loop:trajectory = not attempted
