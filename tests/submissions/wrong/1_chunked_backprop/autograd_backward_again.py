"""loss.backward() and then the gradients read."""

# expect: h W2 b2 = uses autograd | .grad
# cell: h
loss.backward(retain_graph=True)
dh = h.grad
dW2 = W2.grad
db2 = b2.grad
