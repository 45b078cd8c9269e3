"""The step of one minibatch in one tensor that runs back through the network."""

# cell: backward
# The backward pass of one minibatch
d = F.softmax(logits, 1)
d[range(n), Yb] -= 1
d /= n
dW2, db2 = h.T @ d, d.sum(0)
d = d @ W2.T
d = d * (1 - h**2)
dbngain, dbnbias = (bnraw * d).sum(0, keepdim=True), d.sum(0, keepdim=True)
d = bngain * bnvar_inv / n * (n * d - d.sum(0) - n / (n - 1) * bnraw * (d * bnraw).sum(0))
dW1, db1 = embcat.T @ d, d.sum(0)
d = (d @ W1.T).view(-1, C.shape[1])
dC = torch.zeros_like(C).index_add_(0, Xb.view(-1), d)
