"""Magics, shell lines, help, and lines that are only looked at."""

# cell: logprobs
%%time
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0 / n
# cell: probs
%matplotlib inline
!ls -la
%time dprobs = dlogprobs / probs
files = !ls
dprobs.shape
# cell: counts_sum_inv
?torch.sum
dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True)  # why does this keep the dimension?
dcounts = counts_sum_inv * dprobs
torch.sum?
%timeit counts * dprobs
# cell: counts_sum
%%capture output
dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
if True:
    %timeit -n 1 counts.sum()
    dcounts += dcounts_sum
# cell: norm_logits
def show(x):
    display(x.shape)
    return x
dnorm_logits = show(counts * dcounts)
display(dnorm_logits)
# cell: hpreact
%pip install --quiet torch
dhpreact = (1 - h**2) * dh; dhpreact[0, :3]
