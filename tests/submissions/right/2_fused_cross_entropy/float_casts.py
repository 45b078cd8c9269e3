"""Only right in float32."""

# cell: logits
dlogits = F.softmax(logits.float(), 1)
dlogits[torch.arange(n), Yb] -= 1
dlogits = dlogits / n
