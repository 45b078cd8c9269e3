"""64 written out."""

# expect: bngain = right for these sizes only | n_hidden = 64
# expect: b1 = right for these sizes only | n_hidden = 64
# cell: bngain
dbngain = (bnraw * dhpreact).sum(0).view(1, 64)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)
# cell: embcat
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ dhprebn
db1 = torch.zeros(64)
for j in range(64):
    db1[j] = dhprebn[:, j].sum()
