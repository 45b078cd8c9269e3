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
# # Exercise 3: fused batchnorm
#
# Exercise 1 went back through batch normalization line by line. Here the whole layer is *one* line, and you go back
# through it in one step: `dhprebn` from `dhpreact`, as a single expression. Nearly all of the work is done with a
# pencil, and it pays: most of what the chunked version computes cancels, and what is left over says in a few symbols
# what a batchnorm layer does to a gradient.
#
# **For whom.** You have done exercise 1, or you could: you know why a variable that is read twice collects two
# shares, and what broadcasting becomes on the way back. The paper work needs the chain rule and some patience with
# indices.
#
# **How long.** About an hour and a half, and twenty minutes more for the stretch, which is not graded.
#
# | part | difficulty | minutes |
# |---|---|---|
# | the layer as a graph | ●○○○○ | 5 |
# | step 1: gain and bias (2 gradients, 2 points) | ●●○○○ | 10 |
# | the derivation, on paper | ●●●●○ | 30 |
# | step 2: `dhprebn` (1 gradient, 8 points) | ●●●●○ | 20 |
# | what your expression does | ●●●○○ | 15 |
# | stretch: the other variance | ●●●○○ | 20 |
# | the numerical gradient check | ●●○○○ | 15 |
#
# **How to work**
#
# - Run the cells from the top. Fill in every cell that says `# your code here`; leave the other cells as they
#   are. You may add cells of your own for trying things out.
# - Run the `check(...)` below your cell. It compares your gradient with PyTorch's own and says what it sees: ✓ right,
#   ✗ not right and why, · not there yet. *Run All* goes on to the bottom, whatever a check says; there stands which
#   step it stopped at.
# - Hints are behind folds, from a gentle one to a strong one. None contains the answer. One text below the check of step 2
#   does, and is folded, too: open it when yours is right.
# - When something looks impossible, choose *Restart and run all*: a misspelt name or a deleted line leaves its old
#   value behind in memory.
#
# The notebook needs nothing but itself: it runs in Jupyter, in VS Code, in Colab and in Kaggle.
#
# **If your notebook is graded**, your cells are run again on data that you have not seen: batches of two examples
# and more, other numbers of neurons, other values of `eps`, columns whose variance is as small as `eps`, and
# *random* numbers in place of `dhpreact`, all in float64. That has four consequences:
#
# 1. Do not write 32, 64 or 1e-5 into an answer. Use `n`, `eps`, or what was computed from them.
# 2. A cell may use `n`, `eps`, `hprebn`, `bngain`, `bnbias`, the forward variables `bnmeani`, `bnvar`, `bnvar_inv`,
#    `bnraw` and `hpreact`, the given upstream gradient `dhpreact`, and what your own earlier cells define. Nothing
#    else is there. Read `dhpreact`, but do not change it in place.
# 3. One expression is the aim, but not a rule. Several lines that compute the same numbers are right, too.
# 4. Autograd (`.backward`, `.grad`, `torch.autograd` and relatives) is not an answer.
#
# Right numbers in the wrong shape, or an answer that is right for this notebook's sizes only, earn half of the points.

# %% [markdown]
# ## Setup
#
# The next cell holds the course's tools, `check` among them. It is long, and folded away (VS Code shows it open:
# scroll past it). Run it; you need not read it. Further down, the code of some tables, figures and clocks is folded, too.

# %% tags=["setup"] nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The build puts the course's tools (toolkit/) here.

# %% tags=["imports"] nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import random

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

# %% [markdown]
# ## Why take a layer back in one step
#
# - **It is less work.** The chunked version makes a tensor for each of its lines and visits every one of them again.
#   The fused one has to read two large tensors and to write one. That is why libraries have batchnorm, softmax with
#   cross-entropy, layer normalization and others as *one* operation with a backward pass of its own. (In Python each
#   operator of your expression still makes a tensor; exercise 4 measures what that costs.)
# - **It needs less memory.** What is not read on the way back need not be kept from the way forward.
# - **You see what the layer does.** Steps 9 to 11 of exercise 1 are eleven lines of code and say little at a glance. One
#   short expression can be read: after this exercise you can say what batchnorm takes out of a gradient, and why it
#   must.
#
# The paper that introduced batch normalization (Ioffe and Szegedy, 2015) lists the gradients of its steps one by one,
# in its section 3. You will simplify such a list on paper, type in what comes out, and at the end compare it with finite
# differences. Do the same three things whenever you write a layer with a backward pass of its own.

# %% [markdown]
# ## The data, the parameters, one minibatch
#
# All of this is as in exercise 1: names, characters as integers, three characters predict the next one.

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
# The same network with the same initial values. Its gains are *near* 1 and its biases near 0, and not exactly there,
# on purpose: a forgotten factor does not show when the factor is 1. New is a name for batchnorm's small constant,
# `eps`, which keeps a column without any variance from being divided by zero.
#
# Two sizes matter today: $n$, the number of examples in the minibatch (`n`), and $H$, the number of neurons
# (`n_hidden`).

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-parameters", "locked": true, "schema_version": 3, "solution": false, "task": false}
n_embd = 10  # the dimensionality of the character embedding vectors
n_hidden = 64  # the number of neurons in the hidden layer

g = torch.Generator().manual_seed(2147483647)  # for reproducibility
C = torch.randn((vocab_size, n_embd), generator=g)
# Layer 1, with the gain that keeps tanh's inputs spread: 5/3 is torch.nn.init.calculate_gain("tanh")
W1 = torch.randn((n_embd * block_size, n_hidden), generator=g) * (5 / 3) / ((n_embd * block_size) ** 0.5)
b1 = torch.randn(n_hidden, generator=g) * 0.1  # useless before batchnorm
# Layer 2
W2 = torch.randn((n_hidden, vocab_size), generator=g) * 0.1
b2 = torch.randn(vocab_size, generator=g) * 0.1
# BatchNorm
eps = 1e-5  # added to the variance: never divide by zero
bngain = torch.randn((1, n_hidden), generator=g) * 0.1 + 1.0
bnbias = torch.randn((1, n_hidden), generator=g) * 0.1

parameters = [C, W1, b1, W2, b2, bngain, bnbias]
print(sum(p.nelement() for p in parameters), "parameters in total")
for p in parameters:
    p.requires_grad = True

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-minibatch", "locked": true, "schema_version": 3, "solution": false, "task": false}
batch_size = 32
n = batch_size  # a shorter name, for convenience
ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
Xb, Yb = Xtr[ix], Ytr[ix]  # one minibatch

