""".grad by a name put together: nothing is there."""

# expect: probs = wrong or raised
# expect: hpreact = raised
# cell: probs
dprobs = getattr(probs, "gr" + "ad")
# cell: hpreact
derive = getattr(getattr(torch, "auto" + "grad"), "gr" + "ad")
leaf = hpreact.clone()
dhpreact = derive(torch.tanh(leaf), leaf, dh)[0]
