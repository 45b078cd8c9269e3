"""The running tensor is called dh, and is something else at the end; what comes of it is right."""

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
        dh = F.softmax(logits, 1)
        dh[range(n), Yb] -= 1
        dh /= n
        dW2, db2 = h.T @ dh, dh.sum(0)
        dh = dh @ W2.T * (1 - h**2)
        dbngain, dbnbias = (bnraw * dh).sum(0, keepdim=True), dh.sum(0, keepdim=True)
        dh = bngain * bnvar_inv / n * (n * dh - dh.sum(0) - n / (n - 1) * bnraw * (dh * bnraw).sum(0))
        dW1, db1 = embcat.T @ dh, dh.sum(0)
        dC = torch.zeros_like(C).index_add_(0, Xb.view(-1), (dh @ W1.T).view(-1, C.shape[1]))
        grads = [dC, dW1, db1, dW2, db2, dbngain, dbnbias]
        lr = 0.1 if i < lr_drop else 0.01
        for p, grad in zip(parameters, grads):
            p.data += -lr * grad
        lossi.append(loss.item())
