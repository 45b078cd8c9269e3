"""Right answers in other ways of writing."""

# answer: loops and einsums
# cell: masked
dmasked = torch.empty_like(att)
for b in range(att.shape[0]):
    for t in range(att.shape[1]):
        J = torch.diag(att[b, t]) - torch.outer(att[b, t], att[b, t])
        dmasked[b, t] = J @ datt[b, t]
# cell: scaled
dscaled = torch.where(future, torch.zeros_like(dmasked), dmasked)
dscores = dscaled.div(head_size**0.5)
# cell: head
dhead = torch.einsum("bth,eh->bte", dhpreln, W1)
dW1 = torch.einsum("bte,bth->eh", head, dhpreln)
db1 = dhpreln.flatten(0, 1).sum(0)
# cell: C
dP = torch.stack([demb[:, t].sum(0) for t in range(P.shape[0])])
dC = torch.zeros_like(C)
dC.index_put_((Xb,), demb, accumulate=True)
