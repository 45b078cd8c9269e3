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
#
# The lecture ends with exercise 4. The networks that came afterwards are made of two layers which are not in it:
# **layer normalization** and **attention**. Here they are, put into the network that you know, and nobody goes back
# through them for you. You have all that it takes: a forward pass in small lines, the chain rule, and the habit of
# asking each line what it copies, what it sums, and who reads it. **28 gradients in 12 steps**: layer norm line by
# line; one head of causal self-attention, with the backward pass of softmax as a single expression; and a second layer
# norm in one expression.
#
# **For whom.** You have done exercises 1 and 3, and seen the softmax of exercise 2. What attention is for, you need not
# know: it is told below, as far as a backward pass wants to know it.
#
# **How long.** About three hours, with a place to stop after step 4, and three quarters of an hour for the two looks at
# the end, which are not graded.
#
# | part | difficulty | minutes |
# |---|---|---|
# | the two layers, and the forward pass | ●●○○○ | 25 |
# | steps 1 to 3: layer norm, line by line (9 gradients, 9 points) | ●●○○○ | 30 |
# | step 4: a linear layer at every position (3 gradients, 3 points) | ●●○○○ | 15 |
# | step 5: the weighted mean (2 gradients, 2 points) | ●●●○○ | 15 |
# | step 6: softmax in one expression (1 gradient, 4 points) | ●●●●○ | 30 |
# | steps 7 to 9: mask, scale, scores, projections (8 gradients, 8 points) | ●●●○○ | 30 |
# | steps 10 and 11: layer norm in one expression (3 gradients, 8 points) | ●●●●○ | 30 |
# | step 12: the two tables (2 gradients, 2 points) | ●●○○○ | 10 |
# | recomputation: what flash attention keeps | ●●●○○ | 20 |
# | gradient flow: a network to diagnose | ●●○○○ | 25 |
#
# **How to work**
#
# - Run the cells from the top. Fill in every cell that says `# your code here`; leave the other cells as they are. You
#   may add cells of your own for trying things out.
# - Run the `check(...)` below your cell. It compares your gradient with PyTorch's own and says what it sees: ✓ right, ✗
#   not right and why, · not there yet. *Run All* goes on to the bottom, whatever a check says; there stands which step
#   it stopped at.
# - Hints are behind folds, from a gentle one to a strong one. None contains the answer. A fold that says *think first*
#   holds the answer to the question above it, and one or two hold what a step has shown, for when its check is
#   satisfied.
# - When something looks impossible, choose *Restart and run all*: a misspelt name or a deleted line leaves its old
#   value behind in memory.
#
# The notebook needs nothing but itself: it runs in Jupyter, in VS Code, in Colab and in Kaggle.
#
# **If your notebook is graded**, your cells are run again on data that you have not seen: batches of two examples and
# more, other context lengths and widths, other values of `eps`, in float64. Each cell is tried by itself, with *random*
# numbers in place of the upstream gradients, so that one mistake costs only its own points and no mistake can hide.
# That has four consequences:
#
# 1. Do not write 32, 8, 10, 16, 64, 27 or 1e-5 into an answer. Take a size from a tensor's shape, or by its name (`n`,
#    `n_embd`, `head_size`, `n_hidden`), and take `eps`.
# 2. A cell may use the variables of the forward pass, the gradients that come before it, the given `dhpreact`, and what
#    your own earlier cells define. Nothing else is there. Read `dhpreact`, but do not change it in place.
# 3. Each line answers for itself, whatever comes from above. Where the mask has hidden an entry, a true backward pass
#    brings zeros, and the random numbers of the graded run are no zeros.
# 4. Autograd (`.backward`, `.grad`, `torch.autograd` and relatives) is not an answer.
#
# Right numbers in the wrong shape, or an answer that is right for this notebook's sizes only, earn half of the points.

# %% [markdown]
# ## Setup
#
# The next cell holds the course's tools, `check` among them. It is long, and folded away (VS Code shows it open: scroll
# past it). Run it; you need not read it. Further down, the code of some tables, figures and clocks is folded, too.

# %% tags=["setup"] nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The build puts the course's tools (toolkit/) here.

# %% tags=["imports"] nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import random
import time

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

# %% [markdown]
# ## Where these layers come from
#
# **Layer normalization** (Ba, Kiros and Hinton, 2016). Batch normalization makes the examples of a batch depend on one
# another: awkward for a batch of two, for sequences whose lengths differ, and after training, when there is no batch.
# Layer normalization takes mean and variance over the *neurons* of one example instead. It does the same in training
# and in use, and no example knows of another.
#
# **Attention** (Bahdanau, Cho and Bengio, 2014). Their network translated a sentence. It had to squeeze all of the
# sentence into one vector before it could begin, and for long sentences that failed. So they let it look back at every
# word: a small network gives each word a score, a softmax turns the scores into weights, and what is handed on is the
# weighted mean of the words' vectors. Which words belong together was never told; it is learned, since all of this is
# differentiable.
#
# **Scaled dot products, and a mask** (Vaswani and others, 2017). The score became the scalar product of a *query* and a
# *key*, divided by the square root of their length, so that all scores are one product of matrices. In a model that
# predicts the next word, a position must not see what comes after it: those scores are set to $-\infty$ before the
# softmax. Built of such layers, with layer normalization around them and no recurrence at all, their network was called
# the *transformer*.
#
# **The same numbers, computed another way** (Dao and others, 2022). The matrix of weights is large, and writing it to
# memory costs more time than computing it. FlashAttention never writes it: it is computed in blocks, and *once more* in
# the backward pass. That pass was derived by hand, and its heart is the expression that you will find in step 6.

# %% [markdown]
# ## The data, the parameters, one minibatch
#
# The names and the characters are those of exercise 1. The context is longer now, eight characters instead of three, so
# that there is something to attend to.

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

# %% [markdown]
# Two things are new among the parameters. `C` says which character it is, and `P` at which of the eight places it
# stands: attention by itself does not know the order of what it looks at. And there are three matrices `Wq`, `Wk` and
# `Wv` for the head. Gains are near 1 and biases near 0, and not exactly there, since a forgotten factor does not show
# when the factor is 1.
#
# | letter | is the number of | in the code |
# |---|---|---|
# | $n$ | examples in the minibatch | `n`, `batch_size` |
# | $T$ | positions: characters of context | `block_size` |
# | $E$ | dimensions of an embedding | `n_embd` |
# | $D$ | dimensions of a query, a key, a value | `head_size` |
# | $H$ | neurons in the hidden layer | `n_hidden` |
# | $V$ | characters in the vocabulary | `vocab_size` |

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

# %% [markdown]
# One minibatch. The network predicts at *every* position what comes next, from the characters up to there: eight
# lessons from one row of `Xb`. (Where a window begins before its name does, the first of them are an easy guess:
# another dot.) `future` is a constant, and has no gradient: `future[t, s]` is True where place $s$ comes after place
# $t$.

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-minibatch", "locked": true, "schema_version": 3, "solution": false, "task": false}
batch_size = 32
n = batch_size  # a shorter name, for convenience
ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
Xb = Xtr[ix]  # one minibatch: characters, (n, T)
Yb = torch.cat([Xb[:, 1:], Ytr[ix, None]], 1)  # the character that follows each of them, (n, T)
future = torch.ones(block_size, block_size, dtype=torch.bool).triu(1)  # future[t, s]: s comes after t

# %% [markdown]
# ## The forward pass
#
# All tensors but the parameters have **three dimensions**: example, position, and whatever the position holds. Read the
# lines slowly, and say the shape of each left-hand side aloud.

# %% tags=["forward"] nbgrader={"grade": false, "grade_id": "forward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The forward pass, from characters to the hidden layer
emb = C[Xb] + P  # what stands there, and where
# Layer norm: the line for xnorm is all of it; the four lines above that are there for you
embmean = emb.mean(2, keepdim=True)
embvar = emb.var(2, keepdim=True, unbiased=False)
embvar_inv = (embvar + eps) ** -0.5
embraw = (emb - embmean) * embvar_inv
xnorm = (
    embgain * (emb - emb.mean(2, keepdim=True)) / torch.sqrt(emb.var(2, keepdim=True, unbiased=False) + eps) + embbias
)
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

# %% [markdown]
# The rest of the network turns `hpreact` into a loss, position by position: $\tanh$, an output layer, cross-entropy.
# You have been through all three, so PyTorch takes that part back for you: `dhpreact`, (n, T, H), is **given**. PyTorch
# also computes the gradients of everything below it, and `check` compares yours with them.
#
# The loss of this untrained network should lie near $\ln V$, or $\ln 27 \approx 3.30$.

