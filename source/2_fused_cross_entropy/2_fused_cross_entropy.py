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
# # Exercise 2: fused cross-entropy
#
# In exercise 1 the way from `logits` to `loss` took eight lines, and the way back six steps. Nearly all of that
# work cancels. Treat the eight lines as *one* function, differentiate it on paper, and `dlogits` becomes a single
# short expression: faster, easier to read, and right in places where the long way breaks down. You will derive
# it, write it, look at what it says, break the long way on purpose, and measure what you have saved.
#
# **For whom.** You know what a softmax is and you can use the quotient rule. It helps to have done exercise 1, or
# at least its steps 1 to 6; nothing here needs its code.
#
# **How long.** About an hour and a quarter: a quarter of an hour with pencil and paper, a quarter for the code,
# the rest for looking at the result. Two stretch tasks at the end take about 20 minutes each, and may be left
# out.
#
# **How to work**
#
# - Run the cells from the top. Fill in the cells that say `# your code here`; leave the other cells as they are.
#   You may add cells of your own for trying things out.
# - Have paper at hand. The code of this exercise is a line or two, the derivation is the exercise.
# - Run the `check(...)` below your cell. It compares your gradient with PyTorch's own and says what it sees. A
#   check that is not satisfied raises an error below its cell; *Run All* goes on to the bottom all the same.
# - Hints are behind folds, from a gentle one to a strong one. None contains the answer.
# - One cell is graded, that of `dlogits`. The others you fill in for your own benefit. Left empty, they stop
#   nothing: the cells below them say "not attempted" and go on.
#
# The notebook needs nothing but itself: it runs in Jupyter, in VS Code, in Colab and in Kaggle. It follows part 4 of Andrej
# Karpathy's lecture series *makemore* ([video](https://youtu.be/q8SA3rM6ckI)).
#
# **If your notebook is graded**, the cell of `dlogits` is run again on data that you have not seen: minibatches
# of other sizes, other vocabularies, other targets, in float64, some of them with logits a thousand times as large.
# That has four consequences:
#
# 1. Do not write 32 or 27 into the answer. Take a size from a tensor's shape, or from `n`.
# 2. The cell may use `logits`, `Yb`, `n` and `vocab_size`, and what your own earlier cells define. The logits are
#    drawn afresh, so what was computed before them (`h`, for one) has nothing to do with them.
# 3. An expression that overflows on large logits is half right. The section on numerical stability says why one
#    cares.
# 4. Autograd (`.backward`, `.grad`, `torch.autograd` and relatives) is not an answer.
#
# `dlogits` is worth ten points. Right numbers in the wrong shape, an answer that is right for this notebook's
# sizes only, or one that overflows, earn half of them.

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
from matplotlib.colors import TwoSlopeNorm

# %% [markdown]
# ## The data and the network
#
# All of it is as in exercise 1: the list of names, the vocabulary, the examples, the parameters with the same
# seed, and the same minibatch. If you know it, run the cells and go on to "The forward pass".

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
# The letters for the sizes stay what they were. Only two of them matter in this exercise:
#
# | letter | is the number of | in the code |
# |---|---|---|
# | $n$ | examples in the minibatch | `n`, `batch_size` |
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

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-minibatch", "locked": true, "schema_version": 3, "solution": false, "task": false}
batch_size = 32
n = batch_size  # a shorter name, for convenience
ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
Xb, Yb = Xtr[ix], Ytr[ix]  # one minibatch

# %% [markdown]
# The layers below the logits play no part today. They run once, without a record of what they did, and `logits`
# becomes a leaf: a tensor that PyTorch takes as given, and from which on it keeps track of everything.

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-logits", "locked": true, "schema_version": 3, "solution": false, "task": false}
with torch.no_grad():  # nothing goes back further than to the logits in this exercise
    embcat = C[Xb].view(n, -1)  # the embedded characters, concatenated
    hprebn = embcat @ W1 + b1
    bnraw = (hprebn - hprebn.mean(0, keepdim=True)) / (hprebn.var(0, keepdim=True) + 1e-5) ** 0.5
    h = torch.tanh(bngain * bnraw + bnbias)
logits = (h @ W2 + b2).detach().requires_grad_()

# %% [markdown]
# ## The forward pass
#
# One line. It takes the scores of V characters for each of n examples, and the character that really came next.

# %% tags=["forward"] nbgrader={"grade": false, "grade_id": "forward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The forward pass: from the logits to the loss in a single step
loss = F.cross_entropy(logits, Yb)

# %% nbgrader={"grade": false, "grade_id": "autograd", "locked": true, "schema_version": 3, "solution": false, "task": false}
# PyTorch's own backward pass: what your gradient is compared with
logits.grad = None
loss.backward()
network = read_network()  # the graph of the forward pass, read from the cell above
loss

# %% tags=["only-shown"] nbgrader={"grade": false, "grade_id": "picture", "locked": true, "schema_version": 3, "solution": false, "task": false}
draw_network(network, globals())

# %% [markdown]
# Are these really the eight lines of exercise 1? Here they are, as a function. It also returns what it has
# computed on the way, since a backward pass through the eight lines would need it.


