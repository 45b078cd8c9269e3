"""The four quantities one after the other."""

# cell: hprebn
dbnraw = bngain * dhpreact
dbnvar = (dbnraw * (hprebn - bnmeani)).sum(0, keepdim=True) * -0.5 * (bnvar + eps) ** -1.5
dbnmeani = -(dbnraw * bnvar_inv).sum(0, keepdim=True)
dhprebn = dbnraw * bnvar_inv + dbnvar * 2 * (hprebn - bnmeani) / (n - 1) + dbnmeani / n
