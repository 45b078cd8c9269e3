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
# # Exercise 5: somebody else's backward pass
#
# A colleague has left. What stays is a training script whose backward pass is written by hand, and it learns badly.
# Five of its lines are wrong. No error message says so, the shapes all fit, and the loss even falls.
#
# So far something was there to tell you which of your gradients is wrong. This time nobody tells you: first you write
# the **gradient checker** yourself, then you find the five lines with it, mend them, and say what was wrong with each.
# One of the five cannot be seen by comparing with the true gradient, one only shows at other sizes, and one only in float32.
# Which lines they are, and how they are wrong, is another for everybody who does the exercise.
#
# **For whom.** You know the network of exercises 1 to 4 and can derive each line of its backward pass, or look it up in
# yours. What a Taylor expansion is, you should remember; the rest of the numerical mathematics is here.
#
# **How long.** About two and a half hours, best in two sittings; and half an hour more for the end, which is not graded.
#
# | part | difficulty | minutes | points |
# |---|---|---|---|
# | step 1: a gradient checker | ●●●○○ | 60 | 8 |
# | steps 2 and 3: the script, found and mended | ●●●●○ | 75 | 5 |
# | step 4: say what was wrong | ●●○○○ | 15 | 10 |
# | from scalars to tensors: your own autograd | ●●●○○ | 30 | |
#
# **How to work**
#
# - Run the cells from the top. Fill in every cell that says `# your code here`; leave the other cells as they are.
#   You may add cells of your own, and in this exercise you will want to.
# - The check of step 1 says everything it knows about your checker. The check of step 3 says only *how many* lines are
#   mended. Which they are, your own checker has to tell you.
# - Questions that stand alone have their answer behind a fold. Think first: an answer that you have guessed at, even
#   wrongly, is one that you will remember.
# - When something looks impossible, choose *Restart and run all*.
#
# **If your notebook is graded**, your checker is asked about functions that it has not seen: graphs drawn at random, tensors of
# other shapes, right and wrong gradients of them. The mended lines are run again on other minibatches, as in exercises 1 to 4:
# other sizes, random upstream gradients, large numbers. That has three consequences:
#
# 1. Do not write 32, 64, 27, 10 or 3 into an answer. Take a size from a tensor's shape, or by its name.
# 2. Autograd (`.backward`, `.grad`, `torch.autograd` and relatives) is not an answer, in a checker least of all: it would
#    compare PyTorch with PyTorch.
# 3. The name that you type in step 2 decides which mistakes you have. Leave it as it is from then on.

# %% [markdown]
# ## Setup
#
# The next cell holds the course's tools. It is long, and folded away (VS Code shows it open: scroll past it). Run it; you need not
# read it. Further down, the code of some tables and figures is folded, too.

# %% tags=["setup"] nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The build puts the course's tools (toolkit/) here.

# %% tags=["imports"] nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import os
import random

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

# %% [markdown]
# ## The data, the parameters, a minibatch
#
# As before: names, characters as integers, three characters predict the next one; and the network of exercise 1.

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

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-parameters", "locked": true, "schema_version": 3, "solution": false, "task": false}
n_embd = 10  # the dimensionality of the character embedding vectors
n_hidden = 64  # the number of neurons in the hidden layer

g = torch.Generator().manual_seed(2147483647)  # for reproducibility
C = torch.randn((vocab_size, n_embd), generator=g)
# Layer 1, with the gain that keeps tanh's inputs spread: 5/3 is torch.nn.init.calculate_gain("tanh")
W1 = torch.randn((n_embd * block_size, n_hidden), generator=g) * (5 / 3) / ((n_embd * block_size) ** 0.5)
b1 = torch.randn(n_hidden, generator=g) * 0.1
# Layer 2
W2 = torch.randn((n_hidden, vocab_size), generator=g) * 0.1
b2 = torch.randn(vocab_size, generator=g) * 0.1
# BatchNorm
bngain = torch.randn((1, n_hidden), generator=g) * 0.1 + 1.0
bnbias = torch.randn((1, n_hidden), generator=g) * 0.1

parameters = [C, W1, b1, W2, b2, bngain, bnbias]
print(f"{sum(p.nelement() for p in parameters):,} parameters in total")

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs-minibatch", "locked": true, "schema_version": 3, "solution": false, "task": false}
batch_size = 32
n = batch_size  # a shorter name, for convenience
ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
Xb, Yb = Xtr[ix], Ytr[ix]  # one minibatch

# %% [markdown]
# ## The forward pass
#
# The forward pass of the script is right. Batchnorm is written out, since whoever wrote it went backwards through it line by
# line; and before the cross-entropy the maximum of each row is taken off. (`F.cross_entropy` does so itself. Somebody did not
# trust it.)
#
# | letter | is the number of | in the code |
# |---|---|---|
# | $n$ | examples in the minibatch | `n`, `batch_size` |
# | $T$ | characters of context | `block_size` |
# | $E$ | dimensions of an embedding | `n_embd` |
# | $H$ | neurons in the hidden layer | `n_hidden` |
# | $V$ | characters in the vocabulary | `vocab_size` |

# %% tags=["forward"] nbgrader={"grade": false, "grade_id": "forward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The forward pass of one minibatch
emb = C[Xb]  # (n, T, E)
embcat = emb.view(emb.shape[0], -1)  # (n, T·E)
# Linear layer 1
hprebn = embcat @ W1 + b1  # (n, H)
# BatchNorm layer
bnmean = hprebn.mean(0, keepdim=True)  # (1, H)
bndiff = hprebn - bnmean  # (n, H)
bnvar = (bndiff**2).sum(0, keepdim=True) / (n - 1)  # (1, H)
bnvar_inv = (bnvar + 1e-5) ** -0.5  # (1, H)
bnraw = bndiff * bnvar_inv  # (n, H)
hpreact = bngain * bnraw + bnbias  # (n, H)
# Non-linearity
h = torch.tanh(hpreact)  # (n, H)
# Linear layer 2
logits = h @ W2 + b2  # (n, V)
# Loss
logit_maxes = logits.max(1, keepdim=True).values  # (n, 1)
norm_logits = logits - logit_maxes  # (n, V)
loss = F.cross_entropy(norm_logits, Yb)

# %% nbgrader={"grade": false, "grade_id": "network", "locked": true, "schema_version": 3, "solution": false, "task": false}
network = read_network()  # the graph of the forward pass, read from the cell above
loss

# %% tags=["only-shown"] nbgrader={"grade": false, "grade_id": "picture", "locked": true, "schema_version": 3, "solution": false, "task": false}
draw_network(network, globals())