# %% [markdown]
# The embedding and the first linear layer lie *below* batchnorm, and we are not going there today. So their result
# `hprebn` (n, H), "hidden layer, before batchnorm", is cut off from them and made a leaf: the place where this
# exercise's backward pass ends.

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-hprebn", "locked": true, "schema_version": 3, "solution": false, "task": false}
emb = C[Xb]  # embed the characters into vectors
embcat = emb.view(emb.shape[0], -1)  # concatenate the vectors
hprebn = (embcat @ W1 + b1).detach().requires_grad_()  # hidden layer pre-activation, the leaf of this exercise

# %% [markdown]
# ## The forward pass
#
# The last of these lines is the layer, the whole of it, and it computes all that it needs by itself. The four lines
# above it are there for *you*: the layer's mean, its variance, the factor that it multiplies with, and the normalized
# values before gain and bias come in. A library would speak of values "saved for the backward pass".

# %% tags=["forward"] nbgrader={"grade": false, "grade_id": "forward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The forward pass: four quantities that the backward pass will want, then the layer in one line
bnmeani = hprebn.mean(0, keepdim=True)
bnvar = hprebn.var(0, keepdim=True, unbiased=True)  # unbiased: divided by n-1, Bessel's correction
bnvar_inv = (bnvar + eps) ** -0.5
bnraw = (hprebn - bnmeani) * bnvar_inv
hpreact = (
    bngain * (hprebn - hprebn.mean(0, keepdim=True)) / torch.sqrt(hprebn.var(0, keepdim=True, unbiased=True) + eps)
    + bnbias
)

# %% [markdown]
# The rest of the network turns `hpreact` into a loss, and PyTorch takes that part back for you: `dhpreact`, the
# gradient of the loss with respect to the layer's output, is **given**. PyTorch also computes the gradients of
# `hprebn`, `bngain` and `bnbias`, and `check` compares yours with them.

# %% nbgrader={"grade": false, "grade_id": "autograd", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The rest of the network, and PyTorch's own backward pass
for p in [*parameters, hprebn]:
    p.grad = None
hpreact.retain_grad()  # only leaves keep their gradient otherwise
h = torch.tanh(hpreact)
logits = h @ W2 + b2
loss = F.cross_entropy(logits, Yb)
loss.backward()
dhpreact = hpreact.grad.clone()  # given: where your backward pass starts
network = read_network()  # the graph of the forward pass, read from the cell above
loss

# %% [markdown]
# ## The layer as a graph
#
# Seen from outside, the layer is one step with three inputs. To derive anything we have to look inside. Here is the
# inside for one neuron, in the letters that we shall use on paper:
#
# | letter | is | in the code | one neuron | all neurons |
# |---|---|---|---|---|
# | $x_i$ | the layer's input for example $i$ | `hprebn` | (n,) | (n, H) |
# | $\mu$ | mean of the batch | `bnmeani` | a number | (1, H) |
# | $\sigma^2$ | variance of the batch | `bnvar` | a number | (1, H) |
# | $(\sigma^2+\varepsilon)^{-1/2}$ | the factor that normalizes | `bnvar_inv` | a number | (1, H) |
# | $\hat x_i$ | the normalized input | `bnraw` | (n,) | (n, H) |
# | $\gamma,\ \beta$ | gain and bias | `bngain`, `bnbias` | two numbers | (1, H) each |
# | $y_i$ | the layer's output | `hpreact` | (n,) | (n, H) |
#
# $$
# \mu = \frac1n\sum_{j=1}^n x_j, \qquad
# \sigma^2 = \frac{1}{n-1}\sum_{j=1}^n (x_j-\mu)^2, \qquad
# \hat x_i = \frac{x_i-\mu}{\sqrt{\sigma^2+\varepsilon}}, \qquad
# y_i = \gamma\,\hat x_i + \beta
# $$
#
# Everything happens within a column: no neuron of this layer knows of another. So derive it for one column of $n$
# numbers, and let broadcasting do the other $H-1$.
#
# **Before you go on:** how many arrows leave $x$, how many leave $\mu$, and how many $\sigma^2$? Each of them will be
# one term.

# %% tags=["fold"] nbgrader={"grade": false, "grade_id": "picture", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title The layer as a graph
toy_nodes = {  # where each quantity stands, its letter, its name in the code, its shape
    "x": (0.0, 0.0, "$x_i$\nhprebn\n(n, H)"),
    "variance": (2.9, 1.25, "$\\sigma^2$\nbnvar\n(1, H)"),
    "mean": (2.9, 2.9, "$\\mu$\nbnmeani\n(1, H)"),
    "xhat": (5.8, 0.0, "$\\hat{x}_i$\nbnraw\n(n, H)"),
    "gain": (8.3, 1.5, "$\\gamma$\nbngain\n(1, H)"),
    "bias": (9.8, 1.5, "$\\beta$\nbnbias\n(1, H)"),
    "y": (9.05, 0.0, "$y_i$\nhpreact\n(n, H)"),
}
toy_arrows = [("x", "mean"), ("x", "variance"), ("x", "xhat"), ("mean", "variance"), ("mean", "xhat"),
              ("variance", "xhat"), ("xhat", "y"), ("gain", "y"), ("bias", "y")]  # fmt: skip
toy_colors = {"x": "#e07b00", "mean": "#1f77b4", "variance": "#2a8c4a"}  # those that several others read

toy_figure, toy_axes = plt.subplots(figsize=(9.5, 3.9))
toy_boxes = {}
for toy_name, (toy_x, toy_y, toy_text) in toy_nodes.items():
    toy_edge = toy_colors.get(toy_name, "#7a7a7a")
    toy_boxes[toy_name] = toy_axes.text(
        toy_x, toy_y, toy_text, ha="center", va="center", fontsize=10, color="#1a1a1a", zorder=3,
        bbox={"boxstyle": "round,pad=0.35", "fc": "#fbf7ea", "ec": toy_edge, "lw": 2 if toy_name in toy_colors else 1},
    )  # fmt: skip
for toy_from, toy_to in toy_arrows:
    toy_axes.annotate(
        "", toy_nodes[toy_to][:2], toy_nodes[toy_from][:2],
        arrowprops={"arrowstyle": "-|>", "color": toy_colors.get(toy_from, "#7a7a7a"), "lw": 1.6, "mutation_scale": 14,
                    "patchA": toy_boxes[toy_from].get_bbox_patch(), "patchB": toy_boxes[toy_to].get_bbox_patch()},
    )  # fmt: skip
