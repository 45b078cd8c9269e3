"""From the logits in a line or two."""

# answer: no minus one
# mistake: logits = term
# warned: put those n places right
# cell: logits
dlogits = F.softmax(logits, dim=1) / n

# answer: no mean
# mistake: logits = constant or factor
# warned: my numbers are wrong by the same factor everywhere
# cell: logits
probs = F.softmax(logits, 1)
dlogits = probs - F.one_hot(Yb, vocab_size)

# answer: softmax over the batch
# mistake: logits = dimension
# warned: Along which dimension do the probabilities sum to 1?
# cell: logits
dlogits = F.softmax(logits, dim=0)
dlogits[range(n), Yb] -= 1
dlogits /= n

# answer: plus one
# mistake: logits = sign
# warned: Count the minus signs
# cell: logits
dlogits = torch.softmax(logits, 1)
dlogits[torch.arange(n), Yb] += 1.0
dlogits = dlogits / n

# answer: the other way round
# mistake: logits = sign
# warned: Count the minus signs
# cell: logits
y = F.one_hot(Yb, num_classes=vocab_size)
dlogits = (y - F.softmax(logits, 1)) / n

# answer: the columns of all labels
# mistake: logits = index
# cell: logits
p = F.softmax(logits, 1)
p[:, Yb] -= 1
dlogits = p / n

# answer: the labels alone
# mistake: logits = index or term or start
# cell: logits
p = F.softmax(logits, 1)
dlogits = torch.zeros_like(logits)
dlogits[range(n), Yb] = (p[range(n), Yb] - 1) / n

# answer: the false start
# mistake: logits = false start or derivative
# warned: A false start
# warned: The denominator was forgotten
# cell: logits
p = F.softmax(logits, 1)[range(n), Yb]
dlogits = torch.zeros_like(logits)
dlogits[range(n), Yb] = -p * (1 - p) / n

# answer: the false start with all columns
# mistake: logits = false start or derivative or factor
# warned: The logarithm was forgotten
# cell: logits
p = F.softmax(logits, 1)
py = p.gather(1, Yb.view(-1, 1))
dlogits = py * p
dlogits[range(n), Yb] = (-py * (1 - py)).squeeze(1)
dlogits /= n

# answer: the false start without the minus
# mistake: logits = false start or derivative or sign
# cell: logits
probs = torch.softmax(logits, dim=1)
p_y = probs[range(n), Yb]
dlogits = torch.zeros_like(probs)
dlogits[range(n), Yb] = p_y * (1 - p_y) / n

# answer: divided by the classes
# mistake: logits = another name or constant or factor
# cell: logits
dlogits = F.softmax(logits, 1)
dlogits[range(n), Yb] -= 1
dlogits /= logits.shape[1]

# answer: divided by all elements
# mistake: logits = constant or factor
# cell: logits
dlogits = F.softmax(logits, 1)
dlogits[range(n), Yb] -= 1
dlogits /= logits.numel()

# answer: divided by n - 1
# mistake: logits = constant
# cell: logits
dlogits = (F.softmax(logits, 1) - F.one_hot(Yb, vocab_size)) / (n - 1)

# answer: times n
# mistake: logits = upside down or factor or constant
# cell: logits
dlogits = F.softmax(logits, 1)
dlogits[range(n), Yb] -= 1
dlogits *= n

# answer: one term divided
# mistake: logits = precedence
# cell: logits
dlogits = F.softmax(logits, 1) - F.one_hot(Yb, vocab_size) / n

# answer: the other term divided
# mistake: logits = precedence or factor or constant
# cell: logits
dlogits = F.softmax(logits, 1) / n
dlogits[range(n), Yb] -= 1

# answer: divided twice
# mistake: logits = twice or factor or constant
# cell: logits
dlogits = F.softmax(logits, 1)
dlogits[range(n), Yb] -= 1 / n
dlogits /= n

# answer: the logarithm for the probability
# mistake: logits = function or derivative or another name
# cell: logits
dlogits = F.log_softmax(logits, 1)
dlogits[range(n), Yb] -= 1
dlogits /= n

