"""Projections as means."""

# cell: hprebn
dbnraw = bngain * dhpreact
centred = dbnraw - dbnraw.mean(0, keepdim=True)
dhprebn = bnvar_inv * (centred - bnraw * (dbnraw * bnraw).sum(0, keepdim=True) / (bnraw.shape[0] - 1))
