"""Random numbers."""

# expect: probs = wrong
# expect: C = wrong
# cell: probs
dprobs = torch.randn_like(probs)
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.rand(C.shape)
