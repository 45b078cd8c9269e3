"""The forward pass again with gradients enabled, on leaves of one's own."""

# expect: hpreact = uses autograd or raised
# expect: h W2 = uses autograd or raised
# expect: b2 = right
# cell: h
h_leaf, W2_leaf = h.clone().requires_grad_(), W2.detach().clone()
W2_leaf.requires_grad = True
with torch.enable_grad():
    out = h_leaf @ W2_leaf + b2
out.backward(dlogits)
dh = h_leaf.grad
dW2 = W2_leaf.grad
db2 = dlogits.sum(0)
# cell: hpreact
leaf = torch.tensor(hpreact.tolist(), requires_grad=True)
dhpreact = torch.autograd.grad(torch.tanh(leaf), leaf, dh)[0]
