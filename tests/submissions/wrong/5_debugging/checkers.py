"""Gradient checkers that are none: what is wrong with each must be said."""

# answer: passes everything
# expect: checker:right checker:wrong = wrong | passes everything
# expect: checker:central checker:float64 checker:large checker:untouched = wrong | never called
# expect: checker:shapes checker:zeros = wrong | passes everything
# cell: checker
def gradient_check(f, x, gradient):
    return 0.0

# answer: says yes to everything
# expect: checker:right checker:wrong = wrong | passes everything
# expect: checker:central checker:float64 checker:large checker:untouched = wrong | never called
# expect: checker:shapes checker:zeros = wrong | passes everything
# cell: checker
def gradient_check(f, x, gradient):
    return True

# answer: fails everything
# expect: checker:right checker:wrong = wrong | fails everything
# expect: checker:central checker:float64 checker:large checker:untouched = wrong | never called
# expect: checker:shapes checker:zeros = wrong
# cell: checker
def gradient_check(f, x, gradient):
    return 1.0

# answer: returns the numerical gradient's largest entry
# expect: checker:right checker:wrong = wrong | fails everything
# expect: checker:shapes = wrong
# expect: checker:zeros checker:float64 checker:large = wrong
# cell: checker
def gradient_check(f, x, gradient):
    x, h = x.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(10, x.numel()).double()
    return 1 + max(abs(float(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h)) for v in ways)

# answer: in float32
# expect: checker:right = wrong
# expect: checker:float64 = wrong | float32
# expect: checker:shapes checker:zeros checker:large checker:central checker:wrong = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.float(), gradient.float(), 1e-3
    ways = torch.eye(x.numel()) if x.numel() <= 1000 else torch.randn(20, x.numel())
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: in the precision that it is given
# expect: checker:float64 = wrong | float32
# cell: checker
def gradient_check(f, x, gradient):
    h = 6e-6
    ways = torch.eye(x.numel(), dtype=x.dtype) if x.numel() <= 1000 else torch.randn(20, x.numel(), dtype=x.dtype)
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: in float32, and content with three digits
# expect: checker:right checker:wrong checker:central = wrong or right
# expect: checker:float64 = wrong | float32
# expect: checker:shapes checker:large checker:zeros = wrong
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.float(), gradient.float(), 1e-3
    ways = torch.eye(x.numel()) if x.numel() <= 1000 else torch.randn(20, x.numel())
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return bool((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4) < 1e-2)

# answer: forward differences
# expect: checker:central = wrong | one-sided
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 1.5e-8
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x)) / h for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-3)) / 10

# answer: backward differences
# expect: checker:central = wrong | one-sided
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 1.5e-8
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    here = f(x)
    a = torch.stack([(here - f(x - h * v.view(x.shape))) / h for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-3)) / 10

# answer: forward differences with a long step
# expect: checker:central = wrong | one-sided
# expect: checker:right checker:shapes checker:float64 checker:large = wrong
# expect: checker:zeros = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 1e-3
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x)) / h for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: the step is far too small
# expect: checker:central = wrong | rounding in f
# expect: checker:right checker:shapes checker:zeros checker:float64 checker:large = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 1e-12
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: the step is lost in rounding
# expect: checker:right checker:wrong checker:shapes checker:float64 checker:large checker:zeros = wrong or right
# expect: checker:central = wrong | the step is zero
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 1e-20
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: the step is far too long
# expect: checker:central = wrong | what Taylor leaves out
# expect: checker:right checker:shapes checker:float64 checker:large = wrong
# expect: checker:zeros = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 0.1
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: divided by the step, not by two steps
# expect: checker:right checker:wrong = wrong
# expect: checker:shapes checker:float64 checker:large checker:zeros = wrong
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / h for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: autograd
# expect: checker:right checker:wrong checker:central checker:float64 checker:shapes checker:zeros checker:large checker:untouched = uses autograd | autograd
# cell: checker
def gradient_check(f, x, gradient):
    x = x.double().requires_grad_()
    (truth,) = torch.autograd.grad(f(x), x)
    return float((truth - gradient).abs().max() / max(float(truth.abs().max()), 1e-4))

# answer: autograd by backward
# expect: checker:right checker:wrong checker:central checker:float64 checker:shapes checker:zeros checker:large checker:untouched = uses autograd | autograd
# cell: checker
def gradient_check(f, x, gradient):
    x = x.detach().double().clone()
    x.requires_grad = True
    f(x).backward()
    return float((x.grad - gradient).abs().max() / max(float(x.grad.abs().max()), 1e-4))