# %% nbgrader={"grade": false, "grade_id": "demo-eight-lines", "locked": true, "schema_version": 3, "solution": false, "task": false}
def demo_eight_lines(logits, Yb):
    """Exercise 1's way from logits (n, V) to the loss; returns the loss and everything in between."""
    logit_maxes = logits.max(1, keepdim=True).values
    norm_logits = logits - logit_maxes  # subtract the maximum for numerical stability
    counts = norm_logits.exp()
    counts_sum = counts.sum(1, keepdim=True)
    counts_sum_inv = counts_sum**-1
    probs = counts * counts_sum_inv
    logprobs = probs.log()
    loss = -logprobs[range(len(Yb)), Yb].mean()
    return loss, (logit_maxes, norm_logits, counts, counts_sum, counts_sum_inv, probs, logprobs)


demo_loss, _ = demo_eight_lines(logits.detach(), Yb)
print(f"eight lines: {demo_loss.item():.6f}")
print(f"one line:    {loss.item():.6f}")
print("the same up to rounding:", torch.allclose(demo_loss, loss.detach()))

# %% [markdown]
# ## On paper: one row
#
# Take a sheet of paper. Forget the batch for a while and look at one example: a row $z = (z_1, \dots, z_V)$ of
# logits, and the number $y$ of the right character. Softmax turns scores into probabilities:
#
# $$p_i = \frac{e^{z_i}}{S}, \qquad S = \sum_{k=1}^{V} e^{z_k}$$
#
# All $p_i$ are positive, and they sum to 1. The loss of this example is the negative logarithm of the probability
# that the right character was given:
#
# $$\ell = -\log p_y$$
#
# Only $p_y$ occurs in it, but every $z_i$ occurs in $p_y$: in $S$, if nowhere else. So what we want is
# $\partial\ell/\partial z_i$ for **every** $i$ from 1 to $V$, and not for $i = y$ alone.
#
# **The logarithm first.** By the chain rule,
#
# $$\frac{\partial \ell}{\partial z_i} \;=\; -\,\frac{1}{p_y}\,\frac{\partial p_y}{\partial z_i}$$
#
# What remains is the derivative of one probability, $p_y = e^{z_y}/S$.

# %% [markdown]
# ## On paper: the two cases
#
# The derivative of $p_y$ comes in two cases. Note that $\partial S/\partial z_i = e^{z_i}$ in both.
#
# **Case $i \neq y$.** Then $z_i$ is in the denominator only, and $e^{z_y}$ is a constant factor:
#
# $$\frac{\partial p_y}{\partial z_i} \;=\; e^{z_y}\cdot\Big(-\frac{1}{S^2}\Big)\cdot e^{z_i} \;=\; -\,\frac{e^{z_y}}{S}\cdot\frac{e^{z_i}}{S} \;=\; -\,p_y\,p_i$$
#
# **Case $i = y$.** Now $z_y$ is in the numerator *and* in the denominator, and the quotient rule is needed:
#
# $$\frac{\partial p_y}{\partial z_y} \;=\; \frac{e^{z_y}\,S - e^{z_y}\,e^{z_y}}{S^2} \;=\; \frac{e^{z_y}}{S}\cdot\frac{S - e^{z_y}}{S} \;=\; p_y\,(1 - p_y)$$
#
# **Now you.** Put each case into the line of the chain rule, and write down what is left after cancelling:
#
# $$\frac{\partial \ell}{\partial z_i} \;=\; \begin{cases}\;\boxed{\phantom{xxxxxx}} & \text{if } i \neq y\\[6pt] \;\boxed{\phantom{xxxxxx}} & \text{if } i = y\end{cases}$$
#
# Something disappears from both. Remember what it was: it is the hero of the section on numerical stability.

# %% [markdown]
# ## On paper: the batch
#
# Now there are $n$ rows. Row $r$ has its own logits $z_{r1}, \dots, z_{rV}$, its own label $y_r$ and its own loss
# $\ell_r$. The loss of the minibatch is their mean:
#
# $$L = \frac{1}{n}\sum_{r=1}^{n} \ell_r$$
#
# Two questions, and the derivation is complete:
#
# - In which of the $\ell_r$ does the logit $z_{23}$ occur? So what do the other rows contribute to its gradient?
# - What has become of the gradient of one row, $\partial\ell_r/\partial z_{ri}$, when it is seen from $L$? This is
#   easily forgotten. It is invisible in a picture, and without it a network trains as if someone had multiplied the
#   learning rate.

# %% [markdown]
# ## A false start
#
# Here is a way to go wrong that many have gone. One looks at the network's output and thinks: the right
# character's *probability* should go up, so I differentiate $p_y$. With respect to what? It was computed from
# $z_y$, so with respect to $z_y$. That is the second case above; with a minus sign, since the loss goes down where
# the probability goes up, and the mean over the batch, the gradient would be
#
# $$-\frac{1}{n}\,p_y\,(1 - p_y) \quad\text{at the label's place, and } 0 \text{ everywhere else.}$$
#
# It looks reasonable, it has the right shape, and its signs are right. These are its numbers:

# %% tags=["fold"] nbgrader={"grade": false, "grade_id": "demo-false-start", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title The false start beside autograd
wrong_p = torch.exp(-F.cross_entropy(logits.detach(), Yb, reduction="none"))  # (n,) the right character's probability
wrong_dlogits = torch.zeros_like(logits)
wrong_dlogits[range(n), Yb] = -wrong_p * (1 - wrong_p) / n

