"""No gradient has a name in the loop, and the update goes up: nothing shows it apart from them."""

# expect: loop:C loop:W1 loop:b1 loop:W2 loop:b2 loop:bngain loop:bnbias = wrong | The sign is wrong
# expect: loop:update = not attempted | no step of the loop shows the update
# expect: loop:trajectory = wrong

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
        dlogits = (F.softmax(logits, 1) - F.one_hot(Yb, logits.shape[1])) / n
        a = (1 - h**2) * (dlogits @ W2.T)
        dhprebn = bngain * bnvar_inv / n * (n * a - a.sum(0) - n / (n - 1) * bnraw * (a * bnraw).sum(0))
        grads = [
            torch.zeros_like(C).index_add_(0, Xb.view(-1), (dhprebn @ W1.T).view(-1, C.shape[1])), embcat.T @ dhprebn, dhprebn.sum(0),
            h.T @ dlogits, dlogits.sum(0), (bnraw * a).sum(0, keepdim=True), a.sum(0, keepdim=True),
        ]
        lr = 0.1 if i < lr_drop else 0.01
        for p, grad in zip(parameters, grads):
            p.data += lr * grad
        lossi.append(loss.item())
