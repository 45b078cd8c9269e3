"""Every gradient is zero times its variable: given an upstream of zeros, each of them would be right."""

# expect: loop:C loop:W1 loop:b1 loop:W2 loop:b2 loop:bngain loop:bnbias = wrong | is all zeros: nothing has come back
# expect: loop:update loop:rate = wrong | all gradients are zero
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
        dlogits = 0 * logits
        dh = 0 * h
        dW2 = 0 * W2
        db2 = 0 * b2
        dhpreact = 0 * hpreact
        dbngain = 0 * bngain
        dbnbias = 0 * bnbias
        dhprebn = 0 * hprebn
        dembcat = 0 * embcat
        dW1 = 0 * W1
        db1 = 0 * b1
        demb = 0 * emb
        dC = 0 * C
        grads = [dC, dW1, db1, dW2, db2, dbngain, dbnbias]
        lr = 0.1 if i < lr_drop else 0.01
        for p, grad in zip(parameters, grads):
            p.data += -lr * grad
        lossi.append(loss.item())
