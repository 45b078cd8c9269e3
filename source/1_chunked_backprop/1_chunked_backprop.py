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
# # Exercise 1: chunked backprop
#
# A small neural network reads the last few letters of a name and guesses the next one. Its forward pass is
# written out below in small steps, and PyTorch could differentiate it in one call. You will do that work
# yourself: for every tensor on the way, you write the line or two that carries the gradient of the loss back
# through it, **26 gradients in 13 steps**.
#
# **For whom.** You have seen a small network being trained in PyTorch, and you know what a partial derivative and
# a matrix product are. Nothing beyond that; where a step needs an idea, a warm-up on a tiny example comes first.
#
# **How long.** Three to five hours, best in two or three sittings; after steps 6 and 9 there is a place to stop.
# Each step says how difficult it is and how many minutes it takes somebody whom it does not hold up.
#
# **How to work**
#
# - Run the cells from the top. Fill in every cell that says `# your code here`; leave the other cells as they
#   are. You may add cells of your own for trying things out.
# - Run the `check(...)` below your cell. It compares your gradient with PyTorch's own and says what it sees. A
#   check that is not satisfied raises an error below its cell; *Run All* goes on to the bottom all the same.
# - Hints are behind folds, from a gentle one to a strong one. None contains the answer. Spend a few minutes with
#   paper before you open one.
# - At the places to stop and at the end a progress board shows all 26 gradients and says what comes next.
# - When something looks impossible, choose *Restart and run all*. A misspelt name (`dbmeani` for `dbnmeani`) or a
#   line that you have deleted leaves its old value behind in memory, and only a restart clears it away.
#
# Apart from PyTorch and Matplotlib, the notebook needs nothing but itself: it runs in Jupyter, in VS Code, in Colab
# and in Kaggle.
#
# The exercise follows part 4 of Andrej Karpathy's lecture series *makemore* ([video](https://youtu.be/q8SA3rM6ckI),
# [notebook](https://github.com/karpathy/nn-zero-to-hero/blob/master/lectures/makemore/makemore_part4_backprop.ipynb))
# and keeps its names. The lecture goes through the solutions, so try the exercise first, or stop the video at each step.
#
# **If your notebook is graded**, your cells are run again on data that you have not seen: minibatches of other
# sizes, other numbers of characters, embedding dimensions, neurons and context lengths, in float64. Each cell is
# tried by itself, with *random* numbers in place of the upstream gradients, so that one mistake costs only its
# own points and no mistake can hide. That has four consequences:
#
# 1. Do not write the sizes 32, 64, 27, 10 or 3 into an answer. Take a size from a tensor's shape, or from `n`.
#    (An exponent or a factor of a derivative is no size.)
# 2. A cell may use the variables of the forward pass, the gradients that come before it, and what your own
#    earlier cells define. Nothing else is there.
# 3. Go step by step. A shortcut through several lines at once is the subject of exercises 2 and 3, not of this
#    one.
# 4. Autograd (`.backward`, `.grad`, `torch.autograd` and relatives) is not an answer.
#
# Each gradient is worth one point. Right numbers in the wrong shape, or an answer that is right for this
# notebook's sizes only, earn half of it.

# %% [markdown]
# ## Setup
#
# The next cell holds the course's tools, `check` among them. It is long, and folded away (VS Code shows it open:
# scroll past it). Run it; you need not read it.

# %% tags=["setup"] nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The build puts the course's tools (toolkit/) here.

# %% tags=["imports"] nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import random

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

# %% [markdown]
# ## Why write a backward pass by hand
#
# Nobody has to. `loss.backward()` is right, fast, and one line long. The trouble is that it gives you a gradient
# whether or not that gradient is any use, so whoever trains networks sooner or later has to look underneath. Four
# things that you will meet there:
#
# - **Saturated units.** $\tanh$ is flat far from zero: where its input is 4, its slope is about 0.0013. A layer
#   whose inputs are too large passes almost nothing back, and all that lies below it learns at a crawl. No error
#   message says so.
# - **Dead units.** A ReLU whose input is negative for every example has slope zero for every example. Its weights
#   get no gradient and so they do not change. The layers below it may yet move its inputs and bring it back to
#   life; a unit of the first layer, whose inputs are the data, has nobody to do that.
# - **Vanishing and exploding gradients.** A gradient that goes back through 100 similar layers, or time steps, is
#   multiplied 100 times. $0.9^{100}\approx 3\cdot10^{-5}$ and $1.1^{100}\approx 1.4\cdot10^{4}$: there is little
#   room between losing the signal and drowning in it.
# - **The loss that was clipped where the gradient was meant.** To keep one outlier from upsetting everything, one
#   clips the *gradient* that comes from each error to $[-1, 1]$. It is easy to clip the *error itself* instead,
#   and the mistake has been found in published code. It looks like caution. Go back through it: outside of
#   $[-1, 1]$ the clipped error is constant, so its derivative is zero, and the examples that the model gets most
#   badly wrong teach it nothing at all. The cell below shows both.
#
# Before automatic differentiation was common, whoever trained a network derived its gradients on paper and typed
# them in. Rumelhart, Hinton and Williams (1986) made the method widely known. The neural language model of Bengio
# and his colleagues (2003), whose design the network of this notebook follows, is printed together with its
# backward phase, update by update. The Matlab programs with which Hinton and Salakhutdinov (2006) trained deep
# autoencoders contain their derivatives as ordinary lines of code, and the batch normalization paper of Ioffe and
# Szegedy (2015) still lists the layer's gradients one by one.
#
# The lecture shows two old programs of its author's: one
# of 2010, in Matlab, that trains restricted Boltzmann machines, and one of 2014, in Python and NumPy, that learns to
# match images with sentences (Karpathy, Joulin and Fei-Fei, 2014). In the later one the loss is computed line by line,
# and below it stands the way back, line by line, typed in by hand: that was simply how one did it. Such code is checked
# as you will check yours: against the same numbers, computed in a second, independent way.
#
# After this exercise `loss.backward()` will hold no secrets for you, and you will know at a glance which lines of
# a forward pass let a gradient through, which copy it, which add it up, and which stop it.
#
# **References**
#
# - D. E. Rumelhart, G. E. Hinton, R. J. Williams (1986). *Learning representations by back-propagating errors.*
#   Nature 323. [doi:10.1038/323533a0](https://doi.org/10.1038/323533a0)
# - Y. Bengio, R. Ducharme, P. Vincent, C. Jauvin (2003). *A Neural Probabilistic Language Model.* Journal of
#   Machine Learning Research 3. [jmlr.org](https://www.jmlr.org/papers/v3/bengio03a.html)
# - G. E. Hinton, R. R. Salakhutdinov (2006). *Reducing the Dimensionality of Data with Neural Networks.*
#   Science 313. [doi:10.1126/science.1127647](https://doi.org/10.1126/science.1127647)
# - A. Karpathy, A. Joulin, L. Fei-Fei (2014). *Deep Fragment Embeddings for Bidirectional Image Sentence Mapping.*
#   NeurIPS. [arXiv:1406.5679](https://arxiv.org/abs/1406.5679)
# - S. Ioffe, C. Szegedy (2015). *Batch Normalization: Accelerating Deep Network Training by Reducing Internal
#   Covariate Shift.* ICML. [arXiv:1502.03167](https://arxiv.org/abs/1502.03167)
# - A. Karpathy (2016). [*Yes you should understand
#   backprop.*](https://karpathy.medium.com/yes-you-should-understand-backprop-e2f06eab496b) An essay on why; it goes
#   through cases like the four above and found the clipped loss.

# %% nbgrader={"grade": false, "grade_id": "demo-clip", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_error = torch.tensor([0.3, -0.8, 5.0], requires_grad=True)  # the last one is an outlier

toy_loss = 0.5 * toy_error.clamp(-1, 1) ** 2  # the error is clipped: a mistake
print("error clipped:   ", torch.autograd.grad(toy_loss.sum(), toy_error)[0])

toy_loss = 0.5 * toy_error**2  # the gradient is clipped: what was meant
print("gradient clipped:", torch.autograd.grad(toy_loss.sum(), toy_error)[0].clamp(-1, 1))

# %% [markdown]
# ## The data
#
# A list of first names, in lower case, one a line. The cell looks for `names.txt` in this folder, in `data/` and
# in the folders above, downloads it if it is not there, and says which release of the list you have. There are
# two; their counts differ slightly and everything below works with either.

