"""The update is written, and no gradient yet: those of step 1 stand there still, of another minibatch. They are none of the loop's."""

# expect: loop:C loop:W1 loop:b1 loop:W2 loop:b2 loop:bngain loop:bnbias = not attempted | the one that it reads is from before it
# expect: loop:update = not attempted | no step of the loop shows the update
# expect: loop:rate = not attempted | no step of the loop shows the learning rate
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
        # your code here
        grads = [dC, dW1, db1, dW2, db2, dbngain, dbnbias]

        # learning rate lr, then the update of all parameters
        lr = 0.1 if i < lr_drop else 0.01
        for p, grad in zip(parameters, grads):
            p -= lr * grad

        # keep track
        lossi.append(loss.item())
        if i % log_every == 0:
            kept_grads.append([grad.clone() for grad in grads])
            kept_ratios.append([(lr * grad.std() / p.std()).log10().item() for p, grad in zip(parameters, grads)])
