"""Another style, all right."""

# start: solution
# cell: logits
dlogits = (torch.softmax(logits, dim=1) - F.one_hot(Yb, logits.shape[1])) / n