print("at the label's place")
print("row  label   false start     autograd      ratio      p_y")
for toy_r in range(6):
    toy_y = Yb[toy_r].item()
    toy_wrong, toy_true = wrong_dlogits[toy_r, toy_y].item(), logits.grad[toy_r, toy_y].item()
    toy_numbers = f"{toy_wrong:13.6f} {toy_true:12.6f} {toy_wrong / toy_true:10.4f} {wrong_p[toy_r].item():8.4f}"
    print(f"{toy_r:3d}  {itos[toy_y]:^5s} {toy_numbers}")

toy_others = torch.ones_like(logits, dtype=torch.bool)
toy_others[range(n), Yb] = False
print("\neverywhere else, in the whole minibatch")
print(f"largest number of the false start: {wrong_dlogits[toy_others].abs().max().item():.6f}")
print(f"largest number of autograd:        {logits.grad[toy_others].abs().max().item():.6f}")

# %% [markdown]
# Two different mistakes, and each leaves its mark.
#
# **The logarithm was forgotten.** At the label's place all numbers are too small, and the last two columns tell by
# how much: by the factor $p_y$. The missing $1/p_y$ is the derivative of the logarithm. Without it one minimises
# $-p_y$ instead of $-\log p_y$, and that is a bad bargain. Where the network gave the right character a
# probability of 0.001, the true gradient is almost at its largest, while the false one is a thousand times smaller. *The
# more wrong the network is, the less it learns from its mistake.* The logarithm is there to prevent exactly that.
#
# **The denominator was forgotten.** Everywhere else the false start has zeros, where autograd has numbers. The
# scores of the wrong characters do not occur in the numerator of $p_y$, but they do occur in $S$: raise any one of
# them, and the right character's share shrinks. A loss that reads a single number of each row still has a
# gradient at every place, since that number was computed from all of them.
#
# Exercise 1 met the second point at its first step: `dlogprobs` *is* zero except at the labels. The zeros were
# filled on the way back, when the gradient went through the sum over the row.

# %% [markdown]
# ## Test your formula before you type it
#
# Here is one row of three logits, with the label in the middle. The cell nudges one logit after another by a
# little, to either side, and measures how much the loss changes for it. No formula is involved.
#
# Compute $p_1$, $p_2$ and $p_3$ of this row (a pocket calculator will do, or a cell of your own), put them into
# your two boxes, and compare with the last column.

# %% nbgrader={"grade": false, "grade_id": "demo-nudge", "locked": true, "schema_version": 3, "solution": false, "task": false}
toy_z = torch.tensor([2.0, 1.0, 0.0], dtype=torch.float64)
toy_label = torch.tensor(1)  # the one in the middle: Python counts from 0
print("place   logit   measured slope of the loss")
for toy_i in range(3):
    toy_step = torch.zeros_like(toy_z)
    toy_step[toy_i] = 1e-5
    toy_up, toy_down = F.cross_entropy(toy_z + toy_step, toy_label), F.cross_entropy(toy_z - toy_step, toy_label)
    toy_mark = "  <- label" if toy_i == toy_label else ""
    print(f"{toy_i + 1:5d} {toy_z[toy_i].item():7.1f} {(toy_up - toy_down).item() / 2e-5:14.6f}{toy_mark}")

# %% [markdown] nbgrader={"grade": false, "grade_id": "logits-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Your turn: dlogits
#
# ```python
# loss = F.cross_entropy(logits, Yb)      # () from (n, V) and (n,)
# ```
#
# | tensor | shape |
# |---|---|
# | `logits`, `dlogits` | (n, V) |
# | `Yb` | (n,), integers from 0 to V - 1 |
# | `loss` | (), a single number |
#
# Write `dlogits` straight from `logits` and `Yb`, without any of the quantities in between. Your two boxes hold
# nearly the same thing: by which constant do they differ? So first make a tensor that is right at all places but
# n of them, then put those n places right, then see to the batch.
#
# Three things to decide before you type. Along which dimension do the probabilities sum to 1? How do you reach one
# entry in each row, as the label says? And does anything that you change in place still belong to somebody else?
# (`a = b` gives a tensor a second name and copies nothing.)
#
# Difficulty ●●●○○ · about 15 minutes, when the boxes are filled · PyTorch has a function for the softmax, and you
# may use it. If you write it out yourself, think of the size of $e^{1000}$.
#
# <details><summary>Hint 1: shapes</summary>
#
# Every entry of logits moves the loss, so no entry of dlogits is left at zero, and nothing is summed away. The
# probabilities of one example stand in one row. Check yours: which sums should be 1, and how many such sums are
# there?
#
# </details>
# <details><summary>Hint 2: the boxes</summary>
#
# In both cases p_y stands below the line (from the logarithm) and above it (from the softmax). Count the minus
# signs: there is one in the chain rule, and one more in the first case. In the second case, multiply the bracket
# out.
#
# </details>
# <details><summary>Hint 3: one entry in each row</summary>
#
# Exercise 1 began with such entries: a list of row numbers and a list of column numbers, of the same length,
# inside one pair of brackets. It may stand on the left of an assignment, also of one like `+=`. A matrix of ones
# and zeros does the same; if you make it with `F.one_hot`, tell it the number of classes, or it will count only
# up to the largest label of the minibatch.
#
# </details>
# <details><summary>Hint 4: my numbers are wrong by the same factor everywhere</summary>
#
# Then the row is right. Read "On paper: the batch" again.
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "logits", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dlogits = F.softmax(logits, 1)
dlogits[range(n), Yb] -= 1
dlogits /= n
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "logits-check", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
check("logits")
### BEGIN HIDDEN TESTS
expect_gradients("logits")
expect_gradients("logits", scale={"logits": 1000.0})
### END HIDDEN TESTS

