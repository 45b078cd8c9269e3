"""dbndiff2 as one row, which only broadcasting makes n of."""

# expect: bndiff2 = right value, wrong shape | a gradient of its own
# cell: bnvar_inv
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = (-0.5 * (bnvar + 1e-5) ** -1.5) * dbnvar_inv
dbndiff2 = dbnvar / (n - 1)
