# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown] nbgrader={"grade": false, "grade_id": "title", "locked": false, "schema_version": 3, "solution": false, "task": false}
# # Exercise 6: a layer nobody has shown you

# %% tags=["setup"] nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The build puts the course's tools (toolkit/) here.

# %% tags=["imports"] nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import random

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

# %% nbgrader={"grade": false, "grade_id": "words", "locked": true, "schema_version": 3, "solution": false, "task": false}
words = load_names()
print(len(words), "names, the longest has", max(len(w) for w in words), "letters")
print(words[:8])

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-vocabulary", "locked": true, "schema_version": 3, "solution": false, "task": false}
# the vocabulary of characters, and mappings to and from integers
chars = sorted(set("".join(words)))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi["."] = 0  # marks where a name starts and ends
itos = {i: s for s, i in stoi.items()}
vocab_size = len(itos)

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-context", "locked": true, "schema_version": 3, "solution": false, "task": false}
block_size = 8  # context length: how many characters predict the next one


# %% nbgrader={"grade": false, "grade_id": "dataset", "locked": true, "schema_version": 3, "solution": false, "task": false}
def build_dataset(words):
    text = "".join("." * block_size + w for w in words) + "."  # ...ava...emma...zoe.
    codes = torch.tensor([stoi[ch] for ch in text])
    windows = codes.unfold(0, block_size + 1, 1)  # one a row: block_size characters, and the one that comes next
    windows = windows[windows[:, -2:].any(1)]  # a dot after a dot is between two names, and no example
    return windows[:, :-1].contiguous(), windows[:, -1].contiguous()


shuffled = list(words)  # a copy: running this cell twice must not shuffle twice
random.seed(42)
random.shuffle(shuffled)
n1 = int(0.8 * len(shuffled))
n2 = int(0.9 * len(shuffled))

Xtr, Ytr = build_dataset(shuffled[:n1])  # 80%: training
Xdev, Ydev = build_dataset(shuffled[n1:n2])  # 10%: validation
Xte, Yte = build_dataset(shuffled[n2:])  # 10%: test
for split, X, Y in [("train", Xtr, Ytr), ("validation", Xdev, Ydev), ("test", Xte, Yte)]:
    print(f"{split:10s} {tuple(X.shape)} {tuple(Y.shape)}")


# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-parameters", "locked": true, "schema_version": 3, "solution": false, "task": false}
n_embd = 10  # the dimensionality of the character embedding vectors
head_size = 16  # the dimensionality of queries, keys and values
n_hidden = 64  # the number of neurons in the hidden layer
eps = 1e-5  # added to a variance: never divide by zero

g = torch.Generator().manual_seed(2147483647)  # for reproducibility
C = torch.randn((vocab_size, n_embd), generator=g)  # what a character is
P = torch.randn((block_size, n_embd), generator=g)  # where it stands
# LayerNorm before attention
embgain = torch.randn(n_embd, generator=g) * 0.1 + 1.0
embbias = torch.randn(n_embd, generator=g) * 0.1
# One head of attention
Wq = torch.randn((n_embd, head_size), generator=g) * n_embd**-0.5
Wk = torch.randn((n_embd, head_size), generator=g) * n_embd**-0.5
Wv = torch.randn((n_embd, head_size), generator=g) * n_embd**-0.5
# Layer 1, and its LayerNorm
W1 = torch.randn((head_size, n_hidden), generator=g) * (5 / 3) / (head_size**0.5)
b1 = torch.randn(n_hidden, generator=g) * 0.1
lngain = torch.randn(n_hidden, generator=g) * 0.1 + 1.0
lnbias = torch.randn(n_hidden, generator=g) * 0.1
# Layer 2
W2 = torch.randn((n_hidden, vocab_size), generator=g) * 0.1
b2 = torch.randn(vocab_size, generator=g) * 0.1

parameters = [C, P, embgain, embbias, Wq, Wk, Wv, W1, b1, lngain, lnbias, W2, b2]
print(sum(p.nelement() for p in parameters), "parameters in total")
for p in parameters:
    p.requires_grad = True

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-minibatch", "locked": true, "schema_version": 3, "solution": false, "task": false}
batch_size = 32
n = batch_size  # a shorter name, for convenience
ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
Xb = Xtr[ix]  # one minibatch: characters, (n, T)
Yb = torch.cat([Xb[:, 1:], Ytr[ix, None]], 1)  # the character that follows each of them, (n, T)
future = torch.ones(block_size, block_size, dtype=torch.bool).triu(1)  # future[t, s]: s comes after t

# %% tags=["forward"] nbgrader={"grade": false, "grade_id": "forward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The forward pass, from characters to the hidden layer
emb = C[Xb] + P  # what stands there, and where
# Layer norm: the line for xnorm is all of it; the four lines above that are there for you
embmean = emb.mean(2, keepdim=True)
embvar = emb.var(2, keepdim=True, unbiased=False)
embvar_inv = (embvar + eps) ** -0.5
embraw = (emb - embmean) * embvar_inv
xnorm = embgain * (emb - emb.mean(2, keepdim=True)) / torch.sqrt(emb.var(2, keepdim=True, unbiased=False) + eps) + embbias
# One head of causal self-attention
q = xnorm @ Wq
k = xnorm @ Wk
v = xnorm @ Wv
scores = q @ k.transpose(1, 2)
scaled = scores * head_size**-0.5
masked = scaled.masked_fill(future, float("-inf"))
att = masked.softmax(2)
head = att @ v
# Linear layer
hpreln = head @ W1 + b1
# Layer norm, chunked
lnmean = 1 / n_hidden * hpreln.sum(2, keepdim=True)
lndiff = hpreln - lnmean
lndiff2 = lndiff**2
lnvar = 1 / n_hidden * lndiff2.sum(2, keepdim=True)
lnvar_inv = (lnvar + eps) ** -0.5
lnraw = lndiff * lnvar_inv
hpreact = lngain * lnraw + lnbias

