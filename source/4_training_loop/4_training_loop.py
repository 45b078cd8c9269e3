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
# # Exercise 4: the training loop
#
# Three exercises went backwards through one minibatch. Now it happens 200,000 times: you train a network of 12,297
# parameters, and `loss.backward()` is never called. The gradients are yours, the update is yours, and what
# comes out in the end is a network that makes up names. It also comes out faster than with PyTorch's autograd, on
# this network and this kind of machine; you will measure by how much, see why, and see where that ends.
#
# **For whom.** You have `dlogits` from exercise 2 and `dhprebn` from exercise 3, and the rest from exercise 1. You
# have seen an ordinary training loop before. Bring your lines along: to reuse them is the idea.
#
# **How long.** About an hour and a half, of which the training itself takes one or two minutes.
#
# | part | difficulty | minutes | points |
# |---|---|---|---|
# | step 1: the backward pass for one minibatch | ●●○○○ | 20 | 7 |
# | dC, and what two Python loops cost | ●●○○○ | 10 | |
# | step 2: the training loop | ●●●○○ | 25 | 10 |
# | step 3: statistics for batchnorm | ●●○○○ | 10 | 3 |
# | looking at it: losses, gradients, names, the clock | ●○○○○ | 30 | |
#
# **How to work**
#
# - Run the cells from the top. Fill in every cell that says `# your code here`; leave the other cells as they
#   are. You may add cells of your own for trying things out.
# - Run the check below your cell. It compares your numbers with PyTorch's own and says what it sees: ✓ right,
#   ✗ not right and why, · not there yet. *Run All* goes on to the bottom, whatever a check says; there stands which
#   step it stopped at.
# - Training changes the parameters. To go back to an earlier step after it, run the notebook again from "The
#   parameters" on.
# - When something looks impossible, choose *Restart and run all*: a misspelt name or a deleted line leaves its old
#   value behind in memory. In a loop that is worse than elsewhere, as you will see.
#
# The notebook needs nothing but itself: it runs in Jupyter, in VS Code, in Colab and in Kaggle.
#
# **If your notebook is graded**, nobody waits for 200,000 steps. Your cells are run again on data that you have not
# seen, with other sizes, other initial values and other seeds, in float64, for a few steps. Then the parameters have
# to be where autograd's loop takes them. That has four consequences:
#
# 1. Do not write 32, 200, 27, 10, 3, 200000 or 150000 into an answer. Take a size from a tensor's shape, or from
#    `n`, `batch_size`, `vocab_size`, `max_steps` and `lr_drop`.
# 2. Keep the names: `dlogits`, `dh`, `dhpreact`, `dhprebn`, `dembcat`, `demb`, and those of the seven gradients. In
#    the loop, each gradient has a point of its own, and a wrong one does not cost the others theirs.
# 3. Leave the lines that are there in the loop's cell as they are, and draw no further random numbers from `g`.
# 4. Autograd (`.backward`, `.grad`, `torch.autograd` and relatives) is not an answer.

# %% [markdown]
# ## Setup
#
# The next cell holds the course's tools, `check` among them. It is long, and folded away (VS Code shows it open:
# scroll past it). Run it; you need not read it. Further down, the code of some tables, figures and clocks is folded, too.

# %% tags=["setup"] nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The build puts the course's tools (toolkit/) here.

# %% tags=["imports"] nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os
import random
import time

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

# %% [markdown]
# ## The data
#
# As before: names, characters as integers, three characters predict the next one.

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
block_size = 3  # context length: how many characters predict the next one


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
# ## How long to train
#
# A **step** is one minibatch: forward, backward, update. Three quarters of the steps are taken with a learning rate of
# 0.1. Then it drops to 0.01: with large steps the parameters keep jumping about near a minimum, with small ones they
# settle. (The lecture drops it halfway. On the course's list of names, later is a little better: see for yourself.)

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-steps", "locked": true, "schema_version": 3, "solution": false, "task": false}
batch_size = 32
n = batch_size  # a shorter name, for convenience
max_steps = 200_000
lr_drop = 150_000  # learning rate 0.1 before, 0.01 from this step on
log_every = 1000  # so often the loop keeps its gradients, for the pictures

# %% [markdown]
# Two things about the machine. The tensors here are so small that to split one among several processor cores takes
# longer than the work itself; on a busy machine the cores wait for each other, and a step may take ten times as long.
# One thread is best. And a notebook that is being graded trains for a moment only, on a small part of the data.

# %% nbgrader={"grade": false, "grade_id": "short-run", "locked": true, "schema_version": 3, "solution": false, "task": false}
torch.set_num_threads(1)
if os.environ.get("NBGRADER_EXECUTION"):  # set by nbgrader while it runs a notebook
    max_steps, lr_drop, log_every = 100, 75, 5
    Xtr, Ytr, Xdev, Ydev = Xtr[:5000], Ytr[:5000], Xdev[:1000], Ydev[:1000]
    print("nbgrader is running this notebook: a short run on few examples, the network will have learnt little.")
print(f"{max_steps:,} steps of {batch_size} examples; the learning rate drops at step {lr_drop:,}")

# %% [markdown]
# ## The parameters
#
# The network of exercise 1, a little larger: 200 neurons in the hidden layer instead of 64. The letters for the sizes
# stay what they were.
#
# | letter | is the number of | in the code |
# |---|---|---|
# | $n$ | examples in the minibatch | `n`, `batch_size` |
# | $T$ | characters of context | `block_size` |
# | $E$ | dimensions of an embedding | `n_embd` |
# | $H$ | neurons in the hidden layer | `n_hidden` |
# | $V$ | characters in the vocabulary | `vocab_size` |

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-parameters", "locked": true, "schema_version": 3, "solution": false, "task": false}
n_embd = 10  # the dimensionality of the character embedding vectors
n_hidden = 200  # the number of neurons in the hidden layer

