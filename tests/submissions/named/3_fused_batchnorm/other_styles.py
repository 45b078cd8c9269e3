"""Ways of writing in which a mistake was not named, or another than was made."""

# answer: a minus lost in a stage
# expect: hprebn = wrong | at `0.5`: the sign
# mistake: hprebn = sign
# cell: hprebn
dbnraw = bngain * dhpreact
xc = hprebn - bnmeani
dvar = (0.5 * (bnvar + eps) ** -1.5 * dbnraw * xc).sum(0, keepdim=True)
dxc = dbnraw * bnvar_inv
dxc = dxc + 2 / (n - 1) * xc * dvar
dhprebn = dxc - dxc.mean(0, keepdim=True)

# answer: Bessel's fraction upside down, in a helper
# expect: hprebn = wrong | at `(n - 1) / n`
# mistake: hprebn = upside down
# cell: hprebn
a = dhpreact
b = torch.mean(a, dim=0)
c = bnraw * torch.mean(a * bnraw, dim=0) * (n - 1) / n
dhprebn = bngain * bnvar_inv * (a - b - c)

# answer: ones on the wrong side
# expect: hprebn = wrong | at `dhpreact @ torch.ones(
# mistake: hprebn = dimension
# cell: hprebn
ones = torch.ones(n, n)
S = dhpreact @ torch.ones(dhpreact.shape[1], dhpreact.shape[1])
X = ones @ (dhpreact * bnraw)
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - S - n / (n - 1) * bnraw * X)

# answer: the letters of an einsum
# expect: hprebn = wrong | at `"nh,nh->n"`
# mistake: hprebn = letters
# cell: hprebn
d = dhpreact * bngain
coef = torch.einsum("nh,nh->n", d, bnraw)[:, None] / (n - 1)
dhprebn = (d - d.mean(0) - coef * bnraw) * bnvar_inv
