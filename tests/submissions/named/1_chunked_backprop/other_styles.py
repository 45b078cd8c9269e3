"""Ways of writing in which a mistake was not named, or another than was made."""

# answer: the last letters, from a cell before
# expect: logprobs = wrong | `Xb[:, 2]`
# mistake: logprobs = index
# cell: extra before logprobs
targets = Xb[:, 2]
rows = torch.arange(len(targets))
# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[rows, targets] -= 1.0 / n

# answer: multiplied in place by another factor
# expect: probs = wrong | at `counts_sum_inv`
# mistake: probs = derivative
# cell: probs
dprobs = dlogprobs.clone()
dprobs.mul_(counts_sum_inv)

# answer: a loop without the upstream gradient
# expect: probs = wrong | gradient dlogprobs is left out
# mistake: probs = upstream
# cell: probs
dprobs = torch.zeros_like(probs)
for i in range(n):
    dprobs[i, Yb[i]] = 1 / probs[i, Yb[i]]

# answer: a method that subtracts
# expect: counts = wrong | at `sub_`
# mistake: counts = sign
# cell: counts_sum
dcounts_sum = dcounts_sum_inv.neg().div(counts_sum.square())
dcounts.sub_(dcounts_sum)

# answer: the maximum's share in the label's column
# expect: logits = wrong | at `Yb`
# mistake: logits = index
# cell: logit_maxes
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits + F.one_hot(Yb, logits.shape[1]) * dlogit_maxes

# answer: no letter is shared
# expect: h = wrong | at `"ij,kl->ik"`
# mistake: h = letters
# cell: h
dh = torch.einsum("ij,kl->ik", dlogits, W2)
dW2 = torch.einsum("ij,ik->jk", h, dlogits)
db2 = torch.einsum("ij->j", dlogits)

# answer: viewed where it is transposed
# expect: W2 = wrong | `h.reshape(h.shape[1], -1)`
# mistake: W2 = transpose
# cell: h
dh = dlogits @ W2.T
dW2 = h.reshape(h.shape[1], -1) @ dlogits
db2 = dlogits.sum(0)

# answer: the slope in methods, h not squared
# expect: hpreact = wrong | another power
# mistake: hpreact = exponent
# cell: hpreact
t = h.clone()
t.mul_(-1).add_(1)
dhpreact = dh * t

# answer: exchanged in a tuple
# expect: bngain bnbias = wrong | `dbnbias, dbngain`
# mistake: bngain bnbias = exchanged
# cell: bngain
dbnbias, dbngain = (bnraw * dhpreact).sum(0, keepdim=True), dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact

# answer: a function's results exchanged
# expect: bngain bnbias = wrong | `dbngain, dbnbias`
# mistake: bngain bnbias = exchanged
# cell: bngain
def affine_backward(x, w, dout):
    return dout * w, dout.sum(0, keepdim=True), (dout * x).sum(0, keepdim=True)

dbnraw, dbngain, dbnbias = affine_backward(bnraw, bngain, dhpreact)

# answer: a fraction as exponent
# expect: bnvar = wrong | at `-2/3`: the exponent
# mistake: bnvar = exponent
# cell: bnvar_inv
dbndiff = dbnraw * bnvar_inv
dbnvar_inv = torch.sum(bndiff * dbnraw, dim=0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** (-2/3) * dbnvar_inv
dbndiff2 = dbnvar.expand_as(bndiff2) / (n - 1)

# answer: slices from behind
# expect: emb = wrong | at `-1`: the index
# mistake: emb = index
# cell: emb
E = C.shape[1]
parts = [dembcat[:, j * E : (j + 1) * E] for j in range(Xb.shape[1])]
demb = torch.stack(parts[::-1], 1)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.flatten(), demb.flatten(0, 1))

# answer: stacked in the wrong dimension
# expect: emb = wrong | at `torch.stack(
# mistake: emb = dimension
# cell: emb
E = C.shape[1]
demb = torch.stack(dembcat.split(E, dim=1)).view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.flatten(), demb.flatten(0, 1))
