"""The layer norm in one line, its gain and bias, and the two tables."""

# answer: as the exercise before has it
# cell: emb
g = embgain * dxnorm
demb = embvar_inv / n_embd * (n_embd * g - g.sum(2, keepdim=True) - embraw * (g * embraw).sum(2, keepdim=True))

# answer: in one expression
# cell: emb
demb = embvar_inv * (embgain * dxnorm - (embgain * dxnorm).mean(2, keepdim=True) - embraw * (embgain * dxnorm * embraw).mean(2, keepdim=True))

# answer: in stages
# cell: emb
dembraw = embgain * dxnorm
dembvar = (dembraw * (emb - embmean)).sum(2, keepdim=True) * -0.5 * (embvar + eps) ** -1.5
dembmean = -(dembraw * embvar_inv).sum(2, keepdim=True)
demb = dembraw * embvar_inv + dembvar * 2 * (emb - embmean) / n_embd + dembmean / n_embd

# answer: projections one after the other
# cell: emb
g = embgain * dxnorm
g = g - g.mean(-1, keepdim=True)
g = g - embraw * (g * embraw).mean(-1, keepdim=True)
demb = embvar_inv * g

# answer: everything once more
# cell: emb
std = torch.sqrt(emb.var(-1, keepdim=True, unbiased=False) + eps)
z = (emb - emb.mean(-1, keepdim=True)) / std
g = dxnorm * embgain
demb = (g - g.mean(-1, keepdim=True) - z * (z * g).mean(-1, keepdim=True)) / std

# answer: unsqueeze
# cell: emb
dn = dxnorm * embgain
demb = embvar_inv * (dn - dn.mean(2).unsqueeze(2) - embraw * (dn * embraw).mean(2)[:, :, None])

# answer: rows flattened
# cell: emb
G, Z = (embgain * dxnorm).view(-1, n_embd), embraw.view(-1, n_embd)
demb = (embvar_inv.view(-1, 1) * (G - G.mean(1, keepdim=True) - Z * (G * Z).mean(1, keepdim=True))).view(emb.shape)

# answer: gain and bias by einsum
# cell: embgain
dembgain = torch.einsum("nte,nte->e", dxnorm, embraw)
dembbias = torch.einsum("nte->e", dxnorm)

# answer: gain and bias from the rows
# cell: embgain
rows = dxnorm.view(-1, n_embd)
dembgain, dembbias = (rows * embraw.view(-1, n_embd)).sum(0), rows.sum(0)

# answer: two loops for the tables
# cell: C
dP = torch.zeros_like(P)
dC = torch.zeros_like(C)
for i in range(Xb.shape[0]):
    for t in range(Xb.shape[1]):
        dC[Xb[i, t]] += demb[i, t]
        dP[t] += demb[i, t]

# answer: one hot
# cell: C
dP = torch.einsum("nte->te", demb)
dC = F.one_hot(Xb, num_classes=vocab_size).to(demb.dtype).view(-1, vocab_size).T @ demb.view(-1, n_embd)

# answer: index_put
# cell: C
dP = demb.sum(dim=0)
dC = torch.zeros_like(C).index_put((Xb,), demb, accumulate=True)

# answer: a token gradient with a name of its own
# cell: C
dtok = demb.clone()
dP = demb.sum(0)
dC = torch.zeros(C.shape, dtype=dtok.dtype)
dC.index_add_(0, Xb.reshape(-1), dtok.reshape(-1, dtok.shape[-1]))

# answer: scatter_add
# cell: C
dP = torch.sum(demb, 0)
where = Xb.flatten()[:, None].expand(-1, C.shape[1])
dC = torch.zeros_like(C).scatter_add(0, where, demb.flatten(0, 1))

# answer: a row of the table at a time
# cell: C
dP = demb.mean(0) * n
dC = torch.stack([demb[Xb == c].sum(0) for c in range(vocab_size)])
