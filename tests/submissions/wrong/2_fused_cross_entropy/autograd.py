"""Autograd."""

# expect: logits = uses autograd
# cell: logits
dlogits = torch.autograd.grad(loss, logits, retain_graph=True)[0]