# %% nbgrader={"grade": false, "grade_id": "autograd", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The rest of the network, and PyTorch's own backward pass
for p in parameters:
    p.grad = None
steps = [lnraw, lnvar_inv, lnvar, lndiff2, lndiff, lnmean, hpreln, head, att, masked, scaled, scores, q, k, v, xnorm,
         emb]  # fmt: skip
for t in [hpreact, *steps]:
    t.retain_grad()  # only leaves keep their gradient otherwise
h = torch.tanh(hpreact)
logits = h @ W2 + b2
loss = F.cross_entropy(logits.flatten(0, 1), Yb.flatten())
loss.backward()
dhpreact = hpreact.grad.clone()  # given: where your backward pass starts
network = read_network()  # the graph of the forward pass, read from the cell above
loss

# %% [markdown]
# Here is the network, drawn from the forward cell. You will walk against the arrows, from `hpreact` back to `C` and
# `P`.
#
# **Before you go on:** which variables are read by more than one line? One of them has *three* readers.

# %% tags=["only-shown"] nbgrader={"grade": false, "grade_id": "picture", "locked": true, "schema_version": 3, "solution": false, "task": false}
draw_network(network, globals(), forks=False)

# %% [markdown]
# <details><summary>Think first: the forks</summary>
#
# `xnorm` is read by `q`, `k` and `v`: three shares. `hpreln` is read by `lnmean` and `lndiff`, and `lndiff` by
# `lndiff2` and `lnraw`, as in batchnorm. And `emb`? The picture shows one arrow from `emb` to `xnorm`. Look into that
# line: `emb` occurs three times in it, and twice inside of a mean or a variance. (`embmean` to `embraw` lead nowhere:
# those four lines are there for you.)
#
# </details>

# %% [markdown]
# ## Layer norm beside batchnorm
#
# | | batchnorm (exercises 1 and 3) | layer norm (here) |
# |---|---|---|
# | a tensor of | (n, H) | (n, T, H) |
# | mean and variance over | the $n$ examples, for each neuron | the $H$ neurons, for each example and position |
# | their shape | (1, H) | (n, T, 1) |
# | the variance divides by | $n-1$ | $H$ |
# | gain and bias | (1, H), one for each neuron | (H,), one for each neuron |
#
# The last two rows are worth a second look. Layer norm has no Bessel's correction: Ba, Kiros and Hinton divide by $H$,
# and so does `torch.nn.LayerNorm`. And while statistics and gain belonged to the same thing in batchnorm, a neuron,
# they now belong to different things: the mean to a *row*, the gain to a *column*. Two kinds of broadcasting, in two
# directions. Nearly every mistake in this part comes from mixing them up.

# %% [markdown] nbgrader={"grade": false, "grade_id": "lngain-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 1: gain and bias
#
# ```python
# hpreact = lngain * lnraw + lnbias      # (n, T, H) = (H,) * (n, T, H) + (H,)
# ```
#
# | tensor | shape |
# |---|---|
# | `lngain`, `dlngain` | (H,) |
# | `lnbias`, `dlnbias` | (H,) |
# | `lnraw`, `dlnraw` | (n, T, H) |
# | `hpreact`, `dhpreact` | (n, T, H) |
#
# One gain serves a neuron in every example and at every position: it is copied $n\cdot T$ times, along *two*
# dimensions. What becomes of a copy on the way back, and along which dimensions?
#
# Difficulty ●●○○○ · about 5 minutes · three gradients, and no new idea. What goes wrong here:
#
# - **one sum too few**: `sum(0)` takes one dimension away, and two have to go.
# - **a dimension too many**: with `keepdim=True` the result is (1, 1, H), and `lngain` is (H,).
# - **over the wrong dimension**: the layer's *mean* is over the neurons. The gain was not copied along these.
#
# <details><summary>Hint 1: shapes</summary>
#
# From (n, T, H) to (H,): which dimensions are gone? sum() takes a tuple of dimensions, too.
#
# </details>
# <details><summary>Hint 2: principle</summary>
#
# Forget for a moment that n and T are two dimensions, and think of a table of n·T rows with H columns. That is step 9
# of exercise 1.
#
# </details>

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

# %% [markdown] nbgrader={"grade": false, "grade_id": "lnvar_inv-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 2: the variance
#
# ```python
# lnvar = 1 / n_hidden * lndiff2.sum(2, keepdim=True)      # (n, T, 1) from (n, T, H)
# lnvar_inv = (lnvar + eps) ** -0.5                        # (n, T, 1), elementwise
# lnraw = lndiff * lnvar_inv                               # (n, T, H) = (n, T, H) * (n, T, 1)
# ```
#
# | tensor | shape |
# |---|---|
# | `lndiff`, `dlndiff`, `lndiff2`, `dlndiff2` | (n, T, H) |
# | `lnvar`, `dlnvar` | (n, T, 1) |
# | `lnvar_inv`, `dlnvar_inv` | (n, T, 1) |
# | `lnraw`, `dlnraw` | (n, T, H) |
#
# Three lines that you know, turned by ninety degrees. Take them back, last one first. `lndiff` is read by `lnraw` here
# and by `lndiff2` in the next step: compute its first share now, and call it `dlndiff`. It is checked in step 3.
#
# Difficulty ●●○○○ · about 10 minutes · three gradients are checked, a fourth is begun. What is different from step 10
# of exercise 1: the dimension that is summed, and the number that is divided by. Here, that is the number of *neurons*;
# `n` for `n_hidden` has the right shape, and so has a variance with Bessel's correction.
#
# <details><summary>Hint 1: shapes</summary>
#
# dlnvar_inv is (n, T, 1), and what you can multiply is (n, T, H). The last dimension has to go, and to stay with size
# 1.
#
# </details>
# <details><summary>Hint 2: the power</summary>
#
# The exponent is −1/2. Which factor comes to the front, what is the exponent after it has gone down by one, and where
# does the small constant stay?
#
# </details>
# <details><summary>Hint 3: the sum with a factor</summary>
#
# Each of the H squares of a row counts in the variance with the same factor. So all of them receive the same, and the
# copies must really be there: (n, T, 1) is not accepted for (n, T, H).
#
# </details>

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

# %% [markdown] nbgrader={"grade": false, "grade_id": "lndiff-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 3: the mean
#
# ```python
# lnmean = 1 / n_hidden * hpreln.sum(2, keepdim=True)      # (n, T, 1) from (n, T, H)
# lndiff = hpreln - lnmean                                 # (n, T, H) = (n, T, H) - (n, T, 1)
# lndiff2 = lndiff**2                                      # (n, T, H), elementwise
# ```
#
# | tensor | shape |
# |---|---|
# | `hpreln`, `dhpreln` | (n, T, H) |
# | `lnmean`, `dlnmean` | (n, T, 1) |
# | `lndiff`, `dlndiff` | (n, T, H) |
# | `lndiff2`, `dlndiff2` | (n, T, H) |
#
# Finish `dlndiff`, then go back through the subtraction to both of its sides, then through the mean.
#
# Difficulty ●●○○○ · about 10 minutes · two of the three gradients have two shares. Two traps:
#
# - **Only one share.** `dlndiff` and `dhpreln` look finished before they are, and have the right shape from the
#   beginning.
# - **Two names for one tensor.** After `dhpreln = dlndiff`, a `dhpreln += ...` changes `dlndiff`, too.
#
# Then a question about a bias. In exercise 1, `b1` stood before batchnorm, and its gradient was zero. Here `b1` stands
# before a layer norm. Is `db1` zero again? You will compute it in the next step; write down first what you expect.
#
# <details><summary>Hint 1: the order</summary>
#
# Nothing may be computed from dlndiff before its second share is in it.
#
# </details>
# <details><summary>Hint 2: principle</summary>
#
# A subtraction passes its upstream gradient on to the left as it is, and to the right with the sign turned, summed over
# what was copied. A mean over H numbers gives each of them one H-th.
#
# </details>

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

# %% [markdown]
# ## Warm-up: products with three dimensions
#
# There are two kinds of them in this network, and they go back differently.
#
# **One matrix for all.** In `head @ W1`, a (n, T, D) tensor meets a (D, H) matrix. It is the same matrix in every
# example and at every position: think of $n\cdot T$ rows, as one table. The gradient of the matrix collects from *all*
# rows:
#
# $$\frac{\partial L}{\partial W_{dh}} \;=\; \sum_{i=1}^{n}\sum_{t=1}^{T} x_{itd}\; g_{ith}$$
#
# **A matrix for each.** In `att @ v`, a (n, T, T) tensor meets a (n, T, D) one: $n$ products side by side, and what
# belongs to one example never meets what belongs to another. Going back, you do for each of them what you would do for
# one, and sum over no example.
#
# To turn over the matrices of such a stack, exchange the last two dimensions and let the first one be: `x.transpose(1,
# 2)`, or `x.mT`. (`x.T` would turn over all three, and PyTorch warns of it.) `flatten(0, 1)` makes one dimension of the
# first two.
#
# Numbers to try your products on. The first has a matrix for all, the second one for each:

# %% nbgrader={"grade": false, "grade_id": "demo-products", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_X = torch.tensor([[[1.0, 2.0], [0.0, 1.0]], [[3.0, 1.0], [1.0, 1.0]]], requires_grad=True)  # (2, 2, 2)
toy_W = torch.tensor([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]], requires_grad=True)  # (2, 3)
toy_G = torch.tensor([[[1.0, 0.0, 1.0], [2.0, 1.0, 0.0]], [[0.0, 1.0, 1.0], [1.0, 1.0, 0.0]]])  # upstream, (2, 2, 3)
toy_dX, toy_dW = torch.autograd.grad(toy_X @ toy_W, [toy_X, toy_W], toy_G)
print("X @ W, one matrix for all: gradient of W, shape", tuple(toy_dW.shape))
print(toy_dW)

toy_A = torch.tensor([[[1.0, 0.0], [0.5, 0.5]], [[1.0, 0.0], [0.25, 0.75]]], requires_grad=True)  # (2, 2, 2)
toy_dA, toy_dX = torch.autograd.grad(toy_A @ toy_X, [toy_A, toy_X], toy_G[:, :, :2])
print("A @ X, one for each: gradient of A, shape", tuple(toy_dA.shape))
print(toy_dA)

# %% [markdown] nbgrader={"grade": false, "grade_id": "head-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 4: a linear layer at every position
#
# ```python
# hpreln = head @ W1 + b1      # (n, T, H) = (n, T, D) @ (D, H) + (H,)
# ```
#
# | tensor | shape |
# |---|---|
# | `head`, `dhead` | (n, T, D) |
# | `W1`, `dW1` | (D, H) |
# | `b1`, `db1` | (H,) |
# | `hpreln`, `dhpreln` | (n, T, H) |
#
# Step 12 of exercise 1, at every position. Who was copied, and how often?
#
# Difficulty ●●○○○ · about 15 minutes with the warm-up · three gradients. What goes wrong here is that a gradient stops
# one sum too early: `head.transpose(1, 2) @ dhpreln` is (n, D, H), a gradient of `W1` for each example.
#
# <details><summary>Hint 1: shapes</summary>
#
# dW1 is (D, H). Either both tensors become tables of n·T rows before they are multiplied, or one of the dimensions of
# the result is summed away.
#
# </details>
# <details><summary>Hint 2: einsum</summary>
#
# Write the forward product as torch.einsum("ntd,dh->nth", head, W1). For the gradient of a factor, this factor and the
# result change places, with their letters.
#
# </details>

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

# %% [markdown]
# Now look at your `db1`. Is it what you expected?

# %% nbgrader={"grade": false, "grade_id": "demo-b1", "locked": true, "schema_version": 3, "solution": false, "task": false}
print(f"largest entry of PyTorch's db1: {b1.grad.abs().max():.4f}   sum of all its entries: {abs(b1.grad.sum()):.4f}")

# %% [markdown]
# <details><summary>Think first: a bias before a layer norm</summary>
#
# Batchnorm subtracts the mean over the *examples*, and `b1` is the same for all examples: it drops out altogether.
# Layer norm subtracts the mean over the *neurons*. What drops out of `b1` is what is the same for all neurons, one
# number out of its $H$; the rest stays, and learns. So `db1` is not zero, but its sum is: adding the same number to
# every entry of `b1` changes nothing.
#
# </details>

# %% [markdown]
# ## A place to stop
#
# 12 of 28. If you stop here, save the notebook. When you come back, run everything above this cell again first, so that
# the variables are there.

# %% nbgrader={"grade": false, "grade_id": "progress-norm", "locked": true, "schema_version": 3, "solution": false, "task": false}
progress()

# %% [markdown]
# ## One head of causal self-attention
#
# Take one example, with $T$ positions and a row of `xnorm` for each. Every position $t$ makes three vectors of length
# $D$:
#
# - a **query** $q_t$: what am I looking for?
# - a **key** $k_t$: what do I have to offer?
# - a **value** $v_t$: what do I hand over, if I am asked?
#
# $$
# c_{ts} = \frac{1}{\sqrt D}\,q_t\cdot k_s, \qquad
# z_{ts} = \begin{cases} c_{ts} & s \le t\\ -\infty & s > t\end{cases}, \qquad
# a_{ts} = \frac{e^{z_{ts}}}{\sum_{r=1}^{T} e^{z_{tr}}}, \qquad
# o_t = \sum_{s=1}^{T} a_{ts}\,v_s
# $$
#
# | letter | is | in the code | shape |
# |---|---|---|---|
# | $q,\ k,\ v$ | queries, keys, values | `q`, `k`, `v` | (n, T, D) |
# | $q_t\cdot k_s$ | every query with every key | `scores` | (n, T, T) |
# | $c$ | divided by $\sqrt D$ | `scaled` | (n, T, T) |
# | $z$ | the future hidden | `masked` | (n, T, T) |
# | $a$ | the weights: each row sums to 1 | `att` | (n, T, T) |
# | $o$ | a weighted mean of the values | `head` | (n, T, D) |
#
# Two letters for positions, and keep them apart: $t$ is the one that *asks*, a row; $s$ the one that *is asked*, a
# column.
#
# - **Self**: queries, keys and values come from the same sequence. **Causal**: nobody asks the future, since that is
#   what is to be predicted. $e^{-\infty}=0$, so a hidden position gets the weight zero, and the others share what is
#   left.
# - If all scores were equal, $o_t$ would be the plain mean of the values up to $t$. Attention is a mean with learned
#   weights.

# %% tags=["only-shown", "fold"] nbgrader={"grade": false, "grade_id": "demo-weights", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title The weights of one example
toy_i = int((Xb != 0).sum(1).argmax())  # an example with many letters
toy_letters = [itos[int(code)] for code in Xb[toy_i]]
toy_figure, (toy_left, toy_right) = plt.subplots(1, 2, figsize=(9.5, 4.2))
toy_panels = [
    (toy_left, scaled, "scaled: scores of both signs", "RdBu_r"),
    (toy_right, att, "att: rows that sum to 1", "Blues"),
]
for toy_axes, toy_tensor, toy_title, toy_colors in toy_panels:
    toy_matrix = toy_tensor[toy_i].detach()
    toy_most = float(toy_matrix.abs().max())
    toy_axes.imshow(toy_matrix, cmap=toy_colors, vmin=-toy_most if toy_colors == "RdBu_r" else 0, vmax=toy_most)
    for toy_t in range(block_size):
        for toy_s in range(block_size):
            toy_strong = abs(float(toy_matrix[toy_t, toy_s])) > 0.6 * toy_most
            toy_text = f"{float(toy_matrix[toy_t, toy_s]):.2f}".replace("0.", ".", 1)
            toy_color = "white" if toy_strong else "#444444"
            toy_axes.text(toy_s, toy_t, toy_text, ha="center", va="center", fontsize=7, color=toy_color)
    toy_axes.set(title=toy_title, xlabel="s: is asked", ylabel="t: asks")
    toy_axes.set_xticks(range(block_size), toy_letters)
    toy_axes.set_yticks(range(block_size), toy_letters)
plt.tight_layout()
plt.show()

# %% [markdown]
# **Why divide by $\sqrt D$?** Let the entries of $q$ and $k$ be independent, with mean 0 and variance 1. Then each
# product has variance 1, and the sum of $D$ of them has variance $D$: with 16 dimensions, scores near $\pm 4$; with
# 256, near $\pm 16$. What does a softmax of such scores look like, and what does it pass back? Predict the last column
# before you run the cell.

# %% nbgrader={"grade": false, "grade_id": "demo-scale", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_g = torch.Generator().manual_seed(11)
print("   D   scaled   spread of the scores   largest of 8 weights   size of the gradient at the softmax")
for toy_D in (4, 16, 64, 256):
    toy_q, toy_k = torch.randn((2, 2000, toy_D), generator=toy_g)
    toy_upstream = torch.randn((2000, 8), generator=toy_g)
    toy_scores = (toy_q[:, None] * toy_k.view(250, 8, toy_D).repeat(8, 1, 1)).sum(2)  # 2000 queries, 8 keys each
    for toy_factor, toy_word in ((toy_D**-0.5, "yes"), (1.0, "no")):
        toy_z = (toy_scores * toy_factor).requires_grad_()
        toy_p = toy_z.softmax(1)
        (toy_dz,) = torch.autograd.grad(toy_p, toy_z, toy_upstream)
        toy_largest = float(toy_p.detach().max(1).values.mean())
        toy_numbers = f"{float(toy_scores.std() * toy_factor):15.1f} {toy_largest:23.2f} {float(toy_dz.std()):35.3f}"
        print(f"{toy_D:4d}   {toy_word:5s} {toy_numbers}")

