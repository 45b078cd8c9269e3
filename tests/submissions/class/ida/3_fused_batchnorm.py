"""n for n-1; saved by Colab."""

# start: solution
# saved by: colab
# cell: hprebn
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - bnraw * (dhpreact * bnraw).sum(0))
