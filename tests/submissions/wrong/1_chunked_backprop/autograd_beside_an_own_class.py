"""A class of the student's own has a grad; what is read here are the gradients of PyTorch's tensors."""

# expect: probs h = uses autograd | .grad
# cell: probs
class Node:
    grad = None


node = Node()
node.grad = dlogprobs
dprobs = probs.grad
# cell: h
for p in parameters:
    p.grad = None
loss.backward()
dh = h.grad
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