# answer: PyTorch's own checker
# expect: checker:right checker:wrong checker:central checker:float64 checker:shapes checker:zeros checker:large checker:untouched = uses autograd | autograd
# cell: checker
def gradient_check(f, x, gradient):
    return float(not torch.autograd.gradcheck(f, x.double().requires_grad_()))

# answer: knows matrices only
# expect: checker:right checker:wrong = wrong
# expect: checker:shapes = wrong | for a point of shape ()
# expect: checker:zeros = wrong
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    if x.numel() > 1000:
        ways = [torch.randn(x.shape).double() for _ in range(20)]
    else:
        ways = []
        for i in range(x.shape[0]):
            for j in range(x.shape[1]):
                way = torch.zeros(x.shape).double()
                way[i, j] = 1
                ways.append(way)
    a = torch.tensor([float(f(x + h * v) - f(x - h * v)) / (2 * h) for v in ways], dtype=torch.float64)
    b = torch.tensor([float((v * gradient).sum()) for v in ways], dtype=torch.float64)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: no numbers without a dimension
# expect: checker:shapes = wrong | it knows only some shapes
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    len(x)
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: view of a transpose
# expect: checker:shapes = wrong | a transpose
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    flat = x.view(-1)
    ways = torch.eye(len(flat)).double() if len(flat) <= 1000 else torch.randn(20, len(flat)).double()
    a = torch.stack([(f((flat + h * v).view(x.shape)) - f((flat - h * v).view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: no floor
# expect: checker:zeros = wrong | floor
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / torch.maximum(a.abs().max(), b.abs().max()))

# answer: a floor below the rounding
# expect: checker:zeros = wrong | floor
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-12))

# answer: entry by entry without a floor
# expect: checker:zeros = wrong | floor
# expect: checker:right checker:shapes checker:large checker:float64 = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float(((a - b).abs() / (a.abs() + b.abs())).max())

# answer: a floor as high as the gradient
# expect: checker:wrong checker:shapes checker:zeros checker:large checker:float64 = wrong or right
# expect: checker:wrong = wrong | it passes
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1000.0))

# answer: an absolute tolerance
# expect: checker:wrong = wrong | it passes
# expect: checker:shapes checker:float64 checker:zeros = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    return torch.allclose(a, ways @ gradient.reshape(-1), rtol=0, atol=1e-2)

# answer: allclose as it comes
# expect: checker:wrong checker:shapes checker:large checker:float64 checker:zeros checker:right = wrong or right
# expect: checker:central = wrong | never called
# expect: checker:right checker:wrong checker:shapes checker:zeros = wrong
# expect: checker:large checker:untouched checker:float64 = wrong | never called
# cell: checker
def gradient_check(f, x, gradient):
    return torch.allclose(x, x)

# answer: a mean of errors
# expect: checker:wrong = wrong | one element is off
# expect: checker:shapes checker:zeros checker:large checker:float64 = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return bool(((a - b) ** 2).mean().sqrt() / max(float(a.abs().max()), 1e-4) < 1e-2)

# answer: sizes are compared without their signs
# expect: checker:wrong = wrong | the sign is wrong
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a.abs() - b.abs()).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: the angle only
# expect: checker:wrong checker:shapes checker:zeros checker:large checker:float64 = wrong
# expect: checker:right = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float(1 - (a @ b) / (a.norm() * b.norm() + 1e-30))

# answer: the first entry only
# expect: checker:wrong = wrong | it passes
# expect: checker:shapes checker:zeros = wrong or right
# expect: checker:large = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    v = torch.zeros(x.numel()).double()
    v[0] = 1
    v = v.view(x.shape)
    a, b = float(f(x + h * v) - f(x - h * v)) / (2 * h), float((v * gradient).sum())
    return abs(a - b) / max(abs(a), abs(b), 1e-4)

# answer: one direction of ones
# expect: checker:float64 = wrong or right
# expect: checker:wrong checker:zeros = wrong or right
# expect: checker:shapes checker:large = wrong or right
# expect: checker:right = wrong or right
# expect: checker:central = wrong | one-sided
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    a, b = float(f(x + h) - f(x)) / h, float(gradient.sum())
    return abs(a - b) / max(abs(a), abs(b), 1e-4)

# answer: large tensors entry by entry
# expect: checker:large = wrong | random directions
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h, found = x.double(), gradient.double(), 6e-6, []
    for i in range(x.numel()):
        v = torch.zeros(x.numel()).double()
        v[i] = 1
        found.append(float(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h))
    a, b = torch.tensor(found, dtype=torch.float64), gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: too many directions
