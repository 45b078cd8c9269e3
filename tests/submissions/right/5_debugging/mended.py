"""The lines mended in other ways than the solution's."""

# answer: the logarithm first
# replace: mended | dnorm_logits = F.softmax(norm_logits, 1) | dnorm_logits = F.log_softmax(norm_logits, 1).exp()

# answer: a mask of the targets
# replace: mended | dnorm_logits[range(n), Yb] -= 1 | dnorm_logits = dnorm_logits - F.one_hot(Yb, dnorm_logits.shape[1])

# answer: the size of the batch from a shape
# replace: mended | dnorm_logits /= n | dnorm_logits /= Yb.shape[0]

# answer: the sign inside
# replace: mended | dlogit_maxes = -dnorm_logits.sum(1, keepdim=True) | dlogit_maxes = (-1.0 * dnorm_logits).sum(1, keepdim=True)

# answer: a share by scatter
# replace: mended | dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1) | dlogits.scatter_add_(1, logits.argmax(1, keepdim=True), dlogit_maxes)

# answer: a share by a mask
# replace: mended | dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1) | dlogits = dlogits + (logits == logit_maxes) * dlogit_maxes

# answer: a product by einsum
# replace: mended | dW2 = h.T @ dlogits | dW2 = torch.einsum('ij,ik->jk', h, dlogits)

# answer: ones for a sum
# replace: mended | db2 = dlogits.sum(0) | db2 = torch.ones(n, dtype=dlogits.dtype) @ dlogits

# answer: the slope by cosh
# replace: mended | dhpreact = (1.0 - h**2) * dh | dhpreact = dh * torch.cosh(hpreact) ** -2

# answer: the gain by einsum
# replace: mended | dbngain = (bnraw * dhpreact).sum(0, keepdim=True) | dbngain = torch.einsum('ij,ij->j', bnraw, dhpreact)[None]

# answer: a power of the inverse
# replace: mended | dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv | dbnvar = -0.5 * bnvar_inv**3 * dbnvar_inv

# answer: a square root
# replace: mended | dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv | dbnvar = -dbnvar_inv / (2 * (bnvar + 1e-5) * (bnvar + 1e-5).sqrt())

# answer: a share added without in place
# replace: mended | dbndiff += 2 / (n - 1) * bndiff * dbnvar | dbndiff = dbndiff + 2.0 * bndiff / (n - 1) * dbnvar

# answer: the mean written as a mean
# replace: mended | dhprebn = dbndiff + dbnmean / n | dhprebn = dbndiff - dbndiff.mean(0)

# answer: a row of ones
# replace: mended | db1 = dhprebn.sum(0) | db1 = torch.einsum('nh->h', dhprebn)

# answer: reshape
# replace: mended | demb = dembcat.view(emb.shape) | demb = dembcat.reshape(n, block_size, n_embd)

# answer: two loops
# replace: mended | dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1])) | [dC[Xb[i, t]].add_(demb[i, t]) for i in range(Xb.shape[0]) for t in range(Xb.shape[1])]

# answer: a matrix of ones and zeros
# replace: mended | dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1])) | dC += F.one_hot(Xb.view(-1), len(C)).to(C.dtype).T @ demb.view(-1, C.shape[1])

# answer: batchnorm in one expression between
# replace: mended | dbnmean = -dbndiff.sum(0, keepdim=True) | dbnmean = 0 - torch.sum(dbndiff, dim=0, keepdim=True)

# answer: numbers behind the lines, as they were copied
# cell: mended
# The backward pass, mended
dnorm_logits = norm_logits.exp() / norm_logits.exp().sum(1, keepdim=True)         # 1
dnorm_logits -= F.one_hot(Yb, norm_logits.shape[1])                               # 2
dnorm_logits = dnorm_logits / len(dnorm_logits)                                   # 3
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)                                 # 4
dlogits = dnorm_logits.clone()                                                    # 5
dlogits += F.one_hot(logits.argmax(1), logits.shape[1]) * dlogit_maxes            # 6
dh = dlogits @ W2.T                                                               # 7
dW2 = h.T @ dlogits                                                               # 8
db2 = dlogits.sum(dim=0)                                                          # 9
dhpreact = (1.0 + h) * (1.0 - h) * dh                                             # 10
dbngain = (dhpreact * bnraw).sum(dim=0, keepdim=True)                             # 11
dbnbias = dhpreact.sum(dim=0, keepdim=True)                                       # 12
dbnraw = dhpreact * bngain                                                        # 13
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)                               # 14
dbnvar = -0.5 * bnvar_inv**3 * dbnvar_inv                                         # 15
dbndiff = bnvar_inv * dbnraw                                                      # 16
dbndiff += 2 / (n - 1) * bndiff * dbnvar                                          # 17
dbnmean = (-dbndiff).sum(0, keepdim=True)                                         # 18
dhprebn = dbndiff + dbnmean / n                                                   # 19
dembcat = dhprebn @ W1.T                                                          # 20
demb = dembcat.view(emb.shape)                                                    # 21
dC = 0 * C                                                                        # 22
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))                          # 23
dW1 = (dhprebn.T @ embcat).T                                                      # 24
db1 = dhprebn.sum(0)                                                              # 25