# %% nbgrader={"grade": false, "grade_id": "words", "locked": true, "schema_version": 3, "solution": false, "task": false}
words = load_names()
print(len(words), "names, the longest has", max(len(w) for w in words), "letters")
print(words[:8])

# %% [markdown]
# Characters become integers. A dot, number 0, marks where a name starts and where it ends.

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-vocabulary", "locked": true, "schema_version": 3, "solution": false, "task": false}
# the vocabulary of characters, and mappings to and from integers
chars = sorted(set("".join(words)))
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi["."] = 0  # marks where a name starts and ends
itos = {i: s for s, i in stoi.items()}
vocab_size = len(itos)

# %% [markdown]
# The network sees `block_size` characters and predicts the next one. The name *ava* gives four examples:
# `... → a`, `..a → v`, `.av → a`, `ava → .`

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-context", "locked": true, "schema_version": 3, "solution": false, "task": false}
block_size = 3  # context length: how many characters predict the next one

# %% [markdown]
# The names are shuffled with a fixed seed and split in three, *before* they are cut into examples, so that the
# examples of one line of the list stay together.


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
# ## The parameters
#
# The network has an embedding table `C`, a hidden layer (`W1`, `b1`) with batch normalization (`bngain`,
# `bnbias`) and $\tanh$, and an output layer (`W2`, `b2`).
#
# One would usually start with biases of 0 and a batchnorm gain of 1. Here they are small random numbers and gains
# *near* 1, on purpose: zeros and ones hide mistakes. A forgotten factor does not show when the factor is 1, nor a
# forgotten summand when it is 0.
#
# From here on, five letters stand for the sizes. Think of them as letters and not as numbers, and your answers
# will hold for any of them.
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
n_hidden = 64  # the number of neurons in the hidden layer

g = torch.Generator().manual_seed(2147483647)  # for reproducibility
C = torch.randn((vocab_size, n_embd), generator=g)
# Layer 1
W1 = torch.randn((n_embd * block_size, n_hidden), generator=g) * (5 / 3) / ((n_embd * block_size) ** 0.5)
b1 = torch.randn(n_hidden, generator=g) * 0.1  # useless before batchnorm; here so that you derive its gradient
# Layer 2
W2 = torch.randn((n_hidden, vocab_size), generator=g) * 0.1
b2 = torch.randn(vocab_size, generator=g) * 0.1
# BatchNorm
bngain = torch.randn((1, n_hidden), generator=g) * 0.1 + 1.0
bnbias = torch.randn((1, n_hidden), generator=g) * 0.1

parameters = [C, W1, b1, W2, b2, bngain, bnbias]
print(sum(p.nelement() for p in parameters), "parameters in total")
for p in parameters:
    p.requires_grad = True

# %% [markdown]
# ## One minibatch
#
# All of this exercise happens on one minibatch: `Xb` (n, T) holds the contexts, `Yb` (n,) the characters that
# follow.

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-minibatch", "locked": true, "schema_version": 3, "solution": false, "task": false}
batch_size = 32
n = batch_size  # a shorter name, for convenience
ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
Xb, Yb = Xtr[ix], Ytr[ix]  # one minibatch

# %% [markdown]
# ## The forward pass
#
# This could be a handful of lines. It is chunked into more, so that almost every line does only one thing and has
# one small derivative: batchnorm and the cross-entropy loss, which one usually calls by name, are written out.
# Read it slowly, and say the shape of each left-hand side aloud. That is half of the exercise.

# %% tags=["forward"] nbgrader={"grade": false, "grade_id": "forward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The forward pass, chunked into steps that can be taken back one at a time
emb = C[Xb]  # embed the characters into vectors
embcat = emb.view(emb.shape[0], -1)  # concatenate the vectors
# Linear layer 1
hprebn = embcat @ W1 + b1  # hidden layer pre-activation
# BatchNorm layer
bnmeani = 1 / n * hprebn.sum(0, keepdim=True)
bndiff = hprebn - bnmeani
bndiff2 = bndiff**2
bnvar = 1 / (n - 1) * bndiff2.sum(0, keepdim=True)  # Bessel's correction: n-1, not n
bnvar_inv = (bnvar + 1e-5) ** -0.5
bnraw = bndiff * bnvar_inv
hpreact = bngain * bnraw + bnbias
# Non-linearity
h = torch.tanh(hpreact)  # hidden layer
# Linear layer 2
logits = h @ W2 + b2  # output layer
# Cross-entropy loss (the same as F.cross_entropy(logits, Yb))
logit_maxes = logits.max(1, keepdim=True).values
norm_logits = logits - logit_maxes  # subtract the maximum for numerical stability
counts = norm_logits.exp()
counts_sum = counts.sum(1, keepdim=True)
counts_sum_inv = counts_sum**-1
probs = counts * counts_sum_inv
logprobs = probs.log()
loss = -logprobs[range(n), Yb].mean()

# %% [markdown]
# PyTorch now differentiates all of it once. Its gradients are what `check` compares yours with. PyTorch keeps the
# gradients of parameters only, so `retain_grad` asks it to keep those of everything in between as well. It goes
# back through a forward pass only once: before you run this cell a second time, run the forward cell again.
#
# The loss of this untrained network should lie near $\ln V$, the loss of a guess that gives every character the
# same probability.

# %% nbgrader={"grade": false, "grade_id": "autograd", "locked": true, "schema_version": 3, "solution": false, "task": false}
# PyTorch's own backward pass: what your gradients are compared with
for p in parameters:
    p.grad = None
for t in [logprobs, probs, counts, counts_sum, counts_sum_inv, norm_logits, logit_maxes, logits, h, hpreact, bnraw,
          bnvar_inv, bnvar, bndiff2, bndiff, bnmeani, hprebn, embcat, emb]:  # fmt: skip
    t.retain_grad()  # only leaves keep their gradient otherwise
loss.backward()
network = read_network()  # the graph of the forward pass, read from the cell above
loss

# %% [markdown]
# Here is the network as a graph, drawn from the forward cell. The forward pass follows the arrows; you will walk
# against them, from `loss` back to `C`.
#
# **Before you go on:** four variables of this graph are read by *two* later lines. Find them, and name the two
# readers of each.

# %% tags=["only-shown"] nbgrader={"grade": false, "grade_id": "picture", "locked": true, "schema_version": 3, "solution": false, "task": false}
draw_network(network, globals(), forks=False)

# %% [markdown]
# ## The chain rule, and its words
#
# Let one step of the forward pass compute $y = f(x)$. Nudge $x_i$ by a small amount: every $y_j$ moves by
# $\partial y_j/\partial x_i$ times that amount, and every movement of $y_j$ moves the loss by
# $\partial L/\partial y_j$ times as much. All these movements add up, so if the loss depends on $x$ through $y$
# alone,
#
# $$\frac{\partial L}{\partial x_i} \;=\; \sum_j \underbrace{\frac{\partial L}{\partial y_j}}_{\text{upstream}} \; \underbrace{\frac{\partial y_j}{\partial x_i}}_{\text{local}}$$
#
# That is all of backpropagation: this formula, applied to one line after the other, the last line first.
#
# - The **upstream gradient** $\partial L/\partial y$ says how the loss feels about this step's output. When you
#   reach the step, you have it already.
# - The **local gradient** $\partial y_j/\partial x_i$ belongs to this one line. It knows nothing of the loss, nor
#   of the rest of the network.
# - Their product, summed over $j$, is the **vector-Jacobian product**: the upstream gradient, as a row vector,
#   times the matrix $J_{ji} = \partial y_j/\partial x_i$. Nobody builds that matrix. For an elementwise function
#   such as $\exp$, each $y_i$ depends on its own $x_i$ only, all entries of $J$ off the diagonal are zero, and
#   the sum over $j$ shrinks to one product per element. The art of the exercise is to see, for each line, how
#   small the product really is.
#
# **From numbers to tensors.** You may have seen this done for one number at a time, in
# [micrograd](https://github.com/karpathy/micrograd) for example: there every number is an object that knows what it was
# computed from, and on the way back it *adds* local times upstream to the gradient of each of these. With tensors
# nothing new happens. `counts.sum(1)` is a block of ordinary additions, `h @ W2` a block of ordinary products and sums,
# and the formula holds for each number in them. What is new is the bookkeeping. Take *one* entry, see in which entries of
# the result it is used and with which factor, write its gradient down as a sum; then find the tensor operation that does
# this for all entries at once. The warm-ups on broadcasting, on the matrix product and on repeated rows go this way.
#
# **Notation.** The gradient of the loss with respect to a variable is called `d` and the name of the variable:
# `dlogits` is $\partial L/\partial z$ where $z$ stands for `logits`. The forward variable keeps its name.
#
# **A gradient has the shape of its variable.** Each number in `logits` has exactly one derivative, so `dlogits`
# has the shape of `logits`, always. It is the most useful check there is, and it costs nothing: in 381 answers to this
# exercise that people have published, the commonest mistake is one of shape. But it is only a check: a wrong sign, a
# missing factor or a missing share all have the right shape.

