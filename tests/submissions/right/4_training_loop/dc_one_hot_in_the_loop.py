"""dC by a product with one-hot rows, cast with .float() as the lecture's notebook needs it, in the loop."""

# answer: at once
# replace: train | dC = torch.zeros_like(C).index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1])) | dC = F.one_hot(Xb.view(-1), vocab_size).float().T @ demb.view(-1, n_embd)

# answer: added to zeros
# replace: train | dC = torch.zeros_like(C).index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1])) | dC = torch.zeros_like(C); dC += F.one_hot(Xb.view(-1), vocab_size).float().T @ demb.view(-1, n_embd)
