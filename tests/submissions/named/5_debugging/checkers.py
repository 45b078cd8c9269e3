"""What goes wrong with gradient checkers."""

# answer: in the precision that it is given
# mistake: checker:float64 = precision
# warned: Computed in float32
# expect: checker:float64 = wrong | float32
# cell: checker
def gradient_check(f, x, gradient):
    h = 6e-6
    ways = torch.eye(x.numel(), dtype=x.dtype) if x.numel() <= 1000 else torch.randn(20, x.numel(), dtype=x.dtype)
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: forward differences
# mistake: checker:central = one-sided
# warned: A forward difference
# expect: checker:central = wrong | one-sided
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 1.5e-8
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x)) / h for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-3)) / 10

# answer: backward differences
# mistake: checker:central = one-sided
# expect: checker:central = wrong | one-sided
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 1.5e-8
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    here = f(x)
    a = torch.stack([(here - f(x - h * v.view(x.shape))) / h for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-3)) / 10

# answer: the step is far too small
# mistake: checker:central = step
# warned: The step too small
# expect: checker:central = wrong | rounding in f
# expect: checker:right checker:shapes checker:zeros checker:float64 checker:large = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 1e-12
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: no floor
# mistake: checker:zeros = floor
# warned: No floor
# expect: checker:zeros = wrong | floor
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / torch.maximum(a.abs().max(), b.abs().max()))

# answer: a floor below the rounding
# mistake: checker:zeros = floor
# expect: checker:zeros = wrong | floor
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-12))

# answer: an absolute tolerance
# mistake: checker:wrong = blind
# warned: An absolute error
# expect: checker:wrong = wrong | it passes
# expect: checker:shapes checker:float64 checker:zeros = wrong or right
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    return torch.allclose(a, ways @ gradient.reshape(-1), rtol=0, atol=1e-2)

# answer: no numbers without a dimension
# mistake: checker:shapes = only some shapes
# warned: Only one shape
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
# mistake: checker:shapes = only some shapes
# expect: checker:shapes = wrong | a transpose
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    flat = x.view(-1)
    ways = torch.eye(len(flat)).double() if len(flat) <= 1000 else torch.randn(20, len(flat)).double()
    a = torch.stack([(f((flat + h * v).view(x.shape)) - f((flat - h * v).view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a - b).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: the gradient is divided in place
# mistake: checker:untouched = changed in place
# warned: The point is moved
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

# answer: a mean of errors
# mistake: checker:wrong = blind
# warned: A mean of errors
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
# mistake: checker:wrong = blind
# expect: checker:wrong = wrong | the sign is wrong
# cell: checker
def gradient_check(f, x, gradient):
    x, gradient, h = x.double(), gradient.double(), 6e-6
    ways = torch.eye(x.numel()).double() if x.numel() <= 1000 else torch.randn(20, x.numel()).double()
    a = torch.stack([(f(x + h * v.view(x.shape)) - f(x - h * v.view(x.shape))) / (2 * h) for v in ways])
    b = ways @ gradient.reshape(-1)
    return float((a.abs() - b.abs()).abs().max() / max(float(a.abs().max()), float(b.abs().max()), 1e-4))

# answer: autograd by backward
# mistake: checker:central = autograd
# warned: Autograd
# expect: checker:right checker:wrong checker:central checker:float64 checker:shapes checker:zeros checker:large checker:untouched = uses autograd | autograd
# cell: checker
def gradient_check(f, x, gradient):
    x = x.detach().double().clone()
    x.requires_grad = True
    f(x).backward()
    return float((x.grad - gradient).abs().max() / max(float(x.grad.abs().max()), 1e-4))
