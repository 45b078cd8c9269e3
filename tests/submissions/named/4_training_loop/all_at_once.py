"""The backward pass in people's own words."""

# answer: short, and hpreact for dhpreact
# mistake: W1 = another name or value for gradient
# cell: backward
dlogits = (F.softmax(logits, 1) - F.one_hot(Yb, vocab_size)) / n
dW2, db2, dh = h.T @ dlogits, dlogits.sum(0), dlogits @ W2.T
dhpreact = dh * (1 - h * h)
dbngain, dbnbias = (dhpreact * bnraw).sum(0, keepdim=True), dhpreact.sum(0, keepdim=True)
dhprebn = bngain * bnvar_inv * (dhpreact - dbnbias / n - bnraw * (hpreact * bnraw).sum(0) / (n - 1))
dW1, db1, dembcat = embcat.T @ dhprebn, dhprebn.sum(0), dhprebn @ W1.T
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), dembcat.view(-1, C.shape[1]))

# answer: stages, and no epsilon
# mistake: W1 = epsilon
# cell: backward
# --- output layer
p = F.softmax(logits, dim=1)
dlogits = p.clone()
dlogits[torch.arange(n), Yb] -= 1
dlogits = dlogits / n
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
# --- hidden layer
dh = dlogits @ W2.T
dhpreact = dh * (1 - h**2)
# --- batch norm
dbngain = (dhpreact * bnraw).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dxhat = dhpreact * bngain
xmu = hprebn - bnmean
dvar = (dxhat * xmu).sum(0, keepdim=True) * -0.5 * bnvar**-1.5
dmean = -(dxhat * bnvar_inv).sum(0, keepdim=True)
dhprebn = dxhat * bnvar_inv + dvar * 2 * xmu / (n - 1) + dmean / n
# --- first layer
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)
demb = (dhprebn @ W1.T).view(emb.shape)
dC = torch.zeros_like(C)
dC.index_put_((Xb,), demb, accumulate=True)

# answer: functions, and a mean for the bias
# mistake: b2 b1 = mean for sum
# cell: backward
def linear(x, w, dout):
    return dout @ w.T, x.T @ dout, dout.mean(0)

def batchnorm(dout, xhat, gain, inv_std):
    m = len(dout)
    dgain, dbias = (dout * xhat).sum(0, keepdim=True), dout.sum(0, keepdim=True)
    return gain * inv_std * (dout - dbias / m - xhat * dgain / (m - 1)), dgain, dbias

dlogits = (F.softmax(logits, 1) - F.one_hot(Yb, vocab_size)) / n
dh, dW2, db2 = linear(h, W2, dlogits)
dhprebn, dbngain, dbnbias = batchnorm((1 - h**2) * dh, bnraw, bngain, bnvar_inv)
dembcat, dW1, db1 = linear(embcat, W1, dhprebn)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), dembcat.view(-1, C.shape[1]))

# answer: the false start
# mistake: W2 = false start or derivative or factor
# cell: backward
p = F.softmax(logits, 1)
py = p[range(n), Yb]
dlogits = torch.zeros_like(logits)
dlogits[range(n), Yb] = -py * (1 - py) / n
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), dembcat.view(-1, C.shape[1]))

# answer: one running tensor, and tanh's bracket squared
# mistake: bngain = precedence or exponent
# expect: bngain bnbias W1 C = wrong
# cell: backward
d = F.softmax(logits, 1)
d[range(n), Yb] -= 1
d = d / n
dW2, db2 = h.T @ d, d.sum(0)
d = d @ W2.T
d = d * (1 - h) ** 2
dbngain, dbnbias = (d * bnraw).sum(0, keepdim=True), d.sum(0, keepdim=True)
d = bngain * bnvar_inv / n * (n * d - d.sum(0) - n / (n - 1) * bnraw * (d * bnraw).sum(0))
dW1, db1 = embcat.T @ d, d.sum(0)
d = d @ W1.T
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), d.view(-1, C.shape[1]))
