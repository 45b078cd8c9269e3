"""Written and saved in Colab, in a style of her own."""

# start: solution
# saved by: colab
# cell: logprobs
dlogprobs = -F.one_hot(Yb, vocab_size).to(logprobs.dtype) / n
# cell: counts_sum_inv
dcounts_sum_inv = torch.einsum("ij,ij->i", counts, dprobs)[:, None]
dcounts = dprobs * counts_sum_inv
# cell: logit_maxes
dlogit_maxes = -dnorm_logits.sum(dim=1, keepdim=True)
dlogits = dnorm_logits + torch.zeros_like(logits).scatter(1, logits.argmax(1, keepdim=True), dlogit_maxes)
