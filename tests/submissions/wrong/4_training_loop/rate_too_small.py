"""0.001 after the drop."""

# expect: loop:rate = wrong | goes from 0.1 to 0.001 at step lr_drop, not to 0.01
# expect: loop:trajectory = wrong
# cell: train
# The training loop: your own backward pass, and no loss.backward() anywhere
lossi = []  # the loss of each step
kept_grads, kept_ratios = [], []  # for the pictures, every log_every steps
with torch.inference_mode():  # nothing in here is recorded for autograd
    for i in progress_bar(range(max_steps)):
        # minibatch
        ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
        Xb, Yb = Xtr[ix], Ytr[ix]

        # forward pass
        emb = C[Xb]
        embcat = emb.view(emb.shape[0], -1)
        hprebn = embcat @ W1 + b1
        bnmean = hprebn.mean(0, keepdim=True)
        bndiff = hprebn - bnmean
        bnvar = (bndiff * bndiff).sum(0, keepdim=True) / (n - 1)  # hprebn.var(...) is the same, but slow
        bnvar_inv = (bnvar + 1e-5) ** -0.5
        bnraw = bndiff * bnvar_inv
        hpreact = bngain * bnraw + bnbias
        h = torch.tanh(hpreact)
        logits = h @ W2 + b2
        loss = F.cross_entropy(logits, Yb)

        # backward pass: all seven gradients
        dlogits = (F.softmax(logits, 1) - F.one_hot(Yb, vocab_size)) / n
        dh = dlogits @ W2.T
        dW2 = h.T @ dlogits
        db2 = dlogits.sum(0)
        dhpreact = torch.addcmul(dh, dh * h, h, value=-1)  # (1 - h**2) * dh in two calls instead of three
        dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
        dbnbias = dhpreact.sum(0, keepdim=True)
        dbnraw_share = torch.addcmul(dhpreact - dbnbias / n, bnraw, dbngain / (n - 1), value=-1)  # no mean, no slope
        dhprebn = (bngain * bnvar_inv) * dbnraw_share
        dembcat = dhprebn @ W1.T
        dW1 = embcat.T @ dhprebn
        db1 = dhprebn.sum(0)
        demb = dembcat.view(emb.shape)
        dC = torch.zeros_like(C).index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
        grads = [dC, dW1, db1, dW2, db2, dbngain, dbnbias]

        # learning rate lr, then the update of all parameters
        lr = 0.1 if i < lr_drop else 0.001
        for p, grad in zip(parameters, grads):
            p.add_(grad, alpha=-lr)

        # keep track
        lossi.append(loss.item())
        if i % log_every == 0:
            kept_grads.append([grad.clone() for grad in grads])
            kept_ratios.append([(lr * grad.std() / p.std()).log10().item() for p, grad in zip(parameters, grads)])
