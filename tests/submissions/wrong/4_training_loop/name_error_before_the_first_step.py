"""A slip in the first line of the loop: no step begins, and that is said of everything."""

# expect: loop:C loop:W1 loop:b1 loop:W2 loop:b2 loop:bngain loop:bnbias loop:update loop:rate loop:trajectory = raised | NameError: name 'Xtrain'
# replace: train | Xtr.shape[0] | Xtrain.shape[0]