# %% [markdown]
# ## Two branches
#
# What if a variable is read by *two* lines? Then a nudge travels along both branches, both move the loss, and the
# movements add up. Here is the graph again, with the four variables of the question above in orange, and the ways from
# each to its two readers:

# %% tags=["only-shown"] nbgrader={"grade": false, "grade_id": "picture-forks", "locked": true, "schema_version": 3, "solution": false, "task": false}
draw_network(network, globals())

# %% [markdown]
# If $u$ and $v$ are both computed from $a$,
#
# $$\frac{\partial L}{\partial a} \;=\; \underbrace{\frac{\partial L}{\partial u}\frac{\partial u}{\partial a}}_{\text{share through } u} \;+\; \underbrace{\frac{\partial L}{\partial v}\frac{\partial v}{\partial a}}_{\text{share through } v}$$
#
# Example: $u = 2a$, $v = a + 5$, $L = u\,v$, at $a = 3$. Then $u = 6$ and $v = 8$, so $\partial L/\partial u = 8$
# and $\partial L/\partial v = 6$. The first share is $8\cdot 2 = 16$, the second $6\cdot 1 = 6$, the gradient is
# $16 + 6 = 22$. Check: $L = 2a^2 + 10a$ has the derivative $4a + 10 = 22$. Either share alone is wrong, and each
# has the right shape: only the graph tells you that something is missing.
#
# In the code a share often waits. You compute the first one when you reach one reader and the second some lines
# later, when you reach the other. Until then the gradient is unfinished, and nothing may be computed from it.
#
# Two traps lie here, both of Python's making:
#
# - **`+=` adds again whenever its cell is run again.** If you repeat such a cell, first run the one that made the
#   first share.
# - **Two names for one tensor.** `q = p` copies nothing: both names now mean the same tensor, and `q += ...`
#   changes what `p` shows too. Make a real copy, or write the sum as a new tensor. The mistake is nasty because
#   the check of `p` may have passed before.

# %% nbgrader={"grade": false, "grade_id": "demo-two-names", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_p = torch.tensor([1.0, 2.0])
toy_q = toy_p  # a second name, not a copy
toy_q += 10
print("p after q += 10:", toy_p)

toy_p = torch.tensor([1.0, 2.0])
toy_q = toy_p.clone()  # a copy
toy_q += 10
print("with a copy:    ", toy_p)

# %% [markdown]
# ## What `check` prints
#
# `check("probs")` compares your `dprobs` with autograd's gradient of `probs`. Each line begins with a mark and the name
# of your gradient:
#
# ```
# ✓ dprobs            right
# ✓ dhpreact          right, up to rounding (largest difference 1.9e-09)
# ✗ db2               shape (1, 27), but b2 is (27,). ...
# · dW1               not there yet.
# ```
#
# - **✓** is right. *Up to rounding* is just as right: every number agrees but for its last bits. On many machines
#   these words turn up at `hpreact`, where $\tanh$ comes in, and stay to the end. Floating-point results depend on the
#   order of operations, and PyTorch's own order inside $\tanh$ and its neighbours may differ from yours. Don't chase
#   that bit.
# - **✗** is not right yet. `check` tries to find out *which* mistake gives just your numbers (a share that is missing, a
#   sign, a forgotten sum) and names it. It also refuses what is not a tensor, holds NaN, or has the wrong shape. In
#   particular it never broadcasts: if a (64,) tensor is compared with a (1, 64) one, PyTorch's `==` quietly stretches one
#   of them and says `True`. `check` does not.
# - **·** is not there yet: no such name, or no longer.
#
# An early mistake does not spoil what follows: a gradient that is computed rightly from a wrong one is called right,
# *given* the wrong one, and you are told which to mend first.
#
# One minibatch cannot show everything. Two of the 26 gradients, `dlogit_maxes` and `db1`, are zero up to rounding on
# it, so a wrong sign or factor does not show; nor does a 27 written out where `logits.shape[1]` was meant. Therefore
# `check` also runs your lines again, on copies, with random numbers for the upstream gradients and at other sizes, as
# the graded run does. Your own variables stay as they are.

# %% [markdown] nbgrader={"grade": false, "grade_id": "logprobs-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 1: the loss
#
# ```python
# loss = -logprobs[range(n), Yb].mean()      # () from (n, V)
# ```
#
# | tensor | shape |
# |---|---|
# | `logprobs`, `dlogprobs` | (n, V) |
# | `Yb` | (n,) |
# | `loss` | (), a single number |
#
# We start at the end. The gradient of the loss with respect to itself is 1, so what you need is the local
# gradient of this line. It picks one number from each row, averages the picked ones, and flips the sign. Which
# entries of `logprobs` can move the loss at all? By how much does each of them? And what is the gradient of all
# the others?
#
# Difficulty ●●○○○ · about 10 minutes · the line does three things; undo them one at a time.
#
# <details><summary>Hint 1: shapes</summary>
#
# The loss uses only n of the n·V numbers, but your gradient needs a value for every one of them. Begin with a
# tensor of the right shape whose values are right for most entries.
#
# </details>
# <details><summary>Hint 2: a small case</summary>
#
# Let n = 3 and call the three picked numbers a, b and c. Write the loss with a, b and c, without the word "mean".
# What is its derivative with respect to a?
#
# </details>
# <details><summary>Hint 3: reaching the entries</summary>
#
# The forward line itself shows how to address one entry in each row. Such an indexing may stand on the left of an
# equals sign, too.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "logprobs", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0 / n
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "logprobs-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("logprobs")
### BEGIN HIDDEN TESTS
expect_gradients("logprobs")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "probs-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 2: the logarithm
#
# ```python
# logprobs = probs.log()      # (n, V), elementwise
# ```
#
# | tensor | shape |
# |---|---|
# | `probs`, `dprobs` | (n, V) |
# | `logprobs`, `dlogprobs` | (n, V) |
#
# An elementwise function: every output depends on the one input in the same place, so the whole vector-Jacobian
# product is one elementwise product, local times upstream. Look at what you get before you go on. Where the
# network gave the right character a probability near 1, how much does this line change the gradient? And where it
# gave it a probability of 0.01?
#
# Difficulty ●○○○○ · about 5 minutes · the pattern of all the elementwise lines to come.
#
# <details><summary>Hint 1: shapes</summary>
#
# Three tensors of the same shape take part: the answer, the local gradient and the upstream gradient. Nothing has
# to be summed or stretched.
#
# </details>
# <details><summary>Hint 2: principle</summary>
#
# What is the derivative of the natural logarithm at x? Work it out at every entry of the line's input, then let
# the chain rule do the rest.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "probs", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dprobs = (1.0 / probs) * dlogprobs
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "probs-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("probs")
### BEGIN HIDDEN TESTS
expect_gradients("probs")
### END HIDDEN TESTS

# %% [markdown]
# ## Warm-up: broadcasting
#
# Let $a$ be a 3x3 matrix, $b$ a 3x1 column, and $c = a * b$ in PyTorch's sense. The shapes differ, so PyTorch
# first copies the column of $b$ sideways until it is 3x3:
#
# $$
# \begin{pmatrix} c_{11} & c_{12} & c_{13}\\ c_{21} & c_{22} & c_{23}\\ c_{31} & c_{32} & c_{33}\end{pmatrix}
# =
# \begin{pmatrix} a_{11}b_1 & a_{12}b_1 & a_{13}b_1\\ a_{21}b_2 & a_{22}b_2 & a_{23}b_2\\ a_{31}b_3 & a_{32}b_3 & a_{33}b_3\end{pmatrix}
# $$
#
# Each $a_{ij}$ stands in one place. But $b_1$ stands in three: it is a variable that is used three times, and
# "Two branches" says what to do with such a variable. The word "two" was never essential.
#
# Shapes are lined up from the *right*. A column (3, 1) is copied sideways; a plain vector (3,) would be taken for
# a row, and copied downwards. When the matrix happens to be square nothing complains, and you get other numbers.
#
# And a result that is stored *in place* has to fit into the tensor that is there already. `b = b * a` makes a new 3x3
# tensor and calls it `b`; `b *= a` is to put nine numbers into the three places of the column, and is refused. So would
# `dcounts *= dprobs` be, as long as `dcounts` is a column. (The other way round, `a *= b`, nothing has to grow, and the
# column is copied as usual.)

