"""A small library of steps whose local names are those of the gradients."""

# cell: extra before logprobs
def div_backward(dout, x):
    dprobs = dout / x
    return dprobs

def linear_backward(dlogits, x, w):
    dh = dlogits @ w.T
    dW2 = x.T @ dlogits
    db2 = dlogits.sum(0)
    return dh, dW2, db2

def tanh_backward(dh, h):
    dhpreact = dh * (1 - h**2)
    return dhpreact
# cell: probs
dprobs = div_backward(dlogprobs, probs)
# cell: h
dh, dW2, db2 = linear_backward(dlogits, h, W2)
# cell: hpreact
dhpreact = tanh_backward(dh, h)
# cell: embcat
dembcat, dW1, db1 = linear_backward(dhprebn, embcat, W1)
# cell: extra at the end
def everything():
    dlogits = (probs - F.one_hot(Yb, probs.shape[1])) / n
    dh, dW2, db2 = linear_backward(dlogits, h, W2)
    dhpreact = tanh_backward(dh, h)
    return dhpreact