# %% [markdown]
# <details><summary>Think first: what the table says</summary>
#
# Without the scale one weight is nearly 1 and the others nearly 0: the softmax is **saturated**, as a $\tanh$ is far
# from zero, and passes back little. That is the argument of Vaswani and others, and their remedy. The scale is a
# constant, so it costs nothing in the backward pass but one factor, and a factor is easily forgotten there.
#
# </details>

# %% [markdown] nbgrader={"grade": false, "grade_id": "att-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 5: the weighted mean
#
# ```python
# head = att @ v      # (n, T, D) = (n, T, T) @ (n, T, D)
# ```
#
# | tensor | shape |
# |---|---|
# | `att`, `datt` | (n, T, T) |
# | `v`, `dv` | (n, T, D) |
# | `head`, `dhead` | (n, T, D) |
#
# A matrix for each. $o_t=\sum_s a_{ts}v_s$: how much does the loss care for the one weight $a_{ts}$? And the value
# $v_s$ is used by every position that looks at it: what does it get from each of them?
#
# Difficulty ●●●○○ · about 15 minutes · two gradients. A warning: `att` is *square*. Forget to turn it over, and the
# product fits without complaint, with wrong numbers. What would that mean? `att @ dhead` lets a position collect the
# gradients of those that it looked *at*, and it should be the gradients of those that looked at *it*.
#
# <details><summary>Hint 1: one weight</summary>
#
# Nudge a(t, s) a little. Only o(t) moves, and in the direction of v(s). The loss thinks of that what g(t)·v(s) says,
# where g is the upstream gradient: one number for each pair (t, s).
#
# </details>
# <details><summary>Hint 2: which index is summed</summary>
#
# For datt, the sum runs over the D entries of a vector. For dv, it runs over t, the positions that ask. The mask shows
# which way is right: the last value is seen by the last position alone, so its gradient comes from there alone.
#
# </details>

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

# %% [markdown]
# ## Softmax in one expression, on paper
#
# In exercise 1 softmax took six lines, in exercise 2 it was melted into the loss. Here it stands in the middle of a
# network: any upstream gradient may come. Take one row, and leave its index away: scores $z_1\dots z_T$, weights
# $a_s=e^{z_s}/S$ with $S=\sum_r e^{z_r}$, and an upstream gradient $g_s=\partial L/\partial a_s$.
#
# ### Stage 1: one weight, one score
#
# Nudge $z_r$. Its own weight moves, and so does every other, since $S$ has changed. With the quotient rule,
#
# $$
# \frac{\partial a_s}{\partial z_r} \;=\; \frac{\partial}{\partial z_r}\,\frac{e^{z_s}}{S} \;=\;
# \begin{cases} \dfrac{e^{z_r}S-e^{z_r}e^{z_r}}{S^2} \;=\; a_r\,(1-a_r) & \text{if } s=r\\
# \dfrac{0-e^{z_s}e^{z_r}}{S^2} \;=\; -\,a_s\,a_r & \text{if } s\ne r\end{cases}
# $$
#
# This is a full $T\times T$ matrix, the Jacobian of a row. Nobody wants to build it: for all rows that would be $n\cdot
# T^3$ numbers.
#
# ### Stage 2: yours
#
# All the weights of the row depend on $z_r$, so $T$ shares add up:
#
# $$\frac{\partial L}{\partial z_r} \;=\; \sum_{s=1}^{T} g_s\,\frac{\partial a_s}{\partial z_r}$$
#
# - Take the one summand with $s=r$ out of the sum, and put both cases in.
# - The case $s=r$ is $a_r - a_r a_r$. Its second part has the form of the other case, with $s=r$: put it back into the
#   sum.
# - Now every term has a factor in common. Take it out. What stands in the bracket are two things: one belongs to this
#   score alone, and the other is the same for the whole row.
#
# ### A row to test on
#
# Three scores, $z=(\ln 2,\ 0,\ 0)$, and the upstream gradient $g=(1,\ 2,\ 6)$. The weights are $(\frac12,\ \frac14,\
# \frac14)$. Go through your expression by hand; the cell shows what PyTorch finds. `tiny_a` and `tiny_g` are at your
# disposal.

# %% nbgrader={"grade": false, "grade_id": "demo-row", "locked": true, "schema_version": 3, "solution": false, "task": false}
tiny_z = torch.tensor([2.0, 1.0, 1.0]).log().requires_grad_()
tiny_g = torch.tensor([1.0, 2.0, 6.0])  # the upstream gradient
tiny_a = tiny_z.softmax(0)
print("weights", tiny_a.tolist(), "  gradient of the scores", torch.autograd.grad(tiny_a, tiny_z, tiny_g)[0].tolist())
tiny_a = tiny_a.detach()

# %% [markdown] nbgrader={"grade": false, "grade_id": "masked-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 6: softmax
#
# ```python
# att = masked.softmax(2)      # (n, T, T), by rows
# ```
#
# | tensor | shape |
# |---|---|
# | `masked`, `dmasked` | (n, T, T) |
# | `att`, `datt` | (n, T, T) |
#
# `dmasked` from `datt`, for all rows at once. You need `att`, and nothing else of the forward pass. (And it is well
# that you need not touch `masked`: there is $-\infty$ in it, and $0\cdot(-\infty)$ is NaN.)
#
# Difficulty ●●●●○ · about 15 minutes once the paper is done · one gradient, four points. What goes wrong here:
#
# - **The diagonal alone.** With the case $s=r$ only, `softmax` is taken for an elementwise function, such as a sigmoid.
#   Every score moves every weight of its row.
# - **The sum is left out.** All shapes fit without it.
# - **The sum takes too little.** The sum is over a product. `a * b.sum(2)` sums `b` alone.
# - **The sum runs down the columns**, over the positions that ask. A softmax by rows couples what stands in one row.
# - **`keepdim`.** Without it the sums are (n, T), and next to (n, T, T) that is read as something else: an error at
#   most sizes, and silently wrong numbers where $n = T$.
#
# <details><summary>Hint 1: shapes</summary>
#
# One number for each row, (n, T, 1), is taken from each entry of datt. Then all is multiplied by something (n, T, T).
#
# </details>
# <details><summary>Hint 2: what is the number</summary>
#
# It is a weighted mean of the row of datt. Which weights are there, that sum to 1?
#
# </details>
# <details><summary>Hint 3: find the wrong term</summary>
#
# On the row of three numbers, the weighted mean is 2.5, and the bracket is (−1.5, −0.5, 3.5).
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "masked", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dmasked = att * (datt - (att * datt).sum(2, keepdim=True))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "masked-check", "locked": true, "points": 4, "schema_version": 3, "solution": false, "task": false}
check("masked")
### BEGIN HIDDEN TESTS
expect_gradients("masked")
### END HIDDEN TESTS

# %% [markdown]
# ## What your expression says
#
# Three questions. Answer them from your expression, then open the fold.
#
# 1. What is the sum of a row of `dmasked`, and why must it be that?
# 2. What does the first row of each example get?
# 3. What do the hidden places get, and what a row in which one weight is nearly 1?
#
# <details><summary>Open this when the check above is satisfied (think first)</summary>
#
# *Take from each upstream gradient the weighted mean of its row; then multiply by the weight.* A score is worth raising
# if its value is better than what the row has on average, and the more so the more weight it has already.
#
# 1. **Zero.** $\sum_r a_r g_r - \big(\sum_r a_r\big)\sum_s a_s g_s = 0$. Adding the same number to all scores of a row
#    changes no weight: the loss has slope zero in the direction $(1,\dots,1)$. It is the *shift* of exercise 3 once
#    more.
# 2. **Zeros.** The first position sees only itself, with weight 1: there is nothing to choose, and its query learns
#    nothing.
# 3. **Zeros, and almost nothing.** The factor $a_r$ is zero where the mask was. In a saturated row, the one with weight
#    near 1 *is* the mean, so its bracket is near zero, and the others have factors near zero.
#
# There is a second way to the weighted mean of the row: $\sum_s a_s g_s$ with $g_s = dO\cdot v_s$ is $dO\cdot\sum_s a_s
# v_s = dO\cdot o$. One scalar product of two rows of length $D$, and neither weights nor their gradients are needed.
# Remember it for the section on recomputation.
#
# </details>

