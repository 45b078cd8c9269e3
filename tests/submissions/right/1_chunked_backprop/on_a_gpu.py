"""Written for a GPU, in all the ways in which one says so; every device is the CPU when it is graded."""

# cell: extra before logprobs
device = torch.device("cuda" if torch.cuda.is_available() else "cuda:0")
torch.set_default_device("cuda")
gpu_generator = torch.Generator(device="cuda")
torch.cuda.manual_seed(1)
# cell: logprobs
dlogprobs = torch.zeros(logprobs.shape, device=device)
dlogprobs[range(n), Yb] = -1.0 / n
# cell: probs
dprobs = (1.0 / probs).cuda() * dlogprobs.to("cuda")
# cell: counts_sum
dcounts_sum = (-(counts_sum**-2)).to(device) * dcounts_sum_inv
dcounts += (torch.ones_like(counts, device="cuda:0") * dcounts_sum).to("mps")
torch.cuda.synchronize()
# cell: h
with torch.device("cuda"):
    dW2 = torch.zeros(W2.shape) + h.T @ dlogits
dh = dlogits.cuda() @ W2.cuda().T
db2 = dlogits.to(device="cuda", dtype=dlogits.dtype).sum(0)
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C).pin_memory().cuda(non_blocking=True)
dC.index_add_(0, Xb.view(-1).cuda(), demb.view(-1, C.shape[1]))
