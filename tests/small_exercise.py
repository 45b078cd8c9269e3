# %% [markdown] nbgrader={"grade": false, "grade_id": "title", "locked": true, "schema_version": 3, "solution": false, "task": false}
# # A small exercise
#
# For the tests of grading a class: an exercise as README.md says one is made, with as little to run as possible.

# %% tags=["setup"] nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The build puts the course's tools (toolkit/) here.

# %% tags=["imports"] nbgrader={"grade": false, "grade_id": "imports", "locked": true, "schema_version": 3, "solution": false, "task": false}
import torch

# %% tags=["inputs"] nbgrader={"grade": false, "grade_id": "inputs", "locked": true, "schema_version": 3, "solution": false, "task": false}
n = 6
k = 5
g = torch.Generator().manual_seed(2147483647)
x = torch.randn((n, k), generator=g, requires_grad=True)
w = torch.randn((k, 1), generator=g, requires_grad=True)

# %% tags=["forward"] nbgrader={"grade": false, "grade_id": "forward", "locked": true, "schema_version": 3, "solution": false, "task": false}
# The forward pass
y = x @ w
h = torch.tanh(y)
loss = (h**2).mean()

# %% nbgrader={"grade": false, "grade_id": "autograd", "locked": true, "schema_version": 3, "solution": false, "task": false}
for t in [y, h]:
    t.retain_grad()
loss.backward()
network = read_network()

# %% nbgrader={"grade": false, "grade_id": "h", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dh = 2 * h / h.numel()
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "h-check", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
check("h")
### BEGIN HIDDEN TESTS
expect_gradients("h")
### END HIDDEN TESTS

# %% nbgrader={"grade": false, "grade_id": "y", "locked": false, "schema_version": 3, "solution": true, "task": false}
### BEGIN SOLUTION
dy = (1 - h**2) * dh
dw = x.T @ dy
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "y-check", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
check("y", "w")
### BEGIN HIDDEN TESTS
expect_gradients("y", "w")
### END HIDDEN TESTS