# %% [markdown] nbgrader={"grade": false, "grade_id": "scaled-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 7: the mask and the scale
#
# ```python
# scaled = scores * head_size**-0.5                      # (n, T, T)
# masked = scaled.masked_fill(future, float("-inf"))     # (n, T, T)
# ```
#
# | tensor | shape |
# |---|---|
# | `scores`, `dscores` | (n, T, T) |
# | `scaled`, `dscaled` | (n, T, T) |
# | `masked`, `dmasked` | (n, T, T) |
# | `future` | (T, T), of True and False |
#
# The second line first. Where `future` is True, the result is a constant, whatever `scaled` was: nudge such an entry of
# `scaled`, and nothing moves. Elsewhere the entry is copied.
#
# Difficulty ●●○○○ · about 5 minutes · two gradients. What goes wrong here:
#
# - **The mask is left out.** In a true backward pass `dmasked` is zero at the hidden places already, since `att` is,
#   and passing it on as it is gives the same numbers. But that is the softmax's doing. *This* line hides those places
#   whatever comes from above, and `check` and the graded run try it with numbers that are not zero.
# - **The mask is upside down.** `future` is True where nothing may pass.
# - **Minus infinity** is what was put in on the way forward. What goes back from there?
# - **The scale is left out.** Every shape fits without it, and `dq` and `dk` are four times too large.
#
# <details><summary>Hint 1: the mask</summary>
#
# Tensors have a method that puts a number wherever a mask is True; the forward line calls it. Or multiply by zeros and
# ones.
#
# </details>
# <details><summary>Hint 2: the scale</summary>
#
# A constant factor on the way forward is the same factor on the way back.
#
# </details>

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

# %% [markdown] nbgrader={"grade": false, "grade_id": "q-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 8: the scores
#
# ```python
# scores = q @ k.transpose(1, 2)      # (n, T, T) = (n, T, D) @ (n, D, T)
# ```
#
# | tensor | shape |
# |---|---|
# | `q`, `dq` | (n, T, D) |
# | `k`, `dk` | (n, T, D) |
# | `scores`, `dscores` | (n, T, T) |
#
# Every query with every key: row $t$, column $s$ holds $q_t\cdot k_s$. Where does $q_t$ occur, and with which factor
# each time? Where does $k_s$?
#
# Difficulty ●●●○○ · about 10 minutes · two gradients. Again the matrix in the middle is square: `dscores` and its
# transpose both fit, and only one of them is right in each place. `dscaled` fits as well, and is the wrong upstream
# gradient.
#
# <details><summary>Hint 1: indices</summary>
#
# q(t) stands in row t, once for each s, with the factor k(s). k(s) stands in column s, once for each t, with the factor
# q(t). A sum along a row of dscores is a product with dscores; down a column, with its transpose.
#
# </details>
# <details><summary>Hint 2: or by rule</summary>
#
# Let B stand for k turned over. Then scores = q B, and exercise 1 says what comes back to B. It has the shape (n, D,
# T); turn it over.
#
# </details>

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

# %% [markdown]
# A question: some networks give queries, keys and values a bias each, $k_s = W_k x_s + b$, with the same $b$ at every
# position. What is the gradient of the *keys'* bias? It is the sum of `dk` over all positions; the cell prints its
# largest entry beside that of `dk`.

# %% tags=["nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "demo-key-bias", "locked": true, "schema_version": 3, "solution": false, "task": false}
print(f"largest entry of dk: {k.grad.abs().max():.1e}   summed over the positions: {k.grad.sum(1).abs().max():.0e}")
print(f"largest entry of dq: {q.grad.abs().max():.1e}   summed over the positions: {q.grad.sum(1).abs().max():.1e}")

# %% [markdown]
# <details><summary>Think first: a bias that cannot learn</summary>
#
# Zero, up to rounding. A bias $b$ in the keys adds $q_t\cdot b$ to every score of row $t$, the same number for the
# whole row, and a softmax does not change by that. It is `b1` before batchnorm over again: useless. A bias of the
# *queries* adds $b\cdot k_s$, which differs from column to column, and does something.
#
# </details>

# %% [markdown] nbgrader={"grade": false, "grade_id": "xnorm-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 9: queries, keys, values
#
# ```python
# q = xnorm @ Wq      # (n, T, D) = (n, T, E) @ (E, D)
# k = xnorm @ Wk
# v = xnorm @ Wv
# ```
#
# | tensor | shape |
# |---|---|
# | `xnorm`, `dxnorm` | (n, T, E) |
# | `Wq`, `Wk`, `Wv` and their gradients | (E, D) |
# | `q`, `k`, `v` and their gradients | (n, T, D) |
#
# Step 4 three times, and three lines read `xnorm`. How many shares does it get?
#
# Difficulty ●●○○○ · about 10 minutes · four gradients, no new idea. Mind that a weight's gradient here, too, stops one
# sum too early if only the positions of each example are summed.
#
# <details><summary>Hint 1: shapes</summary>
#
# All three shares of dxnorm are (n, T, E), made of (n, T, D) and (E, D).
#
# </details>
# <details><summary>Hint 2: principle</summary>
#
# A variable that is read three times: "Two branches" in exercise 1, where the word "two" was never essential.
#
# </details>

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

# %% [markdown] nbgrader={"grade": false, "grade_id": "embgain-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 10: the other layer norm, gain and bias
#
# $$y_i = \gamma_i\,\hat x_i + \beta_i$$
#
# | tensor | shape |
# |---|---|
# | `embgain`, `dembgain`, `embbias`, `dembbias` | (E,) |
# | `embraw` | (n, T, E) |
# | `xnorm`, `dxnorm` | (n, T, E) |
#
# The layer before attention, which is one line in the forward pass. Its easy end is step 1 with other names: do it
# without looking back. `embraw` holds the normalized values $\hat x$.
#
# Difficulty ●○○○○ · about 5 minutes · two gradients.
#
# <details><summary>Hint 1: shapes</summary>
#
# Both results are (E,). Which two dimensions have to go?
#
# </details>

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

# %% [markdown]
# ## Layer norm in one expression, on paper
#
# In exercise 3 you derived this for a *column* of $n$ numbers, and in steps 1 to 3 above you went through it line by
# line for a *row*. Now for a row in one expression. One position, $E$ numbers:
#
# $$
# \mu = \frac1E\sum_{j=1}^E x_j, \qquad
# \sigma^2 = \frac{1}{E}\sum_{j=1}^E (x_j-\mu)^2, \qquad
# \hat x_i = \frac{x_i-\mu}{\sqrt{\sigma^2+\varepsilon}}, \qquad
# y_i = \gamma_i\,\hat x_i + \beta_i
# $$
#
# You may start from the four stages of exercise 3. Which letters change? Decide for each of these before you open the
# fold.
#
# 1. Stage 1 was $\frac{\partial L}{\partial \hat x_i} = \gamma\,\frac{\partial L}{\partial y_i}$. And now?
# 2. The deviations summed to zero, and so the share of the mean through the variance was gone. Is it still?
# 3. There was $\frac1n$ in one term and $\frac1{n-1}$ in another. And now?
# 4. At the end, $\gamma$ stood in front of the bracket. Can it?
#
# <details><summary>Think first: what changes</summary>
#
# 1. $\gamma$ has an index now: each place of the row has a gain of its own. $\frac{\partial L}{\partial \hat x_i} =
#    \gamma_i\,\frac{\partial L}{\partial y_i}$, and this product is worth a name.
# 2. Yes. Deviations from a mean sum to zero, over whatever the mean was taken.
# 3. Both are $\frac1E$: no Bessel's correction here. Two sums, each divided by the number of its summands: two *means*.
# 4. No. The sums run over $j$, and $\gamma_j$ runs with them. A factor may stand in front of a sum only if it is the
#    same for all summands. (In exercise 3 it was: one gain for the column.)
#
# </details>
#
# ### A row to test on
#
# $x = (1,\ 3,\ 5)$ with $\varepsilon = 0$, gains $\gamma = (1,\ 2,\ 3)$, and $\frac{\partial L}{\partial y} = (2,\ 1,\
# 0)$. Then $\mu=3$, $\sigma^2=\frac83$, and $\hat x = \big(-\sqrt{3/2},\ 0,\ \sqrt{3/2}\big)$, about $(-1.2247,\ 0,\
# 1.2247)$. `tiny_xhat`, `tiny_gains` and `tiny_dy` are at your disposal.

# %% nbgrader={"grade": false, "grade_id": "demo-layer-row", "locked": true, "schema_version": 3, "solution": false, "task": false}
tiny_x = torch.tensor([1.0, 3.0, 5.0], requires_grad=True)
tiny_gains, tiny_dy = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 1.0, 0.0])
tiny_y = F.layer_norm(tiny_x, (3,), tiny_gains, eps=0.0)
tiny_xhat = F.layer_norm(tiny_x, (3,), eps=0.0).detach()
(tiny_dx,) = torch.autograd.grad(tiny_y, tiny_x, tiny_dy)
print("gradient of x:", [round(number, 4) for number in tiny_dx.tolist()])