g = torch.Generator().manual_seed(2147483647)  # for reproducibility
C = torch.randn((vocab_size, n_embd), generator=g)
# Layer 1, with the gain that keeps tanh's inputs spread: 5/3 is torch.nn.init.calculate_gain("tanh")
W1 = torch.randn((n_embd * block_size, n_hidden), generator=g) * (5 / 3) / ((n_embd * block_size) ** 0.5)
b1 = torch.randn(n_hidden, generator=g) * 0.1  # useless before batchnorm, as you know by now
# Layer 2
W2 = torch.randn((n_hidden, vocab_size), generator=g) * 0.1
b2 = torch.randn(vocab_size, generator=g) * 0.1
# BatchNorm
bngain = torch.randn((1, n_hidden), generator=g) * 0.1 + 1.0
bnbias = torch.randn((1, n_hidden), generator=g) * 0.1

parameters = [C, W1, b1, W2, b2, bngain, bnbias]
print(f"{sum(p.nelement() for p in parameters):,} parameters in total")
for p in parameters:
    p.requires_grad = True

# %% [markdown]
# ## One minibatch first
#
# A loop is a bad place for looking for a mistake: everything in it is computed from everything before. So get the
# backward pass right on a single minibatch, with a check, and put it into the loop afterwards.

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-minibatch", "locked": true, "schema_version": 3, "solution": false, "task": false}
ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
Xb, Yb = Xtr[ix], Ytr[ix]  # one minibatch

# %% tags=["forward"] nbgrader={"grade": false, "grade_id": "forward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The forward pass of one minibatch
emb = C[Xb]  # embed the characters into vectors
embcat = emb.view(emb.shape[0], -1)  # concatenate the vectors
# Linear layer 1
hprebn = embcat @ W1 + b1  # hidden layer pre-activation
# BatchNorm layer
bnmean = hprebn.mean(0, keepdim=True)
bnvar = hprebn.var(0, keepdim=True, unbiased=True)
bnvar_inv = (bnvar + 1e-5) ** -0.5
bnraw = (hprebn - bnmean) * bnvar_inv
hpreact = bngain * bnraw + bnbias
# Non-linearity
h = torch.tanh(hpreact)  # hidden layer
# Linear layer 2
logits = h @ W2 + b2  # output layer
# Loss
loss = F.cross_entropy(logits, Yb)

# %% nbgrader={"grade": false, "grade_id": "autograd", "locked": true, "schema_version": 3, "solution": false, "task": false}
# PyTorch's own backward pass: what your gradients are compared with
for p in parameters:
    p.grad = None
for t in [logits, h, hpreact, bnraw, bnvar_inv, bnvar, bnmean, hprebn, embcat, emb]:
    t.retain_grad()  # only leaves keep their gradient otherwise
loss.backward()
for p in parameters:
    p.requires_grad = False  # that was all: from here on PyTorch keeps no record of what happens to the parameters
network = read_network()  # the graph of the forward pass, read from the cell above
loss

# %% tags=["only-shown"] nbgrader={"grade": false, "grade_id": "picture", "locked": true, "schema_version": 3, "solution": false, "task": false}
draw_network(network, globals())

# %% [markdown] nbgrader={"grade": false, "grade_id": "backward-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 1: the backward pass for one minibatch
#
# From `loss` back to `C`, with nothing left out: about a dozen lines. All of them are old acquaintances.
#
# | from | to | shape | it was |
# |---|---|---|---|
# | `loss` | `dlogits` | (n, V) | exercise 2 |
# | `dlogits` | `dh`, `dW2`, `db2` | (n, H), (H, V), (V,) | exercise 1, step 7 |
# | `dh` | `dhpreact` | (n, H) | exercise 1, step 8 |
# | `dhpreact` | `dbngain`, `dbnbias` | (1, H) each | exercise 3, step 1 |
# | `dhpreact` | `dhprebn` | (n, H) | exercise 3, step 2 |
# | `dhprebn` | `dembcat`, `dW1`, `db1` | (n, T·E), (T·E, H), (H,) | exercise 1, step 12 |
# | `dembcat` | `demb`, `dC` | (n, T, E), (V, E) | exercise 1, step 13 |
#
# Write it here as plainly as you can, and `dC` with two Python loops over the entries of `Xb` if that is how you know
# it. Speed comes later, and you will want to see the difference. Keep the first line of the cell: the notebook finds
# the cell by it when it times your code.
#
# Difficulty ●●○○○ · about 20 minutes · seven gradients are checked, one point each. What goes wrong when the pieces are
# put together (we read 77 public answers to this exercise, and 381 to exercise 1):
#
# - **The wrong operand.** `dW1` and `dW2` are built alike: a transposed input times an upstream gradient. Which input,
#   and the gradient of which output? `dW1` wants neither `emb` nor `dhpreact`.
# - **Batchnorm is passed by.** `dhpreact` has the very shape of `dhprebn`, so the line in between can be forgotten
#   and nothing complains. The network even trains like that, only to a worse loss: how much worse stands below, where
#   yours is measured.
# - **Shapes**: `db1` and `db2` have one dimension, `dbngain` and `dbnbias` have two. Right numbers in another shape are
#   the commonest slip of all. An update in place stops at some of them, and adds a (H,) to a (1, H) without a word.
# - **Rows of `C` overwritten** instead of accumulated. A row is wanted as often as its character occurs in the contexts,
#   and `.` occurs in most of them.
#
# <details><summary>Hint 1: the order</summary>
#
# Go down the table. Each line uses only what stands above it and the variables of the forward pass. If a line of yours
# needs something else, such as probs or bndiff, it is from the chunked version: there is a fused expression for it.
#
# </details>
# <details><summary>Hint 2: which gradient is wrong first?</summary>
#
# The check judges each gradient with the ones before it as you have them. Mend the first one it complains about in
# the order of the table, then run it again.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "backward", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The backward pass of one minibatch
### BEGIN SOLUTION
dlogits = F.softmax(logits, 1)
dlogits[range(n), Yb] -= 1
dlogits /= n
# Linear layer 2
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
# tanh
dhpreact = (1.0 - h**2) * dh
# BatchNorm layer
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))
# Linear layer 1
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)
# Embedding
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for k in range(Xb.shape[0]):
    for j in range(Xb.shape[1]):
        dC[Xb[k, j]] += demb[k, j]
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "backward-check", "locked": true, "points": 7, "schema_version": 3, "solution": false, "task": false}
check("W2", "b2", "bngain", "bnbias", "W1", "b1", "C")
### BEGIN HIDDEN TESTS
expect_gradients("C", "W1", "b1", "W2", "b2", "bngain", "bnbias")
### END HIDDEN TESTS

