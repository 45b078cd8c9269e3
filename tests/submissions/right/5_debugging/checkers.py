"""Gradient checkers in people's own style."""

# answer: entry by entry, on a copy
# cell: checker
def gradient_check(f, x, gradient):
    x = x.double().clone()
    gradient = gradient.double()
    if x.numel() > 1000:
        worst = 0.0
        for _ in range(30):
            v = torch.randn(x.shape, dtype=torch.float64)
            numeric = (f(x + 1e-5 * v) - f(x - 1e-5 * v)).item() / 2e-5
            analytic = (gradient * v).sum().item()
            worst = max(worst, abs(numeric - analytic) / max(abs(numeric), abs(analytic), 1e-4))
        return worst
    numeric = torch.zeros(x.numel(), dtype=torch.float64)
    flat = x.reshape(-1).clone()
    for i in range(x.numel()):
        old = flat[i].item()
        flat[i] = old + 1e-5
        up = f(flat.reshape(x.shape))
        flat[i] = old - 1e-5
        down = f(flat.reshape(x.shape))
        flat[i] = old
        numeric[i] = (up - down) / 2e-5
    analytic = gradient.reshape(-1)
    return ((numeric - analytic).abs().max() / max(numeric.abs().max(), analytic.abs().max(), torch.tensor(1e-4))).item()

# answer: random directions for everything
# cell: checker
def gradient_check(f, x, gradient, h=6e-6):
    x, gradient, worst = x.double(), gradient.double(), 0.0
    for _ in range(60):
        v = torch.randn(x.shape, dtype=torch.float64)
        there, back = f(x + h * v), f(x - h * v)
        slope = float(there - back) / (2 * h)
        claim = float((gradient * v).sum())
        worst = max(worst, abs(slope - claim) / max(abs(slope), abs(claim), 1e-3))
    return worst

# answer: says yes or no
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient = x.to(torch.float64), gradient.to(torch.float64)
    n = x.numel()
    directions = torch.eye(n, dtype=torch.float64) if n <= 100 else torch.randn(50, n, dtype=torch.float64)
    h = torch.finfo(torch.float64).eps ** (1 / 3)
    for d in directions:
        d = d.reshape(x.shape)
        numeric = (f(x + h * d) - f(x - h * d)) / (2 * h)
        claimed = (d * gradient).sum()
        if abs(numeric - claimed) > 1e-6 * max(abs(numeric), abs(claimed), 1e-3):
            return False
    return True

# answer: a tensor as the result
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient = x.double(), gradient.double()
    h = 1e-5
    if x.numel() <= 1000:
        vs = torch.eye(x.numel()).double()
    else:
        vs = torch.randn(10, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in vs])
    b = vs @ gradient.flatten()
    return (a - b).abs().max() / torch.clamp(torch.maximum(a.abs().max(), b.abs().max()), min=1e-4)

# answer: signs as directions
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient = x.double(), gradient.double()
    h, rows = 5e-6, []
    for k in range(40):
        v = torch.randint(0, 2, x.shape).double() * 2 - 1
        rows.append((float(f(x + h * v) - f(x - h * v)) / (2 * h), float((v * gradient).sum())))
    rows = torch.tensor(rows, dtype=torch.float64)
    return float((rows[:, 0] - rows[:, 1]).abs().max() / max(float(rows.abs().max()), 1e-4))

# answer: unit directions
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient = x.double(), gradient.double()
    h, worst, size = 6e-6, 0.0, 1e-4
    for k in range(x.numel() if x.numel() < 500 else 30):
        v = torch.randn(x.shape, dtype=torch.float64)
        v = v / v.norm()
        slope = float((f(x + h * v) - f(x - h * v)) / (2 * h))
        claim = float((v * gradient).sum())
        worst, size = max(worst, abs(slope - claim)), max(size, abs(slope), abs(claim))
    return worst / size

# answer: a helper of one's own
# cell: checker
def slope_along(f, x, v, h=6e-6):
    return float(f(x + h * v) - f(x - h * v)) / (2 * h)


def relative(a, b, floor=1e-4):
    return abs(a - b) / max(abs(a), abs(b), floor)


def one_hots(x):
    for i in range(x.numel()):
        e = torch.zeros(x.numel(), dtype=torch.float64)
        e[i] = 1
        yield e.reshape(x.shape)


def gradient_check(f, x, gradient):
    x, gradient = x.double(), gradient.double()
    ways = list(one_hots(x)) if x.numel() <= 1000 else [torch.randn_like(x) for _ in range(20)]
    scale = max(float(gradient.abs().max()), 1e-4)
    return max(abs(slope_along(f, x, v) - float((gradient * v).sum())) / max(scale, abs(slope_along(f, x, v))) for v in ways)

