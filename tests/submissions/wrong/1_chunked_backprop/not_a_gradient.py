"""Tensors of other kinds: bool, complex, sparse, a parameter, one on the meta device."""

# expect: probs = wrong
# expect: norm_logits = wrong
# expect: hpreact = wrong
# expect: W1 = wrong | is a Parameter
# expect: C = wrong
# cell: probs
dprobs = (dlogprobs / probs).bool()
# cell: norm_logits
dnorm_logits = (counts * dcounts).to(torch.complex128)
# cell: hpreact
dhpreact = ((1 - h**2) * dh).to_sparse()
# cell: embcat
dembcat = dhprebn @ W1.T
dW1 = torch.nn.Parameter(embcat.T @ dhprebn, False)
db1 = dhprebn.sum(0)
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.empty(C.shape, device="meta")