# %% [markdown]
# ## What two Python loops cost
#
# `dC` by two loops is right. It is also slow: n·T little additions, 96 of them here, and for each of them Python
# picks rows out of tensors and calls PyTorch several times. Each call costs a microsecond or more however little it
# computes. Together they cost two to four times as much as *all the rest* of a step of step 2.
#
# `index_add_` does the same in one call. It adds rows of one tensor to rows of another, and which row goes where is
# said by a list of integers. Rows that are named more than once collect everything that is meant for them, unlike
# with `+=`. On a toy:

# %% nbgrader={"grade": false, "grade_id": "demo-index-add", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_total = torch.zeros(3, 2)
toy_rows = torch.tensor([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0], [4.0, 40.0]])
toy_goes_to = torch.tensor([2, 0, 2, 2])  # one number for each of the rows: 0 gets one of them, 1 none, 2 three
toy_total.index_add_(0, toy_goes_to, toy_rows)
print(toy_total)

# %% tags=["only-shown", "fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "demo-index-add-time", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title The clock: rows added one by one, and by one index_add_
toy_total = torch.zeros(vocab_size, n_embd)
toy_rows = torch.ones(batch_size * block_size, n_embd)
toy_goes_to = Xb.view(-1)
toy_start = time.perf_counter()
for _ in range(20):
    for toy_row, toy_place in zip(toy_rows, toy_goes_to):
        toy_total[toy_place] += toy_row
toy_looped = (time.perf_counter() - toy_start) / 20
toy_start = time.perf_counter()
for _ in range(1000):
    toy_total.index_add_(0, toy_goes_to, toy_rows)
toy_added = (time.perf_counter() - toy_start) / 1000
print(f"{len(toy_rows)} rows added one by one: {1e6 * toy_looped:6.0f} µs")
print(f"by one index_add_:       {1e6 * toy_added:6.1f} µs")

# %% [markdown]
# The rows have to be a matrix, and the list must have one number for each of them. `demb` is (n, T, E) and `Xb` is
# (n, T): what has to be done to both, so that they are (n·T, E) and (n·T,)?

# %% [markdown] nbgrader={"grade": false, "grade_id": "train-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 2: the training loop
#
# The cell below has the whole loop but two gaps. What it needs from you, in every step:
#
# 1. **The backward pass.** All of step 1, for the minibatch of *this* step. Paste it, then replace the two Python
#    loops by `index_add_`.
# 2. **The learning rate**, under the name `lr`: 0.1 before the step `lr_drop`, 0.01 in it and after it. `i` counts from 0.
# 3. **The update.** Each parameter takes a step against its gradient, as long as the learning rate says:
#    $p \leftarrow p - \mathrm{lr}\cdot\partial L/\partial p$, for all seven.
#
# Three things in the cell are new.
#
# - `torch.inference_mode()` tells PyTorch that nothing in the loop will ever be differentiated. It is the stricter
#   sister of `torch.no_grad()`: tensors that are made in it can't take part in autograd later, and in return
#   PyTorch does less bookkeeping in each call. It is the smaller part of the loop's advantage, a sixth to a quarter of
#   it when we measured; the larger part is that there is less to call. (Once all is done, put `torch.no_grad()` there
#   and time it.)
# - **The variance** is written out. `hprebn.var(...)` is the same number, but it is a slow function along the first
#   dimension, and alone would take a quarter of a step.
# - `progress_bar` passes on the numbers of `range(max_steps)` and shows how far the loop has come.
#
# Difficulty ●●●○○ · about 25 minutes, training included · ten points: one for each gradient, for the update, for the
# learning rate, and for where the parameters are after a number of steps. A loop with a mistake in it often trains, too,
# and only ends at a worse loss. Look for these:
#
# - **A gradient that is not computed here.** Every name of step 1 still lives in memory. Leave a line out, and the loop
#   quietly uses the gradient of *one* minibatch for all 200,000 steps.
# - **The update reads `p.grad`.** That is where `loss.backward()` once put its gradients. Those of the cell above
#   are still there: again one minibatch for all steps. Yours are in `grads`.
# - **Gradients set to zero, or to None, after they were computed.** In an ordinary loop that line must stand before
#   `loss.backward()`, which *adds* to what is there. Here you need no such line, provided that `dC` starts anew in each
#   step.
# - **A new tensor instead of the old one.** The update has to change the parameter *in place*. `p = p - ...` makes a new
#   tensor, calls it `p`, and forgets it in the next round.
# - **The sign, or a learning rate that never drops.**
#
# Run the cell. To see early whether it learns, stop the kernel (■) after some seconds and look at the mean of
# `lossi[-1000:]`: from some thousand steps on it should be below 2.5. The check below works after a stopped run, too: it
# takes the *text* of your cell and runs it again, one step and ten steps, on copies of the parameters, beside autograd.
# Keep the cell's first line, by which it is found.
#
# <details><summary>Hint 1: where to begin</summary>
#
# Paste step 1 and run the loop with it as it is, two Python loops and all. It is right, only slow: stop it after some
# seconds, run the check, then make it fast.
#
# </details>
# <details><summary>Hint 2: the update</summary>
#
# `parameters` and `grads` are in the same order, so you can go through both at once. A tensor has methods that change
# it in place; their names end in an underscore. The one that adds can scale what it adds by a number `alpha`, all in
# one call.
#
# </details>
# <details><summary>Hint 3: faster</summary>
#
# The tensors are small, so what counts is how *often* you call PyTorch, and `range(n)` as an index is dear, since
# it is made into a tensor first. Which sums over the batch do you have already, when you come to dhprebn? Can the
# factors of a single row (1, H) be multiplied with each other before they meet an (n, H) tensor? What does
# torch.addcmul do? None of this is needed for the points.
#
# </details>

