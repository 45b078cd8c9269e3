"""The chunked layer norm, in people's own styles."""

# answer: sums one dimension after the other
# cell: lngain
dlngain = (dhpreact * lnraw).sum(0).sum(0)
dlnbias = dhpreact.sum(1).sum(0)
dlnraw = dhpreact * lngain

# answer: sums with a list of dimensions, and by torch.sum
# cell: lngain
dlngain = torch.sum(dhpreact * lnraw, dim=[0, 1])
dlnbias = torch.sum(dhpreact, dim=(0, 1))
dlnraw = torch.mul(dhpreact, lngain[None, None, :])

# answer: flattened first
# cell: lngain
rows = dhpreact.reshape(-1, n_hidden)
dlngain = (rows * lnraw.reshape(-1, n_hidden)).sum(0)
dlnbias = rows.sum(0)
dlnraw = (rows * lngain).reshape(lnraw.shape)

# answer: einsum
# cell: lngain
dlngain = torch.einsum("nth,nth->h", dhpreact, lnraw)
dlnbias = torch.einsum("nth->h", dhpreact)
dlnraw = torch.einsum("nth,h->nth", dhpreact, lngain)

# answer: a product with ones
# cell: lngain
ones = torch.ones(n * block_size, dtype=dhpreact.dtype)
dlngain = ones @ (lnraw * dhpreact).flatten(0, 1)
dlnbias = ones @ dhpreact.flatten(0, 1)
dlnraw = dhpreact.clone()
dlnraw *= lngain

# answer: sum to size
# cell: lngain
dlngain = (lnraw * dhpreact).sum_to_size(lngain.shape)
dlnbias = dhpreact.sum_to_size(lnbias.shape)
dlnraw = lngain * dhpreact

# answer: negative dimensions
# cell: lngain
dlngain = (lnraw * dhpreact).sum((-3, -2))
dlnbias = dhpreact.sum((-2, -3))
dlnraw = lngain.view(1, 1, -1) * dhpreact

# answer: a loop over the examples
# cell: lngain
dlngain, dlnbias = torch.zeros_like(lngain), torch.zeros_like(lnbias)
dlnraw = torch.empty_like(lnraw)
for i in range(n):
    for t in range(dhpreact.shape[1]):
        dlngain += lnraw[i, t].detach() * dhpreact[i, t]
        dlnbias += dhpreact[i, t]
        dlnraw[i, t] = lngain.detach() * dhpreact[i, t]

# answer: the inverse as a power
# cell: lnvar_inv
dlndiff = dlnraw * lnvar_inv
dlnvar_inv = (dlnraw * lndiff).sum(-1, keepdim=True)
dlnvar = dlnvar_inv * -0.5 * lnvar_inv**3
dlndiff2 = (dlnvar / n_hidden).expand_as(lndiff2)

# answer: the square root below
# cell: lnvar_inv
dlndiff = dlnraw / torch.sqrt(lnvar + eps)
dlnvar_inv = torch.sum(dlnraw * lndiff, 2, True)
dlnvar = -dlnvar_inv / (2 * (lnvar + eps) * torch.sqrt(lnvar + eps))
dlndiff2 = torch.zeros_like(lndiff2) + dlnvar / lndiff2.shape[-1]

# answer: sums without keepdim, and unsqueeze
# cell: lnvar_inv
dlndiff = lnvar_inv * dlnraw
dlnvar_inv = (lndiff * dlnraw).sum(2).unsqueeze(2)
dlnvar = -0.5 * torch.pow(lnvar + eps, -1.5) * dlnvar_inv
dlndiff2 = dlnvar.repeat(1, 1, n_hidden) / n_hidden

# answer: einsum for the factor
# cell: lnvar_inv
dlndiff = torch.einsum("nth,nto->nth", dlnraw, lnvar_inv)
dlnvar_inv = torch.einsum("nth,nth->nt", dlnraw, lndiff)[:, :, None]
dlnvar = (-0.5 * dlnvar_inv) / (lnvar + eps) ** 1.5
dlndiff2 = torch.full_like(lndiff2, 1 / n_hidden) * dlnvar

# answer: the shares one after the other
# cell: lndiff
dlndiff = dlndiff.clone()
dlndiff += dlndiff2 * lndiff * 2.0
dlnmean = dlndiff.sum(2, keepdim=True) * -1
dhpreln = dlndiff.clone()
dhpreln += dlnmean / n_hidden

# answer: minus the mean
# cell: lndiff
dlndiff = lnvar_inv * dlnraw + 2 * lndiff * dlndiff2
dlnmean = torch.sum(-dlndiff, dim=-1, keepdim=True)
dhpreln = dlndiff + torch.ones_like(hpreln) * dlnmean / hpreln.shape[2]

# answer: both shares with names of their own
# cell: lnvar_inv
through_raw = lnvar_inv * dlnraw
dlnvar_inv = (lndiff * dlnraw).sum(2, keepdim=True)
dlnvar = -0.5 * (lnvar + eps) ** (-3 / 2) * dlnvar_inv
dlndiff2 = dlnvar.expand(lndiff2.shape) * (1 / n_hidden)
# cell: lndiff
through_square = lndiff * dlndiff2 * 2
dlndiff = through_raw + through_square
dlnmean = -(dlndiff.sum(2, keepdim=True))
dhpreln = dlndiff + dlnmean.expand_as(dlndiff) / n_hidden
