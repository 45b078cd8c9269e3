"""demb left as the matrix dembcat: the dimensions are other ones, not only more or fewer of size 1."""

# expect: emb = right value, wrong shape | in another arrangement
# cell: emb
demb = dembcat
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