# %% [markdown] nbgrader={"grade": false, "grade_id": "differences-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Warm-up: which step?
#
# A gradient checker compares two numbers that were come by in different ways. One is the gradient that somebody claims. The
# other comes from the definition of a derivative, and needs nothing but the function:
#
# $$f'(x)\approx\frac{f(x+h)-f(x)}{h}\qquad\text{or}\qquad f'(x)\approx\frac{f(x+h)-f(x-h)}{2h}.$$
#
# The first is a **forward difference**, the second a **central** one. How good are they? Taylor says
# $f(x\pm h)=f(x)\pm hf'(x)+\tfrac{h^2}2f''(x)\pm\tfrac{h^3}6f^{(3)}(x)+\dots$ Put that in. In the forward difference
# $\tfrac h2f''$ remains. In the central one the terms with even powers cancel, and $\tfrac{h^2}6f^{(3)}$ remains. That is the
# **truncation error**, and it asks for a small step.
#
# But the computer rounds. A value of $f$ is known only up to $\varepsilon\,|f|$, where $\varepsilon$ is $2.2\cdot10^{-16}$ in
# float64 and $1.2\cdot10^{-7}$ in float32. What is unsure in $f$ is divided by the step, so that about $\varepsilon|f|/h$ of
# **rounding error** comes in, and that asks for a large step.
#
# **Think first.** The sum of both errors is smallest where? Take all derivatives to be about 1, and write down for the central
# difference the best $h$ and the error that is left there; then the same for the forward difference. What comes out in float32?
#
# <details><summary>Answer</summary>
#
# Central: $\tfrac{h^2}6+\tfrac\varepsilon h$ has its minimum where $\tfrac h3=\tfrac{\varepsilon}{h^2}$, at
# $h=\sqrt[3]{3\varepsilon}$: up to the constant it is the **cube root of epsilon**, $6\cdot10^{-6}$ in float64. There the error is about
# $\varepsilon^{2/3}\approx4\cdot10^{-11}$: ten digits are right.
#
# Forward: $\tfrac h2+\tfrac{2\varepsilon}h$ has its minimum near $h=\sqrt\varepsilon\approx1.5\cdot10^{-8}$, and the error there is
# $\sqrt\varepsilon$, too: eight digits, and only if the step is well chosen.
#
# In float32 the central difference wants $h\approx5\cdot10^{-3}$ and is left with $2\cdot10^{-5}$ at best; the forward difference has
# three to four digits. With so few you cannot tell a rounding error from a forgotten $10^{-5}$, nor $n$ from $n-1$ if $n$ is
# large.
#
# </details>
#
# The next cell tries it on $f(x)=e^x\sin x$ at $x=1$, where all of it is known.


# %% tags=["only-shown", "fold"] nbgrader={"grade": false, "grade_id": "plot-steps", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title The error of a difference, for each step
def demo_f(x):
    return x.exp() * x.sin()


def demo_error(step, central, dtype):
    x = torch.tensor(1.0, dtype=dtype)
    found = demo_f(x + step) - demo_f(x - step if central else x)
    found = found / (2 * step if central else step)
    one = torch.tensor(1.0, dtype=torch.float64)
    return abs(float(found) / float(one.exp() * (one.sin() + one.cos())) - 1) + 1e-17


demo_steps = [10 ** (-k / 4) for k in range(2, 60)]
plt.figure(figsize=(7.5, 4))
for demo_label, demo_central, demo_dtype, demo_colour in [
    ("forward, float64", False, torch.float64, "C1"),
    ("central, float64", True, torch.float64, "C0"),
    ("central, float32", True, torch.float32, "C3"),
]:
    demo_errors = [demo_error(step, demo_central, demo_dtype) for step in demo_steps]
    plt.loglog(demo_steps, demo_errors, ".-", color=demo_colour, label=demo_label, markersize=4)
plt.axvline(2.2e-16 ** (1 / 3), color="0.6", linestyle=":")
plt.text(2.2e-16 ** (1 / 3) * 1.15, 2e-1, "cube root of ε", color="0.4")
plt.ylim(1e-13, 10)
plt.xlabel("step h")
plt.ylabel("relative error")
plt.legend(loc="lower left")
plt.title("Too long a step truncates, too short a step rounds")
plt.show()

