# What the text warns of, made once each: `make lint-source SOURCE=7_rmsnorm` says whether each is named.

# answer: a dimension too many
# mistake: gain = keepdim
# expect: gain = right value, wrong shape
# warned: A dimension too many
# replace: gain | .sum(0) | .sum(0, keepdim=True)

# answer: over the wrong dimension
# mistake: gain = dimension
# warned: Over the wrong dimension
# replace: gain | .sum(0) | .sum(1)

# answer: the sum takes too little
# mistake: r = sum of one factor
# warned: The sum takes too little
# replace: r | (x * dxhat).sum(1, keepdim=True) | x * dxhat.sum(1, keepdim=True)

# answer: no epsilon
# mistake: ms = epsilon
# warned: The small constant is forgotten
# replace: r | (ms + eps) | ms

# answer: the share through the mean square is left out
# mistake: x = term
# warned: Only one share
# cell: x
dx = r * dxhat

# answer: the share through xhat is overwritten
# mistake: x = overwritten or term
# warned: Only one share
# replace: x | dx += | dx =

# answer: n for n_in
# mistake: x = another name or constant
# warned: The wrong size
# replace: x | n_in | n

# answer: the mean taken for a sum
# mistake: x = mean for sum
# warned: The mean's factor is forgotten
# replace: x | 2 / n_in | 2