toy_axes.set(xlim=(-0.8, 10.6), ylim=(-0.75, 3.65))
toy_axes.set_axis_off()
plt.show()

# %% [markdown]
# Three arrows leave $x$: straight to $\hat x$, to $\sigma^2$, and to $\mu$. Two leave $\mu$, one leaves $\sigma^2$.
# And mind what the shapes say about an arrow from a (1, H) box to an (n, H) box: it stands for $n$ arrows, one to
# each example.

# %% [markdown] nbgrader={"grade": false, "grade_id": "bngain-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 1: gain and bias
#
# $$y_i = \gamma\,\hat x_i + \beta$$
#
# | tensor | shape |
# |---|---|
# | `bngain`, `dbngain` | (1, H) |
# | `bnbias`, `dbnbias` | (1, H) |
# | `bnraw` | (n, H) |
# | `hpreact`, `dhpreact` | (n, H) |
#
# The easy end of the layer, and a warm-up: the last two arrows of the picture. One gain and one bias serve all $n$
# examples of a column. What does a value that was used $n$ times do with its $n$ gradients?
#
# Keep your two results in mind. You will meet both again.
#
# Difficulty ●●○○○ · about 10 minutes · two gradients, one point each. You have done this as step 9 of exercise 1; do
# it without looking. Mind the shape: `hpreact`'s columns have to become (1, H), and neither (H,) nor (n, H). (Right
# numbers in another shape are the commonest slip in this course: 69 of the 257 people whose public answers we read have
# one somewhere.) And mind the tensor, `hpreact` (the *value*) where `dhpreact` (its *gradient*) is meant: one letter
# apart, of the same shape, and no error message.
#
# <details><summary>Hint 1: shapes</summary>
#
# Both results are (1, H), and everything that you can build them from is (n, H). Which dimension has to go? And
# which argument of sum() lets it stay with size 1?
#
# </details>
# <details><summary>Hint 2: principle</summary>
#
# Nudge the gain of one neuron. By how much does the output of example i move, and what does the loss think of that
# movement? Then add up over the examples. The same for the bias, where the first answer is simpler.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "bngain", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "bngain-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("bngain", "bnbias")
### BEGIN HIDDEN TESTS
expect_gradients("bngain", "bnbias")
### END HIDDEN TESTS

# %% [markdown]
# ## The derivation, on paper
#
# Take a sheet of paper and one neuron. We walk against the arrows: from $y$ to $\hat x$, to $\sigma^2$, to $\mu$, and
# at last to $x$. In each stage, write down what you think before you read on.
#
# Two indices, and keep them apart: $i$ is *the* example whose gradient we want, $j$ runs over the whole batch. Many a
# mistake in this derivation begins with letting one letter do both jobs.
#
# ### Stage 1: the normalized input
#
# $y_i = \gamma\,\hat x_i + \beta$, and $\hat x_i$ is read nowhere else.
#
# $$\frac{\partial L}{\partial \hat x_i} \;=\; \gamma\,\frac{\partial L}{\partial y_i}
# \qquad\qquad \text{(n, H) from (1, H) and (n, H)}$$
#
# No sum: every $\hat x_i$ has its own $y_i$. In exercise 1 this tensor was called `dbnraw`.
#
# ### Stage 2: the variance
#
# $\hat x_j = (x_j-\mu)\,(\sigma^2+\varepsilon)^{-1/2}$. *All* the $\hat x_j$ read the one number $\sigma^2$, so $n$
# shares add up:
#
# $$\frac{\partial L}{\partial \sigma^2} \;=\; \sum_{j=1}^n \frac{\partial L}{\partial \hat x_j}\,(x_j-\mu)\cdot
# \Big(-\frac12\Big)(\sigma^2+\varepsilon)^{-3/2}
# \qquad\qquad \text{(1, H) from (n, H)}$$
#
# The power rule takes the exponent from $-\frac12$ down to $-\frac32$; $\varepsilon$ stays where it is. The last two
# factors do not depend on $j$ and may stand before the sum.
#
# ### Stage 3: the mean
#
# Two arrows leave $\mu$: to every $\hat x_j$, and to $\sigma^2$. Two shares:
#
# $$\frac{\partial L}{\partial \mu} \;=\;
# \underbrace{\sum_{j=1}^n \frac{\partial L}{\partial \hat x_j}\cdot\Big(-(\sigma^2+\varepsilon)^{-1/2}\Big)}_{\text{through all the } \hat x_j}
# \;+\;
# \underbrace{\frac{\partial L}{\partial \sigma^2}\cdot\frac{\partial \sigma^2}{\partial \mu}}_{\text{through } \sigma^2}
# \qquad\qquad \text{(1, H) from (n, H)}$$
#
# Here comes the **first cancellation**. Work out the last factor:
#
# $$\frac{\partial \sigma^2}{\partial \mu} \;=\; \frac{1}{n-1}\sum_{j=1}^n 2\,(x_j-\mu)\cdot(-1)
# \;=\; \frac{-2}{n-1}\Big(\sum_{j=1}^n x_j - n\mu\Big) \;=\; \frac{-2}{n-1}\,(n\mu - n\mu) \;=\; 0$$
#
# The deviations from a mean sum to zero, whatever the numbers are. There is a reason behind the algebra: of all
# points, the mean is the one from which the sum of squared distances is smallest, and at a minimum the slope is
# zero. So the whole second share vanishes, and $\sigma^2$ takes no part in $\partial L/\partial\mu$. (The
# paper of Ioffe and Szegedy prints the share as it stands, zero or not. And if you did exercise 1: this was its last
# question.)
#
# ### Stage 4: the input
#
# Three arrows leave $x_i$. The one to $\hat x$ goes to $\hat x_i$ only, the example's own. The other two go to
# numbers that the whole batch shares:
#
# $$\frac{\partial L}{\partial x_i} \;=\;
# \underbrace{\frac{\partial L}{\partial \hat x_i}\,(\sigma^2+\varepsilon)^{-1/2}}_{\text{straight from } \hat x_i}
# \;+\;
# \underbrace{\frac{\partial L}{\partial \sigma^2}\cdot\frac{2\,(x_i-\mu)}{n-1}}_{\text{through } \sigma^2}
# \;+\;
# \underbrace{\frac{\partial L}{\partial \mu}\cdot\frac1n}_{\text{through } \mu}
# \qquad\qquad \text{(n, H) from (n, H) and (1, H)}$$
#
# Stop at the middle term. $\sigma^2$ is a sum over all $j$, but only one summand holds $x_i$, so there is no sum
# here. "But $\mu$ in there depends on $x_i$, too!" It does, and that is the arrow from $\mu$ to $\sigma^2$, which stage 3
# has counted already (as zero). Along one arrow, everything else is held still.
#
# This is a complete and correct answer: three lines of code, no worse than exercise 1. Now make one of it.
#
# ### Stage 5: yours
#
# Put stages 1, 2 and 3 into stage 4, so that no gradient is left but $\partial L/\partial y$. You get something long.
# Shorten it:
#
# - The middle term has $(\sigma^2+\varepsilon)^{-3/2}$, that is, $(\sigma^2+\varepsilon)^{-1/2}$ *three* times, and it
#   has *two* deviations, $x_i-\mu$ outside of the sum and $x_j-\mu$ inside. What is a deviation times
#   $(\sigma^2+\varepsilon)^{-1/2}$ called? This is the **second cancellation**: after it, neither $x$ nor $\mu$ occurs
#   any more, and the backward pass can forget its input.
# - A $2$ and a $\frac12$ meet.
# - Now all three terms have some factors in common. Take them out to the left.
# - What stays in the bracket: one term that belongs to the example alone, and two that come from the whole batch. One
#   of these two carries $\frac1n$ and the other $\frac1{n-1}$. Which is which, and which line of the forward pass is
#   each one from?