# %% [markdown] nbgrader={"grade": false, "grade_id": "checker-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 1: a gradient checker
#
# Write a function `gradient_check(f, x, gradient)`. It is given
#
# - `f`, a function of a tensor that returns one number (a tensor without dimensions). It computes in the dtype of what it is
#   given: give it float64, and it is float64 all through;
# - `x`, a tensor of any shape: the point;
# - `gradient`, a tensor of the same shape: what somebody claims to be the gradient of `f` at `x`;
#
# and returns the **relative error** of the claim, a number. Below $10^{-5}$, the claim counts as right.
#
# **In float64.** The tensors of a notebook are float32. Convert the point and the gradient before you do anything else with
# them.
#
# **An error relative to what?** An error of 0.001 is large where the gradient is 0.01, and nothing where it is 1000. So one divides by
# the size of the two gradients that are compared. By which size? Element by element, an entry that is zero by cancellation
# divides rounding by rounding. It is safer to take the largest entry of the whole tensor: then
#
# $$\text{error}=\frac{\max_i|\,a_i-b_i\,|}{\max\bigl(\max_i|a_i|,\ \max_i|b_i|,\ \text{floor}\bigr)}.$$
#
# **The floor** is for a gradient that is zero altogether: `b1` before batchnorm has one, `logit_maxes` has another. Then $a$ is
# 0, $b$ is rounding, some $10^{-11}$, and without a floor their quotient is 1, or even $0/0$. A floor of $10^{-4}$ says: what is
# smaller than $10^{-5}\cdot10^{-4}=10^{-9}$ is none of our business.
#
# **Large tensors.** Two calls of `f` for each entry are much for 1,728 entries, and hopeless for a million. But the gradient knows
# the slope in *every* direction: for a direction $v$ of the shape of $x$,
#
# $$\frac{f(x+hv)-f(x-hv)}{2h}\approx\langle\text{gradient},\,v\rangle=\sum_i\text{gradient}_i\,v_i.$$
#
# So take a few random directions and compare these numbers. For a tensor of more than 1,000 entries at most
# 200 calls of `f` are allowed.
#
# **Think first.** One entry of 30,000 is wrong. By how much does that change $\langle\text{gradient},v\rangle$ for a random $v$,
# beside its size? Would ten random directions be likely to miss it?
#
# <details><summary>Answer</summary>
#
# Let the entries of $v$ be independent with mean 0 and variance 1. Then $\langle g,v\rangle$ has the variance
# $\lVert g\rVert^2$, and an error $e$ in the gradient adds $\langle e,v\rangle$ with the variance $\lVert e\rVert^2$. The ratio is
# typically $\lVert e\rVert/\lVert g\rVert$. If all entries are about alike and one of them is wrong by its own size, that is
# $1/\sqrt{30000}\approx 0.006$: small, but 600 times our limit of $10^{-5}$. A single direction nearly always sees it.
#
# What a few directions can miss is an error that is small *and* sits in few entries. And they say that something is wrong, not
# where.
#
# </details>
#
# Difficulty ●●●○○ · about an hour with the warm-up · eight things are checked, one point each. What goes wrong with gradient checkers:
#
# - **Computed in float32.** The quotient of a difference keeps three digits, and a tolerance that lets these pass lets mistakes
#   pass.
# - **A forward difference.** It looks nearly the same and throws away half the digits.
# - **The step too small.** $10^{-12}$ is not more exact than $10^{-5}$. Look at the figure.
# - **No floor**, and a right gradient of zeros fails, or the result is `nan`.
# - **An absolute error.** A gradient of $10^{-6}$ that is twice too large differs by $10^{-6}$ only.
# - **Only one shape.** A loop over rows and columns knows matrices. A number has no dimension at all, and a transpose does not lie
#   in memory row by row.
# - **The point is moved.** Who adds the step to `x` itself and does not take it off again, computes the next derivative
#   elsewhere, and leaves the network changed.
# - **A mean of errors.** Where one entry of a thousand is wrong, the mean is a thousandth of the error.
# - **Autograd.** A checker that asks `loss.backward()` compares PyTorch with PyTorch.
#
# <details><summary>Hint 1: directions only</summary>
#
# One loop can do both: over directions. For a small tensor the directions are the rows of an identity matrix, each one entry; for a large
# one they are random. In both cases a direction is made to have the shape of `x`.
#
# </details>
# <details><summary>Hint 2: shapes</summary>
#
# `x.reshape(-1)` makes a vector of everything, a number included, and copies where it has to. What a number of entries is,
# `x.numel()` says. Don't write into what reshape gives you: it may be `x` itself.
#
# </details>
# <details><summary>Hint 3: things that are easily forgotten</summary>
#
# `f` returns a tensor; `float(...)` or `.item()` makes a number of it, and loses nothing in float64. Random directions have to be
# float64, too: what dtype does torch.randn make? And every comparison with `nan` is false: Python's `max(worst, error)` keeps `worst`
# then, and a gradient that has overflowed passes. PyTorch's `.max()` of a tensor hands `nan` on.
#
# </details>


# %% nbgrader={"grade": false, "grade_id": "checker", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
def gradient_check(f, x, gradient, step=6e-6, floor=1e-4, most=1000, directions=20):
    x, gradient = x.double(), gradient.double()  # a difference needs all the digits there are
    if x.numel() <= most:
        ways = torch.eye(x.numel(), dtype=torch.float64)
    else:
        ways = torch.randn(directions, x.numel(), dtype=torch.float64)
    claimed = ways @ gradient.reshape(-1)
    found = torch.zeros_like(claimed)
    for i, way in enumerate(ways):
        way = step * way.view(x.shape)
        found[i] = (f(x + way) - f(x - way)) / (2 * step)
    size = max(float(claimed.abs().max()), float(found.abs().max()), floor)
    return float((claimed - found).abs().max()) / size


### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "checker-check", "locked": true, "points": 8, "schema_version": 3, "solution": false, "task": false}
check_checker()
### BEGIN HIDDEN TESTS
expect_checker("gradient_check", tolerance=1e-5)
### END HIDDEN TESTS

# %% [markdown]
# `loss_from("W2")` is the loss as a function of `W2` alone. So this is how you would check a gradient that you have derived; the line
# for `db2` is right, the one for `dW2` is not.

# %% tags=["fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "demo-use", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title Your checker on two gradients
demo_dlogits = (F.softmax(logits, 1) - F.one_hot(Yb, vocab_size)) / n
for demo_name, demo_claim in [("b2", demo_dlogits.sum(0)), ("W2", hpreact.T @ demo_dlogits)]:
    if "gradient_check" in globals():
        print(f"d{demo_name}: relative error", gradient_check(loss_from(demo_name), globals()[demo_name], demo_claim))
    else:
        print(f"d{demo_name}: there is no gradient_check yet")

# %% [markdown] nbgrader={"grade": false, "grade_id": "who-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 2: the script
#
# Type your name, or the number by which your course knows you, between the quotes. It decides which mistakes you get. (Capital letters and
# spaces around it make no difference.) Leave it as it is from then on.

# %% nbgrader={"grade": false, "grade_id": "who", "locked": false, "schema_version": 3, "solution": true, "task": false}
yours = ""
### BEGIN SOLUTION
yours = "Grace Hopper"
### END SOLUTION

# %% nbgrader={"grade": false, "grade_id": "script", "locked": true, "schema_version": 3, "solution": false, "task": false}
script = somebody_elses(yours)
print(script)

# %% [markdown]
# Behind each line stands its number. Some lines change a tensor in place that an earlier line has made; read them together.
#
# Not every line that looks strange is wrong. There is more than one way to write a derivative, and the author liked variety.
#
# How badly it learns depends on which mistakes are yours. This is how it trains, beside the same network with a right backward pass: the same parameters at the start, the same
# minibatches, a learning rate of 0.1.

# %% tags=["only-shown", "fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "plot-train", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title Train with the script for a moment
train_steps = 100 if os.environ.get("NBGRADER_EXECUTION") else 1500  # nobody waits while a notebook is graded
parameter_names = ["C", "W1", "b1", "W2", "b2", "bngain", "bnbias"]


def train(backward, steps=train_steps):
    """Losses of a training with the text of a backward pass; stops where a parameter is not finite any more."""
    space = dict(globals())
    copies = dict(zip(parameter_names, [p.clone() for p in parameters]))
    space |= copies
    there, back = compile(network.text, "<forward>", "exec"), compile(backward, "<the script>", "exec")
    generator, losses = torch.Generator().manual_seed(1), []
    for _ in range(steps):
        ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=generator)
        space["Xb"], space["Yb"] = Xtr[ix], Ytr[ix]
        exec(there, space)
        losses.append(space["loss"].item())
        exec(back, space)
        for name, p in copies.items():
            p += -0.1 * space["d" + name]
        if not all(torch.isfinite(p).all() for p in copies.values()):
            print(f"after {len(losses)} steps a parameter is not finite any more")
            break
    return losses