# %% [markdown]
# If `check` says *right, up to rounding*, that is right: PyTorch computes the logarithms of the probabilities first and
# takes their exponential again on the way back, and so rounds in other places.
#
# **When it is right**, open the folds from here on; they say in words what you have found, and would spoil it.
#
# <details><summary>A second way to the same result</summary>
#
# Take the logarithm of the quotient before you differentiate:
#
# $$\ell \;=\; -\log\frac{e^{z_y}}{S} \;=\; -z_y + \log\sum_{k=1}^{V} e^{z_k}$$
#
# No quotient rule and no cases any more. Two terms: which of them gives you the probabilities, and which the
# exception at the label? Do it now, it takes two minutes. Whoever has seen that the gradient of log-sum-exp *is*
# the softmax will not forget this derivation again.
#
# </details>

# %% [markdown]
# ## What the gradient says
#
# The result is so simple that one can read it. Look at one row, without the factor of the batch: at the
# probabilities that the network gave to the V characters, and at the gradient. (This cell and the two figures below it
# show *your* `dlogits`, and wait until it is right.)

# %% tags=["raises-exception"] nbgrader={"grade": false, "grade_id": "demo-row", "locked": true, "schema_version": 3, "solution": false, "task": false}
check("logits")  # what follows looks at your dlogits, which has to be right
torch.set_printoptions(precision=4, sci_mode=False, linewidth=100)
print(f"row 0; the right character is {itos[Yb[0].item()]!r}, number {Yb[0].item()}\n")
print("softmax(logits)[0]:")
print(F.softmax(logits.detach(), 1)[0])
print("\ndlogits[0] * n:")
print(dlogits.detach()[0] * n)
demo_sums = dlogits.detach().sum(1)
print("\neach row of dlogits sums to zero, up to rounding:", bool((demo_sums.abs() < 1e-6 / n).all()))
torch.set_printoptions(profile="default")

# %% [markdown]
# Compare the two rows, number by number. At how many places do they differ, and by how much? Which signs are there, and
# which logits does a step of gradient descent move up, which down, and how far? What is the sum of a row, and why must it
# be that? How large can a number of `dlogits` become at most? Answer these before you open the fold.
#
# <details><summary>Forces: what the gradient says</summary>
#
# **Pull and push.** Gradient descent moves each logit *against* its gradient. Where the gradient is positive, the
# logit is pushed down: that is every wrong character, and each is pushed exactly as hard as it was believed in. A
# character that the network took for impossible is left alone. Where the gradient is negative, the logit is pulled
# up: that is the right character, in every row the only one. It is pulled by what it still lacks to a
# probability of 1.
#
# **The forces balance.** In each row the one pull is as strong as all the pushes together, since both are the
# probability that went to the wrong characters. So the rows of `dlogits` sum to zero. There is a second reason,
# which needs no formula: add the same number to all logits of a row, and neither the probabilities nor the loss
# change. The slope of the loss in that direction is therefore zero, and it is the sum of the row's gradient. In
# exercise 1 that was the reason why `dlogit_maxes` came out as nothing but rounding.
#
# **The forces are bounded.** However wrong the network is, no number of `dlogits` is larger than $1/n$ in size. A
# perfect row, with probability 1 on the right character, is at rest: all its numbers are zero.
#
# </details>
#
# The same as a picture: first this one row, then the whole of `dlogits`. White is zero.

# %% tags=["only-shown", "fold", "raises-exception"] nbgrader={"grade": false, "grade_id": "demo-bars", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title One row of your dlogits as bars
check("logits")
demo_row = dlogits.detach()[0] * n
demo_chars = [itos[i] for i in range(vocab_size)]
demo_color = ["tab:blue" if i == Yb[0] else "tab:red" for i in range(vocab_size)]
fig, (above, below) = plt.subplots(2, 1, figsize=(9, 4.8), sharex=True, height_ratios=[1, 2])
above.bar(range(vocab_size), F.softmax(logits.detach(), 1)[0], color=demo_color)
above.set(ylabel="softmax(logits)[0]", title=f"Row 0: the right character is {itos[Yb[0].item()]!r} (blue)")
below.bar(range(vocab_size), demo_row, color=demo_color)
below.axhline(0, color="gray", lw=0.8)
below.set_xticks(range(vocab_size), demo_chars)
below.set(ylabel="dlogits[0] * n", xlabel="character; a step of gradient descent lowers what is above zero")
plt.show()

