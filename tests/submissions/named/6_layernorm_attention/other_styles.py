"""Ways of writing in which a mistake was not named, or another than was made."""

# answer: reshaped where it is transposed
# expect: W1 = wrong | `head.reshape(head.shape[2], -1)`
# mistake: W1 = transpose
# cell: head
dhead = dhpreln @ W1.T
dW1 = head.reshape(head.shape[2], -1) @ dhpreln.reshape(-1, dhpreln.shape[2])
db1 = dhpreln.sum((0, 1))

# answer: the letters of an einsum, and a dimension
# expect: masked = wrong | letters
# mistake: masked = letters or dimension
# cell: masked
s = torch.einsum("bqk,bqk->bk", att, datt).unsqueeze(1)
dmasked = att * (datt - s)

# answer: n - 1 where no line has it
# expect: emb = wrong | no line of this forward pass has n - 1
# mistake: emb = constant
# cell: emb
g = dxnorm * embgain
dot = (g * embraw).sum(-1, keepdim=True) / (n_embd - 1)
demb = (g - g.mean(-1, keepdim=True) - embraw * dot) * embvar_inv

# answer: divided by what is not its root
# expect: scores = wrong | power of head_size
# mistake: scores = exponent
# cell: scaled
dscaled = dmasked.masked_fill(future, 0)
dscores = dscaled.div(head_size)