def autograd_losses(steps=train_steps):
    """The same with loss.backward()."""
    space = dict(globals())
    copies = [p.clone().requires_grad_() for p in parameters]
    space |= dict(zip(parameter_names, copies))
    there = compile(network.text, "<forward>", "exec")
    generator, losses = torch.Generator().manual_seed(1), []
    for _ in range(steps):
        ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=generator)
        space["Xb"], space["Yb"] = Xtr[ix], Ytr[ix]
        exec(there, space)
        losses.append(space["loss"].item())
        for p in copies:
            p.grad = None
        space["loss"].backward()
        for p in copies:
            p.data += -0.1 * p.grad
    return losses


def smooth(losses, width=50):
    rows = torch.tensor(losses[: len(losses) // width * width]).view(-1, width)
    return [width * (i + 0.5) for i in range(len(rows))], rows.mean(1)


def show_training(labelled):
    plt.figure(figsize=(7.5, 3.5))
    for label, losses in labelled.items():
        thick = {"linewidth": 5, "color": "0.75"} if "right" in label else {}  # so that another line may lie on it
        plt.plot(*smooth(losses), label=label, **thick)
    plt.ylim(2.2, 4)
    plt.xlabel("step")
    plt.ylabel("loss, mean of 50 steps")
    plt.legend()
    plt.show()


right_losses = autograd_losses()
print(f"right: {sum(right_losses[-200:]) / 200:.3f} at the end")
if script:
    script_losses = train(script)
    print(f"the script: {sum(script_losses[-200:]) / 200:.3f} at the end")
    show_training({"a right backward pass": right_losses, "the script": script_losses})

# %% [markdown] nbgrader={"grade": false, "grade_id": "search-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 3: find the five lines, and mend them
#
# `suspect(name, script)` runs the script and returns three things that you can hand to your checker: a function, a
# point, and the gradient that the script claims.
#
# ```python
# f, x, claimed = suspect("W2", script)
# print(gradient_check(f, x, claimed))
# ```
#
# There are four rungs, and each shows something that the ones below do not.
#
# 1. **The true gradient.** `suspect(name, script)`: the function is the loss, and the script runs from its first line on. Try all
#    twenty gradients in the order of the script. But a wrong gradient makes everything wrong that is computed from it: believe the first
#    alarm, not all of them.
# 2. **Random upstream gradients.** `suspect(name, script, upstream="random")`: what the gradient comes from is replaced by random
#    tensors, and the function is what these lines have to differentiate then. Each line is on trial by itself, as in
#    exercises 1 to 3 when they are graded.
# 3. **Other sizes.** `suspect(name, script, upstream="random", sizes="other")`.
# 4. **The precision in which it trains, with large numbers.** `suspect(name, script, upstream="random", dtype=torch.float32,
#    large=True)`: the script is run in float32, on numbers that are large, but not larger than a training that goes badly
#    comes to see. Your checker converts to float64 and knows better.
#
# **Think first.** Why can a mistake be invisible on the first rung? Which gradients of this network are you sure about, without
# computing anything, that a comparison with the truth does not test?
#
# <details><summary>Answer</summary>
#
# A gradient whose true value is zero: then a wrong sign, a wrong factor, and the wrong place are all right. Here there are two.
# A bias before batchnorm changes nothing (the mean takes it off again), so `b1` has a gradient of zero. And to subtract a number from a
# whole row of logits does not change the loss, so `logit_maxes` has one, too; whatever becomes of its share in `dlogits`,
# nobody notices.
#
# Does such a mistake matter, then? Not to this network, today. It does as soon as somebody takes the line elsewhere: to a layer without
# batchnorm, to another loss. A line that is right by luck is a trap.
#
# </details>
#
# | `names`, in the order of the script |
# |---|
# | `norm_logits`, `logit_maxes`, `logits`, `h`, `W2`, `b2`, `hpreact`, `bngain`, `bnbias`, `bnraw` |
# | `bnvar_inv`, `bnvar`, `bndiff`, `bnmean`, `hprebn`, `embcat`, `emb`, `C`, `W1`, `b1` |
#
# The next cell is your workbench. It is not graded.
#
# Difficulty ●●●●○ · about 75 minutes with the mending.
#
# <details><summary>Hint 1: a table</summary>
#
# Write the names into a list, loop over it, and print one line for each: the name, and the relative error on each rung. Twenty lines,
# four columns. Where does a column first leave $10^{-7}$? (The last one is computed in float32: there it is $10^{-5}$.)
#
# </details>
# <details><summary>Hint 2: the first rung complains nearly everywhere</summary>
#
# Of course: one wrong line near the top is in all that follows. Go to the second rung, where each line is tried by itself. What the first
# one shows and the second does too, is one of your first two.
#
# </details>
# <details><summary>Hint 3: the last rung</summary>
#
# Large numbers in float32 do two things. Something may overflow: then the error is `nan` or `inf`, or
# exactly 1, where what is left of the claim is 0 or is dwarfed. Or two large numbers that are nearly the
# same are subtracted, and what is left is rounding: then the error is far above $10^{-5}$, and far below 1. A gradient that is fine on the
# third rung and not on the fourth has one of the two.
#
# </details>

# %% tags=["nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "workbench", "locked": false, "schema_version": 3, "solution": true, "task": false}
# Your workbench
### BEGIN SOLUTION
names = "norm_logits logit_maxes logits h W2 b2 hpreact bngain bnbias bnraw bnvar_inv bnvar bndiff bnmean hprebn embcat emb C W1 b1"
rungs = {
    "true": {},
    "random": {"upstream": "random"},
    "sizes": {"upstream": "random", "sizes": "other"},
    "float32": {"upstream": "random", "dtype": torch.float32, "large": True},
}
print(f"{'':12s}" + "".join(f"{rung:>10s}" for rung in rungs))
for name in names.split():
    errors = [gradient_check(*suspect(name, script, **options)) for options in rungs.values()]
    print(f"{name:12s}" + "".join(f"{error:10.0e}" for error in errors))
### END SOLUTION

# %% [markdown] nbgrader={"grade": false, "grade_id": "mended-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ### Mend them
#
# Copy the script into the next cell, below its first line, and mend the five lines. The numbers behind the lines may stay. Then
# run the check: it counts. (It runs your lines on other minibatches and sizes, with random upstream gradients and large numbers. It says, too, if a line
# has become wrong that was right.)
#
# Five points, one for each mistake. A line may be mended in whichever way you like.

# %% nbgrader={"grade": false, "grade_id": "mended", "locked": false, "schema_version": 3, "solution": true, "task": false}
# The backward pass, mended
### BEGIN SOLUTION
dnorm_logits = F.softmax(norm_logits, 1)
dnorm_logits[range(n), Yb] -= 1
dnorm_logits /= n
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
dlogits = dnorm_logits.clone()
dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
dh = dlogits @ W2.T
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
dhpreact = (1.0 - h**2) * dh
dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
dbnbias = dhpreact.sum(0, keepdim=True)
dbnraw = bngain * dhpreact
dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
dbndiff = bnvar_inv * dbnraw
dbndiff += 2 / (n - 1) * bndiff * dbnvar
dbnmean = -dbndiff.sum(0, keepdim=True)
dhprebn = dbndiff + dbnmean / n
dembcat = dhprebn @ W1.T
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
dW1 = embcat.T @ dhprebn
db1 = dhprebn.sum(0)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "mended-check", "locked": true, "points": 5, "schema_version": 3, "solution": false, "task": false}
check_mended()
### BEGIN HIDDEN TESTS
expect_mended(
    *"norm_logits logit_maxes logits h W2 b2 hpreact bngain bnbias bnraw bnvar_inv bnvar bndiff bnmean hprebn".split(),  # noqa: SIM905
    *"embcat emb C W1 b1".split(),  # noqa: SIM905
    scale={"W2": 1000.0, "b1": 1e12},
)
### END HIDDEN TESTS

# %% [markdown]
# And this is how it trains now.

# %% tags=["only-shown", "fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "plot-mended", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title Train with the mended lines
mended_lines = cell_text("# The backward pass, mended")
mended_losses = train(mended_lines) if script and "dC" in mended_lines else []  # from the first parameter's on
if mended_losses:
    print(f"mended: {sum(mended_losses[-200:]) / 200:.3f} at the end; right: {sum(right_losses[-200:]) / 200:.3f}")
    show_training({"a right backward pass": right_losses, "the script": script_losses, "mended": mended_losses})

# %% [markdown] nbgrader={"grade": false, "grade_id": "findings-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## Step 4: say what was wrong
#
# Whoever mends a line without knowing what was wrong with it, writes it again. So say it: for each of the five lines its number, and one
# word from this list.
#
# | word | what is wrong |
# |---|---|
# | `sign` | a plus where a minus belongs, or the reverse |
# | `factor` | a factor is missing, or there is one too many |
# | `mean for sum` | an average is taken where copies add up |
# | `divisor` | $n$ where $n-1$ belongs, or the reverse |
# | `exponent` | a power is wrong |
# | `brackets` | the operations come in another order than they should |
# | `operand` | a tensor stands where another one belongs |
# | `share` | what comes back through one of two branches is missing |
# | `index` | the wrong entries are picked |
# | `accumulation` | rows that are wanted several times are overwritten, and not added up |
# | `size` | a size of this notebook is written out |
# | `overflow` | a number becomes larger than the precision can hold |
# | `cancellation` | two large numbers are subtracted that are nearly the same |
#
# In some cases two words are as good as each other; then both count. A line that is right, with the wrong word, earns half of its two points. Only
# the first five entries count.
#
# Difficulty ●●○○○ · about 15 minutes.

# %% nbgrader={"grade": false, "grade_id": "findings", "locked": false, "schema_version": 3, "solution": true, "task": false}
findings = {}  # for instance {3: "sign", 14: "operand"}
### BEGIN SOLUTION
findings = {4: "sign", 8: "operand", 14: "cancellation", 17: "size", 23: "accumulation"}
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "findings-check", "locked": true, "points": 10, "schema_version": 3, "solution": false, "task": false}
check_findings()
### BEGIN HIDDEN TESTS
expect_findings("findings", drawn_by="yours", large={"W2": 300.0, "b1": 1e5}, script="""
= dnorm_logits = F.softmax(norm_logits, 1)
~ dnorm_logits = norm_logits.softmax(1)
~ dnorm_logits = norm_logits.exp() / norm_logits.exp().sum(1, keepdim=True)
! float32 | overflow | dnorm_logits = logits.exp() / logits.exp().sum(1, keepdim=True)
! float32 | overflow | dnorm_logits = torch.exp(logits - logits.exp().sum(1, keepdim=True).log())
! float32 | overflow | dnorm_logits = 1 / (1 / logits.exp() * logits.exp().sum(1, keepdim=True))
= dnorm_logits[range(n), Yb] -= 1
~ dnorm_logits -= F.one_hot(Yb, norm_logits.shape[1])
!! true gradient | index | dnorm_logits[:, Yb[0]] -= 1
! other sizes | size | dnorm_logits -= torch.eye(27)[Yb].to(dnorm_logits.dtype)
= dnorm_logits /= n
~ dnorm_logits = dnorm_logits / len(dnorm_logits)
! other sizes | size | dnorm_logits /= 32
! true gradient | factor | dnorm_logits /= dnorm_logits.shape[1]
= dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
~ dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True)
! random upstream | sign | dlogit_maxes = dnorm_logits.sum(1, keepdim=True)
! random upstream | mean for sum or factor | dlogit_maxes = -dnorm_logits.mean(1, keepdim=True)
= dlogits = dnorm_logits.clone()
~ dlogits = 1.0 * dnorm_logits
= dlogits[range(n), logits.argmax(1)] += dlogit_maxes.view(-1)
~ dlogits += F.one_hot(logits.argmax(1), logits.shape[1]) * dlogit_maxes
! random upstream | index | dlogits[range(n), Yb] += dlogit_maxes.view(-1)
! random upstream | index | dlogits[range(n), logits.argmin(1)] += dlogit_maxes.view(-1)
! random upstream | sign | dlogits[range(n), logits.argmax(1)] -= dlogit_maxes.view(-1)
! random upstream | share | dlogits += 0 * dlogit_maxes
= dh = dlogits @ W2.T
~ dh = torch.einsum("nv,hv->nh", dlogits, W2)
~ dh = (W2 @ dlogits.T).T
= dW2 = h.T @ dlogits
~ dW2 = (dlogits.T @ h).T
~ dW2 = torch.einsum("nh,nv->hv", h, dlogits)
! true gradient | operand | dW2 = hpreact.T @ dlogits
!! true gradient | operand | dW2 = dh.T @ dlogits
! true gradient | factor | dW2 = h.T @ dlogits / n
= db2 = dlogits.sum(0)
~ db2 = dlogits.sum(dim=0)
! true gradient | mean for sum or factor | db2 = dlogits.mean(0)
! true gradient | sign | db2 = -dlogits.sum(0)
= dhpreact = (1.0 - h**2) * dh
~ dhpreact = dh - dh * h * h
~ dhpreact = (1.0 + h) * (1.0 - h) * dh
~ dhpreact = dh / torch.cosh(hpreact) ** 2
!! true gradient | operand | dhpreact = (1.0 - hpreact**2) * dh
! true gradient | brackets or exponent | dhpreact = (1.0 - h) ** 2 * dh
!! true gradient | brackets | dhpreact = 1.0 - h**2 * dh
! true gradient | sign | dhpreact = (1.0 + h**2) * dh
= dbngain = (bnraw * dhpreact).sum(0, keepdim=True)
~ dbngain = (dhpreact * bnraw).sum(dim=0, keepdim=True)
! true gradient | mean for sum or factor | dbngain = (bnraw * dhpreact).mean(0, keepdim=True)
! true gradient | operand | dbngain = (hpreact * dhpreact).sum(0, keepdim=True)
! true gradient | brackets | dbngain = bnraw.sum(0, keepdim=True) * dhpreact.sum(0, keepdim=True)
! true gradient | operand | dbngain = (bndiff * dhpreact).sum(0, keepdim=True)
= dbnbias = dhpreact.sum(0, keepdim=True)
~ dbnbias = dhpreact.sum(dim=0, keepdim=True)
! true gradient | mean for sum or factor | dbnbias = dhpreact.mean(0, keepdim=True)
! true gradient | operand | dbnbias = dh.sum(0, keepdim=True)
= dbnraw = bngain * dhpreact
~ dbnraw = dhpreact * bngain
! true gradient | factor | dbnraw = 1.0 * dhpreact
!! true gradient | operand | dbnraw = bnraw * dhpreact
! true gradient | operand | dbnraw = bngain * dh
= dbnvar_inv = (bndiff * dbnraw).sum(0, keepdim=True)
~ dbnvar_inv = (dbnraw * bndiff).sum(dim=0, keepdim=True)
! true gradient | operand | dbnvar_inv = (bnraw * dbnraw).sum(0, keepdim=True)
! true gradient | mean for sum or factor | dbnvar_inv = (bndiff * dbnraw).mean(0, keepdim=True)
! float32 | cancellation | dbnvar_inv = (hprebn * dbnraw).sum(0, keepdim=True) - bnmean * dbnraw.sum(0, keepdim=True)
! float32 | cancellation | dbnvar_inv = (hprebn * dbnraw - bnmean * dbnraw).sum(0, keepdim=True)
= dbnvar = -0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
~ dbnvar = -0.5 * bnvar_inv**3 * dbnvar_inv
! true gradient | sign | dbnvar = 0.5 * (bnvar + 1e-5) ** -1.5 * dbnvar_inv
! true gradient | exponent | dbnvar = -0.5 * (bnvar + 1e-5) ** -0.5 * dbnvar_inv
! true gradient | exponent | dbnvar = -0.5 * bnvar_inv**2 * dbnvar_inv
! true gradient | factor | dbnvar = -((bnvar + 1e-5) ** -1.5) * dbnvar_inv
= dbndiff = bnvar_inv * dbnraw
~ dbndiff = dbnraw * bnvar_inv
= dbndiff += 2 / (n - 1) * bndiff * dbnvar
~ dbndiff = dbndiff + bndiff * (2.0 * dbnvar / (n - 1))
! true gradient | share | dbndiff = 2 / (n - 1) * bndiff * dbnvar
! true gradient | divisor or factor | dbndiff += 2 / n * bndiff * dbnvar
! true gradient | factor | dbndiff += 1 / (n - 1) * bndiff * dbnvar
! true gradient | brackets or divisor | dbndiff += (2 / n - 1) * bndiff * dbnvar
! true gradient | sign | dbndiff -= 2 / (n - 1) * bndiff * dbnvar
! other sizes | size | dbndiff += 2 / 31 * bndiff * dbnvar
= dbnmean = -dbndiff.sum(0, keepdim=True)
~ dbnmean = (-dbndiff).sum(0, keepdim=True)
! true gradient | sign | dbnmean = dbndiff.sum(0, keepdim=True)
! true gradient | mean for sum or factor | dbnmean = -dbndiff.mean(0, keepdim=True)
= dhprebn = dbndiff + dbnmean / n
~ dhprebn = dbndiff + torch.ones_like(hprebn) / n * dbnmean
! true gradient | share | dhprebn = 1.0 * dbndiff
!! true gradient | factor | dhprebn = dbndiff + dbnmean
! true gradient | divisor or factor | dhprebn = dbndiff + dbnmean / (n - 1)
! other sizes | size | dhprebn = dbndiff + dbnmean / 32
= dembcat = dhprebn @ W1.T
~ dembcat = (W1 @ dhprebn.T).T.contiguous()
! true gradient | operand | dembcat = dhpreact @ W1.T
= demb = dembcat.view(emb.shape)
~ demb = dembcat.view(*emb.shape)
! other sizes | size | demb = dembcat.view(-1, 3, emb.shape[2])
! other sizes | size | demb = dembcat.view(-1, emb.shape[1], 10)
= dC = torch.zeros_like(C)
~ dC = 0 * C
= dC.index_add_(0, Xb.view(-1), demb.view(-1, C.shape[1]))
~ dC = dC.index_add(0, Xb.view(-1), demb.view(-1, C.shape[1]))
! true gradient | accumulation | dC[Xb.view(-1)] = demb.view(-1, C.shape[1])
! true gradient | accumulation | dC[Xb.view(-1)] += demb.view(-1, C.shape[1])
! other sizes | size | dC.index_add_(0, Xb.view(-1), demb.view(-1, 10))
= dW1 = embcat.T @ dhprebn
~ dW1 = (dhprebn.T @ embcat).T
! true gradient | operand | dW1 = embcat.T @ dhpreact
! true gradient | factor | dW1 = embcat.T @ dhprebn / n
= db1 = dhprebn.sum(0)
~ db1 = dhprebn.sum(dim=0)
! random upstream | mean for sum or factor | db1 = dhprebn.mean(0)
! random upstream | sign | db1 = -dhprebn.sum(0)
! random upstream | factor | db1 = 2 * dhprebn.sum(0)
""")  # fmt: skip
### END HIDDEN TESTS

