"""Steps 7, 8 and 12: the linear layers and tanh."""

# answer: dW2 the other way round
# mistake: W2 = transpose or operand order
# cell: h
dh = dlogits @ W2.T
dW2 = dlogits.T @ h
db2 = dlogits.sum(0)

# answer: dW2 brought into shape
# mistake: W2 = transpose
# cell: h
dh = dlogits @ W2.T
dW2 = (dlogits.T @ h).view(W2.shape)
db2 = dlogits.sum(0)

# answer: dh brought into shape
# mistake: h = transpose
# cell: h
dh = (W2 @ dlogits.T).reshape(h.shape)
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)

# answer: hpreact for h
# mistake: W2 = another name or input for output
# cell: h
dh = dlogits @ W2.T
dW2 = hpreact.T @ dlogits
db2 = dlogits.sum(0)

# answer: dW2 averaged
# mistake: W2 = factor or constant or mean for sum
# cell: h
dh = dlogits @ W2.T
dW2 = h.T @ dlogits / n
db2 = dlogits.sum(0)

# answer: db2 averaged
# mistake: b2 = mean for sum
# cell: h
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.mean(dim=0)

# answer: db2 summed over the classes
# mistake: b2 = dimension
# cell: h
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(1)

# answer: db2 summed over everything
# mistake: b2 = sum too many or dimension
# cell: h
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum() * torch.ones_like(b2)

# answer: db2 of the first example
# mistake: b2 = index or sum left out
# cell: h
dh, dW2 = dlogits @ W2.T, h.T @ dlogits
db2 = dlogits[0]

# answer: db2 not summed
# mistake: b2 = sum left out
# cell: h
dh, dW2, db2 = dlogits @ W2.T, h.T @ dlogits, dlogits

# answer: db2 times the bias
# mistake: b2 = factor
# cell: h
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = (b2 * dlogits).sum(0)

# answer: db2 of another line
# mistake: b2 = another name or upstream
# cell: h
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dcounts.sum(0)

# answer: dh times h
# mistake: h = factor
# cell: h
dh = dlogits @ W2.T * h
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)

# answer: tanh already in dh
# mistake: h = factor or derivative
# cell: h
# dlogits/dh = W2, and h is a tanh
dh = (dlogits @ W2.T) * (1 - h * h)
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)

# answer: letters of einsum exchanged
# mistake: W2 = transpose or letters
# cell: h
dh = torch.einsum("nv,hv->nh", dlogits, W2)
dW2 = torch.einsum("nh,nv->vh", h, dlogits)
db2 = torch.einsum("nv->v", dlogits)

# answer: a lambda with another layer's gradient
# mistake: W2 = another name or upstream
# cell: h
grad_w = lambda x, dout: x.T @ dout
dh = dlogits @ W2.T
dW2 = grad_w(h, dprobs)
db2 = dlogits.sum(0)

# answer: a helper whose bias is a mean
# mistake: b2 = mean for sum
# cell: h
def linear_backward(x, w, dout):
    """gradients of x @ w + b"""
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.mean(0)
    return dx, dw, db

dh, dW2, db2 = linear_backward(h, W2, dlogits)

# answer: minus
# mistake: h = sign
# cell: h
dh = -dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)

# answer: divided by the batch
# mistake: h = factor or constant
# cell: h
dh = dlogits @ W2.T / h.shape[0]
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)

# answer: probs for dlogits
# mistake: W2 = another name or value for gradient
# cell: h
dh = dlogits @ W2.T
dW2 = h.T @ logits
db2 = dlogits.sum(0)

# answer: the bracket squared
# mistake: hpreact = precedence or exponent
# cell: hpreact
dhpreact = (1 - h) ** 2 * dh

# answer: no bracket
# mistake: hpreact = precedence
# cell: hpreact
dhpreact = 1 - h**2 * dh

# answer: the input of tanh
# mistake: hpreact = another name or input for output
# cell: hpreact
dhpreact = (1 - hpreact**2) * dh

# answer: tanh of its output
# mistake: hpreact = twice or derivative or input for output
# cell: hpreact
t = torch.tanh(h)
dhpreact = (1 - t**2) * dh

# answer: one plus
# mistake: hpreact = sign or operator
# cell: hpreact
dhpreact = (1 + h**2) * dh

# answer: minus one
# mistake: hpreact = sign
# cell: hpreact
dhpreact = (h**2 - 1) * dh

# answer: the slope of the sigmoid
# mistake: hpreact = derivative or factor or exponent or term
# cell: hpreact
dhpreact = h * (1 - h) * dh

# answer: the slope of tanh alone
# mistake: hpreact = upstream or factor
# cell: hpreact
dhpreact = 1.0 - h**2

# answer: gradient and value exchanged
# mistake: hpreact = another name or value for gradient or upside down
# cell: hpreact
dhpreact = (1 - dh**2) * h

# answer: tanh for its slope
# mistake: hpreact = derivative
# cell: hpreact
dhpreact = torch.tanh(hpreact) * dh

# answer: times two for the square
# mistake: hpreact = exponent or operator or factor
# cell: hpreact
dhpreact = (1 - 2 * h) * dh

# answer: slope not squared
# mistake: hpreact = exponent or factor
# cell: hpreact
dhpreact = dh - h * dh

# answer: slope twice
# mistake: hpreact = twice or exponent or factor or changed later
# cell: hpreact
local = 1 - h**2
dhpreact = dh * local
dhpreact = dhpreact * local

# answer: a helper with the bracket squared
# mistake: hpreact = precedence or exponent
# cell: hpreact
def dtanh(y):
    return (1 - y) ** 2
dhpreact = dtanh(h) * dh

# answer: a third power
# mistake: hpreact = exponent or factor
# cell: hpreact
dhpreact = dh * (1.0 - torch.pow(h, 3))

# answer: only where it is positive
# mistake: hpreact = derivative or index
# cell: hpreact
dhpreact = dh * (hpreact > 0)

# answer: divided by n once more
# mistake: hpreact = factor or constant
# cell: hpreact
dhpreact = (1.0 - h**2) * dh / n

# answer: dembcat past batchnorm
# mistake: embcat = another name or upstream
# cell: embcat
dembcat = dhpreact @ W1.T
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: dW1 past batchnorm
# mistake: W1 = another name or upstream
# cell: embcat
dembcat = dhprebn @ W1.T
dW1 = emb.view(n, -1).T @ dhpreact
db1 = dhprebn.sum(0)

# answer: db1 over the wrong dimension
# mistake: b1 = dimension
# cell: embcat
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(1)

# answer: db1 a mean
# mistake: b1 = mean for sum
# cell: embcat
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ dhprebn
db1 = dhprebn.mean(0)

# answer: dW1 the other way round
# mistake: W1 = transpose
# cell: embcat
dembcat = dhprebn @ W1.T
dW1 = dhprebn.T @ embcat
db1 = dhprebn.sum(0)

# answer: dembcat brought into shape
# mistake: embcat = transpose
# cell: embcat
dembcat = (W1 @ dhprebn.T).view(embcat.shape)
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)

# answer: db1 of bndiff
# mistake: b1 = another name or upstream
# cell: embcat
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ dhprebn
db1 = dbndiff.sum(0)

# answer: dW1 from the value
# mistake: W1 = another name or value for gradient
# cell: embcat
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ hprebn
db1 = dhprebn.sum(0)

# answer: dembcat with the other weights
# mistake: embcat = another name
# cell: embcat
dembcat = dh @ W1.T
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)
