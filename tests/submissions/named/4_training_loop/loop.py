"""The backward pass within the loop."""

# answer: no mean
# mistake: loop:W2 = constant or factor
# expect: loop:trajectory = wrong
# replace: train | dlogits = (F.softmax(logits, 1) - F.one_hot(Yb, vocab_size)) / n | dlogits = F.softmax(logits, 1) - F.one_hot(Yb, vocab_size)

# answer: db2 averaged
# mistake: loop:b2 = mean for sum
# expect: loop:trajectory = wrong
# replace: train | db2 = dlogits.sum(0) | db2 = dlogits.mean(0)

# answer: the wrong factor transposed
# mistake: loop:W2 = transpose
# expect: loop:trajectory = wrong
# replace: train | dW2 = h.T @ dlogits | dW2 = (dlogits.T @ h).reshape(W2.shape)

# answer: tanh's input
# mistake: loop:bngain = another name or input for output
# expect: loop:trajectory = wrong
# replace: train | dhpreact = torch.addcmul(dh, dh * h, h, value=-1) | dhpreact = (1 - hpreact**2) * dh

# answer: one factor of the gain summed
# mistake: loop:bngain = sum of one factor
# expect: loop:bngain loop:W1 loop:trajectory = wrong
# replace: train | (bnraw * dhpreact).sum(0, keepdim=True) | bnraw.sum(0, keepdim=True) * dhpreact.sum(0, keepdim=True)

# answer: no Bessel
# mistake: loop:W1 = constant
# expect: loop:trajectory = wrong
# replace: train | dbngain / (n - 1) | dbngain / n

# answer: gain and bias exchanged
# mistake: loop:W1 = another name or upside down
# expect: loop:trajectory = wrong
# replace: train | torch.addcmul(dhpreact - dbnbias / n, bnraw, dbngain / (n - 1), value=-1) | dhpreact - dbngain / n - bnraw * dbnbias / (n - 1)

# answer: db1 over the wrong dimension
# mistake: loop:b1 = dimension
# expect: loop:update loop:rate loop:trajectory = raised
# replace: train | db1 = dhprebn.sum(0) | db1 = dhprebn.sum(1)

# answer: overwritten
# mistake: loop:C = overwritten
# expect: loop:trajectory = wrong
# replace: train | dC = torch.zeros_like(C).index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1])) | dC = torch.zeros_like(C); dC[Xb] = demb