# %% [markdown] nbgrader={"grade": false, "grade_id": "explain", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ### And why?
#
# Five sentences, one for each line, to the colleague who wrote the script: what was wrong, and how one could have noticed. This cell is
# not graded; double-click and write over it.
#
# 1.
# 2.
# 3.
# 4.
# 5.

# %% [markdown]
# Hand your mended lines to the workbench, too: `suspect(name, cell_text("# The backward pass, mended"))`, on each rung.
#
# **Think first.** Your checker passes all twenty gradients then, on all four rungs. What can still be wrong?
#
# <details><summary>Answer</summary>
#
# Whatever no rung tries. The check says of one function at one point that the formula fits. It does not see a forward pass that computes
# something else than was meant, nor an update that reads another tensor, nor a kink: where `max` or `relu` changes from one branch to another within a
# step, the difference is wrong and the gradient is right. Nor does it see what happens where the function changes on a scale that is shorter
# than the step: if a variance is $10^{-6}$, then $h=6\cdot10^{-6}$ steps right over it. And it says nothing about whether the network is any good.
#
# </details>

# %% [markdown] nbgrader={"grade": false, "grade_id": "tape-text", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## From scalars to tensors: your own autograd
#
# *Half an hour, not graded.*
#
# The first lecture of the series builds [micrograd](https://github.com/karpathy/micrograd): an autograd for single numbers, in a hundred
# lines. Each number knows from which it came, and has a small function that hands its gradient on to these; `backward()` calls
# all of them in reverse order. In five exercises you have written what is missing for tensors: a backward function for
# every operation of a network. What remains are forty lines that write down in which order they were used.
#
# Such a list is called a **tape**. On the way there, each operation computes its value, and notes down *what to do on the way back*. On
# the way back the notes are read from the last one to the first. That is all. Nothing is derived anywhere: the derivatives
# are yours.
#
# Fill in the backward functions. Each is given the upstream gradient `G`, the inputs, and the output, and returns a tuple:
# the gradient of each input, in their order, and `None` for one that has none (whole numbers: labels, an index). Sum, difference, matrix
# product and mean are there as a beginning; `unbroadcast` brings a gradient back to the shape that a variable had before it was
# broadcast.
#
# <details><summary>Hint: which lines of yours</summary>
#
# tanh is `dhpreact`. The cross-entropy is the first three lines of the script, the embedding the two with `dC`. A product entry by entry is
# `dbnraw` and `dbngain`. For a power with a constant exponent see `dbnvar`.
#
# </details>