# %% tags=["nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "train", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The training loop: your own backward pass, and no loss.backward() anywhere
lossi = []  # the loss of each step
kept_grads, kept_ratios = [], []  # for the pictures, every log_every steps
with torch.inference_mode():  # nothing in here is recorded for autograd
    for i in progress_bar(range(max_steps)):
        # minibatch
        ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
        Xb, Yb = Xtr[ix], Ytr[ix]

        # forward pass
        emb = C[Xb]
        embcat = emb.view(emb.shape[0], -1)
        hprebn = embcat @ W1 + b1
        bnmean = hprebn.mean(0, keepdim=True)
        bndiff = hprebn - bnmean
        bnvar = (bndiff * bndiff).sum(0, keepdim=True) / (n - 1)  # hprebn.var(...) is the same, but slow
        bnvar_inv = (bnvar + 1e-5) ** -0.5
        bnraw = bndiff * bnvar_inv
        hpreact = bngain * bnraw + bnbias
        h = torch.tanh(hpreact)
        logits = h @ W2 + b2
        loss = F.cross_entropy(logits, Yb)

        # backward pass: all seven gradients
        ### BEGIN SOLUTION
        dlogits = (F.softmax(logits, 1) - F.one_hot(Yb, vocab_size)) / n
        dh = dlogits @ W2.T
        dW2 = h.T @ dlogits
        db2 = dlogits.sum(0)
        dhpreact = torch.addcmul(dh, dh * h, h, value=-1)  # (1 - h**2) * dh in two calls instead of three
        dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
        dbnbias = dhpreact.sum(0, keepdim=True)
        dbnraw_share = torch.addcmul(dhpreact - dbnbias / n, bnraw, dbngain / (n - 1), value=-1)  # no mean, no slope
        dhprebn = (bngain * bnvar_inv) * dbnraw_share
        dembcat = dhprebn @ W1.T
        dW1 = embcat.T @ dhprebn
        db1 = dhprebn.sum(0)
        demb = dembcat.view(emb.shape)
        dC = torch.zeros_like(C).index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
        ### END SOLUTION
        grads = [dC, dW1, db1, dW2, db2, dbngain, dbnbias]

        # learning rate lr, then the update of all parameters
        ### BEGIN SOLUTION
        lr = 0.1 if i < lr_drop else 0.01
        for p, grad in zip(parameters, grads):
            p.add_(grad, alpha=-lr)
        ### END SOLUTION

        # keep track
        lossi.append(loss.item())
        if i % log_every == 0:
            kept_grads.append([grad.clone() for grad in grads])
            kept_ratios.append([(lr * grad.std() / p.std()).log10().item() for p, grad in zip(parameters, grads)])

# %% nbgrader={"grade": true, "grade_id": "train-check", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
check_training()
### BEGIN HIDDEN TESTS
expect_training(steps=25, Xb="Xtr", Yb="Ytr")
### END HIDDEN TESTS

# %% [markdown]
# ## The loss
#
# Left: the loss of each single minibatch. 32 examples are a poll of 32 people: the numbers jump about so much that one
# cannot see whether anything still happens. Right: the same numbers, averaged over stretches of the training.

# %% tags=["only-shown", "fold"] nbgrader={"grade": false, "grade_id": "plot-loss", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title The loss of each minibatch, and averaged
if not lossi:
    print("Nothing to draw before the loop has run.")
else:
    demo_losses = torch.tensor(lossi)
    demo_width = max(1, len(lossi) // 200)  # steps that are averaged to one point
    demo_means = demo_losses[: len(lossi) // demo_width * demo_width].view(-1, demo_width).mean(1)
    demo_at = (torch.arange(len(demo_means)) + 0.5) * demo_width / 1000

    fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4))
    left.plot(torch.arange(len(lossi)) / 1000, demo_losses, ",", color="tab:gray", alpha=0.4)
    left.plot(demo_at, demo_means, color="tab:red")
    left.set(xlabel="thousand steps", ylabel="loss", title="each minibatch (grey), and the average")
    right.plot(demo_at, demo_means, color="tab:red")
    right.axvline(lr_drop / 1000, color="tab:gray", ls=":", lw=1)
    right.annotate(
        "learning rate drops", (lr_drop / 1000, demo_means.quantile(0.98)), ha="right", xytext=(-6, 0),
        textcoords="offset points",
    )  # fmt: skip
    right.set(xlabel="thousand steps", ylabel="loss", title=f"averaged over {demo_width:,} steps")
    right.set_ylim(top=demo_means[1:].max() + 0.02)  # the first point is far above the others
    plt.show()

# %% [markdown]
# The first step lies outside of the right picture: `lossi[0]`. A network that knows nothing would have
# $\ln 27\approx 3.30$. Why does ours start above that, although it knows nothing either? (Look at `W2`: what do the
# logits have to look like for a loss of exactly 3.30?)
#
# Where the learning rate drops, so does the loss, all at once. Nothing new is learnt in that moment: the noise of the
# large steps ceases.
#
# ## The gradients
#
# The loop has kept the gradients of every so many steps. A network in good health has gradients that neither die out nor
# grow from layer to layer, or in the course of time. Here are their sizes, on a logarithmic scale, for four of the
# parameters: at the beginning, in the middle, and at the end.

