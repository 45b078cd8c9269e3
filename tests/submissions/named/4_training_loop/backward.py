"""The backward pass of one minibatch."""

# answer: softmax over the batch
# mistake: W2 = dimension
# replace: backward | F.softmax(logits, 1) | F.softmax(logits, 0)

# answer: no mean
# mistake: W2 = constant or factor
# replace: backward | dlogits /= n |

# answer: plus one
# mistake: W2 = sign
# replace: backward | -= 1 | += 1

# answer: the columns of all labels
# mistake: W2 = index
# replace: backward | dlogits[range(n), Yb] | dlogits[:, Yb]

# answer: no minus one
# mistake: W2 = term
# replace: backward | dlogits[range(n), Yb] -= 1 |

# answer: dW2 the other way round
# mistake: W2 = transpose
# replace: backward | dW2 = h.T @ dlogits | dW2 = dlogits.T @ h

# answer: hpreact for h
# mistake: W2 = another name or input for output
# replace: backward | h.T @ dlogits | hpreact.T @ dlogits

# answer: db2 averaged
# mistake: b2 = mean for sum
# replace: backward | dlogits.sum(0) | dlogits.mean(0)

# answer: db2 with a row too many
# expect: b2 = right value, wrong shape
# mistake: b2 = keepdim
# warned: Shapes
# replace: backward | dlogits.sum(0) | dlogits.sum(0, keepdim=True)

# answer: the bracket of tanh squared
# mistake: bngain = precedence or exponent
# replace: backward | (1.0 - h**2) * dh | (1.0 - h) ** 2 * dh

# answer: no bracket for tanh
# mistake: bngain = precedence
# replace: backward | (1.0 - h**2) * dh | 1.0 - h**2 * dh

# answer: tanh's input
# mistake: bngain = another name or input for output
# replace: backward | (1.0 - h**2) * dh | (1.0 - hpreact**2) * dh

# answer: tanh skipped
# mistake: bngain = factor or layer skipped
# replace: backward | (1.0 - h**2) * dh | dh

# answer: W2 not transposed back
# mistake: bngain = another name or upstream or transpose
# replace: backward | dh = dlogits @ W2.T | dh = (W2 @ dlogits.T).reshape(h.shape)

# answer: one factor of the gain summed
# mistake: bngain = sum of one factor
# replace: backward | (bnraw * dhpreact).sum(0, keepdim=True) | bnraw * dhpreact.sum(0, keepdim=True)

# answer: the value for its gradient
# mistake: bngain = another name or value for gradient
# replace: backward | dbngain = (bnraw * dhpreact) | dbngain = (bnraw * hpreact)

# answer: tanh skipped for the bias
# mistake: bnbias = another name or upstream
# replace: backward | dbnbias = dhpreact.sum | dbnbias = dh.sum

# answer: no Bessel
# mistake: W1 = constant
# replace: backward | - n / (n - 1) * bnraw | - bnraw

# answer: n over n minus one
# mistake: W1 = precedence
# replace: backward | n / (n - 1) * bnraw | n / n - 1 * bnraw

# answer: both sums missing
# mistake: W1 = sum left out
# replace: backward | dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0) | dhpreact - dhpreact - n / (n - 1) * bnraw * (dhpreact * bnraw)

# answer: the first sum missing
# mistake: W1 = sum left out
# replace: backward | - dhpreact.sum(0) - | - dhpreact -

# answer: batchnorm skipped
# mistake: W1 = term or layer skipped or factor
# warned: Batchnorm is passed by
# replace: backward | dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0)) | dhprebn = dhpreact

# answer: batchnorm as if its statistics were constants
# mistake: W1 = term
# replace: backward | dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0)) | dhprebn = bngain * bnvar_inv * dhpreact

# answer: the upstream of dW1
# mistake: W1 = another name or upstream
# warned: The wrong operand
# replace: backward | dW1 = embcat.T @ dhprebn | dW1 = embcat.T @ dhpreact

# answer: db1 over the wrong dimension
# mistake: b1 = dimension
# replace: backward | db1 = dhprebn.sum(0) | db1 = dhprebn.sum(1)

# answer: overwritten
# mistake: C = overwritten
# warned: Rows of `C` overwritten
# replace: backward | dC[Xb[k, j]] += demb[k, j] | dC[Xb[k, j]] = demb[k, j]

# answer: dC begins with ones
# mistake: C = start
# replace: backward | dC = torch.zeros_like(C) | dC = torch.ones_like(C)

# answer: the columns of demb exchanged
# mistake: C = transpose
# replace: backward | demb = dembcat.view(emb.shape) | demb = dembcat.view(n, C.shape[1], Xb.shape[1]).transpose(1, 2)

# answer: the first letter for all
# mistake: C = index
# replace: backward | dC[Xb[k, j]] | dC[Xb[k, 0]]

# answer: dembcat past batchnorm
# mistake: C = another name or upstream
# replace: backward | dembcat = dhprebn @ W1.T | dembcat = dhpreact @ W1.T
