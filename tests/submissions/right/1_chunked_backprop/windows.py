"""Windows line endings, tabs, empty lines."""

# line endings: windows
# cell: logprobs

dlogprobs = torch.zeros_like(logprobs)

for i in range(n):
	dlogprobs[i, Yb[i]] = -1.0 / n

# cell: counts_sum_inv
dcounts_sum_inv = (
    counts
    * dprobs
).sum(1, keepdim=True)
text = """several
lines"""
dcounts = counts_sum_inv * dprobs
# cell: emb
%time demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