# %% [markdown] nbgrader={"grade": false, "grade_id": "emb-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 11: the whole layer in one expression
#
# ```python
# xnorm = (
#     embgain * (emb - emb.mean(2, keepdim=True)) / torch.sqrt(emb.var(2, keepdim=True, unbiased=False) + eps) + embbias
# )
# ```
#
# | tensor | shape |
# |---|---|
# | `emb`, `demb`, `embraw` | (n, T, E) |
# | `embgain` | (E,) |
# | `embvar_inv` | (n, T, 1) |
# | `xnorm`, `dxnorm` | (n, T, E) |
#
# `demb` from `dxnorm`. Several lines that compute the same numbers are right, too; a name for the gradient of the
# normalized values makes it easy to read.
#
# Difficulty ●●●●○ · about 20 minutes once the paper is done · one gradient, six points. What goes wrong here:
#
# - **The gain in front of the bracket**, where it stood in exercise 3.
# - **Means over the wrong dimension.** Over the batch it is batchnorm; over the positions it is nothing.
# - **`keepdim`.** In exercise 3 it did not matter. Here it does: a mean over the last dimension is (n, T), and next to
#   (n, T, E) that is an error, or worse, if $n = T = E$.
# - **Bessel's correction is back**, out of habit. And `n` for `n_embd` is out of habit, too.
# - **A sum for a mean**, in one of the two places.
#
# If you divide by a root of your own making, mind where `eps` goes: under it.
#
# <details><summary>Hint 1: shapes</summary>
#
# Three terms in a bracket: the first is (n, T, E), and the other two hold a mean over the last dimension, (n, T, 1).
# One of these is copied along the row as it is. The other is first multiplied by something (n, T, E).
#
# </details>
# <details><summary>Hint 2: in words</summary>
#
# Exercise 3 read its expression aloud: take the gradient of the normalized values, subtract its mean, subtract a
# multiple of the normalized values, scale what is left. All of it holds here, along the row.
#
# </details>
# <details><summary>Hint 3: find the wrong term</summary>
#
# On the row of three numbers, the gradient of the normalized values is (2, 2, 0). Its mean is 4/3, and the mean of its
# product with the normalized values is −0.8165.
#
# </details>

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

# %% [markdown]
# ### What is gone from a row
#
# Which two things does layer norm take out of a gradient, and of which gradient? Compare with exercise 3, then look at
# the numbers.

# %% tags=["only-shown", "fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "demo-rows", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title Cosines with (1, ..., 1) and with the normalized values, by row
toy_dx, toy_dxhat, toy_xhat = emb.grad, (embgain * xnorm.grad).detach(), embraw.detach()
toy_ones = torch.ones_like(toy_xhat)
print("largest |cosine| among the rows        with (1, ..., 1)   with embraw")
for toy_name, toy_gradient in [("dembraw", toy_dxhat), ("demb   ", toy_dx)]:
    toy_cosines = [
        F.cosine_similarity(toy_gradient, toy_other, dim=2).abs().max() for toy_other in (toy_ones, toy_xhat)
    ]
    print(f"{toy_name}                                  {toy_cosines[0]:8.6f}      {toy_cosines[1]:8.6f}")

# %% [markdown]
# <details><summary>Think first: what the layer forgets, the gradient must not ask for</summary>
#
# The layer forgets where a row lies and how long it is (about its mean). So the gradient of its input has no part along
# $(1,\dots,1)$ and, up to $\varepsilon$, none along $\hat x$: of $E$ directions, two are lost for each position. It
# also means that the *size* of what comes before a layer norm does not matter to what comes after: scale `emb` by ten,
# and `xnorm` stays, while `demb` becomes a tenth. Two consequences for training: a layer norm keeps large activations
# from becoming larger, and weights in front of one take relatively smaller steps the larger they are.
#
# </details>

# %% [markdown] nbgrader={"grade": false, "grade_id": "C-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 12: the two tables
#
# ```python
# emb = C[Xb] + P      # (n, T, E) = rows of (V, E), picked by (n, T), + (T, E)
# ```
#
# | tensor | shape |
# |---|---|
# | `C`, `dC` | (V, E) |
# | `P`, `dP` | (T, E) |
# | `Xb` | (n, T), integers |
# | `emb`, `demb` | (n, T, E) |
#
# One line, and two different ways of copying. A row of `C` goes wherever its character stands. A row of `P` goes to its
# place in every example.
#
# Difficulty ●●○○○ · about 10 minutes · two gradients. For `dC`, remember step 13 of exercise 1: rows that are read
# several times must add up, and with `dC[Xb] += demb` they are overwritten. For `dP`, a `demb` that is not summed has
# the wrong shape; summed over the positions, it has an even worse one.
#
# <details><summary>Hint 1: shapes</summary>
#
# P is (T, E), and was copied to (n, T, E). Which dimension is new?
#
# </details>
# <details><summary>Hint 2: the lookup</summary>
#
# PyTorch has a method that adds rows into a tensor at given indices, and counts repetitions; it wants one list of
# indices and as many rows. Two plain loops are a perfectly good answer.
#
# </details>

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

# %% [markdown]
# ## Your progress
#
# All 28 gradients at a glance, as they stand in memory now. To be sure of the whole, restart the kernel, run everything
# from the top, and look at the board again.

# %% nbgrader={"grade": false, "grade_id": "progress", "locked": true, "schema_version": 3, "solution": false, "task": false}
progress()

# %% [markdown]
# ## Recomputation: what flash attention keeps
#
# *Not graded: to read, to run, and to think about.*
#
# Which forward variables did your steps 5 to 9 read? `att` twice, `q`, `k`, `v`, `xnorm`, and weights. All of these
# have to wait in memory until the backward pass comes. For a short context that is nothing. But `att` holds $T^2$
# numbers for each example and head, and `q`, `k` and `v` only $T\cdot D$: at $T=2048$ and $D=64$, `att` is ten times as
# large as these three together.
#
# **Keep less, compute again.** `att` follows from `q` and `k`: one product, a mask, a softmax. So throw it away after
# the forward pass, and compute it again when the backward pass wants it. This trade of time for memory is called
# *recomputation* or *checkpointing* (Chen and others, 2016). And since the rows of a softmax know nothing of one
# another, it need not be there as a whole at any time: take a block of queries, compute their rows of `att`, go back
# through them, forget them, and take the next block.
#
# The cell does both. `whole` lets autograd keep what it wants, and counts. `by_blocks` keeps `q`, `k` and `v`, and
# computes each block of 64 rows a second time. **Predict first:** when $T$ doubles, by which factor grows what each
# of them keeps?

# %% tags=["only-shown", "fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "demo-recomputation", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title The whole matrix, and blocks that are computed twice: memory, time, and the same gradients


def attend(q, k, v, first=0):
    """Causal attention of a few queries, the first of which stands at place `first`."""
    hidden = torch.arange(k.shape[0]) > torch.arange(first, first + q.shape[0])[:, None]
    return (q @ k.T * q.shape[1] ** -0.5).masked_fill(hidden, float("-inf")).softmax(1) @ v


def whole(q, k, v, dout):
    """Gradients, and how many bytes autograd kept for them."""
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    leaves = [tensor.clone().requires_grad_() for tensor in (q, k, v)]
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        out = attend(*leaves)
    return torch.autograd.grad(out, leaves, dout), sum(kept.values())


def by_blocks(q, k, v, dout, size=64):
    """The same gradients; between the two passes nothing waits but the inputs."""
    blocks = [(first, first + size) for first in range(0, len(q), size)]
    with torch.no_grad():
        torch.cat([attend(q[a:b], k[:b], v[:b], a) for a, b in blocks])  # the forward pass, its weights forgotten
    grads = [torch.zeros_like(tensor) for tensor in (q, k, v)]
    for a, b in blocks:  # nobody asks the future, so what comes after b is not needed
        leaves = [tensor.clone().requires_grad_() for tensor in (q[a:b], k[:b], v[:b])]
        shares = torch.autograd.grad(attend(*leaves, a), leaves, dout[a:b])
        for grad, share, place in zip(grads, shares, (slice(a, b), slice(b), slice(b))):
            grad[place] += share
    return grads, sum(tensor.nbytes for tensor in (q, k, v))