# %% nbgrader={"grade": false, "grade_id": "autograd", "locked": true, "schema_version": 3, "solution": false, "task": false}
for p in parameters:
    p.grad = None
steps = [lnraw, lnvar_inv, lnvar, lndiff2, lndiff, lnmean, hpreln, head, att, masked, scaled, scores, q, k, v, xnorm, emb]
for t in [hpreact, *steps]:
    t.retain_grad()
h = torch.tanh(hpreact)
logits = h @ W2 + b2
loss = F.cross_entropy(logits.flatten(0, 1), Yb.flatten())
loss.backward()
dhpreact = hpreact.grad.clone()
network = read_network()
loss

# %% nbgrader={"grade": false, "grade_id": "lngain", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dlngain = (lnraw * dhpreact).sum((0, 1))
dlnbias = dhpreact.sum((0, 1))
dlnraw = lngain * dhpreact
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "lngain-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("lngain", "lnbias", "lnraw")
### BEGIN HIDDEN TESTS
expect_gradients("lngain", "lnbias", "lnraw")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "lnvar_inv", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dlndiff = lnvar_inv * dlnraw
dlnvar_inv = (lndiff * dlnraw).sum(2, keepdim=True)
dlnvar = -0.5 * (lnvar + eps) ** -1.5 * dlnvar_inv
dlndiff2 = 1 / n_hidden * torch.ones_like(lndiff2) * dlnvar
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "lnvar_inv-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("lnvar_inv", "lnvar", "lndiff2")
### BEGIN HIDDEN TESTS
expect_gradients("lnvar_inv", "lnvar", "lndiff2")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "lndiff", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dlndiff = dlndiff + 2 * lndiff * dlndiff2
dlnmean = -dlndiff.sum(2, keepdim=True)
dhpreln = dlndiff + 1 / n_hidden * dlnmean
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "lndiff-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("lndiff", "lnmean", "hpreln")
### BEGIN HIDDEN TESTS
expect_gradients("lndiff", "lnmean", "hpreln")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "head", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dhead = dhpreln @ W1.T
dW1 = head.flatten(0, 1).T @ dhpreln.flatten(0, 1)
db1 = dhpreln.sum((0, 1))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "head-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("head", "W1", "b1")
### BEGIN HIDDEN TESTS
expect_gradients("head", "W1", "b1")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "att", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
datt = dhead @ v.transpose(1, 2)
dv = att.transpose(1, 2) @ dhead
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "att-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("att", "v")
### BEGIN HIDDEN TESTS
expect_gradients("att", "v")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "masked", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dmasked = att * (datt - (att * datt).sum(2, keepdim=True))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "masked-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("masked")
### BEGIN HIDDEN TESTS
expect_gradients("masked")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "scaled", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dscaled = dmasked.masked_fill(future, 0.0)
dscores = head_size**-0.5 * dscaled
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "scaled-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("scaled", "scores")
### BEGIN HIDDEN TESTS
expect_gradients("scaled", "scores")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "q", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dq = dscores @ k
dk = dscores.transpose(1, 2) @ q
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "q-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("q", "k")
### BEGIN HIDDEN TESTS
expect_gradients("q", "k")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "xnorm", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dxnorm = dq @ Wq.T + dk @ Wk.T + dv @ Wv.T
dWq = (xnorm.transpose(1, 2) @ dq).sum(0)
dWk = (xnorm.transpose(1, 2) @ dk).sum(0)
dWv = (xnorm.transpose(1, 2) @ dv).sum(0)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "xnorm-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("xnorm", "Wq", "Wk", "Wv")
### BEGIN HIDDEN TESTS
expect_gradients("xnorm", "Wq", "Wk", "Wv")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "embgain", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dembgain = (embraw * dxnorm).sum((0, 1))
dembbias = dxnorm.sum((0, 1))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "embgain-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("embgain", "embbias")
### BEGIN HIDDEN TESTS
expect_gradients("embgain", "embbias")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "emb", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dembraw = embgain * dxnorm
demb = embvar_inv * (dembraw - dembraw.mean(2, keepdim=True) - embraw * (embraw * dembraw).mean(2, keepdim=True))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "emb-check", "locked": true, "points": 6, "schema_version": 3, "solution": false, "task": false}
check("emb")
### BEGIN HIDDEN TESTS
expect_gradients("emb")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "C", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dP = demb.sum(0)
dC = torch.zeros_like(C).index_add_(0, Xb.flatten(), demb.flatten(0, 1))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "C-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("P", "C")
### BEGIN HIDDEN TESTS
expect_gradients("P", "C")
### END HIDDEN TESTS

