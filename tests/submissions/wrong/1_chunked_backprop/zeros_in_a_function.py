"""Zeros where a true backward pass has zeros, in one function, where nothing can be replaced to find that out."""

# start: blank
# expect: logit_maxes b1 = wrong | all zeros
# cell: logprobs
def backward_pass():
    dlogprobs = torch.zeros_like(logprobs)
    dlogprobs[range(n), Yb] = -1.0 / n
    dprobs = dlogprobs / probs
    dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True)
    dcounts_sum = -dcounts_sum_inv / counts_sum**2
    dcounts = counts_sum_inv * dprobs + dcounts_sum
    dnorm_logits = counts * dcounts
    dlogit_maxes = torch.zeros_like(logit_maxes)
    dlogits = dnorm_logits + F.one_hot(logits.argmax(1), logits.shape[1]) * dlogit_maxes
    dh = dlogits @ W2.T
    dW2 = h.T @ dlogits
    db2 = dlogits.sum(0)
    dhpreact = (1 - h * h) * dh
    dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
    dbnbias = dhpreact.sum(0, keepdim=True)
    dbnraw = bngain * dhpreact
    dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
    dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
    dbndiff2 = (dbnvar / (n - 1)).expand_as(bndiff2)
    dbndiff = bnvar_inv * dbnraw + 2 * bndiff * dbndiff2
    dbnmeani = -dbndiff.sum(0, keepdim=True)
    dhprebn = dbndiff + dbnmeani / n
    dembcat = dhprebn @ W1.T
    dW1 = embcat.T @ dhprebn
    db1 = torch.zeros_like(b1)
    demb = dembcat.view(emb.shape)
    dC = torch.zeros_like(C)
    dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
    return dC, dW1, dW2, db1, db2, dbnbias, dbndiff, dbndiff2, dbngain, dbnmeani, dbnraw, dbnvar, dbnvar_inv, dcounts, dcounts_sum, dcounts_sum_inv, demb, dembcat, dh, dhpreact, dhprebn, dlogit_maxes, dlogits, dlogprobs, dnorm_logits, dprobs

# cell: emb
dC, dW1, dW2, db1, db2, dbnbias, dbndiff, dbndiff2, dbngain, dbnmeani, dbnraw, dbnvar, dbnvar_inv, dcounts, dcounts_sum, dcounts_sum_inv, demb, dembcat, dh, dhpreact, dhprebn, dlogit_maxes, dlogits, dlogprobs, dnorm_logits, dprobs = backward_pass()