# %% [markdown]
# ### A column to test on
#
# Before you trust your formula with $n \cdot H$ numbers, try it on three. Take $n=3$, $\varepsilon=0$, $\gamma=2$,
# and
#
# $$x = (1,\ 3,\ 5), \qquad \frac{\partial L}{\partial y} = (1,\ 2,\ 6)$$
#
# The numbers are chosen such that everything comes out smoothly: $\mu=3$, $\sigma^2=4$, $\hat x=(-1,\ 0,\ 1)$. Go
# through the stages by hand, then through your one formula. The cell below shows what PyTorch finds at each stage.
# (With a batch this small, no mistake can hide: $\frac1n$ for $\frac1{n-1}$ is a third instead of a half.)
#
# `tiny_x`, `tiny_xhat`, `tiny_sigma2`, `tiny_gain` and `tiny_dy` are at your disposal in a cell of your own.

# %% nbgrader={"grade": false, "grade_id": "demo-column", "locked": true, "schema_version": 3, "solution": false, "task": false}
tiny_x = torch.tensor([1.0, 3.0, 5.0], requires_grad=True)
tiny_dy = torch.tensor([1.0, 2.0, 6.0])  # the upstream gradient
tiny_gain = 2.0

tiny_mu = tiny_x.mean()
tiny_sigma2 = ((tiny_x - tiny_mu) ** 2).sum() / (3 - 1)
tiny_xhat = (tiny_x - tiny_mu) * tiny_sigma2**-0.5
tiny_y = tiny_gain * tiny_xhat
tiny_stages = {"1: xhat  ": tiny_xhat, "2: sigma2": tiny_sigma2, "3: mu    ": tiny_mu, "4: x     ": tiny_x}
for tiny_name, tiny_gradient in zip(tiny_stages, torch.autograd.grad(tiny_y, [*tiny_stages.values()], tiny_dy)):
    print(f"stage {tiny_name} {tiny_gradient.tolist()}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "hprebn-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 2: the whole layer in one expression
#
# ```python
# hpreact = (
#     bngain * (hprebn - hprebn.mean(0, keepdim=True)) / torch.sqrt(hprebn.var(0, keepdim=True, unbiased=True) + eps)
#     + bnbias
# )
# ```
#
# | tensor | shape |
# |---|---|
# | `hprebn`, `dhprebn` | (n, H) |
# | `bnraw` | (n, H) |
# | `bngain`, `bnvar_inv` | (1, H) |
# | `hpreact`, `dhpreact` | (n, H) |
# | a sum over the batch | (1, H), or (H,) without `keepdim` |
#
# Type in what stands on your paper: `dhprebn` from `dhpreact`, in one expression. Translate letter by letter with the
# table of the layer, and give each sum over $j$ its own pair of brackets.
#
# Difficulty ●●●●○ · about 20 minutes once the paper is done · one gradient, eight points. What goes wrong here, as we saw
# it in 39 public answers:
#
# - **Bessel's correction is gone.** The forward pass divides the variance by $n-1$, so somewhere in your expression
#   there is an $n-1$, too. With 32 examples, the slip changes one of the three terms by 3 %: the largest difference is
#   $3.5\cdot10^{-5}$, the numbers look almost right, and they are not. And `n / n - 1` is $\frac nn - 1$.
# - **A sum over the batch is missing.** Without it every shape fits, and no error is raised. What comes from the whole
#   batch has to be summed over the batch *before* it meets what belongs to the example.
# - **The sum takes too little.** `a * b.sum(0)` sums `b` alone: a method call binds closer than `*`.
#   (What is the sum of a column of `bnraw`?)
# - **`hpreact` for `dhpreact`**, in one of the three terms. A gradient is linear in the upstream gradient: each term
#   has exactly one `dhpreact` in it.
# - **`keepdim`.** Here it does not matter whether a sum is (H,) or (1, H): next to an (n, H) tensor, both are taken for
#   a row and copied downwards. It mattered in step 1, where the sum *was* the answer, and it would matter here if we
#   summed over the other dimension. Say which shape you have, and why it works.
#
# *Right, up to rounding* is right: your expression and PyTorch's own take different ways, and the last bits differ. Most
# gradients are around $10^{-3}$ here; a largest difference around $10^{-9}$ is rounding.
#
# <details><summary>Hint 1: shapes</summary>
#
# Three terms in a bracket. The first is (n, H). Each of the other two has a sum over the batch in it, which is one
# row. One of these rows is copied to all examples as it is. The other is first multiplied by something (n, H): by
# how much example i deviates from the mean, measured in standard deviations.
#
# </details>
# <details><summary>Hint 2: from the middle term</summary>
#
# Put stage 2 into the middle term of stage 4 and write the three factors with the exponent −1/2 separately. Give one
# to the deviation of i and one to the deviation of j. The third stays in front, and the first and the last term of
# stage 4 have the same one in front. What about the signs of the second and of the third term?
#
# </details>
# <details><summary>Hint 3: principle</summary>
#
# Both sums over the batch are old friends: you have computed them in step 1 under other names, and may use them.
# For the two factors, ask each sum where it came in: the one that came through the mean has the factor of the mean,
# the one that came through the variance has the factor of the variance. If you take 1/n out of the bracket as well, it
# has to be made good in two of the three places.
#
# </details>
# <details><summary>Hint 4: find the wrong term</summary>
#
# Try your expression on the column of three numbers, one term at a time. There the three terms of stage 4 are
# (1, 2, 6), (2.5, 0, −2.5) and (−3, −3, −3).
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "hprebn", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dhprebn = bngain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - n / (n - 1) * bnraw * (dhpreact * bnraw).sum(0))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "hprebn-check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check("hprebn")
### BEGIN HIDDEN TESTS
expect_gradients("hprebn")
### END HIDDEN TESTS

