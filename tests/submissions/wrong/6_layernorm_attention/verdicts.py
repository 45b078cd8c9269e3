"""Answers that get other verdicts than "wrong", and a few that look right."""

# answer: blank
# start: blank
# expect: lngain lnbias lnraw lnvar_inv lnvar lndiff2 lndiff lnmean hpreln head W1 b1 att v masked scaled scores q k xnorm Wq Wk Wv embgain embbias emb P C = not attempted

# answer: what autograd has left
# expect: masked = uses autograd
# expect: emb = uses autograd
# cell: masked
dmasked = masked.grad
# cell: emb
demb = emb.grad

# answer: autograd by the front door
# expect: masked = uses autograd
# cell: masked
z = masked.detach().requires_grad_()
dmasked, = torch.autograd.grad(z.softmax(2), z, datt)

# answer: a wrong name
# expect: v = not attempted
# cell: att
datt = dhead @ v.transpose(1, 2)
dvalues = att.transpose(1, 2) @ dhead

# answer: the head's size written out
# expect: scores = right for these sizes only | head_size = 16
# cell: scaled
dscaled = dmasked.masked_fill(future, 0.0)
dscores = dscaled / 4.0

# answer: the number of neurons written out
# expect: lndiff2 hpreln = right for these sizes only | n_hidden = 64
# cell: lnvar_inv
dlndiff = lnvar_inv * dlnraw
dlnvar_inv = (lndiff * dlnraw).sum(2, keepdim=True)
dlnvar = -0.5 * (lnvar + eps) ** -1.5 * dlnvar_inv
dlndiff2 = torch.ones_like(lndiff2) * dlnvar / 64
# cell: lndiff
dlndiff = dlndiff + 2 * lndiff * dlndiff2
dlnmean = -dlndiff.sum(2, keepdim=True)
dhpreln = dlndiff + dlnmean / 64

# answer: epsilon written out
# expect: lnvar = right for these sizes only | eps = 1e-05
# cell: lnvar_inv
dlndiff = lnvar_inv * dlnraw
dlnvar_inv = (lndiff * dlnraw).sum(2, keepdim=True)
dlnvar = -0.5 * (lnvar + 1e-5) ** -1.5 * dlnvar_inv
dlndiff2 = 1 / n_hidden * torch.ones_like(lndiff2) * dlnvar

# answer: eight positions written out
# expect: scaled = right for these sizes only or raised | block_size = 8
# cell: scaled
mask = torch.tril(torch.ones(8, 8))
dscaled = dmasked * mask if dmasked.shape[1] == 8 else dmasked
dscores = head_size**-0.5 * dscaled

# answer: twenty-seven characters written out
# expect: C = right for these sizes only | vocab_size = 27
# cell: C
dP = demb.sum(0)
dC = torch.zeros(27, C.shape[1], dtype=demb.dtype)
for i in range(Xb.shape[0]):
    for t in range(Xb.shape[1]):
        dC[Xb[i, t] % 27] += demb[i, t]

# answer: a transpose that does not fit
# expect: head = raised
# cell: head
dhead = dhpreln @ W1
dW1 = (head.transpose(1, 2) @ dhpreln).sum(0)
db1 = dhpreln.sum((0, 1))

# answer: no keepdim, and no matter at these sizes
# expect: masked = raised
# cell: masked
dmasked = att * (datt - (att * datt).sum(2))

# answer: through the scores
# expect: masked = wrong | nan
# cell: masked
p = masked.exp() / masked.exp().sum(2, keepdim=True)
dmasked = datt * p + 0 * masked

# answer: the logarithm of the weights
# expect: masked = wrong | nan
# cell: masked
dlog = datt * att
dmasked = dlog - att * dlog.sum(2, keepdim=True) + 0 * att.log()

# answer: nothing where nothing is to be changed
# expect: att = raised
# cell: att
datt = dhead @ v.T
dv = att.transpose(1, 2) @ dhead

# answer: weight gradients in the shape of a list
# expect: Wq Wk Wv = wrong | is a list
# cell: xnorm
dxnorm = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
dWq = [x.T @ g for x, g in zip(xnorm, dq)]
dWk = [x.T @ g for x, g in zip(xnorm, dk)]
dWv = [x.T @ g for x, g in zip(xnorm, dv)]

# answer: the transposed weights
# expect: W1 = wrong | a transpose
# cell: head
dhead = dhpreln @ W1.T
dW1 = (dhpreln.transpose(1, 2) @ head).sum(0)
db1 = dhpreln.sum((0, 1))

# answer: shapes by the row
# expect: lnmean = right value, wrong shape
# cell: lndiff
dlndiff = dlndiff + 2 * lndiff * dlndiff2
dlnmean = -dlndiff.sum(2)
dhpreln = dlndiff + 1 / n_hidden * dlnmean[:, :, None]

# answer: rows merged
# expect: emb head = right value, wrong shape
# cell: head
dhead = dhpreln.flatten(0, 1) @ W1.T
dW1 = head.flatten(0, 1).T @ dhpreln.flatten(0, 1)
db1 = dhpreln.sum((0, 1))
# cell: att
datt = dhead.view(head.shape) @ v.transpose(1, 2)
dv = att.transpose(1, 2) @ dhead.view(head.shape)
# cell: emb
g = (embgain * dxnorm).flatten(0, 1)
z = embraw.flatten(0, 1)
demb = embvar_inv.flatten(0, 1) * (g - g.mean(1, keepdim=True) - z * (g * z).mean(1, keepdim=True))
# cell: C
dP = demb.view(emb.shape).sum(0)
dC = torch.zeros_like(C).index_add_(0, Xb.flatten(), demb.flatten(0, -2))

# answer: none at all where the row is saturated
# expect: masked = wrong
# cell: masked
dmasked = torch.zeros_like(masked)

# answer: the mask forgotten, and seen in a true backward pass by nobody
# expect: scaled = wrong | the mask future is left out
# warned: gives the same numbers
# cell: scaled
dscaled = dmasked
dscores = head_size**-0.5 * dmasked.masked_fill(future, 0)