# %% tags=["only-shown", "fold", "raises-exception"] nbgrader={"grade": false, "grade_id": "demo-picture", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title The whole of your dlogits
check("logits")
demo_forces = dlogits.detach() * n
fig, ax = plt.subplots(figsize=(8, 7.8))
demo_peak = demo_forces.max().item()
demo_norm = TwoSlopeNorm(vmin=-1, vcenter=0, vmax=demo_peak)
demo_image = ax.imshow(demo_forces, cmap="RdBu_r", norm=demo_norm)
ax.set_xticks(range(vocab_size), demo_chars)
ax.set_yticks(range(n), [itos[y] for y in Yb.tolist()])
ax.set(xlabel="character", ylabel="example, named by its right character", title="dlogits * n")
demo_ticks = [-1, -0.5, 0, demo_peak / 2, demo_peak]
fig.colorbar(
    demo_image, shrink=0.8, ticks=demo_ticks, format="%.2f", label="dlogits * n; red and blue are scaled apart"
)
plt.show()

# %% [markdown]
# (The two colours have scales of their own; on a common one the red would hardly be visible.) The network is untrained, so
# no character is much preferred to the others, and the red is spread thinly. In a trained network most squares are white,
# and the few that are not show what it has yet to learn.

# %% [markdown]
# ## Numerical stability
#
# The logits of this notebook are small. In a network that trains badly, or has become very sure of itself, they
# are not. Two different things then go wrong in floating point, and you have avoided only one of them so far.
#
# **Overflow.** In float32, $e^{89}$ is already infinite, and $\infty/\infty$ is not a number. The remedy is to
# subtract the maximum of each row, as exercise 1 explains, and `F.softmax` does so by itself.
#
# **Underflow.** With the maximum subtracted, nothing overflows, but $e^{-104}$ rounds to zero in float32. For a
# probability that is fine; it *is* as good as zero. Only, the eight lines go on and take its logarithm, and
# $\log 0 = -\infty$. Going back, step 2 of exercise 1 divides by every probability. Where that is zero it finds
# $-\infty$ at the label's place, and $0/0$ at any other. On paper the small number cancels some lines later. In the
# machine it is too late by then: $0/0$ and $0\cdot\infty$ are not numbers, and nothing turns them back into one.
#
# Exercise 1's backward pass, correct in every line, thus breaks down on large logits. Subtracting the maximum
# does not save it. The cell makes the logits larger and larger, and lets PyTorch differentiate both forms:

# %% nbgrader={"grade": false, "grade_id": "demo-extreme", "locked": true, "schema_version": 3, "solution": false, "task": false}
print("logits times |  loss, eight lines   gradient finite |  loss, one line   gradient finite")
for toy_scale in [1, 10, 100, 1000]:
    toy_large = (toy_scale * logits.detach()).requires_grad_()
    toy_told = []
    for toy_loss in [demo_eight_lines(toy_large, Yb)[0], F.cross_entropy(toy_large, Yb)]:
        (toy_gradient,) = torch.autograd.grad(toy_loss, toy_large)
        toy_told += [toy_loss.item(), str(bool(toy_gradient.isfinite().all()))]
    print("{:12d} | {:18.2f} {:>17s} | {:15.2f} {:>17s}".format(toy_scale, *toy_told))

# %% [markdown]
# The fused form survives because of what you have crossed out on paper. The factor $1/p_y$ cancelled *before*
# anything was computed, so nobody divides by a probability any more. The loss is saved in the same way: written
# as $\ell = -(z_y - m) + \log\sum_k e^{z_k - m}$, with the row's maximum $m$, it takes the logarithm of no
# probability, only of a sum that contains the term $e^0 = 1$ and cannot vanish.
#
# This is a general lesson, and the reason why libraries offer "cross-entropy with logits": where two operations
# are each other's inverse, do not let the machine do both. Cancel them first.

# %% [markdown] nbgrader={"grade": false, "grade_id": "function-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ### Your expression as a function
#
# Put your expression into a function, so that it can be tried on other logits and timed. Its first line takes the
# sizes from the logits that are handed in; within the function, `n` and `vocab_size` mean those. Return the
# gradient at the end, as a new tensor: `logits` should stay as they were.
#
# Difficulty ●○○○○ · about 3 minutes · not graded. The next cell tries it on other sizes, and on logits around
# $\pm 1000$.


# %% nbgrader={"grade": false, "grade_id": "function", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dlogits_of(logits, Yb):
    """Gradient of F.cross_entropy(logits, Yb) with respect to logits: (n, V) from (n, V) and (n,)."""
    n, vocab_size = logits.shape
    ### BEGIN SOLUTION
    result = F.softmax(logits, 1)
    result[range(n), Yb] -= 1
    result /= n
    return result
    ### END SOLUTION


# %% tags=["fold"] nbgrader={"grade": false, "grade_id": "function-check", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title Your function on other minibatches
def demo_compare(function, loss_function, cases, what):
    """Try one of your functions on other minibatches, beside autograd's gradient of the same loss."""
    for number, (case_logits, case_Yb) in enumerate(cases, 1):
        leaf = case_logits.clone().requires_grad_()
        (truth,) = torch.autograd.grad(loss_function(leaf, case_Yb), leaf)
        given = case_logits.clone()
        yours = function(given, case_Yb)
        if yours is None:
            return print(f"{what}: not attempted (the function returns nothing)")
        where = f"{what}: case {number} of {len(cases)}, logits {tuple(truth.shape)}:"
        if not isinstance(yours, torch.Tensor) or yours.shape != truth.shape:
            found = f"shape {tuple(yours.shape)}" if isinstance(yours, torch.Tensor) else f"a {type(yours).__name__}"
            return print(f"{where} yours is {found}, but a gradient has the shape of its variable")
        if not torch.equal(given, case_logits):
            return print(f"{where} the logits that were handed in have been changed in place")
        if not yours.isfinite().all():
            return print(f"{where} not right yet, there are inf or nan in it")
        if not torch.allclose(yours, truth, rtol=1e-4):
            return print(f"{where} not right yet, the largest difference is {(yours - truth).abs().max().item():.3g}")
    print(f"{what}: right in all {len(cases)} cases")