# %% [markdown]
# ## What your expression does
#
# The layer throws two things away on the way forward: where a column lies, and how wide it is. A gradient must not ask
# for what makes no difference. So which two things should be gone from `dhprebn`? Look for them in your expression, one
# term at a time.
#
# <details><summary>Open this when the check above is satisfied: your expression, read aloud</summary>
#
# *Take the gradient of `bnraw`, subtract its mean over the batch, subtract a multiple of `bnraw`, and scale what is
# left.* Why just these two things?
#
# **Shift.** Add the same number to every entry of a column of `hprebn`. The mean moves along, the deviations stay,
# and the output does not change at all. So the loss has slope zero in the direction $(1, 1, \dots, 1)$:
#
# $$\sum_{i=1}^n \frac{\partial L}{\partial x_i}\cdot 1 \;=\; 0$$
#
# This is why the mean of `dbnraw` has to go. It is also why `b1` was useless in exercise 1.
#
# **Scale.** Stretch a column about its mean, by a factor $a$. The deviations grow by $a$, the standard deviation
# grows by $a$, and the output stays the same, or would, if it were not for $\varepsilon$. The direction of such a
# stretch is that of $\hat x$. So the loss has slope *nearly* zero in that direction, and the part of `dbnraw` that
# lies along `bnraw` has to go, too. How nearly? Multiply your formula by $\hat x_i$ and sum over $i$:
#
# $$\sum_{i=1}^n \frac{\partial L}{\partial x_i}\,\hat x_i \;=\;
# \frac{1}{\sqrt{\sigma^2+\varepsilon}}\cdot\underbrace{\frac{\varepsilon}{\sigma^2+\varepsilon}}_{\text{what is let through}}\cdot\,
# \sum_{i=1}^n \frac{\partial L}{\partial \hat x_i}\,\hat x_i$$
#
# On paper you need $\sum_i\hat x_i=0$ and $\sum_i\hat x_i^2=(n-1)\,\sigma^2/(\sigma^2+\varepsilon)$ for it. A column with
# a variance far above $\varepsilon$ lets practically nothing through. A column with $\sigma^2$ far below $\varepsilon$ is
# not normalized any more, and lets all of it through.
#
# </details>

# %% tags=["fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "demo-invariance", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title What is gone from the gradient: cosines of dbnraw and dhprebn, and what epsilon lets through
# the gradient of hprebn (PyTorch's: yours is the same once the check above is satisfied), and of bnraw
toy_dx, toy_dxhat, toy_xhat = hprebn.grad, bngain.detach() * dhpreact, bnraw.detach()


def cosine(a, b):  # between the columns of a and b: 1 or -1 if parallel, 0 if at right angles
    return (a * b).sum(0) / (a.norm(dim=0) * b.norm(dim=0))


toy_ones = torch.ones_like(toy_xhat)
print("largest |cosine| among the columns      with (1, ..., 1)   with bnraw")
for toy_name, toy_gradient in [("dbnraw ", toy_dxhat), ("dhprebn", toy_dx)]:
    toy_cosines = [cosine(toy_gradient, toy_direction).abs().max() for toy_direction in (toy_ones, toy_xhat)]
    print(f"{toy_name}                                     {toy_cosines[0]:8.6f}       {toy_cosines[1]:8.6f}")

print("\nhow much of the part along bnraw is let through, in float64")
print("variance / eps    found        eps / (variance + eps)")
toy_g = torch.Generator().manual_seed(3)
toy_column, toy_upstream = torch.randn((2, 32), generator=toy_g, dtype=torch.float64)
for toy_ratio in (1e4, 1e2, 1.0, 1e-2):
    toy_x = (toy_column / toy_column.std() * (toy_ratio * eps) ** 0.5).requires_grad_()
    toy_inv = (toy_x.var().detach() + eps) ** -0.5
    toy_xhat = (toy_x - toy_x.mean()) / torch.sqrt(toy_x.var() + eps)
    (toy_dx,) = torch.autograd.grad(toy_xhat, toy_x, toy_upstream)
    toy_xhat = toy_xhat.detach()
    toy_found = (toy_dx * toy_xhat).sum() / (toy_inv * (toy_upstream * toy_xhat).sum())
    print(f"{toy_ratio:12g}      {toy_found:.8f}   {1 / (toy_ratio + 1):.8f}")

# %% [markdown]
# ### The same thing as a picture
#
# There is a third way to say it. Plot, for one neuron, the gradient `dbnraw` of each example against its `bnraw`, and
# fit a straight line by least squares. What has the **residual** of each example, which is left over then, to do with
# `dhprebn`?
#
# <details><summary>Open this when the check above is satisfied</summary>
#
# The residuals are a column that has no mean and no part along `bnraw`. Multiplied by `bnvar_inv`, it *is* `dhprebn`, up
# to $\varepsilon$: batchnorm's backward pass is a linear regression, one for each neuron.
#
# </details>

# %% tags=["only-shown", "fold"] nbgrader={"grade": false, "grade_id": "demo-regression", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title The gradient of one neuron before and after
toy_j = int(cosine(bngain.detach() * dhpreact, bnraw.detach()).abs().argmax())  # the neuron with the clearest slope
toy_xhat, toy_dxhat = bnraw[:, toy_j].detach(), (bngain * dhpreact)[:, toy_j].detach()
toy_design = torch.stack([torch.ones(n), toy_xhat], dim=1)  # (n, 2): a constant and bnraw
toy_line = toy_design @ torch.linalg.lstsq(toy_design, toy_dxhat).solution
toy_residual = (toy_dxhat - toy_line) * bnvar_inv[0, toy_j].detach()
toy_dx = hprebn.grad[:, toy_j]

