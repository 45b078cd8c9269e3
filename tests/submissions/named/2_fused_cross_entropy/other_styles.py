"""Ways of writing in which a mistake was not named, or another than was made."""

# answer: a Jacobian without its diagonal, in a loop
# expect: logits = wrong | at `dlogits[i] = J @ dp`
# mistake: logits = term
# cell: logits
p = F.softmax(logits, 1)
dlogits = torch.empty_like(logits)
for i in range(n):
    J = -torch.outer(p[i], p[i])
    dp = torch.zeros(vocab_size, dtype=p.dtype)
    dp[Yb[i]] = -1 / p[i, Yb[i]] / n
    dlogits[i] = J @ dp

# answer: one is taken away twice
# expect: logits = wrong | at `dlogits[torch.arange(n), Yb] -= 1` or cell logits
# mistake: logits = twice or term
# cell: logits
dlogits = F.softmax(logits, 1)
dlogits[torch.arange(n), Yb] -= 1
dlogits[torch.arange(n), Yb] -= 1
dlogits /= n

# answer: a copy is changed
# expect: logits = wrong | at `dlogits[range(n), Yb].sub_(1)`: this changes nothing
# mistake: logits = clone
# cell: logits
dlogits = logits.softmax(1)
dlogits[range(n), Yb].sub_(1)
dlogits.div_(n)

# answer: brought into shape
# expect: logits = wrong | `hot.reshape(n, vocab_size)`
# mistake: logits = transpose
# cell: logits
hot = torch.zeros(vocab_size, n)
hot[Yb, torch.arange(n)] = 1
dlogits = (F.softmax(logits, 1) - hot.reshape(n, vocab_size)) / n