def demo_cases(scale=1.0, shift=0.0):
    """Random logits and targets of several sizes."""
    generator = torch.Generator().manual_seed(42)
    for size in [(32, 27), (7, 11), (1, 4), (50, 200)]:
        random_logits = torch.randn(size, generator=generator) * scale + shift
        yield random_logits, torch.randint(0, size[1], size[:1], generator=generator)


demo_compare(dlogits_of, F.cross_entropy, list(demo_cases()), "ordinary logits     ")
demo_compare(dlogits_of, F.cross_entropy, list(demo_cases(scale=1000)), "spread over +-1000  ")
demo_compare(dlogits_of, F.cross_entropy, list(demo_cases(shift=1000)), "all close to 1000   ")
demo_compare(dlogits_of, F.cross_entropy, list(demo_cases(shift=-1000)), "all close to -1000  ")

# %% [markdown]
# If `inf` or `nan` shows up on the large logits while the ordinary ones are right, the exponential was taken of the
# bare logits. The logits of this notebook are small, but the graded run tries large ones, too: if that happened to you,
# mend the cell of `dlogits` as well.

# %% [markdown] nbgrader={"grade": false, "grade_id": "eight_steps-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## What it saves
#
# How much faster is your expression than the way through exercise 1? If you still have that notebook, paste your
# lines of its steps 1 to 6 into the function below, from `dlogprobs` to `dlogits`, and return `dlogits` at the end.
# Whatever the forward pass had computed is handed to it for nothing.
#
# If you don't have them, leave it. The clock then runs for PyTorch's own backward pass through the eight lines.
#
# Before you run the next cell, make a guess. How many tensors of shape (n, V) does each of the two ways write on
# its way back, and how many must it have kept from the way there?
#
# Difficulty ●○○○○ · about 3 minutes · not graded.


# %% nbgrader={"grade": false, "grade_id": "eight_steps", "locked": false, "schema_version": 3, "solution": true, "task": false}
def eight_steps(logits, Yb, logit_maxes, norm_logits, counts, counts_sum, counts_sum_inv, probs, logprobs):
    """The backward pass of exercise 1 from the loss to the logits; returns an (n, V) tensor."""
    n, vocab_size = logits.shape
    ### BEGIN SOLUTION
    dlogprobs = torch.zeros_like(logprobs)
    dlogprobs[range(n), Yb] = -1.0 / n
    dprobs = (1.0 / probs) * dlogprobs
    dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True)
    dcounts = counts_sum_inv * dprobs
    dcounts_sum = (-(counts_sum**-2)) * dcounts_sum_inv
    dcounts += torch.ones_like(counts) * dcounts_sum
    dnorm_logits = counts * dcounts
    dlogits = dnorm_logits.clone()
    dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True)
    dlogits += F.one_hot(logits.max(1).indices, num_classes=vocab_size) * dlogit_maxes
    return dlogits
    ### END SOLUTION


# %% tags=["only-shown", "fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "timing", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title Both ways, timed
demo_rounds, demo_tokens = 7, 50_000  # tokens: the vocabulary of a language model
if os.environ.get("NBGRADER_EXECUTION"):  # set by nbgrader while it runs a notebook
    demo_rounds, demo_tokens = 1, 1000


def demo_microseconds(functions, calls):
    """Time of one call of each function, in microseconds: the best of a few rounds, since noise only ever adds."""
    best = [float("inf")] * len(functions)
    for _ in range(demo_rounds):
        for i, function in enumerate(functions):  # they take turns: what disturbs one disturbs all
            start = time.perf_counter()
            for _ in range(calls):
                function()
            best[i] = min(best[i], (time.perf_counter() - start) / calls * 1e6)
    return best


def demo_time(case_logits, case_Yb, calls):
    """Print what the way there and the way back take in both forms, and the ratios."""
    leaf = case_logits.clone().requires_grad_()
    long_loss, _ = demo_eight_lines(leaf, case_Yb)
    short_loss = F.cross_entropy(leaf, case_Yb)
    with torch.no_grad():
        _, kept = demo_eight_lines(case_logits, case_Yb)
        by_hand = eight_steps(case_logits, case_Yb, *kept) is not None, dlogits_of(case_logits, case_Yb) is not None
    back = [
        (lambda: eight_steps(case_logits, case_Yb, *kept)) if by_hand[0]
        else (lambda: torch.autograd.grad(long_loss, leaf, retain_graph=True)),
        (lambda: dlogits_of(case_logits, case_Yb)) if by_hand[1]
        else (lambda: torch.autograd.grad(short_loss, leaf, retain_graph=True)),
    ]  # fmt: skip
    there = [lambda: demo_eight_lines(case_logits, case_Yb), lambda: F.cross_entropy(case_logits, case_Yb)]
    with torch.no_grad():
        long_there, short_there, long_back, short_back = demo_microseconds(there + back, calls)
    who = ["yours" if own else "autograd's, yours is not there" for own in by_hand]
    print(f"n = {case_logits.shape[0]}, V = {case_logits.shape[1]:<12,d} eight lines          fused      ratio")
    print(f"there               {long_there:14,.1f} µs {short_there:11,.1f} µs {long_there / short_there:9.1f}")
    print(f"back                {long_back:14,.1f} µs {short_back:11,.1f} µs {long_back / short_back:9.1f}")
    print(f"(back through eight lines: {who[0]}; fused: {who[1]})\n")


