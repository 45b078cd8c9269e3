"""Step 13: the view and the lookup."""

# answer: the first two dimensions exchanged
# mistake: emb = transpose
# cell: emb
demb = dembcat.view(emb.shape[1], emb.shape[0], emb.shape[2]).permute(1, 0, 2)
dC = torch.zeros_like(C).index_add_(0, Xb.view(-1), demb.reshape(-1, C.shape[1]))

# answer: the last two dimensions exchanged
# mistake: emb = transpose
# cell: emb
demb = dembcat.view(n, C.shape[1], Xb.shape[1]).transpose(1, 2)
dC = torch.zeros_like(C).index_add_(0, Xb.view(-1), demb.reshape(-1, C.shape[1]))

# answer: the value for its gradient
# mistake: emb = another name or value for gradient
# cell: emb
demb = embcat.view(emb.shape)
dC = torch.zeros_like(C).index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))

# answer: demb times emb
# mistake: emb = factor
# cell: emb
demb = emb * dembcat.view(emb.shape)
dC = torch.zeros_like(C).index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))

# answer: dC begins with ones
# mistake: C = start
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.ones_like(C)
for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1]):
        dC[Xb[k, j]] += demb[k, j]

# answer: dC begins with C
# mistake: C = start
# cell: emb
demb = dembcat.view(emb.shape)
dC = C.clone()
for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1]):
        ix = Xb[k, j]
        dC[ix] += demb[k, j]

# answer: the first letter for all
# mistake: C = index
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1]):
        dC[Xb[k, 0]] += demb[k, j]

# answer: the last letter left out
# mistake: C = index
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1] - 1):
        dC[Xb[k, j]] += demb[k, j]

# answer: the first example left out
# mistake: C = index
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for k in range(1, n):
    for j in range(Xb.shape[1]):
        dC[Xb[k, j]] += demb[k, j]

# answer: the letters of an example summed
# mistake: C = sum too many or index
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1]):
        dC[Xb[k, j]] += demb[k].sum(0)

# answer: the labels for the letters
# mistake: C = another name or index
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Yb, demb.sum(1))

# answer: dC averaged
# mistake: C = changed later or factor or constant or mean for sum
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.flatten(), demb.flatten(0, 1))
dC /= n

# answer: overwritten in a loop over examples
# mistake: C = overwritten
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for x, d in zip(Xb, demb):
    dC[x] = d

# answer: added by index
# mistake: C = overwritten
# cell: emb
demb = dembcat.view(*emb.shape)
dC = torch.zeros_like(C)
dC[Xb] += demb

# answer: put by index without accumulating
# mistake: C = overwritten
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C).index_put((Xb,), demb)

# answer: emb for demb
# mistake: C = another name or value for gradient
# cell: emb
demb = dembcat.view(emb.shape)
hot = F.one_hot(Xb.view(-1), num_classes=C.shape[0]).to(demb.dtype)
dC = hot.T @ emb.view(-1, C.shape[1])

# answer: times C
# mistake: C = factor
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1]):
        dC[Xb[k, j]] += C[Xb[k, j]] * demb[k, j]

# answer: subtracted
# mistake: C = sign
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1]):
        dC[Xb[k, j]] -= demb[k, j]

# answer: added twice
# mistake: C = changed later or twice or factor or constant
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1]):
        dC[Xb[k, j]] += demb[k, j]
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))

# answer: divided by how often
# mistake: C = changed later or factor or mean for sum
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
count = torch.zeros(C.shape[0], 1)
for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1]):
        dC[Xb[k, j]] += demb[k, j]
        count[Xb[k, j]] += 1
dC = dC / count.clamp(min=1)