# answer: set to minus one
# mistake: logits = overwritten or operator
# cell: logits
dlogits = F.softmax(logits, 1)
dlogits[range(n), Yb] = -1
dlogits /= n

# answer: set to zero
# mistake: logits = overwritten or term
# cell: logits
dlogits = F.softmax(logits, 1)
dlogits[range(n), Yb] = 0.0
dlogits /= n

# answer: one minus p at the label
# mistake: logits = sign
# cell: logits
dlogits = F.softmax(logits, 1)
dlogits[range(n), Yb] = 1 - dlogits[range(n), Yb]
dlogits /= n

# answer: minus one everywhere
# mistake: logits = index
# cell: logits
dlogits = (F.softmax(logits, 1) - 1) / n

# answer: minus one in whole rows
# mistake: logits = index
# cell: logits
dlogits = F.softmax(logits, 1)
for i in range(n):
    dlogits[i] -= 1
dlogits = dlogits / n

# answer: all pairs
# mistake: logits = index
# cell: logits
dlogits = F.softmax(logits, 1)
for i in range(n):
    for y in Yb:
        dlogits[i, y] -= 1
dlogits /= n

# answer: the likeliest for the label
# mistake: logits = another name or index
# cell: logits
p = F.softmax(logits, 1)
dlogits = p.clone()
dlogits[range(n), p.argmax(1)] -= 1
dlogits /= n

# answer: the column before the label
# mistake: logits = index
# cell: logits
dlogits = F.softmax(logits, 1)
dlogits[range(n), Yb - 1] -= 1
dlogits /= n

# answer: logits for probabilities
# mistake: logits = layer skipped or another name or derivative
# cell: logits
dlogits = (logits - F.one_hot(Yb, vocab_size)) / n

# answer: a sigmoid
# mistake: logits = function or derivative or another name or dimension
# cell: logits
dlogits = (torch.sigmoid(logits) - F.one_hot(Yb, vocab_size)) / n

# answer: softmax of softmax
# mistake: logits = twice
# cell: logits
probs = F.softmax(logits, 1)
dlogits = (F.softmax(probs, 1) - F.one_hot(Yb, vocab_size)) / n

# answer: squared error
# mistake: logits = constant or factor
# cell: logits
dlogits = 2 * (F.softmax(logits, 1) - F.one_hot(Yb, vocab_size)) / n

# answer: a square
# mistake: logits = exponent
# cell: logits
diff = F.softmax(logits, 1) - F.one_hot(Yb, vocab_size)
dlogits = diff**2 / n

# answer: the slope of one probability
# mistake: logits = factor or derivative
# cell: logits
p = F.softmax(logits, 1)
y = F.one_hot(Yb, vocab_size)
dlogits = (p - y) * p * (1 - p) / n

# answer: the logarithm differentiated, and no softmax
# mistake: logits = layer skipped or derivative or exponent or not finite or upside down
# cell: logits
p = F.softmax(logits, 1)
dlogits = torch.zeros_like(logits)
dlogits[range(n), Yb] = -1.0 / (n * p[range(n), Yb])

# answer: one row for all
# mistake: logits = mean for sum or dimension
# cell: logits
g = F.softmax(logits, 1) - F.one_hot(Yb, vocab_size)
dlogits = g.mean(0, keepdim=True).expand_as(logits)

# answer: a function that forgets the batch
# mistake: logits = constant or factor
# cell: logits
def cross_entropy_backward(z, y):
    """gradient of the mean cross-entropy with respect to the scores"""
    g = z.softmax(-1)
    g[torch.arange(len(y)), y] -= 1
    return g

dlogits = cross_entropy_backward(logits, Yb)

# answer: a function that divides by its columns
# mistake: logits = another name or constant or factor or index
# cell: logits
def backward(scores, target):
    rows, cols = scores.shape
    g = torch.softmax(scores, 1)
    g[range(rows), target] -= 1
    return g / cols

dlogits = backward(logits, Yb)