# %% nbgrader={"grade": false, "grade_id": "demo-broadcasting", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_a = torch.tensor([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
toy_b = torch.tensor([[1], [10], [100]])
print("(3, 3) * (3, 1), row i times b_i:")
print(toy_a * toy_b)
print("(3, 3) * (3,), column j times b_j:")
print(toy_a * toy_b.view(-1))
try:
    toy_b *= toy_a
except RuntimeError as error:
    print("b *= a:", error)

# %% [markdown] nbgrader={"grade": false, "grade_id": "counts_sum_inv-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 3: the normaliser
#
# ```python
# probs = counts * counts_sum_inv      # (n, V) = (n, V) * (n, 1)
# ```
#
# | tensor | shape |
# |---|---|
# | `counts`, `dcounts` | (n, V) |
# | `counts_sum_inv`, `dcounts_sum_inv` | (n, 1) |
# | `probs`, `dprobs` | (n, V) |
#
# The line looks like one operation and is two: the single column of `counts_sum_inv` is copied V times, then two
# (n, V) tensors are multiplied elementwise. Go back through both, last one first. What does a product pass to its
# right factor, and what to its left? And when one number was used V times, how do its V gradients become one?
#
# Difficulty ●●○○○ · about 10 minutes · `counts` is read by another line, too: compute only its first share here,
# and call it `dcounts`. It is checked in step 4, when it is complete.
#
# <details><summary>Hint 1: shapes</summary>
#
# dcounts_sum_inv is (n, 1), but everything that you can multiply here is (n, V). Which dimension has to go, and
# which operation makes a dimension go? And what keeps (n, 1) from becoming (n,)?
#
# </details>
# <details><summary>Hint 2: a picture</summary>
#
# Look at the 3x3 warm-up. Mark every place where b₁ is used, and write the derivative of that entry with respect
# to b₁ beside it. Each mark has an upstream gradient of its own.
#
# </details>
# <details><summary>Hint 3: principle</summary>
#
# For y = p·q, the derivative with respect to one factor is the other factor. A value that was copied in the
# forward pass collects the gradients of all its copies.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "counts_sum_inv", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True)
dcounts = counts_sum_inv * dprobs
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "counts_sum_inv-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("counts_sum_inv")
### BEGIN HIDDEN TESTS
expect_gradients("counts_sum_inv")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "counts_sum-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 4: a sum over each row
#
# ```python
# counts_sum = counts.sum(1, keepdim=True)      # (n, 1) from (n, V)
# counts_sum_inv = counts_sum**-1               # (n, 1), elementwise
# ```
#
# | tensor | shape |
# |---|---|
# | `counts`, `dcounts` | (n, V) |
# | `counts_sum`, `dcounts_sum` | (n, 1) |
# | `counts_sum_inv`, `dcounts_sum_inv` | (n, 1) |
#
# The second line comes first on the way back; it is elementwise, an ordinary power. (Why a power and a product, in this
# step and the last, where a division would do? Each line is to do one thing. And PyTorch goes back through `x**-1` by the
# rule that you know, but through `1 / x` in another order of multiplications: your answer would be as right, but only up
# to rounding.) The first line is new. Written out for three columns, $b_i = \sum_j a_{ij}$ is
#
# $$
# \begin{aligned}
# b_1 &= a_{11} + a_{12} + a_{13}\\
# b_2 &= a_{21} + a_{22} + a_{23}\\
# b_3 &= a_{31} + a_{32} + a_{33}
# \end{aligned}
# $$
#
# Nudge $a_{12}$: which of the $b_i$ moves, and by how much? So what reaches $a_{11}$, $a_{12}$ and $a_{13}$ from
# the upstream gradient of $b_1$? In step 3 the forward pass copied and you had to sum on the way back; what will
# it be here, where the forward pass sums?
#
# This line is the second reader of `counts`. After this step `dcounts` is complete.
#
# Difficulty ●●●○○ · about 10 minutes · two gradients; `dcounts` is the first one with two shares.
#
# <details><summary>Hint 1: shapes</summary>
#
# One upstream number per row has to become V numbers per row. The share that you made in step 3 is (n, V)
# already: what does PyTorch do when you add an (n, 1) tensor to it?
#
# </details>
# <details><summary>Hint 2: the power</summary>
#
# The rule for x to the power p holds for negative p as well. Watch the sign, and watch in which direction the
# exponent moves: it does not move towards zero.
#
# </details>
# <details><summary>Hint 3: principle</summary>
#
# The local derivative of a sum with respect to each of its summands is 1. So an addition hands its upstream
# gradient on to every summand, unchanged. Then: two readers, two shares, one sum.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "counts_sum", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dcounts_sum = (-(counts_sum**-2)) * dcounts_sum_inv
dcounts += torch.ones_like(counts) * dcounts_sum
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "counts_sum-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("counts_sum", "counts")
### BEGIN HIDDEN TESTS
expect_gradients("counts_sum", "counts")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "norm_logits-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 5: the exponential
#
# ```python
# counts = norm_logits.exp()      # (n, V), elementwise
# ```
#
# | tensor | shape |
# |---|---|
# | `norm_logits`, `dnorm_logits` | (n, V) |
# | `counts`, `dcounts` | (n, V) |
#
# Elementwise again, and the friendliest function of all. You need not call `exp` a second time. Why not?
#
# Difficulty ●○○○○ · about 5 minutes · needs the complete `dcounts`.
#
# <details><summary>Hint 1: shapes</summary>
#
# All shapes agree: one local number and one upstream number for every entry.
#
# </details>
# <details><summary>Hint 2: principle</summary>
#
# What is the derivative of the exponential function? Look whether the forward pass has stored those numbers under
# a name already.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "norm_logits", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dnorm_logits = counts * dcounts
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "norm_logits-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("norm_logits")
### BEGIN HIDDEN TESTS
expect_gradients("norm_logits")
### END HIDDEN TESTS

# %% [markdown]
# ## Warm-up: why the row maximum is subtracted
#
# Softmax does not change when the same number $m$ is subtracted from all logits of a row, since
# $e^{z-m} = e^{z}e^{-m}$ and the factor $e^{-m}$ cancels:
#
# $$\frac{e^{z_j - m}}{\sum_k e^{z_k - m}} \;=\; \frac{e^{z_j}\,e^{-m}}{\sum_k e^{z_k}\,e^{-m}} \;=\; \frac{e^{z_j}}{\sum_k e^{z_k}}$$
#
# So why do it? Because $e^{1000}$ does not fit into a float. With $m$ the largest logit of the row, no exponent
# is positive, nothing overflows, and at least one term of the sum is $e^0 = 1$, so nothing is divided by zero.
#
# Now the gradient. The loss does not depend on $m$ at all, so in a true backward pass $\partial L/\partial m$
# must be **zero**. On this minibatch your `dlogit_maxes` will indeed hold nothing but rounding, around $10^{-9}$.
# Yet zeros are not the answer. The single line that subtracts the maximum knows nothing of softmax; *its*
# gradient is a definite function of its upstream gradient, which comes out as zero only because of what the later
# lines do. `check` and the graded run feed this step with random upstream gradients, too, and there a tensor of
# zeros is wrong.
#
# And what does a maximum pass back? Nudge the three numbers of a row one after another, and see which nudge its
# maximum feels:

# %% nbgrader={"grade": false, "grade_id": "demo-max", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_z = torch.tensor([1000.0, 1001.0, 1002.0])
print("softmax as it stands:  ", toy_z.exp() / toy_z.exp().sum())
toy_z = toy_z - toy_z.max()
print("the maximum subtracted:", toy_z.exp() / toy_z.exp().sum())