toy_figure, (toy_left, toy_right) = plt.subplots(1, 2, figsize=(9.5, 3.6))
toy_left.scatter(toy_xhat, 1000 * toy_dxhat, s=22, color="#1f77b4", zorder=3)
toy_left.vlines(toy_xhat, 1000 * toy_line, 1000 * toy_dxhat, color="#bbbbbb", lw=1)
toy_left.plot(toy_xhat[toy_xhat.argsort()], 1000 * toy_line[toy_xhat.argsort()], color="#e07b00")
toy_left.set(title=f"neuron {toy_j}: before, and a line through it", xlabel="bnraw", ylabel="1000 * dbnraw")
toy_right.axhline(0, color="#e07b00")
toy_right.vlines(toy_xhat, 0, 1000 * toy_residual, color="#bbbbbb", lw=1)
toy_right.scatter(toy_xhat, 1000 * toy_residual, s=60, fc="none", ec="#1f77b4", label="1000 * residual * bnvar_inv")
toy_right.scatter(toy_xhat, 1000 * toy_dx, s=12, color="#b5125f", zorder=3, label="1000 * dhprebn")
toy_right.set(title="after: no mean, no slope", xlabel="bnraw")
toy_right.margins(y=0.3)
toy_right.legend(fontsize=8, loc="upper right")
plt.show()

# %% [markdown]
# Two questions to think about:
#
# - A batch of **two** examples: a straight line goes through any two points. What is left of the gradient?
# - A least-squares slope is divided by $\sum_i\hat x_i^2$. With $\varepsilon=0$, how large is this sum if the variance is
#   computed with $\frac1{n-1}$, and how large if with $\frac1n$? Compare with the factor in your expression.

# %% [markdown]
# ## Bessel's correction: one layer, two variances
#
# *Why* one divides by $n-1$ is told in exercise 1 (the warm-up with the coins): the average squared distance from the
# batch's own mean is a little too small, and $\frac1{n-1}$ makes up for it. What concerns us here is that the layer in this
# notebook is not quite the one that you find elsewhere.
#
# - **The paper** (Ioffe and Szegedy, 2015) normalizes a minibatch in training with the *biased* variance, $\frac1n$
#   (its algorithm 1). For use after training it takes the average of these variances times $\frac{m}{m-1}$, with $m$ for
#   the size of the minibatch: the *unbiased* one (its algorithm 2). So the paper trains with one and tests with the
#   other.
# - **PyTorch's `BatchNorm1d`** does as the paper does: in training it normalizes with $\frac1n$, and the running
#   variance, which it uses after training, collects $\frac1{n-1}$.
# - **This notebook**, like the lecture, has $\frac1{n-1}$ throughout.
#
# The two are related by $\sigma^2_{\text{biased}} = \frac{n-1}{n}\,\sigma^2$. With 32 examples this changes the output by
# 1.6 %, which a learned gain makes up for; with two, it is a factor of $\sqrt2$. It is a small thing. But a layer that is
# trained with one variance and used with the other is not quite the same layer.
#
# What changes in the derivation? Go through the five stages again with $\frac1n$ in the definition of $\sigma^2$, and
# mark every place where $n-1$ stood. Stage 3's cancellation does not care. The layer below shows PyTorch's two habits.

# %% nbgrader={"grade": false, "grade_id": "demo-two-variances", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_layer = torch.nn.BatchNorm1d(n_hidden, eps=eps, momentum=1.0)  # momentum 1: running_var is this batch's alone
toy_input = hprebn.detach()
toy_output = toy_layer(toy_input).detach()  # in training mode; its own gain is 1 and its bias 0
print("is it PyTorch's variance?                        1/n      1/(n-1)")
for toy_name, toy_theirs, toy_ours in [
    ("normalizing, in training:    ", toy_output, lambda v: (toy_input - toy_input.mean(0)) / torch.sqrt(v + eps)),
    ("running_var, used afterwards:", toy_layer.running_var, lambda v: v),
]:
    toy_same = [torch.allclose(toy_theirs, toy_ours(toy_input.var(0, unbiased=u)), atol=1e-5) for u in (False, True)]
    print(f"{toy_name}                   {toy_same[0]!s:8} {toy_same[1]}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "hprebn_biased-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Stretch: the gradient of the other layer
#
# *Not graded; skip it if you like.* The next cell computes the layer as the paper and PyTorch do in training: the same
# lines with `unbiased=False`. Derive its gradient and call it `dhprebn_biased`, with the same `dhpreact` as upstream
# gradient.
#
# | tensor | shape |
# |---|---|
# | `bnvar_biased`, `bnvar_inv_biased` | (1, H) |
# | `bnraw_biased`, `hpreact_biased` | (n, H) |
# | `dhprebn_biased` | (n, H) |
#
# Difficulty ●●●○○ · about 20 minutes · you need not start over. What becomes of the two fractions, $\frac1n$ and
# $\frac1{n-1}$, of stage 5? And which of the forward variables have other values in this layer?
#
# <details><summary>Hint 1: principle</summary>
#
# Nothing but the definition of the variance has changed, so only the arrow from x to the variance has another local
# derivative: the middle term of stage 4.
#
# </details>
# <details><summary>Hint 2: almost right?</summary>
#
# If your result is wrong by 1.6 % or by a quarter of a percent, look at the tensors: the factor in front and the normalized
# values have to be those of this layer, not of the other one.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "forward-biased", "locked": true, "schema_version": 3, "solution": false, "task": false}
bnvar_biased = hprebn.detach().var(0, keepdim=True, unbiased=False)  # divided by n
bnvar_inv_biased = (bnvar_biased + eps) ** -0.5
bnraw_biased = (hprebn - bnmeani).detach() * bnvar_inv_biased
hpreact_biased = bngain * bnraw_biased + bnbias

# %% nbgrader={"grade": false, "grade_id": "hprebn_biased", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dhprebn_biased = (
    bngain * bnvar_inv_biased / n * (n * dhpreact - dhpreact.sum(0) - bnraw_biased * (dhpreact * bnraw_biased).sum(0))
)
### END SOLUTION

# %% nbgrader={"grade": false, "grade_id": "hprebn_biased-check", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_yours = globals().get("dhprebn_biased")
toy_x = hprebn.detach().requires_grad_()
toy_y = F.batch_norm(toy_x, None, None, bngain.detach()[0], bnbias.detach()[0], training=True, eps=eps)
(toy_dx,) = torch.autograd.grad(toy_y, toy_x, dhpreact)
if toy_yours is None:
    print("dhprebn_biased: not there. It's a stretch, you may leave it out.")
elif not isinstance(toy_yours, torch.Tensor) or toy_yours.shape != toy_dx.shape:
    print("dhprebn_biased should be a tensor of shape", tuple(toy_dx.shape))
