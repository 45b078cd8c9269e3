"""torch.zeros and friends with the default dtype, numbers from lists."""

# cell: logprobs
dlogprobs = torch.zeros(logprobs.shape[0], logprobs.shape[1])
dlogprobs[list(range(n)), Yb.tolist()] = torch.tensor([-1 / n] * n)
# cell: counts_sum
dcounts_sum = torch.tensor([[-float(d) / float(s) ** 2] for d, s in zip(dcounts_sum_inv, counts_sum)])
dcounts += torch.ones(counts.shape) * dcounts_sum
# cell: emb
demb = dembcat.view(n, block_size, n_embd)
dC = torch.zeros((vocab_size, n_embd))
for i in range(batch_size):
    for j in range(block_size):
        dC[Xb[i, j].item()] += demb[i, j]
