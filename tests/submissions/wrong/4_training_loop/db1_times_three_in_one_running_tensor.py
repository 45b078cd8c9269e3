"""Three times db1, read off one running tensor, and named nowhere."""

# expect: loop:b1 = wrong | there is no db1 in the loop
# cell: train
# The training loop: your own backward pass, and no loss.backward() anywhere
lossi = []
kept_grads, kept_ratios = [], []
with torch.no_grad():
    for i in progress_bar(range(max_steps)):
        ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
        Xb, Yb = Xtr[ix], Ytr[ix]
        emb = C[Xb]
        embcat = emb.view(emb.shape[0], -1)
        hprebn = embcat @ W1 + b1
        bnmean = hprebn.mean(0, keepdim=True)
        bnvar = hprebn.var(0, keepdim=True)
        bnvar_inv = (bnvar + 1e-5) ** -0.5
        bnraw = (hprebn - bnmean) * bnvar_inv
        hpreact = bngain * bnraw + bnbias
        h = torch.tanh(hpreact)
        logits = h @ W2 + b2
        loss = F.cross_entropy(logits, Yb)
        d = F.softmax(logits, 1)
        d[range(n), Yb] -= 1
        d /= n
        dW2, db2 = h.T @ d, d.sum(0)
        d = d @ W2.T
        d = d * (1 - h**2)
        dbngain, dbnbias = (bnraw * d).sum(0, keepdim=True), d.sum(0, keepdim=True)
        d = bngain * bnvar_inv / n * (n * d - d.sum(0) - n / (n - 1) * bnraw * (d * bnraw).sum(0))
        dW1, slope = embcat.T @ d, 3 * d.sum(0)
        d = (d @ W1.T).view(-1, C.shape[1])
        dC = torch.zeros_like(C).index_add_(0, Xb.view(-1), d)
        grads = [dC, dW1, slope, dW2, db2, dbngain, dbnbias]
        lr = 0.1 if i < lr_drop else 0.01
        for p, grad in zip(parameters, grads):
            p.data += -lr * grad
        lossi.append(loss.item())
