"""The loop is right, and nothing stands in the cell for the statistics: those that are there are the loop's own."""

# expect: value:bnmean value:bnvar = not attempted | of the whole training set yet
# cell: calibrate
# your code here
