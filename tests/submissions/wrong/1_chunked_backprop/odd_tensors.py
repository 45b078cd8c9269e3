"""What is bound is no gradient, each in a way of its own; all others keep their points."""

# expect: norm_logits = wrong | without elements
# expect: probs = wrong | torch.bool
# expect: counts_sum_inv = wrong | not dense
# expect: counts_sum = wrong | complex
# expect: hpreact = wrong | ndarray
# expect: h = wrong | None
# expect: W2 = wrong | str
# expect: b2 = wrong
# expect: bngain = wrong | Parameter
# expect: bnbias = wrong | cannot be read
# expect: embcat = wrong | too large
# expect: b1 = wrong | nan
# expect: W1 = wrong | too large
# cell: probs
dprobs = dlogprobs > 0
# cell: counts_sum_inv
dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True).to_sparse()
dcounts = counts_sum_inv * dprobs
# cell: counts_sum
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv + 0j
dcounts += torch.ones_like(counts) * dcounts_sum.real
# cell: norm_logits
dnorm_logits = torch.zeros(0)
# cell: h
dh, dW2 = None, "h.T @ dlogits"
db2 = dlogits.sum(0).to(torch.int8)
# cell: hpreact
dhpreact = ((1.0 - h**2) * dh).numpy()
# cell: bngain
dbngain = torch.nn.Parameter((bnraw * dhpreact).sum(0, keepdim=True))
dbnbias = torch.quantize_per_tensor(dhpreact.sum(0, keepdim=True).float(), 0.1, 0, torch.qint8)
dbnraw = bngain * dhpreact
# cell: embcat
dembcat = torch.zeros(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
dW1 = torch.zeros(1 << 22)
db1 = dhprebn.sum(0) * float("nan")
