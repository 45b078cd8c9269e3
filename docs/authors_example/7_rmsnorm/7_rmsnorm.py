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
# # Exercise 7: RMSNorm
#
# Layer normalization subtracts a mean and divides by a standard deviation. Zhang and Sennrich asked in 2019 whether the first half is
# needed, left it out, and found that a network trains as well without: **RMSNorm** divides by the root of the mean square, and that is
# all. Most large language models have it today. You go back through it in five gradients and three steps.
#
# **For whom.** You have done steps 9 to 11 of exercise 1, or could.
#
# **How long.** About three quarters of an hour.
#
# | part | difficulty | minutes |
# |---|---|---|
# | the layer | ●○○○○ | 5 |
# | step 1: the gain (2 gradients, 2 points) | ●●○○○ | 10 |
# | step 2: the root of the mean square (2 gradients, 2 points) | ●●○○○ | 10 |
# | step 3: the input (1 gradient, 2 points) | ●●●○○ | 15 |
#
# **How to work**
#
# - Run the cells from the top. Fill in every cell that says `# your code here`; leave the other cells as they are. You may add
#   cells of your own for trying things out.
# - Run the `check(...)` below your cell. It compares your gradient with PyTorch's own and says what it sees: ✓ right, ✗ not
#   right and why, · not there yet.
# - Hints are behind folds, from a gentle one to a strong one. None contains the answer.
# - When something looks impossible, choose *Restart and run all*: a misspelt name or a deleted line leaves its old value behind in
#   memory.
#
# **If your notebook is graded**, your cells are run again on data that you have not seen: other sizes, other values of `eps`,
# *random* numbers in place of the upstream gradients, all in float64. So take sizes from the tensors or by their names, take `eps`, and
# use no autograd. Right numbers in the wrong shape, or an answer that is right for this notebook's sizes only, earn half of the points.

# %% [markdown]
# ## Setup
#
# The next cell holds the course's tools, `check` among them. It is long, and folded away. Run it; you need not read it.

# %% tags=["setup"] nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The build puts the course's tools (toolkit/) here.

# %% tags=["imports"] nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import torch

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs", "locked": true, "schema_version": 3, "solution": false, "task": false}
n_in = 24  # the length of a vector
batch_size = 32
n = batch_size  # a shorter name, for convenience
eps = 1e-5  # added to a mean square: never divide by zero

g = torch.Generator().manual_seed(2147483647)  # for reproducibility
x = torch.randn((n, n_in), generator=g)
gain = 1 + 0.1 * torch.randn(n_in, generator=g)  # near 1, and not 1: what is left out is to show
goal = torch.randn((n, n_in), generator=g)  # what the loss compares with

for p in [x, gain]:
    p.requires_grad = True

# %% [markdown]
# ## The forward pass
#
# Each example is a vector of $D$ numbers (`n_in`), and is normalized by itself:
#
# $$m_i = \frac1D\sum_{j=1}^D x_{ij}^2, \qquad r_i = (m_i+\varepsilon)^{-1/2}, \qquad \hat x_{ij} = x_{ij}\,r_i, \qquad
# y_{ij} = \gamma_j\,\hat x_{ij}$$
#
# The root belongs to a *row*, the gain to a *column*. So two kinds of copies are made, in two directions, and nearly every mistake here
# comes from mixing them up.

# %% tags=["forward"] nbgrader={"grade": false, "grade_id": "forward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The forward pass
ms = (x**2).mean(1, keepdim=True)  # (n, 1): the mean square of each example
r = (ms + eps) ** -0.5  # (n, 1): one over its root
xhat = x * r  # (n, D)
y = gain * xhat  # (n, D)

# %% [markdown]
# The rest of the network turns `y` into a loss, and PyTorch takes that part back for you: `dy` is **given**.

# %% nbgrader={"grade": false, "grade_id": "autograd", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The rest of the network, and PyTorch's own backward pass
for p in [x, gain]:
    p.grad = None
for t in [ms, r, xhat, y]:
    t.retain_grad()  # only leaves keep their gradient otherwise
loss = ((y - goal) ** 2).mean()
loss.backward()
dy = y.grad.clone()  # given: where your backward pass starts
network = read_network()  # the graph of the forward pass, read from the cell above
loss

# %% nbgrader={"grade": false, "grade_id": "picture", "locked": true, "schema_version": 3, "solution": false, "task": false}
draw_network(network, globals())