# %% tags=["only-shown", "fold"] nbgrader={"grade": false, "grade_id": "plot-gradients", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title How large the gradients are: at the beginning, in the middle, at the end
demo_names = ["C", "W1", "b1", "W2", "b2", "bngain", "bnbias"]  # the order of `parameters`
if not kept_grads:
    print("Nothing to draw before the loop has run.")
else:
    demo_times = {0: "tab:gray", len(kept_grads) // 2: "tab:orange", len(kept_grads) - 1: "tab:blue"}
    fig, panels = plt.subplots(1, 4, figsize=(13, 3.4), sharex=True)
    for panel, demo_name in zip(panels, ["C", "W1", "W2", "bngain"]):
        for demo_k, demo_color in demo_times.items():
            demo_sizes = kept_grads[demo_k][demo_names.index(demo_name)].abs().flatten()
            demo_sizes = demo_sizes[demo_sizes > 0].log10()  # a character that is not in the minibatch has no gradient
            panel.hist(
                demo_sizes, bins=60, range=(-7, 0), density=True, histtype="step", lw=1.5, color=demo_color,
                label=f"step {demo_k * log_every:,}",
            )  # fmt: skip
        panel.set(title=f"d{demo_name}", xlabel="log10 of its size", yticks=[])
    panels[0].legend(fontsize=8, loc="upper left")
    plt.show()

# %% [markdown]
# ## The update beside the parameter
#
# Is a gradient of 0.001 large? That depends on what it is going to change. So look at the ratio of the *update* to the
# *data*, the spread of what is added to a parameter beside the spread of the parameter itself:
#
# $$\log_{10}\frac{\operatorname{std}(\mathrm{lr}\cdot\partial L/\partial p)}{\operatorname{std}(p)}$$
#
# A rule of thumb says that $-3$ is a good place: each step changes a parameter by about a thousandth of its spread. Far
# above it, training is restless; far below it, it crawls. Left the ratio in the course of training, right how often
# each value occurred before and after the learning rate dropped.

# %% tags=["only-shown", "fold"] nbgrader={"grade": false, "grade_id": "plot-ratios", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title The update beside the parameter, in the course of training
if len(kept_ratios) < 2:
    print("Nothing to draw before the loop has run for a while.")
else:
    demo_ratios = torch.tensor(kept_ratios)  # (number of times, 7)
    demo_drop = min(len(demo_ratios) - 1, max(1, lr_drop // log_every))
    demo_at = torch.arange(len(demo_ratios)) * log_every / 1000
    fig, axes = plt.subplots(1, 3, figsize=(13, 4.2), sharey=True, width_ratios=[2, 1, 1])
    for demo_name, demo_column in zip(demo_names, demo_ratios.T):
        if demo_name == "b1":  # about -9: not in this picture
            continue
        (demo_line,) = axes[0].plot(demo_at, demo_column, lw=1, label=demo_name)
        for panel, demo_part in [(axes[1], demo_column[:demo_drop]), (axes[2], demo_column[demo_drop:])]:
            panel.hist(
                demo_part, bins=40, range=(-5, -1), orientation="horizontal", histtype="stepfilled", alpha=0.55,
                color=demo_line.get_color(),
            )  # fmt: skip
    for panel in axes:
        panel.axhline(-3, color="tab:gray", ls=":", lw=1)
    axes[0].legend(fontsize=8, ncols=3, loc="lower left")
    axes[0].set(xlabel="thousand steps", ylabel="log10 of the ratio", title="update / data", yticks=range(-5, 0))
    axes[1].set(xlabel="how often", title="learning rate 0.1")
    axes[2].set(xlabel="how often", title="learning rate 0.01")
    plt.show()
    print(f"b1: {demo_ratios[:, demo_names.index('b1')].median():.1f} in the median")

# %% [markdown]
# - The drop of the learning rate by a factor of 10 is a drop by 1 on this scale, for all of them at once.
# - `b1` would be far below the picture. Its gradient is nothing but rounding, and you have known that since exercise 1.
#   A ratio like that in a network of your own would tell you that a parameter does nothing.
# - Which parameter learns fastest, beside its size? Which would you start with, if you could make one smaller?

# %% [markdown] nbgrader={"grade": false, "grade_id": "calibrate-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 3: statistics for batchnorm
#
# Now the network shall be *used*, and there is a difficulty. What it says about one example depends on the other 31 of
# the minibatch, since batchnorm takes its mean and variance from them. Whoever asks for one name at a time has no
# batch; and nobody wants an answer that depends on who else is asking.
#
# So the statistics are fixed once and for all. A good choice is to measure them where the network has learnt: run the
# *whole* training set through the first layer, with the trained parameters, and take mean and variance of `hprebn` over
# all its examples. Bind them to `bnmean` and `bnvar`.
#
# | tensor | shape |
# |---|---|
# | `Xtr` | (183,000, T) or so |
# | `bnmean`, `bnvar` | (1, H) |
#
# Two things to think of. `bnmean` and `bnvar` exist already: they are those of the loop's last minibatch, and a network
# that is evaluated with them still works, somehow. That is what makes the mistake hard to find. And PyTorch should keep
# no record here: with so many rows it would be a large one.
#
# (The alternative is a *running* mean: in each step of the training, move it by a thousandth of the way towards the
# minibatch's. `BatchNorm1d` does that, by a tenth of the way unless it is told otherwise. It saves this extra pass, and
# it lags behind. Below, all three are compared.)
#
# Difficulty ●●○○○ · about 10 minutes · three points.
#
# <details><summary>Hint 1: how far to go</summary>
#
# Only as far as the forward pass needs to go to have the two. Which of its lines are these, and what stands in the
# place of Xb?
#
# </details>
# <details><summary>Hint 2: which variance?</summary>
#
# The one of the forward cell, with Bessel's correction. (With so many examples you could not tell the two apart.)
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "calibrate", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
with torch.no_grad():
    emb = C[Xtr]
    embcat = emb.view(emb.shape[0], -1)
    hprebn = embcat @ W1 + b1
    bnmean = hprebn.mean(0, keepdim=True)
    bnvar = hprebn.var(0, keepdim=True, unbiased=True)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "calibrate-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check_calibration()
### BEGIN HIDDEN TESTS
expect_values("bnmean", "bnvar", Xb="Xtr", Yb="Ytr")
### END HIDDEN TESTS

# %% [markdown]
# ## How good is it?
#
# The loss over the whole of a split, with the fixed statistics. The training loss tells how well the network fits what
# it has seen, the validation loss what it is worth beyond that. Mind what was split, though: the *lines* of the list. A
# name that girls and boys are given stands in it twice, so that about one line in eight of the validation set is a name
# that the network has been trained on. Hence a third number: names that it has never seen.


# %% tags=["nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "evaluate", "locked": true, "schema_version": 3, "solution": false, "task": false}
def predict(X, mean, var):
    """Logits (len(X), V) of the trained network, batchnorm with the given statistics (1, H)."""
    before = C[X].flatten(1) @ W1 + b1
    hidden = torch.tanh(bngain * (before - mean) / (var + 1e-5).sqrt() + bnbias)
    return hidden @ W2 + b2


def split_loss(X, Y, mean, var):
    """Mean loss over all examples, some thousands at a time so that it needs little memory."""
    total = 0.0
    with torch.no_grad():
        for some_X, some_Y in zip(X.split(10_000), Y.split(10_000)):
            total += F.cross_entropy(predict(some_X, mean, var), some_Y, reduction="sum").item()
    return total / len(X)


demo_known = set(shuffled[:n1])
demo_unseen = [word for word in shuffled[n1:n2] if word not in demo_known]
Xnew, Ynew = build_dataset(demo_unseen)
print(f"train        {split_loss(Xtr, Ytr, bnmean, bnvar):.4f}")
print(f"validation   {split_loss(Xdev, Ydev, bnmean, bnvar):.4f}")
print(f"unseen names {split_loss(Xnew, Ynew, bnmean, bnvar):.4f}")
print(f"({1 - len(demo_unseen) / (n2 - n1):.1%} of the validation lines are names of the training set, too)")

# %% [markdown]
# 200,000 steps should take you to about 2.06 on the training set, 2.12 on the validation set and 2.13 on the names that are
# new to it. (Right loops that began with other seeds ended between 2.064 and 2.068, and between 2.112 and 2.119 on the
# validation set.) **Above 2.075 on the training set, or above 2.13 on the validation set, there is a mistake** in the loop or in
# the statistics, however well everything seems to work. Batchnorm passed by on the way back, the mistake of step 1 that
# nothing complains about, ends at 2.106 and 2.139; the wrong operand in `dW1` at 2.081 and 2.123.
#
# But an alarm that is silent proves nothing. A loop that overwrites the rows of `C` ended at 2.068 and 2.119, one that
# leaves out the share through batchnorm's variance at 2.063 and 2.118, as good as right. No loss will tell you of these. That
# is why there is a check.
#
# What are the statistics worth? The same network, five times, and its validation loss:

# %% tags=["fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "demo-statistics", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title What the statistics are worth: one minibatch, running means, the whole training set
demo_g = torch.Generator().manual_seed(1)
demo_steps = min(5000, max_steps)
demo_losses_of = {}
with torch.no_grad():
    demo_mean, demo_var = torch.zeros_like(bnmean), torch.ones_like(bnvar)  # where BatchNorm1d starts, too
    for demo_i in range(demo_steps):  # the parameters stand still here; in training they would move on meanwhile
        demo_ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=demo_g)
        demo_before = C[Xtr[demo_ix]].flatten(1) @ W1 + b1
        demo_mean = 0.999 * demo_mean + 0.001 * demo_before.mean(0, keepdim=True)
        demo_var = 0.999 * demo_var + 0.001 * demo_before.var(0, keepdim=True)
        if demo_i == 0:
            demo_losses_of["one minibatch"] = split_loss(Xdev, Ydev, demo_before.mean(0), demo_before.var(0))
        if demo_i == 999:
            demo_losses_of["running mean, 1,000 minibatches"] = split_loss(Xdev, Ydev, demo_mean, demo_var)
            demo_left = 0.999**1000  # so much of the first values, 0 and 1, is still in the two: take it out
            demo_pair = demo_mean / (1 - demo_left), (demo_var - demo_left) / (1 - demo_left)
            demo_losses_of["the same without its first values"] = split_loss(Xdev, Ydev, *demo_pair)
demo_losses_of[f"running mean, {demo_steps:,} minibatches"] = split_loss(Xdev, Ydev, demo_mean, demo_var)
demo_losses_of["the whole training set"] = split_loss(Xdev, Ydev, bnmean, bnvar)
for demo_what, demo_loss in demo_losses_of.items():
    print(f"{demo_what:34s} {demo_loss:.4f}")

# %% [markdown]
# One minibatch is too few, as expected: from 32 examples a mean is known to a sixth of a standard deviation. But why is
# the running mean of 1,000 minibatches, 32,000 examples, *worse* than a single one? Because it began somewhere: at mean 0
# and variance 1. Each step keeps 0.999 of what was there, and $0.999^{1000} = 0.37$. So the means come out more than a
# third too small, and of variances that are about 6 only $0.63\cdot 6 + 0.37\cdot 1\approx 4.2$ has arrived. Take the first
# values out again, and the very same 1,000 minibatches are as good as the whole training set. (The Adam optimizer does
# so with its running means.) After 5,000 steps 0.7 % of them is left, and nobody notices.
#
# In a real training there are 200,000 steps, so the beginning is long forgotten. What remains is that the mean lags behind
# parameters that move on.

# %% [markdown]
# ## New names
#
# Begin with dots, ask for the next character, draw one with the probabilities that the network gives, move the window on,
# until it draws a dot.

# %% tags=["nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "sample", "locked": true, "schema_version": 3, "solution": false, "task": false}
sample_g = torch.Generator().manual_seed(2147483647 + 10)
for _ in range(20):
    sampled, context = [], [0] * block_size
    while (not sampled or sampled[-1] != 0) and len(sampled) < 40:  # 40: no name is that long
        with torch.no_grad():
            probs = F.softmax(predict(torch.tensor([context]), bnmean, bnvar), dim=1)
        sampled.append(torch.multinomial(probs, 1, generator=sample_g).item())
        context = context[1:] + sampled[-1:]
    print("".join(itos[k] for k in sampled if k != 0))

# %% [markdown]
# ## The clock
#
# Now the race. Four loops, each trains a copy of the network for a while, in turns, so that whatever else your machine
# is doing slows all of them down alike:
#
# - **plain**: the forward cell and your backward pass of step 1, as they stand. If you wrote that one as the lecture does,
#   with two loops for `dC`, this is the lecture's loop.
# - **autograd**: `F.batch_norm`, `F.cross_entropy`, `loss.backward()`, and the update as one usually sees it.
# - **autograd, update in one call** per parameter, which makes it as quick as it will go.
# - **yours**: the loop of step 2.
#
# A fifth one learns nothing. It runs the six **matrix products** of a step, two on the way there and four on the way back,
# and leaves everything else out: all the loops above have these in common.
#
# `F.batch_norm` and `F.cross_entropy` are fused: one call on the way there, one on the way back, with the expressions that
# you have derived, written in C++. You have no such thing for batchnorm. So before you look: who will win?


# %% tags=["fold"] nbgrader={"grade": false, "grade_id": "autograd-loop", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title What yours is compared with: the same training with loss.backward(), and the matrix products alone
def autograd_loop(steps, in_one_call=False, start=parameters):
    """The same training with PyTorch's autograd, on copies of the parameters; returns the seconds it took."""
    copies = [p.detach().clone().requires_grad_() for p in start]
    C, W1, b1, W2, b2, bngain, bnbias = copies
    generator, losses = torch.Generator().manual_seed(1), []
    begin = time.perf_counter()
    for _ in range(steps):
        ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=generator)
        Xb, Yb = Xtr[ix], Ytr[ix]
        hprebn = C[Xb].view(batch_size, -1) @ W1 + b1
        hpreact = F.batch_norm(hprebn, None, None, bngain[0], bnbias[0], training=True)
        loss = F.cross_entropy(torch.tanh(hpreact) @ W2 + b2, Yb)
        for p in copies:
            p.grad = None
        loss.backward()
        for p in copies:
            if in_one_call:
                p.data.add_(p.grad, alpha=-0.1)
            else:
                p.data += -0.1 * p.grad
        losses.append(loss.item())
    return time.perf_counter() - begin


def matrix_products(steps, start=parameters):
    """The matrix products of a training step and nothing else; returns the seconds they took."""
    _, W1, _, W2, _, _, _ = start
    embcat, hidden, dlogits = (torch.randn(batch_size, size) for size in (len(W1), len(W2), W2.shape[1]))
    with torch.inference_mode():
        begin = time.perf_counter()
        for _ in range(steps):
            embcat @ W1, hidden @ W2
            dlogits @ W2.T, hidden.T @ dlogits, hidden @ W1.T, embcat.T @ hidden
    return time.perf_counter() - begin


# %% tags=["only-shown", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "timing", "locked": true, "schema_version": 3, "solution": false, "task": false}
speed = compare_speed(
    {
        "plain: the forward cell and your step 1": your_plain_loop(),
        "autograd: loss.backward()": autograd_loop,
        "autograd: loss.backward(), update in one call": lambda steps: autograd_loop(steps, in_one_call=True),
        "yours: the training loop of step 2": your_loop(),
        "the six matrix products of a step, alone": matrix_products,
    },
    against="autograd: loss.backward()",
    steps=min(300, max_steps // 20),
    rounds=min(9, max_steps // 100),
)

# %% [markdown]
# (Don't divide the microseconds yourself. They are medians over the rounds; the *ratio* is taken within each round, between two
# runs a moment apart, and then the median of these ratios. Where other programs are running the two disagree, and the ratio
# is the one to trust.)
#
# How can Python beat C++? On this network, there is almost nothing to compute: the matrix products take about a fifth of your
# step. The rest is mostly the price of *calling*: a microsecond or a few for each of some dozens of operations. Autograd has
# to pay for more of them. It records each operation on the way there, keeps what it needs for the way back, allocates a
# gradient for each step, and adds it up. You know the way back in advance, you know what is shared between its lines, and
# you record nothing.
#
# ### Ten times as wide
#
# Don't conclude too much from it. The next cell runs the race again with `n_hidden = 2000`. **Predict first**, and write it
# down: what does your ratio become, less than it was, the same, or more? Who wins? And which part of your step do the
# matrix products take then?

# %% nbgrader={"grade": false, "grade_id": "prediction", "locked": false, "schema_version": 3, "solution": false, "task": false}
predicted_ratio = None  # yours : autograd at n_hidden = 2000. Put a number here, then run the next cell.

# %% tags=["only-shown", "fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "timing-wide", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title The race with 2,000 hidden neurons
demo_wide = dict(globals(), n_hidden=2000)  # this notebook's variables once more, for a network of another width
demo_g = torch.Generator().manual_seed(1)
demo_wide["W1"] = torch.randn((n_embd * block_size, 2000), generator=demo_g) * (5 / 3) / ((n_embd * block_size) ** 0.5)
demo_wide["W2"] = torch.randn((2000, vocab_size), generator=demo_g) * 0.03
demo_wide["b1"], demo_wide["bnbias"], demo_wide["bngain"] = torch.zeros(2000), torch.zeros(1, 2000), torch.ones(1, 2000)
demo_wide["parameters"] = [demo_wide[name] for name in ("C", "W1", "b1", "W2", "b2", "bngain", "bnbias")]
wide_speed = compare_speed(
    {
        "autograd: loss.backward()": lambda steps: autograd_loop(steps, start=demo_wide["parameters"]),
        "yours: the training loop of step 2": your_loop(demo_wide),  # your cell, reading these variables
        "the six matrix products of a step, alone": lambda steps: matrix_products(steps, demo_wide["parameters"]),
    },
    against="autograd: loss.backward()",
    steps=min(60, max_steps // 20),
    rounds=min(9, max_steps // 100),
)
print("you predicted:", predicted_ratio)

# %% [markdown]
# We have measured ratios from 0.8 to 1.35 on several machines: most of the advantage is gone, or autograd has won. Three
# things have happened.
#
# - **Calls hardly count any more.** There are as many as before, but each has ten times as much to do. What you saved is
#   still saved, beside a step that takes several times as long.
# - **The matrix products decide nothing**, since every loop makes the same six. Nor are they all that counts: we found them
#   to take between a sixth and a half of the step. (Divide the last ratio by the one above it.)
# - **Passes over memory decide.** Each line such as `bnraw * dhpreact` reads tensors of n·H = 64,000 numbers and writes
#   another one, a quarter of a megabyte that does not fit into a core's nearest cache. The multiplication costs next to
#   nothing; to fetch and to store does cost. Your batchnorm makes more than a dozen such passes, there and back together.
#   `F.batch_norm` is fused: one call goes through the numbers a few times, and keeps what is in between in registers.
#
# That it is memory can be shown. On one and the same machine the ratio went from 0.9 to 1.2 when we made the C library fetch
# fresh memory from the operating system for each large tensor (on Linux, `MALLOC_MMAP_THRESHOLD_=131072` in the environment
# before Jupyter starts). Nothing was computed that was not computed before.
#
# So this is what fusing is for. The expression that you derived in exercise 3 saves arithmetic, and that helps everywhere.
# But written in Python it is still one pass for each operator in it. In C++ it would be a loop or two, and that is how it stands
# in PyTorch's sources; compilers such as `torch.compile` make such loops from lines like yours.

# %% [markdown]
# ## Your progress
#
# The whole exercise at a glance: the gradients inside the loop, the update and the learning rate, where ten steps lead to, and
# the two statistics. To be sure of it, restart the kernel and run everything from the top.

# %% nbgrader={"grade": false, "grade_id": "progress", "locked": true, "schema_version": 3, "solution": false, "task": false}
training_progress()

# %% [markdown] nbgrader={"grade": false, "grade_id": "next", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## The end of the course
#
# You have taken a network apart into 26 gradients, put it together again in two expressions, and trained it with nothing but your
# own derivatives. Nothing that `loss.backward()` does is hidden from you any more, and when a network does not learn, you know
# where to look: which gradient dies, which share is missing, which update is a thousand times too small.
#
# Some things to go on with, each of them an afternoon:
#
# - **More layers.** Put a second hidden layer with batchnorm between the first and the output. How many lines does your
#   backward pass grow by? How many of them are new?
# - **A better optimizer.** Momentum needs one more tensor for each parameter, Adam needs two. Both take your `grads` as they are.
# - **Layer normalization** in place of batchnorm: exercise 3 along the other dimension. Step 3 becomes unnecessary. Why?
# - **A numerical check** of your whole backward pass, with the central differences of exercise 3.
# - **Attention.** Softmax and a few matrix products: you have derived all of its parts.
#
# **Further reading**
#
# - A. Karpathy (2022). *Building makemore Part 4: Becoming a Backprop Ninja.* The [video lecture](https://youtu.be/q8SA3rM6ckI)
#   that this course mirrors, and
#   [its notebook](https://github.com/karpathy/nn-zero-to-hero/blob/master/lectures/makemore/makemore_part4_backprop.ipynb).
# - A. Karpathy (2019). [*A Recipe for Training Neural Networks.*](https://karpathy.github.io/2019/04/25/recipe/) An essay on
#   what goes wrong silently, and in which order to look for it.
# - A. Karpathy (2024). [*llm.c.*](https://github.com/karpathy/llm.c) GPT-2 trained in plain C: every backward pass in it is
#   written by hand, as yours are.
# - Y. LeCun, L. Bottou, G. B. Orr, K.-R. Müller (1998). *Efficient BackProp.* In: Neural Networks: Tricks of the Trade,
#   Springer. [doi:10.1007/3-540-49430-8_2](https://doi.org/10.1007/3-540-49430-8_2). Learning rates, initial values, the shape
#   of tanh: still worth every page.
# - Y. Bengio, R. Ducharme, P. Vincent, C. Jauvin (2003). *A Neural Probabilistic Language Model.* Journal of Machine Learning
#   Research 3, [1137–1155](https://www.jmlr.org/papers/v3/bengio03a.html). The network that you have trained, with words in the
#   place of characters.
# - S. Ioffe, C. Szegedy (2015). *Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate Shift.*
#   ICML. [arXiv:1502.03167](https://arxiv.org/abs/1502.03167). Section 3.1 is your step 3.
# - D. P. Kingma, J. L. Ba (2015). *Adam: A Method for Stochastic Optimization.* ICLR.
#   [arXiv:1412.6980](https://arxiv.org/abs/1412.6980). Section 3 takes the first values out of running means.
# - Y. Wu, J. Johnson (2021). *Rethinking "Batch" in BatchNorm.* [arXiv:2105.07576](https://arxiv.org/abs/2105.07576). Running,
#   calibrated and other statistics compared.
# - A. Paszke and others (2019). *PyTorch: An Imperative Style, High-Performance Deep Learning Library.* NeurIPS.
#   [arXiv:1912.01703](https://arxiv.org/abs/1912.01703). What happens inside of the calls that you have counted.
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