# expect: checker:large = wrong | 200 are allowed
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(150, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: large tensors are waved through
# expect: checker:large = wrong | never called
# cell: checker
def gradient_check(f, x, gradient):
    if x.numel() > 1000:
        return 0.0
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: large tensors by their first entries
# expect: checker:wrong = wrong | one element of 750
# expect: checker:large = wrong | a row is left out
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.zeros(min(90, x.numel()), x.numel()).double()
    ways[range(len(ways)), range(len(ways))] = 1
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: the point is moved
# expect: checker:untouched = wrong | other numbers than before
# expect: checker:right checker:wrong checker:central checker:shapes checker:zeros checker:large checker:float64 = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    gradient, h, pairs = gradient.double(), 1e-5, []
    x = x.double()
    for index in range(20):
        v = torch.randn(x.shape).double()
        x += h * v
        up = float(f(x))
        x -= 2 * h * v
        down = float(f(x))
        pairs.append(((up - down) / (2 * h), float((v * gradient).sum())))
    return max(abs(a - b) for a, b in pairs) / max(1e-4, *(abs(a) for a, b in pairs))

# answer: the gradient is divided in place
# expect: checker:untouched = wrong | other numbers than before
# expect: checker:right checker:wrong checker:central checker:shapes checker:zeros checker:large checker:float64 = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, h = x.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    gradient /= max(float(gradient.abs().max()), 1e-4)
    b = ways @ gradient.double().reshape(-1)
    a /= max(float(a.abs().max()), 1e-4)
    return float((a - b).abs().max())

# answer: prints, and returns nothing
# expect: checker:right checker:wrong checker:central checker:float64 checker:shapes checker:zeros checker:large checker:untouched = wrong | returns nothing
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    v = torch.randn(x.shape).double()
    a, b = float(f(x + h * v) - f(x - h * v)) / (2 * h), float((v * gradient).sum())
    print("relative error", abs(a - b) / max(abs(a), abs(b), 1e-4))

# answer: another name
# expect: checker:right checker:wrong checker:central checker:float64 checker:shapes checker:zeros checker:large checker:untouched = not attempted | no function gradient_check
# cell: checker
def check_gradient(f, x, gradient):
    return 0.0

# answer: two arguments
# expect: checker:right checker:wrong checker:central checker:float64 checker:shapes checker:zeros checker:large checker:untouched = raised | TypeError
# cell: checker
def gradient_check(f, x):
    return 0.0

# answer: a slip of typing
# expect: checker:right checker:wrong checker:central checker:float64 checker:shapes checker:zeros checker:large checker:untouched = raised | NameError
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient = x.double(), gradien.double()
    return 0.0

# answer: no Python
# expect: checker:right checker:wrong checker:central checker:float64 checker:shapes checker:zeros checker:large checker:untouched = raised | SyntaxError
# cell: checker
def gradient_check(f, x, gradient)
    return 0.0

# answer: complex steps
# expect: checker:central = wrong | complex
# expect: checker:right checker:wrong checker:float64 checker:shapes checker:zeros checker:large = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 1e-100
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([f(x + 1j * h * v.view(x.shape)).imag / h for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: an absolute error
# expect: checker:wrong = wrong | small altogether
# expect: checker:shapes checker:zeros checker:float64 checker:large = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    return float((a - ways @ gradient.reshape(-1)).abs().max())

# answer: a mean of errors, and a number
# expect: checker:wrong = wrong | one element of 750
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().mean() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: nan for everything
# expect: checker:right = wrong | Each error is nan: what is divided by what?
# expect: checker:wrong = wrong | fails everything
# expect: checker:central checker:float64 checker:large checker:untouched = wrong | never called
# expect: checker:shapes checker:zeros = wrong
# cell: checker
def gradient_check(f, x, gradient):
    return float("nan")

# answer: it writes into what is kept of it
# expect: checker:right checker:wrong checker:central checker:float64 checker:shapes checker:zeros checker:large checker:untouched = not attempted or wrong or raised
# cell: checker
def gradient_check(f, x, gradient):
    import sys

    frame = sys._getframe()
    while frame is not None:
        for kept in frame.f_locals.values():
            if type(kept) is list and kept and type(kept[0]) is list and len(kept[0]) == 6:
                kept[0][:] = [float("nan")] * 6
        frame = frame.f_back
    return 0.0