# %% [markdown] nbgrader={"grade": false, "grade_id": "gain-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 1: the gain
#
# ```python
# y = gain * xhat  # (n, D) = (D,) * (n, D)
# ```
#
# | tensor | shape |
# |---|---|
# | `gain`, `dgain` | (D,) |
# | `xhat`, `dxhat` | (n, D) |
# | `y`, `dy` | (n, D) |
#
# One gain serves all examples. What becomes of a copy on the way back, and along which dimension?
#
# Difficulty ●●○○○ · about 10 minutes · two gradients, one point each. What goes wrong here:
#
# - **A dimension too many.** With `keepdim=True` the result is (1, D), and `gain` is (D,).
# - **Over the wrong dimension.** The mean square is taken along a row. The gain was not copied along that.
#
# <details><summary>Hint 1: shapes</summary>
#
# From (n, D) to (D,): which dimension is gone?
#
# </details>
# <details><summary>Hint 2: principle</summary>
#
# Nudge the gain of one column. In how many examples does the output move, and by how much in each?
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "gain", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dgain = (xhat * dy).sum(0)
dxhat = gain * dy
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "gain-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("gain", "xhat")
### BEGIN HIDDEN TESTS
expect_gradients("gain", "xhat")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "r-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 2: the root of the mean square
#
# ```python
# r = (ms + eps) ** -0.5  # (n, 1), elementwise
# xhat = x * r            # (n, D) = (n, D) * (n, 1)
# ```
#
# | tensor | shape |
# |---|---|
# | `ms`, `dms`, `r`, `dr` | (n, 1) |
# | `x` | (n, D) |
# | `xhat`, `dxhat` | (n, D) |
#
# Take them back, last one first.
#
# Difficulty ●●○○○ · about 10 minutes · two gradients, one point each. What goes wrong here:
#
# - **The sum takes too little.** `a * b.sum(1)` sums `b` alone: a method call binds closer than `*`.
# - **The small constant is forgotten.** It stays where it is when the exponent goes down by one.
#
# <details><summary>Hint 1: shapes</summary>
#
# dr is (n, 1), and what you can multiply is (n, D). Which dimension has to go, and stay with size 1?
#
# </details>
# <details><summary>Hint 2: the power</summary>
#
# Which factor comes to the front, and what is the exponent after it has gone down by one?
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "r", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dr = (x * dxhat).sum(1, keepdim=True)
dms = -0.5 * (ms + eps) ** -1.5 * dr
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "r-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("r", "ms")
### BEGIN HIDDEN TESTS
expect_gradients("r", "ms")
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "x-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 3: the input
#
# ```python
# ms = (x**2).mean(1, keepdim=True)  # (n, 1) from (n, D)
# xhat = x * r                       # (n, D) = (n, D) * (n, 1)
# ```
#
# | tensor | shape |
# |---|---|
# | `x`, `dx` | (n, D) |
# | `xhat`, `dxhat` | (n, D) |
# | `r` | (n, 1) |
# | `ms`, `dms` | (n, 1) |
#
# Two lines read `x`.
#
# Difficulty ●●●○○ · about 15 minutes · one gradient, two points. What goes wrong here:
#
# - **Only one share.** It has the right shape and looks finished.
# - **The wrong size.** The mean is over the entries of an example. Dividing by `n` raises no error.
# - **The mean's factor is forgotten.** A mean gives each of its entries a part only.
#
# <details><summary>Hint 1: the two lines</summary>
#
# Take each of them by itself, hold the other one still, and add at the end.
#
# </details>
# <details><summary>Hint 2: a mean of squares</summary>
#
# Each entry counts in the mean square of its own row only. How does its square change if it is nudged, and what part of that reaches
# the mean?
#
# </details>

# %% nbgrader={"grade": false, "grade_id": "x", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dx = r * dxhat
dx += 2 / n_in * x * dms
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "x-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("x")
### BEGIN HIDDEN TESTS
expect_gradients("x")
### END HIDDEN TESTS

# %% [markdown]
# ## Your progress
#
# All gradients as they stand in memory now. To be sure of the whole, restart the kernel, run everything from the top, and look again.

# %% nbgrader={"grade": false, "grade_id": "progress", "locked": true, "schema_version": 3, "solution": false, "task": false}
progress("gain", "xhat", "r", "ms", "x")

# %% [markdown] nbgrader={"grade": false, "grade_id": "next", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## What comes next
#
# - RMSNorm's output does not change if a row is multiplied by a number (up to `eps`). In which direction must each row of your `dx`
#   have no part?
# - Put your five lines into one expression for `dx` from `dy`. Which of layer norm's terms (exercise 6, step 11) is missing in it?
# - B. Zhang, R. Sennrich (2019). *Root Mean Square Layer Normalization.* NeurIPS.
#   [arXiv:1910.07467](https://arxiv.org/abs/1910.07467).