# %% nbgrader={"grade": false, "grade_id": "demo-tape", "locked": true, "schema_version": 3, "solution": false, "task": false}
class Tape:
    """Remembers operations in order, and goes back through them."""

    def __init__(self, backward):
        self.backward_of = backward  # by name of the operation: (G, inputs, output) -> gradients of the inputs
        self.notes = []

    def call(self, operation, function, *inputs):
        """Compute function(*inputs), and note down what was computed from what."""
        output = function(*inputs)
        self.notes.append((operation, inputs, output))
        return output

    def gradients(self, output):
        """The gradient of a number with respect to every tensor on the tape, by id."""
        found = {id(output): torch.ones_like(output)}
        for operation, inputs, result in reversed(self.notes):
            if id(result) not in found:
                continue  # nothing that the output depends on
            for tensor, share in zip(inputs, self.backward_of[operation](found[id(result)], inputs, result)):
                if share is not None:
                    # a tensor that is read twice gets the sum of two shares
                    found[id(tensor)] = found[id(tensor)] + share if id(tensor) in found else share
        return found


def unbroadcast(G, shape):
    """Sum over the dimensions along which something of this shape was copied."""
    while G.dim() > len(shape):
        G = G.sum(0)
    for dimension, size in enumerate(shape):
        if size == 1 and G.shape[dimension] != 1:
            G = G.sum(dimension, keepdim=True)
    return G


