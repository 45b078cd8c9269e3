"""Own names for all but the parameters, the minibatch among them."""

# cell: train
# The training loop: your own backward pass, and no loss.backward() anywhere
lossi = []
kept_grads, kept_ratios = [], []
with torch.no_grad():
    for i in progress_bar(range(max_steps)):
        ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
        xs, ys = Xtr[ix], Ytr[ix]
        e = C[xs]
        a0 = e.view(len(ix), -1)
        a1 = a0 @ W1 + b1
        a2 = (a1 - a1.mean(0)) / (a1.var(0) + 1e-5).sqrt()
        a3 = torch.tanh(bngain * a2 + bnbias)
        a4 = a3 @ W2 + b2
        loss = F.cross_entropy(a4, ys)
        g4 = (torch.softmax(a4, 1) - F.one_hot(ys, a4.shape[1])) / len(ix)
        g3 = g4 @ W2.T * (1 - a3**2)
        g2 = g3 * bngain
        s = (a1.var(0) + 1e-5).sqrt()
        g1 = (g2 - g2.mean(0) - a2 * (g2 * a2).sum(0) / (len(ix) - 1)) / s
        g0 = (g1 @ W1.T).view(e.shape)
        gC = torch.zeros_like(C)
        gC.index_put_((xs,), g0, accumulate=True)
        grads = [gC, a0.T @ g1, g1.sum(0), a3.T @ g4, g4.sum(0), (g3 * a2).sum(0, keepdim=True), g3.sum(0, keepdim=True)]
        lr = 0.1 if i < lr_drop else 0.01
        for p, grad in zip(parameters, grads):
            p.data += -lr * grad
        lossi.append(loss.item())