toy_g = torch.Generator().manual_seed(7)
print("         kept, in megabytes     seconds, both passes   largest difference,")
print("   T      whole   by blocks       whole   by blocks    beside the largest gradient")
for toy_T in (512, 1024, 2048):
    toy_tensors = torch.randn((4, toy_T, 64), generator=toy_g)
    toy_found, toy_seconds = [], []
    for toy_function in (whole, by_blocks):
        toy_function(*toy_tensors)  # once to warm up
        toy_start = time.perf_counter()
        toy_found.append(toy_function(*toy_tensors))
        toy_seconds.append(time.perf_counter() - toy_start)
    (toy_one, toy_kept), (toy_two, toy_less) = toy_found
    toy_off = max(float((a - b).abs().max() / a.abs().max()) for a, b in zip(toy_one, toy_two))
    toy_row = f"{toy_kept / 1e6:9.1f} {toy_less / 1e6:10.1f} {toy_seconds[0]:12.3f} {toy_seconds[1]:10.3f}"
    print(f"{toy_T:5d}{toy_row} {toy_off:17.0e}")

# %% [markdown]
# <details><summary>Think first: by which factor it grows</summary>
#
# What `by_blocks` keeps grows twofold, as $q$, $k$ and $v$ do. What `whole` keeps grows nearly fourfold: at $T=2048$,
# 16.8 MB for `att`, 4.2 MB for the mask (a byte for each of its entries), and 1.6 MB for the three inputs.
#
# </details>
#
# **FlashAttention** (Dao and others, 2022) goes two steps further, and you hold the means for both.
#
# - *Not even a row is there as a whole.* A softmax needs the largest score of its row and the sum of the exponentials.
#   Both can be kept up to date while the row comes by in blocks: when a larger maximum turns up, the old sum is
#   multiplied by the exponential of the difference (Milakov and Gimelshein, 2018). The cell below does it for one row.
#   At the end a single number per row is kept, the logarithm of the sum, and any block of weights can be computed again
#   from it at once: $a_{ts}=e^{z_{ts}-\ell_t}$. (The first paper keeps two, maximum and sum; the next, Dao 2023, only
#   this one.)
# - *The sum over the row, without the row.* Your step 6 wants the weighted mean of a row of `datt`, which seems to need
#   the whole row. The fold below step 6 says how to get it from two rows of length $D$. So every block of the backward
#   pass stands alone.
#
# What it keeps: `q`, `k`, `v`, the output, one number per row. What it computes again: scores, mask, softmax.

# %% nbgrader={"grade": false, "grade_id": "demo-online", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_row = 30 * torch.randn(1000, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
toy_max, toy_sum = torch.tensor(float("-inf"), dtype=torch.float64), torch.tensor(0.0, dtype=torch.float64)
for toy_block in toy_row.split(64):
    toy_larger = torch.maximum(toy_max, toy_block.max())
    toy_sum = toy_sum * torch.exp(toy_max - toy_larger) + torch.exp(toy_block - toy_larger).sum()
    toy_max = toy_larger
print(f"logarithm of the sum, block by block: {toy_max + toy_sum.log():.10f}   at once: {toy_row.logsumexp(0):.10f}")

# %% [markdown]
# A question: it computes *more*, and it is *faster*; three times on GPT-2 with 1,024 tokens, its abstract says. How can
# that be?
#
# <details><summary>Think first: more work, less time</summary>
#
# On a GPU the multiplications are cheap, and what takes time is moving numbers between the large, slow memory and the
# small, fast one beside the arithmetic. The plain way writes and reads the $T\times T$ matrix several times: scores,
# mask, softmax, product, and all of it again on the way back. A block that fits into the fast memory is never written
# at all. Computing it twice costs less than fetching it once. (In the cell above PyTorch does the blocks one after
# another on a CPU; that the blocks are not much slower, or even faster, is for the same reason, and because they leave
# out the hidden half of the matrix.)
#
# </details>

# %% [markdown]
# ## Gradient flow: a network to diagnose
#
# *Not graded, either. Predict first, then look.*
#
# A gradient that is right can still be of no use. Before one trains a network for a day, one trains it for a minute and
# reads three instruments:
#
# - **The gradient's size**, layer by layer: the root mean square of `dhpreact`, `dhpreln`, and so on down to `demb`. A
#   sudden drop from one to the next says where the signal is lost.
# - **The saturated share.** For $\tanh$: how many outputs are beyond $\pm 0.97$, where the slope is below 0.06? For
#   softmax: in how many rows does one weight hold more than 0.97? (The first row of an example, which has no choice, is
#   not counted.)
# - **The update beside the parameter**: learning rate times the spread of the gradient, divided by the spread of the
#   parameter. About one thousandth a step is a good rule of thumb, as part 3 of the lecture series has it; a tenth of
#   that is slow, a hundred times that is a blow. (Gains and biases are allowed more: here their own spread is small.)
#
# The next cell trains the network of this notebook for 200 steps at a learning rate of 0.1 and reads them. (It uses
# autograd: your backward pass gives the same numbers.)

# %% tags=["only-shown", "fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "flow", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title Three instruments, and a sound network
FLOW_RATE, FLOW_STEPS = 0.1, 200
flow_layers = ["hpreact", "hpreln", "head", "scaled", "q", "k", "v", "xnorm", "emb"]
flow_names = ["C", "P", "embgain", "embbias", "Wq", "Wk", "Wv", "W1", "b1", "lngain", "lnbias", "W2", "b2"]


def flow_forward(p, X, Y):
    """The network once more, with PyTorch's own layers; the steps by name, the loss among them."""
    s = {"emb": p["C"][X] + p["P"]}
    s["xnorm"] = F.layer_norm(s["emb"], (n_embd,), p["embgain"], p["embbias"], eps)
    s["q"], s["k"], s["v"] = (s["xnorm"] @ p[name] for name in ("Wq", "Wk", "Wv"))
    s["scaled"] = s["q"] @ s["k"].transpose(1, 2) * head_size**-0.5
    s["att"] = s["scaled"].masked_fill(future, float("-inf")).softmax(2)
    s["head"] = s["att"] @ s["v"]
    s["hpreln"] = s["head"] @ p["W1"] + p["b1"]
    s["hpreact"] = F.layer_norm(s["hpreln"], (n_hidden,), p["lngain"], p["lnbias"], eps)
    s["h"] = torch.tanh(s["hpreact"])
    s["loss"] = F.cross_entropy((s["h"] @ p["W2"] + p["b2"]).flatten(0, 1), Y.flatten())
    return s


def flow_readings(fault=None):
    """Train the network, with a fault if one is given, and read the instruments: averages over the last 50 steps."""
    p = {name: globals()[name].detach().clone() for name in flow_names}
    if fault:
        fault(p)
    for tensor in p.values():
        tensor.requires_grad_()
    draws = torch.Generator().manual_seed(5)
    sums, share, losses = {}, {"tanh": [], "softmax": []}, []
    for step in range(FLOW_STEPS):
        ix = torch.randint(0, len(Xtr), (batch_size,), generator=draws)
        s = flow_forward(p, Xtr[ix], torch.cat([Xtr[ix, 1:], Ytr[ix, None]], 1))
        wanted = [s[name] for name in flow_layers] + list(p.values())
        grads = dict(zip([*flow_layers, *("d" + name for name in p)], torch.autograd.grad(s["loss"], wanted)))
        share["tanh"].append(float((s["h"].abs() > 0.97).float().mean()))
        share["softmax"].append(float((s["att"][:, 1:].amax(2) > 0.97).float().mean()))
        losses.append(float(s["loss"].detach()))
        with torch.no_grad():
            for name, tensor in p.items():
                if step >= FLOW_STEPS - 50:
                    ratio = FLOW_RATE * float(grads["d" + name].std() / tensor.std())
                    sums["d" + name] = sums.get("d" + name, 0.0) + ratio / 50
                tensor -= FLOW_RATE * grads["d" + name]
        if step >= FLOW_STEPS - 50:
            for name in flow_layers:
                sums[name] = sums.get(name, 0.0) + float(grads[name].square().mean().sqrt()) / 50
    return {"sizes": [sums[name] for name in flow_layers], "share": share, "loss": sum(losses[-50:]) / 50,
            "ratios": [sums["d" + name] for name in flow_names]}  # fmt: skip