# %% nbgrader={"grade": false, "grade_id": "tape", "locked": false, "schema_version": 3, "solution": true, "task": false}
backward_functions = {
    "add": lambda G, inputs, output: tuple(unbroadcast(G, x.shape) for x in inputs),
    "subtract": lambda G, inputs, output: (unbroadcast(G, inputs[0].shape), unbroadcast(-G, inputs[1].shape)),
    "matmul": lambda G, inputs, output: (G @ inputs[1].T, inputs[0].T @ G),
    "mean over rows": lambda G, inputs, output: ((G / len(inputs[0])).expand(inputs[0].shape),),
    # "multiply", "square", "to the power -0.5", "tanh", "cross-entropy", "embed"
    ### BEGIN SOLUTION
    "multiply": lambda G, inputs, output: (
        unbroadcast(G * inputs[1], inputs[0].shape), unbroadcast(G * inputs[0], inputs[1].shape),
    ),
    "square": lambda G, inputs, output: (2 * inputs[0] * G,),
    "to the power -0.5": lambda G, inputs, output: (-0.5 * output**3 * G,),
    "tanh": lambda G, inputs, output: ((1 - output**2) * G,),
    "cross-entropy": lambda G, inputs, output: (
        G * (F.softmax(inputs[0], 1) - F.one_hot(inputs[1], inputs[0].shape[1])) / len(inputs[0]), None,
    ),
    "embed": lambda G, inputs, output: (
        torch.zeros_like(inputs[0]).index_add_(0, inputs[1].view(-1), G.reshape(-1, inputs[0].shape[1])), None,
    ),
    ### END SOLUTION
}  # fmt: skip

# %% [markdown]
# Now the network, written on the tape, operation by operation, and below it your checker on what comes back. It is your derivatives that stand
# there, replayed by forty lines.


# %% tags=["only-shown", "fold", "nbval-ignore-output"] nbgrader={"grade": false, "grade_id": "demo-replay", "locked": true, "schema_version": 3, "solution": false, "task": false}
# @title The network on the tape
def on_tape(tape, C, W1, b1, bngain, bnbias, W2, b2):
    """The loss of this notebook's minibatch (with the variance divided by n, to keep it short)."""
    call = tape.call
    rows = call("embed", lambda table, index: table[index].view(len(index), -1), C, Xb)
    before = call("add", lambda a, b: a + b, call("matmul", lambda a, b: a @ b, rows, W1), b1)
    centred = call(
        "subtract", lambda a, b: a - b, before, call("mean over rows", lambda a: a.mean(0, keepdim=True), before)
    )
    variance = call("mean over rows", lambda a: a.mean(0, keepdim=True), call("square", lambda a: a**2, centred))
    scale = call(
        "to the power -0.5",
        lambda a: a**-0.5,
        call("add", lambda a, b: a + b, variance, variance.new_full((1, 1), 1e-5)),
    )
    normed = call("multiply", lambda a, b: a * b, centred, scale)
    active = call(
        "tanh",
        torch.tanh,
        call("add", lambda a, b: a + b, call("multiply", lambda a, b: a * b, normed, bngain), bnbias),
    )
    scores = call("add", lambda a, b: a + b, call("matmul", lambda a, b: a @ b, active, W2), b2)
    return call("cross-entropy", F.cross_entropy, scores, Yb)


