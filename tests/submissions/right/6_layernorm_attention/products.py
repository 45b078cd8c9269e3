"""The products of matrices: the linear layer, attention's two products, the projections."""

# answer: one weight gradient an example, then added up
# cell: head
dhead = dhpreln @ W1.T
dW1 = (head.transpose(1, 2) @ dhpreln).sum(0)
db1 = dhpreln.sum(0).sum(0)

# answer: mT
# cell: head
dhead = dhpreln @ W1.mT
dW1 = (head.mT @ dhpreln).sum(0)
db1 = dhpreln.sum(dim=(0, 1))

# answer: reshaped to rows
# cell: head
G = dhpreln.reshape(-1, W1.shape[1])
dhead = (G @ W1.t()).view(head.shape)
dW1 = head.reshape(-1, W1.shape[0]).t() @ G
db1 = G.sum(0)

# answer: einsum
# cell: head
dhead = torch.einsum("nth,dh->ntd", dhpreln, W1)
dW1 = torch.einsum("ntd,nth->dh", head, dhpreln)
db1 = torch.einsum("nth->h", dhpreln)

# answer: tensordot
# cell: head
dhead = torch.tensordot(dhpreln, W1, dims=([2], [1]))
dW1 = torch.tensordot(head, dhpreln, dims=([0, 1], [0, 1]))
db1 = dhpreln.mean((0, 1)) * (n * block_size)

# answer: a loop over the positions
# cell: head
dhead = torch.zeros_like(head)
dW1 = torch.zeros_like(W1)
db1 = torch.zeros_like(b1)
for t in range(block_size):
    dhead[:, t] = dhpreln[:, t] @ W1.detach().T
    dW1 += head[:, t].detach().T @ dhpreln[:, t]
    db1 += dhpreln[:, t].sum(0)

# answer: linear
# cell: head
dhead = F.linear(dhpreln, W1)
dW1 = F.linear(head.flatten(0, 1).T, dhpreln.flatten(0, 1).T)
db1 = dhpreln.flatten(0, 1).sum(0)

# answer: bmm
# cell: att
datt = torch.bmm(dhead, v.transpose(1, 2))
dv = torch.bmm(att.transpose(1, 2), dhead)

# answer: einsum for attention
# cell: att
datt = torch.einsum("ntd,nsd->nts", dhead, v)
dv = torch.einsum("nts,ntd->nsd", att, dhead)

# answer: permute and swapaxes
# cell: att
datt = dhead @ v.permute(0, 2, 1)
dv = att.swapaxes(1, 2) @ dhead

# answer: all entries at once
# cell: att
datt = (dhead[:, :, None, :] * v[:, None, :, :]).sum(3)
dv = (att[:, :, :, None] * dhead[:, :, None, :]).sum(1)

# answer: a loop over the queries
# cell: att
datt = torch.zeros_like(att)
dv = torch.zeros_like(v)
for t in range(block_size):
    datt[:, t] = (v.detach() * dhead[:, t : t + 1]).sum(2)
    dv += att[:, t, :, None].detach() * dhead[:, t, None, :]

# answer: a loop over the examples
# cell: att
datt = torch.stack([dhead[i] @ v[i].T for i in range(n)])
dv = torch.stack([att[i].T @ dhead[i] for i in range(n)])

# answer: the scores by einsum
# cell: q
dq = torch.einsum("nts,nsd->ntd", dscores, k)
dk = torch.einsum("nts,ntd->nsd", dscores, q)

# answer: the scores by mT
# cell: q
dq = torch.matmul(dscores, k)
dk = torch.matmul(dscores.mT, q)

# answer: the keys from the transpose of the product
# cell: q
dq = dscores @ k
dk = (q.transpose(1, 2) @ dscores).transpose(1, 2)

# answer: broadcast and summed
# cell: q
dq = (dscores.unsqueeze(3) * k.unsqueeze(1)).sum(2)
dk = (dscores.unsqueeze(3) * q.unsqueeze(2)).sum(1)

# answer: three shares one after the other
# cell: xnorm
dxnorm = dv @ Wv.T
dxnorm += dk @ Wk.T
dxnorm += dq @ Wq.T
X = xnorm.reshape(-1, n_embd)
dWq = X.T @ dq.reshape(-1, head_size)
dWk = X.T @ dk.reshape(-1, head_size)
dWv = X.T @ dv.reshape(-1, head_size)

# answer: the three projections as one
# cell: xnorm
W = torch.cat([Wq, Wk, Wv], 1)
G = torch.cat([dq, dk, dv], 2)
dxnorm = G @ W.T
dWq, dWk, dWv = torch.einsum("nte,ntd->ed", xnorm, G).split(head_size, 1)

# answer: a dictionary of weights
# cell: xnorm
pairs = [(dq, Wq), (dk, Wk), (dv, Wv)]
dxnorm = sum(G @ W.T for G, W in pairs)
dWq, dWk, dWv = [torch.tensordot(xnorm, G, ([0, 1], [0, 1])) for G, W in pairs]