toy_row = torch.tensor([2.0, 7.0, 5.0])
for toy_j in range(3):
    toy_nudged = toy_row.clone()
    toy_nudged[toy_j] += 0.1
    print(f"nudge position {toy_j}: the maximum goes from {toy_row.max():.1f} to {toy_nudged.max():.1f}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "logit_maxes-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 6: the row maximum
#
# ```python
# logit_maxes = logits.max(1, keepdim=True).values      # (n, 1) from (n, V)
# norm_logits = logits - logit_maxes                    # (n, V) = (n, V) - (n, 1)
# ```
#
# | tensor | shape |
# |---|---|
# | `logits`, `dlogits` | (n, V) |
# | `logit_maxes`, `dlogit_maxes` | (n, 1) |
# | `norm_logits`, `dnorm_logits` | (n, V) |
#
# Two lines, and `logits` is read by both. The subtraction first: what does it pass to its left side and what to
# its right, and what happened to the right side before it could be subtracted? Then the maximum: it is one of the
# row's numbers, passed on unchanged, while the others are ignored. Where in the row does its gradient go, and
# what do the ignored ones get?
#
# Difficulty ●●●○○ · about 15 minutes · `dlogits` has two shares. The second is practically zero on this
# minibatch. With random upstream gradients it is not, and shows whether its entries land in the right columns.
# (The graded data hold no ties; at a tie, more than one answer would be right.)
#
# <details><summary>Hint 1: shapes</summary>
#
# dlogit_maxes is (n, 1), dnorm_logits is (n, V). You have met this pair of shapes in step 3. Here the line
# subtracts; which sign does each side get?
#
# </details>
# <details><summary>Hint 2: where the maximum sits</summary>
#
# `max(1)` returns two things. The forward pass keeps `.values`; the other one tells you, for each row, in which
# column the maximum was found.
#
# </details>
# <details><summary>Hint 3: one entry in each row</summary>
#
# The second share is zero except for one entry in each row. You may build a mask of ones and zeros with the shape
# of logits, or address the entries directly as the loss did. Mind the difference between `x[:, k]` and
# `x[range(n), k]`: with n column numbers in k, the first one takes all these columns in every row. And before you
# add in place, remember "Two names for one tensor".
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "logit_maxes", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dlogits = dnorm_logits.clone()
dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True)
dlogits += F.one_hot(logits.max(1).indices, num_classes=logits.shape[1]) * dlogit_maxes
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "logit_maxes-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("logit_maxes", "logits")
### BEGIN HIDDEN TESTS
expect_gradients("logit_maxes", "logits")
### END HIDDEN TESTS

# %% [markdown]
# ## A place to stop
#
# You are through the loss: 8 of the 26 gradients, and most of the ideas. If you stop here, save the notebook. When you
# come back, run everything above this cell again first, so that the variables are there.

# %% nbgrader={"grade": false, "grade_id": "progress-loss", "locked": true, "schema_version": 3, "solution": false, "task": false}
progress()

# %% [markdown]
# ## Warm-up: back through a matrix product
#
# First, the two products are not to be mixed up. `*` multiplies entry by entry, and broadcasts: that was step 3. `@` is the
# matrix product: it multiplies rows by columns and *sums* over the inner dimension, which is gone from the result. Each
# has its own way back, and where the forward line has one of them, so has the gradient. On square matrices both run
# without complaint and give different numbers; elsewhere the shapes tell.
#
# Let $D = AB + c$, where $A$ is 2x3, $B$ is 3x2, and $c$ has two entries that are added to every row. Written
# out:
#
# $$
# \begin{aligned}
# d_{11} &= a_{11}b_{11} + a_{12}b_{21} + a_{13}b_{31} + c_1 &\qquad d_{12} &= a_{11}b_{12} + a_{12}b_{22} + a_{13}b_{32} + c_2\\
# d_{21} &= a_{21}b_{11} + a_{22}b_{21} + a_{23}b_{31} + c_1 &\qquad d_{22} &= a_{21}b_{12} + a_{22}b_{22} + a_{23}b_{32} + c_2
# \end{aligned}
# $$
#
# Call the upstream gradient $G$, a 2x2 matrix with $g_{ij} = \partial L/\partial d_{ij}$. Now nothing is left but
# "Two branches". The number $a_{11}$ occurs twice: in $d_{11}$, with the factor $b_{11}$, and in $d_{12}$, with
# the factor $b_{12}$. Treat the rest of the row likewise:
#
# $$
# \frac{\partial L}{\partial a_{11}} = g_{11}b_{11} + g_{12}b_{12}, \qquad
# \frac{\partial L}{\partial a_{12}} = g_{11}b_{21} + g_{12}b_{22}, \qquad
# \frac{\partial L}{\partial a_{13}} = g_{11}b_{31} + g_{12}b_{32}
# $$
#
# Take a pencil and write down the second row. Six sums of two products, arranged as a 2x3 matrix: that is again a
# matrix product. Of which two matrices?
#
# The same for $B$. Its entry $b_{11}$ occurs in $d_{11}$ and in $d_{21}$:
#
# $$
# \frac{\partial L}{\partial b_{11}} = a_{11}g_{11} + a_{21}g_{21}, \qquad
# \frac{\partial L}{\partial b_{12}} = a_{11}g_{12} + a_{21}g_{22}
# $$
#
# The other four are yours, and so is the product that they make. And $c_1$? Look in which of the four entries it
# occurs.
#
# **The shapes trick.** There is a way to remember the result. The gradient of one factor is made of $G$ and of
# the *other* factor, and it must have the shape of its variable; when all sizes differ, as in the next step, only
# one product of the two has that shape. Practitioners use this daily. But know what it cannot do. In our toy, $G$
# is square: it can be turned over and the product still fits, with wrong numbers. And no shape ever shows a
# missing sign, factor or share. So derive it once, and use the trick to *remember* it.
#
# Here are numbers to try your two products on (`toy_A`, `toy_B` and `toy_G` are at your disposal in a cell of
# your own):

# %% nbgrader={"grade": false, "grade_id": "demo-matmul", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_A = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
toy_B = torch.tensor([[1.0, 0.0], [2.0, 1.0], [0.0, 3.0]], requires_grad=True)
toy_c = torch.tensor([10.0, 20.0], requires_grad=True)
toy_G = torch.tensor([[1.0, 2.0], [3.0, 5.0]])  # the upstream gradient
toy_D = toy_A @ toy_B + toy_c
for toy_name, toy_gradient in zip("ABc", torch.autograd.grad(toy_D, [toy_A, toy_B, toy_c], toy_G)):
    print(f"gradient of {toy_name}, shape {tuple(toy_gradient.shape)}:")
    print(toy_gradient)

# %% [markdown] nbgrader={"grade": false, "grade_id": "h-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 7: the output layer
#
# ```python
# logits = h @ W2 + b2      # (n, V) = (n, H) @ (H, V) + (V,)
# ```
#
# | tensor | shape |
# |---|---|
# | `h`, `dh` | (n, H) |
# | `W2`, `dW2` | (H, V) |
# | `b2`, `db2` | (V,) |
# | `logits`, `dlogits` | (n, V) |
#
# The warm-up with other letters: who plays $A$, $B$, $c$ and $G$ here? Look at `b2` before you start. It has one
# dimension, and is added to every one of the n rows. Which dimension of `dlogits` must disappear, and what should
# be left of it?
#
# Difficulty ●●●○○ · about 20 minutes with the warm-up · three gradients. The most frequent slip of the whole
# exercise is in this step, and it is one of shape: a `db2` with one dimension too many, in 54 of those 381 answers.
#
# <details><summary>Hint 1: shapes</summary>
#
# For dh you have an (n, V) and an (H, V) tensor and want (n, H); for dW2 you have (n, H) and (n, V) and want (H,
# V). One of the two factors has to be turned over, and the order matters.
#
# </details>
# <details><summary>Hint 2: principle</summary>
#
# Finish the warm-up on paper. Each sum there runs along a row of one matrix and along a row of the other, or down
# two columns; but a matrix product sums along a row of the left matrix and down a column of the right one. What
# turns rows into columns? And over what does each sum run in the network: over the characters, or over the
# examples of the batch?
#
# </details>
# <details><summary>Hint 3: the bias</summary>
#
# Adding a vector to a matrix is a copy (downwards, n times) and then a sum. You know from step 3 what a copy
# becomes on the way back. But unlike there, the variable itself has no dimension of size 1: compare the shapes
# (V,) and (1, V).
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "h", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "h-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("h", "W2", "b2")
### BEGIN HIDDEN TESTS
expect_gradients("h", "W2", "b2")
### END HIDDEN TESTS