demo_names = ["C", "W1", "b1", "bngain", "bnbias", "W2", "b2"]
demo_values = [globals()[name].double() for name in demo_names]
demo_tape = Tape(backward_functions)
demo_loss = on_tape(demo_tape, *demo_values)
print(f"loss {demo_loss:.4f}, {len(demo_tape.notes)} operations on the tape")
demo_missing = sorted({operation for operation, _, _ in demo_tape.notes} - backward_functions.keys())
if demo_missing or "gradient_check" not in globals():
    print("not there yet:", ", ".join(demo_missing or ["gradient_check"]))
else:
    demo_found = demo_tape.gradients(demo_loss)
    for demo_name, demo_value in zip(demo_names, demo_values):

        def demo_loss_of(x, instead_of=demo_value):
            return on_tape(Tape({}), *(x if value is instead_of else value for value in demo_values))

        demo_found_error = gradient_check(demo_loss_of, demo_value, demo_found[id(demo_value)])
        print(f"d{demo_name:8s} relative error {demo_found_error:.0e}")

# %% [markdown]
# **Think first.** Three questions about these forty lines.
#
# 1. Why are the notes read in reverse? What exactly would go wrong in another order?
# 2. The tape keeps every input and every output. Which of your backward functions need which of them? (It decides how much memory
#    a training takes.)
# 3. `found[id(tensor)] + share` makes a new tensor. What would `+=` do, where "add" hands the same `G` to both of its inputs?
#
# <details><summary>Answers</summary>
#
# 1. A gradient may be handed on only when it is complete, that is when every operation that read the tensor has added its share.
#    Whoever reads a tensor comes later on the tape than whoever made it. In reverse order all readers have their turn before the maker.
#    (It is a topological order, got for nothing.)
# 2. "add" needs shapes only, "matmul" and "multiply" both inputs, "tanh" only its output. That is why frameworks ask for each
#    operation what it wants to keep (in PyTorch `ctx.save_for_backward`), and why it can pay to throw things away and compute them again.
# 3. It would change a tensor that stands under two ids: the gradient of the one input would get the share of the other. You know it as the
#    commonest of all: `dhprebn` and `dbndiff`, two names for one tensor.
#
# </details>
#
# PyTorch's autograd is this and a lot of care: the same notes (`grad_fn`), the same walk backwards, with its derivatives in a file that
# lists several hundred formulas, [derivatives.yaml](https://github.com/pytorch/pytorch/blob/main/tools/autograd/derivatives.yaml). Have a look
# at the line for `tanh`. You have written it.

# %% [markdown]
# ## Your progress
#
# The whole exercise at a glance. To be sure of it, restart the kernel and run everything from the top.

# %% nbgrader={"grade": false, "grade_id": "progress", "locked": true, "schema_version": 3, "solution": false, "task": false}
debugging_progress()

# %% [markdown] nbgrader={"grade": false, "grade_id": "next", "locked": false, "schema_version": 3, "solution": false, "task": false}
# ## What comes next
#
# You have done what is done when a framework gets a new operation: somebody writes a backward function, somebody else a check of it with
# finite differences in float64 (PyTorch's own is called `torch.autograd.gradcheck`; read its arguments now, you know what each is for: `eps`, `atol`,
# `rtol`, `fast_mode`). Some things to go on with:
#
# - **Kinks.** Replace tanh with relu in the forward pass. How often does a central difference step over a kink, and how would a checker
#   notice that it did?
# - **The complex step.** $f'(x)\approx\operatorname{Im}f(x+ih)/h$ subtracts nothing, so nothing cancels, and $h$ may be $10^{-100}$. What does it ask
#   of $f$?
# - **Second derivatives** with the tape: its backward functions are made of operations, too.
#
# **Further reading**
#
# - N. J. Higham (2002). *Accuracy and Stability of Numerical Algorithms*, 2nd edition. SIAM.
#   [doi:10.1137/1.9780898718027](https://doi.org/10.1137/1.9780898718027). Chapter 1 on cancellation, and that it is not always
#   bad.
# - W. H. Press, S. A. Teukolsky, W. T. Vetterling, B. P. Flannery (2007). *Numerical Recipes*, 3rd edition, Cambridge University Press,
#   section 5.7. Which step, and why.
# - L. Bottou (2012). *Stochastic Gradient Descent Tricks.* In: Neural Networks: Tricks of the Trade, Springer.
#   [doi:10.1007/978-3-642-35289-8_25](https://doi.org/10.1007/978-3-642-35289-8_25). With advice on how to check a gradient.
# - Y. Bengio (2012). *Practical Recommendations for Gradient-Based Training of Deep Architectures.*
#   [arXiv:1206.5533](https://arxiv.org/abs/1206.5533). Section 4 is on debugging.
# - W. Squire, G. Trapp (1998). *Using Complex Variables to Estimate Derivatives of Real Functions.* SIAM Review 40.
#   [doi:10.1137/S003614459631241X](https://doi.org/10.1137/S003614459631241X). The complex step, in three pages.
# - A. G. Baydin, B. A. Pearlmutter, A. A. Radul, J. M. Siskind (2018). *Automatic Differentiation in Machine Learning: a Survey.*
#   Journal of Machine Learning Research 18. [arXiv:1502.05767](https://arxiv.org/abs/1502.05767). Tapes, and what else there is.
# - A. Griewank, A. Walther (2008). *Evaluating Derivatives*, 2nd edition. SIAM.
#   [doi:10.1137/1.9780898717761](https://doi.org/10.1137/1.9780898717761). The book on it.
# - P. Blanchard, D. J. Higham, N. J. Higham (2021). *Accurately computing the log-sum-exp and softmax functions.* IMA Journal of Numerical
#   Analysis 41. [doi:10.1093/imanum/draa038](https://doi.org/10.1093/imanum/draa038). Why the maximum is taken off.
# - A. Karpathy (2019). [*A Recipe for Training Neural Networks.*](https://karpathy.github.io/2019/04/25/recipe/) An essay: neural networks
#   fail silently.
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