# answer: a class that is called
# cell: checker
class Checker:
    def __init__(self, h=6e-6, floor=1e-4):
        self.h, self.floor = h, floor

    def directions(self, x):
        if x.numel() <= 1000:
            return torch.eye(x.numel(), dtype=torch.float64).reshape(x.numel(), *x.shape)
        return torch.randn(20, *x.shape, dtype=torch.float64)

    def __call__(self, f, x, gradient):
        x, gradient = x.double(), gradient.double()
        pairs = [
            (float(f(x + self.h * v) - f(x - self.h * v)) / (2 * self.h), float((v * gradient).sum()))
            for v in self.directions(x)
        ]
        difference = max(abs(a - b) for a, b in pairs)
        return difference / max(self.floor, *(max(abs(a), abs(b)) for a, b in pairs))


gradient_check = Checker()

# answer: a lambda and torch.func.vmap
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient = x.double(), gradient.double()
    n = x.numel()
    ways = torch.eye(n, dtype=torch.float64) if n <= 1000 else torch.randn(16, n, dtype=torch.float64)
    slope = lambda v: (f(x + 6e-6 * v.reshape(x.shape)) - f(x - 6e-6 * v.reshape(x.shape))) / 1.2e-5
    found = torch.tensor([float(slope(v)) for v in ways], dtype=torch.float64)
    claimed = ways @ gradient.reshape(-1)
    return float((found - claimed).abs().max() / max(1e-4, float(found.abs().max()), float(claimed.abs().max())))

# answer: steps on x and steps back
# cell: checker
def gradient_check(f, x, gradient):
    x = torch.clone(x).to(torch.float64).contiguous()
    g = gradient.to(torch.float64).reshape(-1)
    h = 6e-6
    if x.numel() > 1000:
        worst, size = 0, 1e-4
        for i in range(25):
            v = torch.randn(x.shape, dtype=torch.float64)
            x += h * v
            up = float(f(x))
            x -= 2 * h * v
            down = float(f(x))
            x += h * v
            a, b = (up - down) / (2 * h), float(g @ v.reshape(-1))
            worst, size = max(worst, abs(a - b)), max(size, abs(a), abs(b))
        return worst / size
    flat, found = x.view(-1), torch.empty_like(g)
    for i in range(len(flat)):
        flat[i] += h
        up = float(f(x))
        flat[i] -= 2 * h
        down = float(f(x))
        flat[i] += h
        found[i] = (up - down) / (2 * h)
    return float((found - g).abs().max()) / max(float(found.abs().max()), float(g.abs().max()), 1e-4)

# answer: by numpy
# cell: checker
import numpy as np


def gradient_check(f, x, gradient):
    x0 = x.detach().numpy().astype(np.float64)
    g = gradient.detach().numpy().astype(np.float64)
    call = lambda a: float(f(torch.tensor(a, dtype=torch.float64)))
    rng, h = np.random.default_rng(0), 6e-6
    if x0.size <= 1000:
        ways = np.eye(x0.size).reshape((x0.size, *x0.shape))
    else:
        ways = rng.standard_normal((20, *x0.shape))
    a = np.array([(call(x0 + h * v) - call(x0 - h * v)) / (2 * h) for v in ways])
    b = np.array([(g * v).sum() for v in ways])
    return np.abs(a - b).max() / max(np.abs(a).max(), np.abs(b).max(), 1e-4)

# answer: relative error by norms
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient = x.double(), gradient.double()
    n, h = x.numel(), 6e-6
    ways = torch.eye(n, dtype=torch.float64) if n <= 1000 else torch.randn(30, n, dtype=torch.float64)
    a = torch.tensor([float(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways], dtype=torch.float64)
    b = ways @ gradient.reshape(-1)
    return float((a - b).norm() / torch.clamp(a.norm() + b.norm(), min=1e-4))

# answer: a step that follows the size of x
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient = x.double(), gradient.double()
    h = 6e-6 * max(1.0, float(x.abs().max()))
    n = x.numel()
    ways = torch.eye(n, dtype=torch.float64) if n <= 1000 else torch.randn(30, n, dtype=torch.float64)
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: five points
# cell: checker
def gradient_check(f, x, gradient):
    """The five-point stencil: its error is of the order h to the fourth."""
    x, gradient, h = x.double(), gradient.double(), 5e-4
    n = x.numel()
    ways = torch.eye(n, dtype=torch.float64) if n <= 1000 else torch.randn(30, n, dtype=torch.float64)
    found = []
    for v in ways:
        v = v.view(x.shape)
        near, far = f(x + h * v) - f(x - h * v), f(x + 2 * h * v) - f(x - 2 * h * v)
        found.append(float(8 * near - far) / (12 * h))
    a, b = torch.tensor(found, dtype=torch.float64), ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: Richardson's extrapolation
# cell: checker
def central(f, x, v, h):
    return float(f(x + h * v) - f(x - h * v)) / (2 * h)


def gradient_check(f, x, gradient):
    x, gradient = x.double(), gradient.double()
    ways = torch.eye(x.numel(), dtype=torch.float64).reshape(-1, *x.shape) if x.numel() <= 400 else torch.randn(20, *x.shape).double()
    worst, size = 0.0, 1e-4
    for v in ways:
        slope = (4 * central(f, x, v, 2e-4) - central(f, x, v, 4e-4)) / 3
        claim = float((gradient * v).sum())
        worst, size = max(worst, abs(slope - claim)), max(size, abs(slope), abs(claim))
    return worst / size

# answer: with type hints and a docstring
# cell: checker
from collections.abc import Callable


def gradient_check(
    f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, gradient: torch.Tensor, *, eps: float = 6e-6
) -> float:
    """Relative error of a gradient, by central differences."""
    point, grad = x.detach().double(), gradient.detach().double()
    if point.numel() <= 1000:
        basis = torch.eye(point.numel(), dtype=point.dtype).unflatten(1, point.shape) if point.dim() else torch.ones(1).double()
    else:
        basis = torch.randn((20, *point.shape), dtype=point.dtype)
    numeric = torch.stack([(f(point + eps * b) - f(point - eps * b)) / (2 * eps) for b in basis.reshape(-1, *point.shape)])
    claimed = torch.stack([(b * grad).sum() for b in basis.reshape(-1, *point.shape)])
    return ((numeric - claimed).abs().max() / torch.stack([numeric.abs().max(), claimed.abs().max(), torch.tensor(1e-4).double()]).max()).item()

# answer: another floor
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    n = x.numel()
    ways = torch.eye(n, dtype=torch.float64) if n <= 1000 else torch.randn(30, n, dtype=torch.float64)
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / (a.abs().max() + b.abs().max() + 1e-3))