else:
    toy_error = float((toy_yours.detach() - toy_dx).abs().max() / toy_dx.abs().max())
    toy_verdict = "right" if toy_error < 1e-4 else f"not yet: off by {toy_error:.2%} of the largest gradient"
    print("dhprebn_biased:", toy_verdict)

# %% [markdown]
# ## The numerical gradient check
#
# Up to here, PyTorch was the judge. Who judged the people who wrote it? There is a check that needs no derivation at
# all, only the forward pass: nudge *one* number a little up and a little down, and look how the loss responds.
#
# $$\frac{\partial L}{\partial x} \;\approx\; \frac{L(x+h)-L(x-h)}{2h}$$
#
# This **central difference** costs two forward passes for each single number, so it is useless for training, and
# nothing is better for checking. Every derivation that you ever type in deserves it.
#
# The upstream gradient enters by a small trick. With the loss $L=\sum_{ij} y_{ij}\,g_{ij}$ and constants $g_{ij}$, the
# gradient of $L$ with respect to the output $y$ is just $g$; so put in `dhpreact` for $g$, and the rest of the network
# is not needed. The function below is a copy of the forward line, for tensors of any dtype.


# %% nbgrader={"grade": false, "grade_id": "numerical-loss", "locked": true, "schema_version": 3, "solution": false, "task": false}
def layer_loss(values, upstream):
    """Loss of the layer alone, such that the gradient of its output is `upstream`."""
    x = values["hprebn"]
    normalized = (x - x.mean(0, keepdim=True)) / torch.sqrt(x.var(0, keepdim=True, unbiased=True) + eps)
    return ((values["bngain"] * normalized + values["bnbias"]) * upstream).sum()


def central_difference(values, upstream, name, index, step):
    """Numerical derivative of the loss with respect to one number, values[name][index]."""
    up, down = values[name].clone(), values[name].clone()
    up[index] += step
    down[index] -= step
    rise = layer_loss({**values, name: up}, upstream) - layer_loss({**values, name: down}, upstream)
    return float(rise) / (2 * step)


# %% [markdown]
# The check itself: a few entries of each of the three tensors, drawn with a fixed seed, in float64 and with a step of
# $10^{-5}$. Beside the central difference stand PyTorch's gradient, computed in float64 as well, and *yours*, which is
# in float32 and so has seven digits at best. The last column is the same central difference with the same step, only
# that everything is computed in float32.

# %% tags=["fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "numerical-check", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title Central differences beside the gradients
toy_names = ("hprebn", "bngain", "bnbias")
toy_values = {name: globals()[name].detach().double().requires_grad_() for name in toy_names}
toy_upstream = dhpreact.double()
toy_grads = torch.autograd.grad(layer_loss(toy_values, toy_upstream), [*toy_values.values()])
toy_true = dict(zip(toy_names, toy_grads))
toy_double = {name: value.detach() for name, value in toy_values.items()}
toy_single = {name: value.float() for name, value in toy_double.items()}

toy_g = torch.Generator().manual_seed(5)
toy_places = [
    (name, tuple(int(torch.randint(0, size, (), generator=toy_g)) for size in toy_true[name].shape))
    for name, count in zip(toy_names, (6, 3, 3))
    for _ in range(count)
]

print(f"{'':16s} {'central diff.':>14s} {'PyTorch':>14s} {'yours':>14s} {'float32 diff.':>14s}")
toy_worst = 0.0
for toy_name, toy_index in toy_places:
    toy_yours = globals().get("d" + toy_name)
    toy_there = isinstance(toy_yours, torch.Tensor) and toy_yours.shape == toy_true[toy_name].shape
    toy_number = central_difference(toy_double, toy_upstream, toy_name, toy_index, 1e-5)
    toy_rough = central_difference(toy_single, dhpreact, toy_name, toy_index, 1e-5)
    toy_autograd = float(toy_true[toy_name][toy_index])
    toy_mine = f"{float(toy_yours.detach()[toy_index]):14.9f}" if toy_there else f"{'not there':>14s}"
    toy_label = f"{toy_name}[{toy_index[0]}, {toy_index[1]}]"
    print(f"{toy_label:16s} {toy_number:14.9f} {toy_autograd:14.9f} {toy_mine} {toy_rough:14.9f}")
    toy_worst = max(toy_worst, abs(toy_number - toy_autograd) / float(toy_true[toy_name].abs().max()))
print(f"\nlargest error of the central differences in float64, beside the largest gradient: {toy_worst:.0e}")

# %% [markdown]
# Two ways that have nothing in common but the forward pass agree, to ten digits of the largest gradient. And the last
# column, with the same formula and the same step, is good for three digits where it is lucky (on our machine at
# `bnbias[0, 39]`), mostly for one or two, and for none at all at `hprebn[7, 62]`, where even the sign is wrong.
# Divide its numbers by 0.00037253: they are whole multiples of it. The loss is about 0.12, and near there the next float32
# is $7.45\cdot10^{-9}$ away; divide that by $2h = 2\cdot10^{-5}$, and you have the smallest derivative that can be seen at all.
#
# So two errors are at work, and they pull in opposite directions.
#
# - **Truncation.** A central difference is not a derivative. In Taylor's series the even terms drop out, and
#   $\frac{L(x+h)-L(x-h)}{2h} = L'(x) + \frac{h^2}{6}L^{(3)}(x) + \dots$ is off by something of the order $h^2$: a step ten
#   times as small makes the error a hundred times as small.
# - **Rounding.** The loss is known to a relative accuracy $\epsilon$ only, $1.2\cdot10^{-7}$ in float32 and
#   $2.2\cdot10^{-16}$ in float64 (not to be confused with batchnorm's $\varepsilon$). The two losses are nearly equal;
#   their difference keeps an absolute error of about $\epsilon\,\lvert L\rvert$, and it is divided by $2h$. So this error
#   is of the order $\epsilon/h$, and *grows* when the step shrinks.
#
# Their sum, $a h^2 + b\,\epsilon/h$, has its minimum where $2ah = b\,\epsilon/h^2$, that is, at
# $h = \sqrt[3]{b\,\epsilon/(2a)}$, or in round numbers
#
# $$h \approx \epsilon^{1/3}, \qquad \text{with an error of about } \epsilon^{2/3}$$
#
# In float64 that is a step of $6\cdot10^{-6}$ and, beside the largest gradient, an error near $5\cdot10^{-11}$. In float32 it
# is a step of $5\cdot10^{-3}$ and an error of 2 to $4\cdot10^{-5}$; with the step that suits float64, it is two percent. A
# forgotten Bessel factor, a quarter of a percent here, would drown. Here are all steps in one picture:

# %% tags=["only-shown", "fold"] nbgrader={"grade": false, "grade_id": "numerical-steps", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title Central differences with steps of all sizes, in float32 and in float64
toy_entries = [index for name, index in toy_places if name == "hprebn"]
toy_truth = toy_true["hprebn"]
toy_steps = [2.0**-k for k in range(2, 40)]  # powers of two, so that the step itself is exact


def step_error(values, upstream, step):
    """Root mean square error of the central differences of some entries, beside the largest gradient."""
    errors = [central_difference(values, upstream, "hprebn", i, step) - float(toy_truth[i]) for i in toy_entries]
    return (sum(e**2 for e in errors) / len(errors)) ** 0.5 / float(toy_truth.abs().max())


toy_figure, toy_axes = plt.subplots(figsize=(8, 4.4))
for toy_label, toy_set, toy_dy, toy_color in [
    ("float32", toy_single, dhpreact, "#e07b00"),
    ("float64", toy_double, toy_upstream, "#1f77b4"),
]:
    toy_machine = torch.finfo(toy_dy.dtype).eps
    toy_range = [step for step in toy_steps if step > toy_machine]
    toy_errors = [step_error(toy_set, toy_dy, step) for step in toy_range]
    toy_axes.loglog(toy_range, toy_errors, "o-", ms=3.5, color=toy_color, label=toy_label)
    toy_axes.axvline(toy_machine ** (1 / 3), color=toy_color, ls=":", lw=1.2)
    toy_axes.text(toy_machine ** (1 / 3) * 1.15, 6, f"$\\epsilon^{{1/3}}$, {toy_label}", color=toy_color, fontsize=9)
toy_guide = torch.tensor([2.0**-2, 2.0**-16])
toy_axes.loglog(toy_guide, 0.003 * toy_guide**2, "--", color="#7a7a7a", lw=1)
toy_axes.text(7e-3, 2e-11, "slope 2: $h^2$", color="#7a7a7a", fontsize=9)
toy_guide = torch.tensor([2.0**-19, 2.0**-37], dtype=torch.float64)
toy_axes.loglog(toy_guide, 1e-17 / toy_guide, "--", color="#7a7a7a", lw=1)
toy_axes.text(1.5e-11, 1.5e-9, "slope −1: $\\epsilon/h$", color="#7a7a7a", fontsize=9)
toy_axes.set(xlabel="step $h$", ylabel="error / largest gradient", ylim=(1e-13, 100))
toy_axes.set(xticks=[1e-12, 1e-9, 1e-6, 1e-3], yticks=[1e-12, 1e-9, 1e-6, 1e-3, 1])
toy_axes.set_title("central differences of hprebn: too large a step, too small a step")
toy_axes.legend(loc="lower left", fontsize=9)
plt.show()

# %% [markdown]
# From the right, both curves come down the same slope, since truncation knows nothing of dtypes. Then each meets its own
# rounding and climbs again. At its $\epsilon^{1/3}$, float32 is off by about half a million times as much as float64 is at
# its own: the machine epsilons differ by a factor of $5\cdot10^8$, and $(5\cdot10^8)^{2/3}$ is 660,000. Both valleys lie some
# six to thirteen times to the right of $\epsilon^{1/3}$, for here the loss is large beside its third derivatives: $b/(2a)$ is
# several hundred, and the cube root makes about nine of it. As a rule of thumb, $\epsilon^{1/3}$ is good enough; the valley is
# wide.
#
# - **So**: check gradients in float64, with a step near $10^{-5}$, and compare errors with the size of the gradients.
# - `bngain` and `bnbias` are harmless: the loss is *linear* in them, its third derivative is zero, and so is the
#   truncation error. Which step would be best for those?
# - With this check you can stand on your own feet: it needs no autograd. PyTorch's own tests use it on PyTorch
#   (`torch.autograd.gradcheck`, in float64).

# %% [markdown]
# ## Your progress
#
# The three graded gradients as they stand in memory now. To be sure of the whole, restart the kernel, run everything
# from the top, and look again.

# %% nbgrader={"grade": false, "grade_id": "progress", "locked": true, "schema_version": 3, "solution": false, "task": false}
progress("bngain", "bnbias", "hprebn")

# %% [markdown] nbgrader={"grade": false, "grade_id": "next", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## What comes next
#
# You have replaced exercise 1's steps 9 to 11 by three short expressions, and with exercise 2's `dlogits`, its steps 1 to
# 6 by one. Some questions to carry along:
#
# - Which forward variables does your `dhprebn` read, and which need not be kept at all? Compare with exercise 1.
# - Layer normalization takes mean and variance over the *other* dimension, of one example at a time. Which letters of your
#   expression change? (There `keepdim` does matter. And its gain has one entry for each place along the dimension
#   that is summed: can it still stand in front of the bracket?)
# - After training, mean and variance are fixed numbers that do not come from the batch. How many arrows leave $x$ then,
#   and what is the gradient?
#
# **`4_training_loop`** puts everything together: a larger network, trained for 200,000 steps with your own backward
# pass, the fused expressions of exercises 2 and 3 in it, and no `loss.backward()` anywhere.
#
# **Further reading**
#
# - S. Ioffe, C. Szegedy (2015). *Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate
#   Shift.* ICML. [arXiv:1502.03167](https://arxiv.org/abs/1502.03167). Section 3 has the layer, its gradients, and the two
#   variances.
# - S. Santurkar, D. Tsipras, A. Ilyas, A. Mądry (2018). *How Does Batch Normalization Help Optimization?* NeurIPS.
#   [arXiv:1805.11604](https://arxiv.org/abs/1805.11604). Why it works, and what the two projections have to do with it.
# - J. L. Ba, J. R. Kiros, G. E. Hinton (2016). *Layer Normalization.* [arXiv:1607.06450](https://arxiv.org/abs/1607.06450). The
#   same along the other dimension.
# - N. J. Higham (2002). *Accuracy and Stability of Numerical Algorithms*, second edition. SIAM.
#   [doi:10.1137/1.9780898718027](https://doi.org/10.1137/1.9780898718027). On rounding, and on what to expect when nearly equal
#   numbers are subtracted.
# - A. Karpathy (2022). *Building makemore Part 4: Becoming a Backprop Ninja.* The [video lecture](https://youtu.be/q8SA3rM6ckI)
#   that this exercise mirrors; it derives the same expression on a sheet of paper.
#   [Its notebook](https://github.com/karpathy/nn-zero-to-hero/blob/master/lectures/makemore/makemore_part4_backprop.ipynb).
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
