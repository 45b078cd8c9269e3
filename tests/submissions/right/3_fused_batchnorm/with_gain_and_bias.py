"""From dbngain and dbnbias."""

# cell: hprebn
dhprebn = bngain * bnvar_inv * (dhpreact - dbnbias / n - bnraw * dbngain / (n - 1))
