"""The fused backward pass of softmax, the mask and the scale."""

# answer: the sum spelled out
# cell: masked
weighted = att * datt
dmasked = weighted - att * weighted.sum(-1, keepdim=True)

# answer: the sum by einsum
# cell: masked
dmasked = att * (datt - torch.einsum("nts,nts->nt", att, datt).unsqueeze(-1))

# answer: with the Jacobian
# cell: masked
J = torch.diag_embed(att) - att.unsqueeze(3) * att.unsqueeze(2)
dmasked = (J @ datt.unsqueeze(3)).squeeze(3)

# answer: the Jacobian from the left
# cell: masked
J = att[..., None] * (torch.eye(block_size, dtype=att.dtype) - att[..., None, :])
dmasked = (datt.unsqueeze(2) @ J).squeeze(2)

# answer: rows in a loop
# cell: masked
dmasked = torch.zeros_like(masked)
for i in range(n):
    for t in range(block_size):
        p, gp = att[i, t].detach(), datt[i, t]
        dmasked[i, t] = p * (gp - p @ gp)

# answer: softmax again
# cell: masked
p = torch.softmax(masked, dim=-1)
dmasked = p * datt - p * (p * datt).sum(dim=2, keepdim=True)

# answer: chunked, as in exercise 1
# cell: masked
counts = (masked - masked.max(2, keepdim=True).values).exp()
total = counts.sum(2, keepdim=True)
inverse = total**-1
dinverse = (counts * datt).sum(2, keepdim=True)
dtotal = -(total**-2) * dinverse
dcounts = inverse * datt + dtotal
dmasked = counts * dcounts

# answer: the sum from the output, as flash attention has it
# cell: masked
delta = (dhead * head).sum(2, keepdim=True)
dmasked = att * (datt - delta)

# answer: where
# cell: scaled
dscaled = torch.where(future, torch.zeros_like(dmasked), dmasked)
dscores = dscaled / head_size**0.5

# answer: a mask of ones and zeros
# cell: scaled
dscaled = dmasked * (~future)
dscores = dscaled / torch.sqrt(torch.tensor(head_size, dtype=dscaled.dtype))

# answer: tril
# cell: scaled
dscaled = dmasked.tril()
dscores = dscaled * q.shape[-1] ** -0.5

# answer: in place on a copy
# cell: scaled
dscaled = dmasked.clone()
dscaled[:, future] = 0
dscores = dscaled * (1 / head_size**0.5)

# answer: the mask read off the forward pass
# cell: scaled
dscaled = dmasked * torch.isfinite(masked)
dscores = torch.mul(dscaled, k.shape[2] ** -0.5)