demo_threads = torch.get_num_threads()
torch.set_num_threads(1)  # steadier: handing such small pieces of work to several threads costs more than it gains
demo_time(logits.detach(), Yb, calls=100)
demo_time(torch.randn(32, demo_tokens), torch.randint(0, demo_tokens, (32,)), calls=1)
torch.set_num_threads(demo_threads)

# %% [markdown]
# On this notebook's 32 by 27 numbers there is hardly anything to compute. What you see is mostly the price of
# *calling* an operation, a few microseconds each, and the fused form wins by making fewer calls. (A good part of
# its time goes into turning `range(n)` into a tensor of indices. A clock shows such things. Exercise 4, where
# speed counts, comes back to it.)
#
# With the vocabulary of a language model, 50,000 tokens instead of 27 characters, arithmetic and memory decide.
# PyTorch makes eleven tensors of 1.6 million numbers on its long way back, the lines of exercise 1's solution make
# thirteen, and both read `probs` and `counts`, which the forward pass had to keep for them. The fused way reads `logits`,
# and can do with one new tensor.

# %% [markdown] nbgrader={"grade": false, "grade_id": "stretch-smoothing-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Stretch 1: label smoothing
#
# Not graded; leave it out if you like.
#
# With a one-hot target the pull on the right character ends only when its probability is 1, that is, never: the
# logits grow and grow. *Label smoothing* (Szegedy et al., 2016) aims a little lower. Of the target's probability
# of 1, a part $\varepsilon$ is taken away and given to all V characters in equal shares, the right one included:
#
# $$q_k = \begin{cases}\varepsilon/V & \text{if } k \neq y\\ 1 - \varepsilon + \varepsilon/V & \text{if } k = y\end{cases}
# \qquad\qquad \ell = -\sum_{k=1}^{V} q_k \log p_k$$
#
# For $\varepsilon = 0$ that is the loss you know. `F.cross_entropy` has an argument `label_smoothing` for it. What
# is the gradient now? At which probabilities is a row at rest?
#
# Difficulty ●●●○○ · about 20 minutes · the answer is again one expression.
#
# <details><summary>Hint 1: use what you have</summary>
#
# The new loss of a row is a weighted sum of V losses of the old kind, one for every label that the row might have
# had. You know the gradient of each. The gradient of a weighted sum is the weighted sum of the gradients.
#
# </details>
# <details><summary>Hint 2: what simplifies</summary>
#
# In that weighted sum one part is the same for all V labels, and the weights sum to 1. The other part is different
# from zero for a single one of the labels.
#
# </details>


# %% nbgrader={"grade": false, "grade_id": "stretch-smoothing", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dlogits_smoothed(logits, Yb, smoothing):
    """Gradient of F.cross_entropy(logits, Yb, label_smoothing=smoothing) with respect to logits, (n, V)."""
    n, vocab_size = logits.shape
    ### BEGIN SOLUTION
    target = torch.full_like(logits, smoothing / vocab_size)  # every character gets an equal share
    target[range(n), Yb] += 1 - smoothing
    return (F.softmax(logits, 1) - target) / n
    ### END SOLUTION


# %% nbgrader={"grade": false, "grade_id": "stretch-smoothing-check", "locked": true, "schema_version": 3, "solution": false, "task": false}
for demo_smoothing in [0.1, 0.5, 0.0]:
    demo_compare(
        lambda case_logits, case_Yb, s=demo_smoothing: dlogits_smoothed(case_logits, case_Yb, s),
        lambda case_logits, case_Yb, s=demo_smoothing: F.cross_entropy(case_logits, case_Yb, label_smoothing=s),
        [*demo_cases(), *demo_cases(scale=10)],
        f"label_smoothing={demo_smoothing}",
    )

# %% [markdown] nbgrader={"grade": false, "grade_id": "stretch-ignoring-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Stretch 2: examples that do not count
#
# Not graded either.
#
# Texts of different lengths in one minibatch are filled up with padding, and nobody wants the network to learn to
# predict padding. So such places get a label of their own, and the loss skips them. PyTorch calls it
# `ignore_index`. Any number will do, and its default is $-100$, which is no column at all; but it may also be the
# number of a real column, 0, say. The loss is the mean over those examples that count:
#
# $$L = \frac{1}{|K|}\sum_{r \in K} \ell_r, \qquad K = \{\,r : y_r \neq \texttt{ignore\_index}\,\}$$
#
# What is the gradient of a row that is not in $K$? And what becomes of the factor of the batch for all others? You
# may take it that at least one example counts. (If none does, PyTorch's loss is $0/0$.)
#
# Difficulty ●●○○○ · about 20 minutes · mostly a matter of careful indexing.
#
# <details><summary>Hint 1: which rows</summary>
#
# Comparing Yb with a number gives a tensor of True and False, one for each example. It can pick rows and labels,
# and it can be counted.
#
# </details>
# <details><summary>Hint 2: a label that is no column</summary>
#
# A label of -100 must never be used as an index. Either take the rows that count out first, compute as usual, and
# put the result into a tensor that has zeros in all other rows; or replace those labels by some harmless number,
# and clear the rows afterwards.
#
# </details>