def flow_figure(rows, sound=None):
    """A row of three panels for each of some readings; the sound network's in grey behind them."""
    figure, grid = plt.subplots(len(rows), 3, figsize=(11, 0.6 + 2.9 * len(rows)), squeeze=False)
    for (title, reading), (sizes, share, ratios) in zip(rows, grid):
        if sound:
            sizes.semilogy(flow_layers, sound["sizes"], "s-", color="#c4c4c4", ms=6)
            ratios.semilogy(flow_names, sound["ratios"], "s", color="#c4c4c4", ms=7)
            for kind in ("tanh", "softmax"):
                share.plot(sound["share"][kind], color="#c4c4c4", lw=3)
        sizes.semilogy(flow_layers, reading["sizes"], "o-", color="#b5125f", ms=4)
        for kind, color in (("tanh", "#1f77b4"), ("softmax", "#e07b00")):
            share.plot(reading["share"][kind], color=color, label=kind)
        ratios.axhspan(3e-4, 3e-3, color="#2a8c4a", alpha=0.15)
        ratios.semilogy(flow_names, reading["ratios"], "o", color="#b5125f", ms=4)
        sizes.set(title=f"{title}: size of the gradient", ylim=(1e-5, 1e-1))
        share.set(title="saturated share, step by step", ylim=(-0.03, 1.03))
        ratios.set(title="update beside the parameter", ylim=(1e-7, 10))
        share.legend(fontsize=8, loc=(0.66, 0.25))
        for axes in (sizes, ratios):
            axes.tick_params(axis="x", rotation=60, labelsize=8)
    plt.tight_layout()
    plt.show()


sound = flow_readings()
print(f"loss, the average of the last 50 steps: {sound['loss']:.2f}")
flow_figure([("sound", sound)])

# %% [markdown]
# Now four faults. Each is in one line of the initialization, none raises an error, and none makes a single gradient
# wrong.
#
# 1. `lngain`, the gain before $\tanh$, is 20 times too large.
# 2. `Wq` and `Wk` are 4 times too large, as in a network where somebody forgot the scale (and another 4 besides).
# 3. `W1` and `b1`, before the layer norm, are 50 times too small.
# 4. `C` and `P`, the tables below the other layer norm, are 100 times too large.
#
# **Predict first**, and write it down: for each of the four, which instrument shows it, at which layer, and does the
# loss suffer? Mind the layer norms. Then run the cell. It shows three patients, A, B and C, each with one of the four
# faults, and the sound network in grey. Who has what?

# %% tags=["only-shown", "fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "flow-patients", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title Three patients (the code knows what they suffer from)
flow_faults = {
    1: lambda p: p["lngain"].mul_(20),
    2: lambda p: (p["Wq"].mul_(4), p["Wk"].mul_(4)),
    3: lambda p: (p["W1"].mul_(0.02), p["b1"].mul_(0.02)),
    4: lambda p: (p["C"].mul_(100), p["P"].mul_(100)),
}
flow_patients = [(f"patient {name}", flow_readings(flow_faults[number])) for name, number in zip("ABC", (2, 3, 1))]
print(
    "loss:",
    "   ".join(f"{title} {reading['loss']:.2f}" for title, reading in flow_patients),
    f"   sound {sound['loss']:.2f}",
)
flow_figure(flow_patients, sound)

# %% [markdown]
# <details><summary>Think first: the diagnoses</summary>
#
# - **A has fault 2**, large `Wq` and `Wk`. Six in ten rows of weights are saturated, so the gradient drops fivefold at
#   `scaled`, and the updates of `Wq` and `Wk` are a tenth of what they should be: the head cannot learn to look
#   elsewhere. `v` is untouched, since its way does not lead through the softmax. This is the only one of the four whose
#   loss suffers: 1.90 instead of 1.74.
# - **B has fault 3**, small `W1` and `b1`. Behind a layer norm their common size makes no difference to anything that
#   comes after, loss included. But their gradients are larger in proportion: the first step is about as large as `W1`
#   itself. (Look how `hpreln` sticks out.) Such steps make it grow, and in the end they are still ten times as large beside
#   it as in the sound network. With a larger learning rate, this one would be blown away.
# - **C has fault 1**, a large gain. 93 % of the $\tanh$ outputs are saturated, and `dhpreact` is a fifth. Yet below the
#   layer norm the gradient is *larger* than in the sound network, for on its way back it is multiplied by the same
#   gain, 20. What stands still is the gain itself: it is large, its gradient is small, and their ratio is more than a
#   thousand times smaller than in the sound network. It could not mend itself. The loss does not tell, yet: the output
#   layer makes do with units that are $\pm1$.
# - **Fault 4** was nobody's. Large tables are normalized away: `xnorm` is what it was, every instrument above it says
#   the same, and the loss is 1.74, too. Only `demb` is a hundredth, and it moves a table that is a hundred times
#   larger: the update is a ten-thousandth of the sound one. The tables are frozen.
#
# Three of four faults leave no trace in the loss after 200 steps. That is why one reads the instruments. The remedies
# are the obvious ones: initial values that keep every layer's input spread, the scale where it belongs, and gains of 1.
#
# </details>

# %% [markdown] nbgrader={"grade": false, "grade_id": "next", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## What comes next
#
# You have gone back through the two layers that today's language models are made of, and nobody had shown you how. What
# is left to a whole transformer is more of the same. Some questions to carry along; think before you open the fold.
#
# - In a transformer each layer's result is *added* to its input, `emb + head`, say. How many readers has `emb` then,
#   and what does that do for the gradient of the lower layers?
# - Several heads run side by side on slices of the same vectors. Which of your twelve steps change?
# - When such a network writes a text, one character after another, keys and values of earlier positions are kept and
#   not computed again. Why is that right with a causal mask, and wrong without one?
#
# <details><summary>Think first: three answers</summary>
#
# - Two: the layer norm, and the sum. The second share is the upstream gradient as it is, so it reaches the lowest layer
#   without being multiplied by anything: nothing vanishes on that way. Such a *residual connection* (He and others,
#   2015) is what makes deep stacks trainable.
# - Hardly any. The heads are one more dimension to the left of $T$, along which nothing is summed. Only `xnorm` is read
#   by more lines, and gets more shares.
# - With the mask, what a position holds depends on earlier positions alone, so nothing that comes later can change it.
#   Without it, every new character would change all of them.
#
# </details>
#
# **Further reading**
#
# - J. L. Ba, J. R. Kiros, G. E. Hinton (2016). *Layer Normalization.*
#   [arXiv:1607.06450](https://arxiv.org/abs/1607.06450).
# - D. Bahdanau, K. Cho, Y. Bengio (2014). *Neural Machine Translation by Jointly Learning to Align and Translate.*
#   [arXiv:1409.0473](https://arxiv.org/abs/1409.0473). Where attention begins.
# - A. Vaswani, N. Shazeer, N. Parmar, J. Uszkoreit, L. Jones, A. N. Gomez, Ł. Kaiser, I. Polosukhin (2017). *Attention
#   Is All You Need.* [arXiv:1706.03762](https://arxiv.org/abs/1706.03762). Section 3.2.1 has the scale, and a footnote
#   the reason for it.
# - T. Dao, D. Y. Fu, S. Ermon, A. Rudra, C. Ré (2022). *FlashAttention: Fast and Memory-Efficient Exact Attention with
#   IO-Awareness.* [arXiv:2205.14135](https://arxiv.org/abs/2205.14135). Its appendix derives the backward pass as you
#   did.
# - T. Dao (2023). *FlashAttention-2: Faster Attention with Better Parallelism and Work Partitioning.*
#   [arXiv:2307.08691](https://arxiv.org/abs/2307.08691).
# - M. Milakov, N. Gimelshein (2018). *Online normalizer calculation for softmax.*
#   [arXiv:1805.02867](https://arxiv.org/abs/1805.02867). The sum of a row that comes by in blocks.
# - T. Chen, B. Xu, C. Zhang, C. Guestrin (2016). *Training Deep Nets with Sublinear Memory Cost.*
#   [arXiv:1604.06174](https://arxiv.org/abs/1604.06174). Recomputation.
# - K. He, X. Zhang, S. Ren, J. Sun (2015). *Deep Residual Learning for Image Recognition.*
#   [arXiv:1512.03385](https://arxiv.org/abs/1512.03385).
# - A. Karpathy (2022). *Building makemore Part 3: Activations & Gradients, BatchNorm.* The [video
#   lecture](https://youtu.be/P6sfmUTpUmc) with the instruments of the last section; and, a year later, *Let's build
#   GPT* ([video lecture](https://youtu.be/kCc8FmEb1nY)), which builds such a head and many of them.
#
# **Licence.** The network's forward pass and its initial values follow the notebooks of Andrej Karpathy's
# [nn-zero-to-hero](https://github.com/karpathy/nn-zero-to-hero) (MIT, Copyright (c) 2022 Andrej). The code of this notebook
# is under the MIT licence, too, its prose under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/legalcode).
#
# <details><summary>The MIT licence</summary>
#
# Copyright (c) 2022 Andrej<br>
# Copyright (c) 2026 the authors of "Becoming a backprop ninja"
#
# Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
# documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights
# to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to
# whom the Software is furnished to do so, subject to the following conditions:
#
# The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
# Software.
#
# THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
# WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
# COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
# ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
#
# </details>