# %% [markdown]
# ## Warm-up: the slope of tanh
#
# With $s = e^{z} - e^{-z}$ and $c = e^{z} + e^{-z}$,
#
# $$\tanh z = \frac{s}{c}, \qquad \frac{ds}{dz} = c, \qquad \frac{dc}{dz} = s$$
#
# Put these into the quotient rule, and simplify until $z$, $s$ and $c$ occur only in the combination $s/c$. What
# you get is one of the most convenient derivatives there are: it can be computed from the *output* of the
# function alone, without the input.
#
# The cell below measures some slopes with a small nudge to either side. Your formula should give the last column
# from the one before it. Look also at how fast the slope dies away: a neuron whose $\tanh$ has settled near 1 or
# $-1$ hands almost nothing of its upstream gradient on, whatever the loss may think of it. That is the saturation
# of the opening section.

# %% nbgrader={"grade": false, "grade_id": "demo-tanh", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_z = torch.tensor([0.0, 0.5, 1.0, 2.0, 4.0], dtype=torch.float64)
toy_slope = (torch.tanh(toy_z + 1e-5) - torch.tanh(toy_z - 1e-5)) / 2e-5
print("   z    tanh z   slope")
for toy_row in zip(toy_z.tolist(), torch.tanh(toy_z).tolist(), toy_slope.tolist()):
    print("{:4.1f}  {:8.5f} {:8.5f}".format(*toy_row))

# %% [markdown] nbgrader={"grade": false, "grade_id": "hpreact-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 8: tanh
#
# ```python
# h = torch.tanh(hpreact)      # (n, H), elementwise
# ```
#
# | tensor | shape |
# |---|---|
# | `hpreact`, `dhpreact` | (n, H) |
# | `h`, `dh` | (n, H) |
#
# Elementwise once more, so the form of the answer is that of steps 2 and 5. The only question is the slope. Many
# textbooks write it with the letter $a$ and do not say whether $a$ is the input or the output of $\tanh$. Which
# of the two is it in the formula that you have derived, and what is it called here?
#
# Difficulty ●●○○○ · about 10 minutes · from here on `check` says *right, up to rounding* on many machines. That is
# right.
#
# <details><summary>Hint 1: shapes</summary>
#
# Three (n, H) tensors: answer, slope, upstream gradient.
#
# </details>
# <details><summary>Hint 2: test your slope</summary>
#
# At z = 0 the output is 0 and the slope is 1. Far out, the output is 1 or -1 and the slope is 0. Does your
# formula say so, and with which tensor put in?
#
# </details>
# <details><summary>Hint 3: principle</summary>
#
# The quotient rule gives a fraction with c² below and two terms above. Divide the terms one by one and ask of
# each result: can it be written with s/c alone? The forward pass has stored s/c under a name.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "hpreact", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dhpreact = (1.0 - h**2) * dh
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "hpreact-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("hpreact")
### BEGIN HIDDEN TESTS
expect_gradients("hpreact")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "bngain-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 9: batchnorm's gain and bias
#
# ```python
# hpreact = bngain * bnraw + bnbias      # (n, H) = (1, H) * (n, H) + (1, H)
# ```
#
# | tensor | shape |
# |---|---|
# | `bngain`, `dbngain` | (1, H) |
# | `bnbias`, `dbnbias` | (1, H) |
# | `bnraw`, `dbnraw` | (n, H) |
# | `hpreact`, `dhpreact` | (n, H) |
#
# Every neuron has one gain and one bias, and all n examples of the batch use them. In step 3 a column was copied
# sideways; in which direction does the copying go here? A useful way to think of it: the whole batch votes on the
# gain of a neuron. How does one count the votes?
#
# Difficulty ●●○○○ · about 10 minutes · three gradients, and no new idea. Compare `bnbias` (1, H) with `b2` (V,):
# both are added to all rows, but they do not have the same number of dimensions.
#
# <details><summary>Hint 1: shapes</summary>
#
# Two of the three results are (1, H), one is (n, H). What has to happen to the first two that need not happen to
# the third? Is the batch dimension to vanish, or to stay with size 1?
#
# </details>
# <details><summary>Hint 2: principle</summary>
#
# Split the line in two: a product with a broadcast factor, then a sum with a broadcast summand. Step 3 is the
# model for the product. For the sum, the local derivative is 1, and only the broadcasting is left to undo.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "bngain", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnbias = dhpreact.sum(0, keepdim=True)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "bngain-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("bngain", "bnbias", "bnraw")
### BEGIN HIDDEN TESTS
expect_gradients("bngain", "bnbias", "bnraw")
### END HIDDEN TESTS

# %% [markdown]
# ## A second place to stop
#
# 15 of 26. What is left is batchnorm's variance and mean, the hardest two steps, then a layer that you know already, and
# the embedding.

# %% nbgrader={"grade": false, "grade_id": "progress-gain", "locked": true, "schema_version": 3, "solution": false, "task": false}
progress()

# %% [markdown]
# ## Warm-up: why n − 1
#
# The variance of a batch is the mean squared distance from the mean. With $n$ numbers $x_1 \dots x_n$ and their
# average $\bar x$, why then is the sum divided by $n - 1$? Because $\bar x$ was computed from the same numbers.
# Of all points, it is the one from which the sum of the squared distances is smallest, hence the sum is smaller
# than it would be around the true mean. On average,
#
# $$\mathbb{E}\Big[\sum_{i=1}^{n} (x_i - \bar x)^2\Big] = (n - 1)\,\sigma^2$$
#
# for independent numbers with the same mean and the same variance $\sigma^2$. Check it with coins: a fair coin shows $-1$ or $+1$, so its mean
# is 0 and $\sigma^2 = 1$. Toss it twice:
#
# | toss | $\bar x$ | $\sum_i (x_i - \bar x)^2$ |
# |---|---|---|
# | $-1, -1$ | $-1$ | 0 |
# | $-1, +1$ | 0 | 2 |
# | $+1, -1$ | 0 | 2 |
# | $+1, +1$ | $+1$ | 0 |
#
# The sum is 1 on average. Divided by $n = 2$, that gives one half, too little; divided by $n - 1 = 1$, it gives
# the true variance. This is **Bessel's correction**. The cell does the same for more tosses: the first number is
# always too small, the second always right.
#
# For minibatches the difference hardly matters, but one should do the same thing in training and in use. The
# batchnorm paper does not: it trains with $1/n$, and uses the corrected variance at test time. Our forward pass
# has $1/(n-1)$. It is a constant factor of that line, and it will be a constant factor of the gradient.