# %% nbgrader={"grade": false, "grade_id": "stretch-ignoring", "locked": false, "schema_version": 3, "solution": true, "task": false}
def dlogits_ignoring(logits, Yb, ignore_index):
    """Gradient of F.cross_entropy(logits, Yb, ignore_index=ignore_index) with respect to logits, (n, V)."""
    n, vocab_size = logits.shape
    ### BEGIN SOLUTION
    rows = (Yb != ignore_index).nonzero().view(-1)  # numbers of the rows that count
    result = logits.new_zeros(n, vocab_size)
    result[rows] = F.softmax(logits[rows], 1)
    result[rows, Yb[rows]] -= 1
    return result / len(rows)
    ### END SOLUTION


# %% tags=["fold"] nbgrader={"grade": false, "grade_id": "stretch-ignoring-check", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title Your function on minibatches with padding
def demo_padded(ignore_index):
    """Random cases in which about a third of the examples, never the first, do not count."""
    generator = torch.Generator().manual_seed(1)
    for case_logits, case_Yb in [*demo_cases(), *demo_cases(scale=10)]:
        padding = torch.rand(case_Yb.shape, generator=generator) < 1 / 3
        padding[0] = False
        case_Yb[0] = 1  # a label that counts whatever ignore_index is
        yield case_logits, torch.where(padding, ignore_index, case_Yb)


for demo_index in [-100, 0]:
    demo_compare(
        lambda case_logits, case_Yb, i=demo_index: dlogits_ignoring(case_logits, case_Yb, i),
        lambda case_logits, case_Yb, i=demo_index: F.cross_entropy(case_logits, case_Yb, ignore_index=i),
        list(demo_padded(demo_index)),
        f"ignore_index={demo_index}",
    )

# %% [markdown]
# ## Your progress
#
# The one gradient of this exercise, as it stands in memory now. To be sure of it, restart the kernel, run
# everything from the top, and look again.

# %% nbgrader={"grade": false, "grade_id": "progress", "locked": true, "schema_version": 3, "solution": false, "task": false}
progress("logits")

# %% [markdown] nbgrader={"grade": false, "grade_id": "next", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## What comes next
#
# Eight lines became one, and its derivative is shorter than the function itself. That was no accident: softmax and
# the logarithm of the likelihood belong together, and what one of them complicates, the other undoes. Some
# questions to carry along:
#
# - Where did the sum over the row go, which had filled the zeros of `dlogprobs` in exercise 1?
# - Suppose that the network gives every character the same probability. What does `dlogits` look like then, and
#   what is the gradient of the bias `b2`, which is its sum over the batch? What is a network going to learn first?
# - Half of the squared error, $\frac12\sum_i (z_i - t_i)^2$, has the gradient $z_i - t_i$: what the network said
#   minus what it should have said. Compare.
#
# The next exercises of this course:
#
# - **`3_fused_batchnorm`**: the same for batch normalization. Again most of exercise 1's work cancels, and what is
#   left is one expression, though not one so short.
# - **`4_training_loop`**: a larger network, trained with your own backward pass and no `loss.backward()` anywhere.
#   Your expression for `dlogits` is its first line.
#
# **Further reading**
#
# - J. S. Bridle (1990). *Probabilistic interpretation of feedforward classification network outputs, with
#   relationships to statistical pattern recognition.* In: Neurocomputing, Springer.
#   [doi:10.1007/978-3-642-76153-9_28](https://doi.org/10.1007/978-3-642-76153-9_28). Where softmax got its name,
#   and why it goes with the logarithm.
# - P. Blanchard, D. J. Higham, N. J. Higham (2021). *Accurately computing the log-sum-exp and softmax functions.*
#   IMA Journal of Numerical Analysis 41. [doi:10.1093/imanum/draa038](https://doi.org/10.1093/imanum/draa038).
#   Why subtracting the maximum is not only safe but accurate.
# - C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna (2016). *Rethinking the Inception Architecture for
#   Computer Vision.* CVPR. [arXiv:1512.00567](https://arxiv.org/abs/1512.00567).
#   Section 7 introduces label smoothing, with the gradient that you may have derived.
# - R. Müller, S. Kornblith, G. Hinton (2019). *When does label smoothing help?* NeurIPS.
#   [arXiv:1906.02629](https://arxiv.org/abs/1906.02629).
# - A. Karpathy (2022). *Building makemore Part 4: Becoming a Backprop Ninja*
#   ([video](https://youtu.be/q8SA3rM6ckI),
#   [notebook](https://github.com/karpathy/nn-zero-to-hero/blob/master/lectures/makemore/makemore_part4_backprop.ipynb)).
#   The lecture that this course mirrors.
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
