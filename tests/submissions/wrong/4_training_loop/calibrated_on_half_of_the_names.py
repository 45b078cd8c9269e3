"""The statistics of the first half of the training set: near the right ones, and another at each neuron."""

# expect: value:bnmean value:bnvar = wrong | is not that of the whole training set: it differs by up to
# replace: calibrate | emb = C[Xtr] | emb = C[Xtr[: Xtr.shape[0] // 2]]