# %% nbgrader={"grade": false, "grade_id": "demo-bessel", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_coin = torch.tensor([-1.0, 1.0])
for toy_n in range(2, 7):
    toy_tosses = torch.cartesian_prod(*[toy_coin] * toy_n)  # every possible outcome, one a row
    toy_squares = ((toy_tosses - toy_tosses.mean(1, keepdim=True)) ** 2).sum(1)
    toy_short, toy_right = (toy_squares / toy_n).mean(), (toy_squares / (toy_n - 1)).mean()
    print(f"{toy_n} tosses, average of  sum/n: {toy_short:.3f}   sum/(n-1): {toy_right:.3f}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "bnvar_inv-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 10: batchnorm's variance
#
# ```python
# bnvar = 1 / (n - 1) * bndiff2.sum(0, keepdim=True)      # (1, H) from (n, H)
# bnvar_inv = (bnvar + 1e-5) ** -0.5                      # (1, H), elementwise
# bnraw = bndiff * bnvar_inv                              # (n, H) = (n, H) * (1, H)
# ```
#
# | tensor | shape |
# |---|---|
# | `bndiff`, `dbndiff` | (n, H) |
# | `bndiff2`, `dbndiff2` | (n, H) |
# | `bnvar`, `dbnvar` | (1, H) |
# | `bnvar_inv`, `dbnvar_inv` | (1, H) |
# | `bnraw`, `dbnraw` | (n, H) |
#
# Three lines, so three times the same question: what did this line do, and what is it backwards? The last line is
# step 3, turned by 90 degrees. The middle one is a power: the rule $\frac{d}{dx}x^p = p\,x^{p-1}$ holds with
# `bnvar + 1e-5` for $x$; does the small constant appear in the derivative, and where? The first is a sum with a
# factor in front: step 4, along the other dimension.
#
# `bndiff` is read by `bnraw` here and by `bndiff2` in the next step. Compute its first share now, and call it
# `dbndiff`; it is checked in step 11, when it is complete.
#
# Difficulty ●●●●○ · about 20 minutes with the warm-up · three gradients are checked, a fourth is begun. Python
# may play a trick on you: `1 / n - 1` is $\frac1n - 1$; and `a * b.sum(0)` sums `b` alone, *before* it
# multiplies. On this minibatch the variances are so much larger than `1e-5` that a slip in the constant does not
# show; the graded run has columns where it does.
#
# <details><summary>Hint 1: shapes</summary>
#
# Write the shape of every result down first: dbnvar_inv (1, H), dbnvar (1, H), dbndiff2 (n, H), dbndiff (n, H).
# Where you have to go from n rows to one, something is summed. Where you have to go from one row to n, something
# is copied, and the copies must really be there: (1, H) is not accepted for (n, H).
#
# </details>
# <details><summary>Hint 2: the power</summary>
#
# The exponent is -1/2. What is it after it has gone down by one, and which factor comes to the front? The 1e-5
# has derivative 0, but it stays inside the bracket.
#
# </details>
# <details><summary>Hint 3: the sum with a factor</summary>
#
# For b = k·(a₁ + a₂ + … + aₙ), what is the derivative of b with respect to any one of the summands? Every row
# receives the same.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "bnvar_inv", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dbndiff = bnvar_inv * dbnraw
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = (-0.5 * (bnvar + 1e-5) ** -1.5) * dbnvar_inv
dbndiff2 = (1.0 / (n - 1)) * torch.ones_like(bndiff2) * dbnvar
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "bnvar_inv-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("bnvar_inv", "bnvar", "bndiff2")
### BEGIN HIDDEN TESTS
expect_gradients("bnvar_inv", "bnvar", "bndiff2")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "bndiff-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 11: batchnorm's mean
#
# ```python
# bnmeani = 1 / n * hprebn.sum(0, keepdim=True)      # (1, H) from (n, H)
# bndiff = hprebn - bnmeani                          # (n, H) = (n, H) - (1, H)
# bndiff2 = bndiff**2                                # (n, H), elementwise
# ```
#
# | tensor | shape |
# |---|---|
# | `hprebn`, `dhprebn` | (n, H) |
# | `bnmeani`, `dbnmeani` | (1, H) |
# | `bndiff`, `dbndiff` | (n, H) |
# | `bndiff2`, `dbndiff2` | (n, H) |
#
# Two variables with two readers in one step. `bndiff` goes into `bnraw`, whose share you have from step 10, and
# into `bndiff2`. `hprebn` goes into `bndiff`, and into the mean, from where it comes back into `bndiff` by
# another way: to change one example is to move the mean, and so to change all the others. Order is everything:
# which gradient has to be finished before you may use it for the next one? Draw these three lines and `bnraw` as
# a little graph, and mark every arrow that you have been back through.
#
# Difficulty ●●●○○ · about 15 minutes · wrong numbers are more frequent here than in any other step (`dbndiff` in 29 of
# those 381 answers, `dhprebn` in 17), nearly always for want of one of the shares.
#
# **Take care with names.** If you write `b = a` for a first share and then `b += ...`, `a` has changed as well,
# although its check may have been passed a moment ago; the progress board at the end looks again. See "Two names
# for one tensor" in the section *Two branches*. And if you run a cell with `+=` a second time, it adds a second
# time: run the cell of step 10 again first.
#
# <details><summary>Hint 1: shapes</summary>
#
# bndiff and hprebn are (n, H), bnmeani is (1, H): the row of means was copied n times for the subtraction. A sum
# of shape (H,) would be short of one dimension.
#
# </details>
# <details><summary>Hint 2: the order</summary>
#
# Finish bndiff first, with the share through its square. Only then go back through the subtraction, to both of
# its sides. Last comes the mean, which passes its gradient on to hprebn, where the other share is already
# waiting.
#
# </details>
# <details><summary>Hint 3: principle</summary>
#
# A subtraction passes the upstream gradient on to its left side as it is, and to its right side with the sign
# turned; what was broadcast is summed as well. A mean is a sum with a factor in front. Which factor, and is it
# the one of the variance or another?
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "bndiff", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dbndiff += (2 * bndiff) * dbndiff2
dhprebn = dbndiff.clone()
dbnmeani = (-dbndiff).sum(0, keepdim=True)
dhprebn += 1.0 / n * (torch.ones_like(hprebn) * dbnmeani)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "bndiff-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("bndiff", "bnmeani", "hprebn")
### BEGIN HIDDEN TESTS
expect_gradients("bndiff", "bnmeani", "hprebn")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "embcat-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 12: the hidden layer
#
# ```python
# hprebn = embcat @ W1 + b1      # (n, H) = (n, T·E) @ (T·E, H) + (H,)
# ```
#
# | tensor | shape |
# |---|---|
# | `embcat`, `dembcat` | (n, T·E) |
# | `W1`, `dW1` | (T·E, H) |
# | `b1`, `db1` | (H,) |
# | `hprebn`, `dhprebn` | (n, H) |
#
# You have done this before: it is step 7 with other names. Do it without looking back.
#
# Then look at the numbers in your `db1`. They are as good as zero. Why? What happens to a constant that is added
# to every example of the batch, when the very next lines subtract the mean of the batch? A bias before batchnorm
# can do nothing, hence the loss gives it no gradient, and `bnbias` has taken over its job. Yet this line alone
# does not know of the next ones: with the random upstream gradients of the graded run, `db1` isn't zero.
#
# Difficulty ●●○○○ · about 10 minutes · three gradients, no new idea.
#
# <details><summary>Hint 1: shapes</summary>
#
# T·E is one dimension here, not two. b1 has one dimension: compare the shape of your db1.
#
# </details>
# <details><summary>Hint 2: principle</summary>
#
# If you get stuck, don't copy step 7. Write the toy product of its warm-up down again and ask where each entry is
# used.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "embcat", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "embcat-check", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
check("embcat", "W1", "b1")
### BEGIN HIDDEN TESTS
expect_gradients("embcat", "W1", "b1")
### END HIDDEN TESTS

# %% [markdown]
# ## Warm-up: rows that are read more than once
#
# `table[index]` with a tensor of integers picks rows of the table; the result has the shape of the index with one
# more dimension at the end. Nothing is computed; rows are copied. Below, row 2 of a small table is read three
# times, row 0 once, and row 1 never. If each of the four copies receives a gradient, what should each row of the
# table receive?
#
# You may think of `+=` at those indices. Try it with ones, to count how often each row was read:

# %% nbgrader={"grade": false, "grade_id": "demo-repeated", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_table = torch.tensor([[0, 1], [10, 11], [20, 21]])
toy_index = torch.tensor([[2, 0], [2, 2]])
toy_rows = toy_table[toy_index]
print("table", tuple(toy_table.shape), " index", tuple(toy_index.shape), " table[index]", tuple(toy_rows.shape))
print(toy_rows)

toy_reads = torch.zeros(3)
toy_reads[torch.tensor([2, 0, 2, 2])] += 1
print("counted by +=:", toy_reads.tolist(), " the truth:", [1.0, 0.0, 3.0])

# %% [markdown]
# The count of row 2 is 1 and should be 3. With an index that repeats itself, `x[index] += 1` reads `x[index]`
# once, adds, and writes the results back one over the other: the last one wins, the others are lost. Where a row
# was read three times, its three gradients have to be *accumulated*.

# %% [markdown] nbgrader={"grade": false, "grade_id": "emb-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 13: the embedding
#
# ```python
# emb = C[Xb]                               # (n, T, E) from (V, E), with Xb (n, T)
# embcat = emb.view(emb.shape[0], -1)       # (n, T·E)
# ```
#
# | tensor | shape |
# |---|---|
# | `C`, `dC` | (V, E) |
# | `Xb` | (n, T), integers |
# | `emb`, `demb` | (n, T, E) |
# | `embcat`, `dembcat` | (n, T·E) |
#
# A `view` computes nothing: the same numbers in the same order, under other shapes. So what is there to do on the
# way back?
#
# The lookup takes more thought. The entry (i, t) of `Xb` says which row of `C` was copied to the place (i, t) of
# `emb`. Every such copy comes back with a gradient of E numbers: to which row of `dC` does it belong? And since
# names share their letters, and every first context is made of dots, the same row is wanted again and again. What
# happens to its gradients?
#
# Difficulty ●●●○○ · about 15 minutes · two plain loops over the entries of `Xb` are a perfectly good answer; here
# clarity beats speed. Take their lengths from a shape. (Exercise 4 will want it fast.) In 21 of those 381 answers `dC` was
# overwritten where it should have been added to, or never filled.
#
# <details><summary>Hint 1: shapes</summary>
#
# demb holds as many numbers as dembcat, in the same order, with the shape of emb. dC has the shape of C. What is
# the gradient of a row that no example has read? Start from there.
#
# </details>
# <details><summary>Hint 2: principle</summary>
#
# Reading a row is copying it, and you know what copying becomes on the way back. It is step 3 again, only that
# the index decides how often each row was copied.
#
# </details>
# <details><summary>Hint 3: how to write it</summary>
#
# With loops: for every place (i, t), find the row of C that it came from, and add that place's gradient to what
# this row has collected so far. Without loops: PyTorch has a method that adds rows of one tensor into another one
# at given indices, and does count repetitions (search its documentation for "index" and "add"). A matrix product
# with a matrix of ones and zeros will do, too.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "emb", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C).index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "emb-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("emb", "C")
### BEGIN HIDDEN TESTS
expect_gradients("emb", "C")
### END HIDDEN TESTS

# %% [markdown]
# ## The pairs
#
# <details><summary>For when you have done the last step: what you have found, in half a page</summary>
#
# A line of a forward pass copies, adds, moves or scales numbers. Each of these has a counterpart on the way back. $G$ is
# the upstream gradient.
#
# | forward | backward | steps |
# |---|---|---|
# | copy along a dimension (broadcasting, `expand`) | `sum` over that dimension | 3, 6, 7, 9, 10, 11, 12 |
# | `sum` over a dimension | copy along it | 1, 4, 10, 11 |
# | read by two lines | the sum of two shares | 4, 6, 11 |
# | $a - b$ | $G$ for $a$, $-G$ for $b$ | 6, 11 |
# | pick by an index: `table[index]` | add at that index into zeros: `index_add` | 1, 13 |
# | pick the maximum of a row | put into that place, zeros elsewhere | 6 |
# | `view`, transpose | `view`, transpose back | 13 |
# | $a\,b$, entry by entry | $G\,b$ for $a$, $G\,a$ for $b$ | 3, 9, 10 |
# | $D = AB$ | $GB^\top$ for $A$, $A^\top G$ for $B$ | 7, 12 |
# | $y = f(x)$, entry by entry | $f'(x)$ times $G$, entry by entry | 2, 4, 5, 8, 10, 11 |
#
# All but the last are *linear*: products in each factor, the maximum as long as it stays in its place. Such a forward
# operation is a matrix $M$, written down or not, and the backward operation is $M^\top$, its **adjoint**. (A function
# applied entry by entry is linear for small nudges. Its matrix is diagonal, hence its own transpose.) Transposing twice
# changes nothing, so the pairs can be read from right to left, too: a copy goes back as a sum, and a sum as a copy. And
# there is a test that needs no derivative. For all $x$ and $y$ of the right shapes,
# $\langle Mx,\, y\rangle = \langle x,\, M^\top y\rangle$, where $\langle a, b\rangle$ stands for the sum of the
# products of corresponding entries. The next cell tries it with random numbers.
#
# **einsum** has no transpose that one could forget. `torch.einsum("ik,kj->ij", A, B)` is $AB$: a letter that is missing
# on the right is summed over. For the gradient of a factor, let that factor and the result change places, with their
# letters, and put $G$ where the result was:
#
# ```python
# torch.einsum("ij,kj->ik", G, B)   # for A: j is summed over
# torch.einsum("ik,ij->kj", A, G)   # for B: i is summed over
# ```
#
# </details>

# %% tags=["fold"] nbgrader={"grade": false, "grade_id": "demo-pairs", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title The pairs, tried with random numbers (the code gives some answers away)
toy_random = torch.Generator().manual_seed(1)
toy_where = torch.tensor([2, 0, 2, 2, 1])
toy_left = torch.randn(4, 3, generator=toy_random)
toy_pairs = {
    "copy / sum": (lambda x: x.expand(5, 3), lambda y: y.sum(0, keepdim=True), (1, 3)),
    "sum / copy": (lambda x: x.sum(1, keepdim=True), lambda y: y.expand(5, 3), (5, 3)),
    "index / index_add": (lambda x: x[toy_where], lambda y: torch.zeros(3, 2).index_add(0, toy_where, y), (3, 2)),
    "view / view": (lambda x: x.view(2, 6), lambda y: y.view(4, 3), (4, 3)),
    "transpose / transpose": (lambda x: x.T, lambda y: y.T, (4, 3)),
    "A @ x / A.T @ y": (lambda x: toy_left @ x, lambda y: toy_left.T @ y, (3, 2)),
}
for toy_name, (toy_there, toy_back, toy_shape) in toy_pairs.items():
    toy_x = torch.randn(toy_shape, generator=toy_random)
    toy_y = torch.randn(toy_there(toy_x).shape, generator=toy_random)
    toy_one, toy_other = (toy_there(toy_x) * toy_y).sum(), (toy_x * toy_back(toy_y)).sum()
    print(f"{toy_name:22s} <there(x), y> = {toy_one:8.4f}   <x, back(y)> = {toy_other:8.4f}")

# %% [markdown]
# ## Your progress
#
# All 26 gradients at a glance, as they stand in memory now. If one that was right before is wrong here, a later
# line has changed it: think of `+=` and of two names for one tensor. To be sure of the whole, restart the kernel,
# run everything from the top, and look at the board again.

# %% nbgrader={"grade": false, "grade_id": "progress", "locked": true, "schema_version": 3, "solution": false, "task": false}
progress()

# %% [markdown] nbgrader={"grade": false, "grade_id": "next", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## What comes next
#
# When the board is all right, you have gone back through a whole network: a loss, softmax, two linear layers,
# $\tanh$, batch normalization and an embedding, with no help from autograd. Before you leave, a few questions to
# carry along:
#
# - Of the 26 gradients, which are sums because something was *copied* on the way forward, and which are copies
#   because something was *summed*?
# - Steps 1 to 6 made quite a journey from `loss` to `logits`. Look at `dlogits[0] * n` beside `probs[0]`. Does
#   anything strike you?
# - Each column of `bndiff` sums to zero. What does that do to the share that goes through `bndiff2` when it
#   arrives at `bnmeani`?
#
# The next exercises of this course follow up on them:
#
# - **`2_fused_cross_entropy`**: the eight lines from `logits` to `loss` become one, and `dlogits` a single short
#   expression, derived on paper.
# - **`3_fused_batchnorm`**: the same for the lines from `hprebn` to `hpreact`, where most of what you have
#   computed cancels.
# - **`4_training_loop`**: a larger network, trained with your own backward pass and no `loss.backward()`
#   anywhere.
#
# **Further reading**
#
# - A. Karpathy (2022). *Building makemore Part 4: Becoming a Backprop Ninja*
#   ([video](https://youtu.be/q8SA3rM6ckI),
#   [notebook](https://github.com/karpathy/nn-zero-to-hero/blob/master/lectures/makemore/makemore_part4_backprop.ipynb)).
#   The lecture that this exercise mirrors.
# - A. Karpathy (2016). [*Yes you should understand
#   backprop.*](https://karpathy.medium.com/yes-you-should-understand-backprop-e2f06eab496b) Short, and full of examples.
# - Y. Bengio, P. Simard, P. Frasconi (1994). *Learning long-term dependencies with gradient descent is
#   difficult.* IEEE Transactions on Neural Networks 5. [doi:10.1109/72.279181](https://doi.org/10.1109/72.279181).
#   Why gradients vanish.
# - R. Pascanu, T. Mikolov, Y. Bengio (2013). *On the difficulty of training recurrent neural networks.* ICML.
#   [arXiv:1211.5063](https://arxiv.org/abs/1211.5063). Why they explode, and what clipping the gradient does about it.
# - A. G. Baydin, B. A. Pearlmutter, A. A. Radul, J. M. Siskind (2018). *Automatic Differentiation in Machine
#   Learning: a Survey.* Journal of Machine Learning Research 18. [arXiv:1502.05767](https://arxiv.org/abs/1502.05767).
#   What `loss.backward()` really is, and what came before it.
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
