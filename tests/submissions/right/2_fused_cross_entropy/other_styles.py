"""Right answers in other ways of writing."""

# answer: scatter_add
# cell: logits
dlogits = (logits.softmax(-1) / n).scatter_add_(1, Yb[:, None], torch.full((n, 1), -1 / n, dtype=logits.dtype))

# answer: comparison mask
# cell: logits
hit = Yb.unsqueeze(1).eq(torch.arange(vocab_size))
dlogits = torch.sub(logits.softmax(1), hit.to(logits.dtype)).div(hit.sum())