# answer: it tries itself at the end of its cell
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    n = x.numel()
    ways = torch.eye(n, dtype=torch.float64) if n <= 1000 else torch.randn(30, n, dtype=torch.float64)
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))


print(gradient_check(lambda x: (x**2).sum(), torch.ones(3), 2 * torch.ones(3)))
print(gradient_check(loss_from("b2"), b2, torch.zeros_like(b2)))

# answer: the helper stands in a cell of its own
# cell: extra before checker
def numerical(f, x, v, h=6e-6):
    return float(f(x + h * v) - f(x - h * v)) / (2 * h)
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient = x.double(), gradient.double()
    n = x.numel()
    ways = torch.eye(n, dtype=torch.float64) if n <= 1000 else torch.randn(30, n, dtype=torch.float64)
    a = torch.tensor([numerical(f, x, v.view(x.shape)) for v in ways], dtype=torch.float64)
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: a parameter that is called grad
# cell: checker
def gradient_check(f, x, grad):
    x, grad = x.detach().double(), grad.detach().double()
    with torch.no_grad():
        n, h = x.numel(), 6e-6
        ways = torch.eye(n, dtype=torch.float64) if n <= 1000 else torch.randn(30, n, dtype=torch.float64)
        a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
        b = ways @ grad.reshape(-1)
        return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: all of it in one expression
# cell: checker
gradient_check = lambda f, x, g: (
    lambda x, g, h, ways: (
        lambda pairs: max(abs(a - b) for a, b in pairs) / max(1e-4, max(max(abs(a), abs(b)) for a, b in pairs))
    )([(float(f(x + h * v) - f(x - h * v)) / (2 * h), float((v * g).sum())) for v in ways])
)(
    x.double(), g.double(), 6e-6,
    torch.eye(x.numel()).double().reshape(-1, *x.shape) if x.numel() <= 1000 else torch.randn(20, *x.shape).double(),
)

# answer: by ndindex
# cell: checker
import itertools


def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    if x.numel() > 1000:
        pairs = []
        for seed in range(20):
            v = torch.randn(x.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
            pairs.append((float(f(x + h * v) - f(x - h * v)) / (2 * h), float((v * gradient).sum())))
    else:
        pairs = []
        for index in itertools.product(*map(range, x.shape)):
            up, down = x.clone(), x.clone()
            up[index] += h
            down[index] -= h
            pairs.append((float(f(up) - f(down)) / (2 * h), float(gradient[index])))
    size = max(1e-4, *(abs(number) for pair in pairs for number in pair))
    return max(abs(a - b) for a, b in pairs) / size

# answer: NumPy, and yes or no
# cell: checker
import numpy as np

def gradient_check(f, x, gradient):
    x, analytic = x.double(), gradient.double().numpy().reshape(-1)
    numeric = np.zeros(x.numel())
    places = np.arange(x.numel()) if x.numel() <= 300 else np.random.choice(x.numel(), 0)
    for i in places:
        step = torch.zeros(x.numel(), dtype=torch.float64)
        step[int(i)] = 1e-5
        numeric[i] = (f(x + step.reshape(x.shape)) - f(x - step.reshape(x.shape))).item() / 2e-5
    if x.numel() > 300:
        v = torch.randn(x.shape, dtype=torch.float64)
        numeric = np.array([(f(x + 1e-5 * v) - f(x - 1e-5 * v)).item() / 2e-5])
        analytic = np.array([(gradient.double() * v).sum().item()])
    size = max(np.abs(numeric).max(), np.abs(analytic).max(), 1e-4)
    return np.abs(numeric - analytic).max() / size < 1e-5
