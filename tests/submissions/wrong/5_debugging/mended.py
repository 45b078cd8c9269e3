"""Lines that are left as they were, or mended wrongly."""

# answer: Grace Hopper, line 8 as it was
# expect: mended:at_once_1 = wrong or raised
# cell: who
yours = "Grace Hopper"
# cell: findings
findings = {8: "operand", 23: "accumulation", 4: "sign", 17: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = dh.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Grace Hopper, line 23 as it was
# expect: mended:at_once_2 = wrong or raised
# cell: who
yours = "Grace Hopper"
# cell: findings
findings = {8: "operand", 23: "accumulation", 4: "sign", 17: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC[Xb.view(-1)] += demb.view(-1, C.shape[1])
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Grace Hopper, line 4 as it was
# expect: mended:random_upstream = wrong or raised
# cell: who
yours = "Grace Hopper"
# cell: findings
findings = {8: "operand", 23: "accumulation", 4: "sign", 17: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Grace Hopper, line 17 as it was
# expect: mended:other_sizes = wrong or raised
# cell: who
yours = "Grace Hopper"
# cell: findings
findings = {8: "operand", 23: "accumulation", 4: "sign", 17: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / 31 * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Grace Hopper, line 14 as it was
# expect: mended:float32 = wrong or raised
# cell: who
yours = "Grace Hopper"
# cell: findings
findings = {8: "operand", 23: "accumulation", 4: "sign", 17: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (hprebn * dbnraw - bnmean * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Emmy Noether, line 2 as it was
# expect: mended:at_once_1 = wrong or raised
# cell: who
yours = "Emmy Noether"
# cell: findings
findings = {2: "index", 13: "operand", 6: "index", 19: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[:, Yb[0]] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Emmy Noether, line 13 as it was
# expect: mended:at_once_2 = wrong or raised
# cell: who
yours = "Emmy Noether"
# cell: findings
findings = {2: "index", 13: "operand", 6: "index", 19: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dh
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Emmy Noether, line 6 as it was
# expect: mended:random_upstream = wrong or raised
# cell: who
yours = "Emmy Noether"
# cell: findings
findings = {2: "index", 13: "operand", 6: "index", 19: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), Yb] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Emmy Noether, line 19 as it was
# expect: mended:other_sizes = wrong or raised
# cell: who
yours = "Emmy Noether"
# cell: findings
findings = {2: "index", 13: "operand", 6: "index", 19: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / 32
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Emmy Noether, line 14 as it was
# expect: mended:float32 = wrong or raised
# cell: who
yours = "Emmy Noether"
# cell: findings
findings = {2: "index", 13: "operand", 6: "index", 19: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (hprebn * dbnraw - bnmean * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Hypatia, line 8 as it was
# expect: mended:at_once_1 = wrong or raised
# cell: who
yours = "Hypatia"
# cell: findings
findings = {8: "operand", 20: "operand", 6: "index", 2: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = dh.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Hypatia, line 20 as it was
# expect: mended:at_once_2 = wrong or raised
# cell: who
yours = "Hypatia"
# cell: findings
findings = {8: "operand", 20: "operand", 6: "index", 2: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhpreact @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Hypatia, line 6 as it was
# expect: mended:random_upstream = wrong or raised
# cell: who
yours = "Hypatia"
# cell: findings
findings = {8: "operand", 20: "operand", 6: "index", 2: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmin(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Hypatia, line 2 as it was
# expect: mended:other_sizes = wrong or raised
# cell: who
yours = "Hypatia"
# cell: findings
findings = {8: "operand", 20: "operand", 6: "index", 2: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits -= torch.eye(27)[Yb].to(dnorm_logits.dtype)
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: Hypatia, line 14 as it was
# expect: mended:float32 = wrong or raised
# cell: who
yours = "Hypatia"
# cell: findings
findings = {8: "operand", 20: "operand", 6: "index", 2: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (hprebn * dbnraw - bnmean * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: ada@example.org, line 2 as it was
# expect: mended:at_once_1 = wrong or raised
# cell: who
yours = "ada@example.org"
# cell: findings
findings = {2: "index", 19: "factor", 6: "index", 21: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[:, Yb[0]] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: ada@example.org, line 19 as it was
# expect: mended:at_once_2 = wrong or raised
# cell: who
yours = "ada@example.org"
# cell: findings
findings = {2: "index", 19: "factor", 6: "index", 21: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: ada@example.org, line 6 as it was
# expect: mended:random_upstream = wrong or raised
# cell: who
yours = "ada@example.org"
# cell: findings
findings = {2: "index", 19: "factor", 6: "index", 21: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), Yb] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: ada@example.org, line 21 as it was
# expect: mended:other_sizes = wrong or raised
# cell: who
yours = "ada@example.org"
# cell: findings
findings = {2: "index", 19: "factor", 6: "index", 21: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(-1, 3, emb.shape[2])
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: ada@example.org, line 14 as it was
# expect: mended:float32 = wrong or raised
# cell: who
yours = "ada@example.org"
# cell: findings
findings = {2: "index", 19: "factor", 6: "index", 21: "size", 14: "cancellation"}
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (hprebn * dbnraw).sum(0, keepdim=True) - bnmean * dbnraw.sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: the script as it was
# expect: mended:at_once_1 mended:at_once_2 mended:random_upstream mended:other_sizes mended:float32 = wrong or raised
# cell: mended
# The backward pass, mended
dnorm_logits = norm_logits.exp() / norm_logits.exp().sum(1, keepdim=True)
dnorm_logits -= F.one_hot(Yb, norm_logits.shape[1])
dnorm_logits = dnorm_logits / len(dnorm_logits)
dlogit_maxes = dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits += F.one_hot(logits.argmax(1), logits.shape[1]) * dlogit_maxes
dh = dlogits @ W2.T
dW2 = dh.T @ dlogits
db2 = dlogits.sum(dim=0)
dhpreact = (1.0 + h) * (1.0 - h) * dh
dbngain = (dhpreact * bnraw).sum(dim=0, keepdim=True)
dbnbias = dhpreact.sum(dim=0, keepdim=True)
dbnraw = dhpreact * bngain
dbnvar_inv = (hprebn * dbnraw - bnmean * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * bnvar_inv**3 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / 31 * bndiff * dbnvar
dbnmean = (-dbndiff).sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = 0 * C
dC[Xb.view(-1)] += demb.view(-1, C.shape[1])
dW1 = (dhprebn.T @ embcat).T
db1 = dhprebn.sum(0)

# answer: nothing is mended
# expect: mended:at_once_1 mended:at_once_2 mended:random_upstream mended:other_sizes mended:float32 = not attempted
# cell: mended
# The backward pass, mended

# answer: autograd
# expect: mended:at_once_1 mended:at_once_2 mended:random_upstream mended:other_sizes mended:float32 = uses autograd or not attempted or raised
# cell: mended
# The backward pass, mended
for p in parameters:
    p.requires_grad_()
loss.backward()
dnorm_logits = norm_logits.grad
dlogit_maxes = logit_maxes.grad
dlogits = logits.grad
dh = h.grad
dW2 = W2.grad
db2 = b2.grad
dhpreact = hpreact.grad
dbngain = bngain.grad
dbnbias = bnbias.grad
dbnraw = bnraw.grad
dbnvar_inv = bnvar_inv.grad
dbnvar = bnvar.grad
dbndiff = bndiff.grad
dbnmean = bnmean.grad
dhprebn = hprebn.grad
dembcat = embcat.grad
demb = emb.grad
dC = C.grad
dW1 = W1.grad
db1 = b1.grad

# answer: no Python
# expect: mended:at_once_1 mended:at_once_2 mended:random_upstream mended:other_sizes mended:float32 = raised or not attempted
# cell: mended
# The backward pass, mended
dnorm_logits = F.softmax(norm_logits, 1

# answer: another shape
# expect: mended:random_upstream = right value, wrong shape
# replace: mended | dlogit_maxes = -dnorm_logits.sum(1, keepdim=True) | dlogit_maxes = -dnorm_logits.sum(1)
# replace: mended | dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1) | dlogits[range(n), logits.argmax(1)] += dlogit_maxes
