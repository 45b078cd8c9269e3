""".grad by its name as a string."""

# expect: probs hpreact = uses autograd | grad
# expect: norm_logits = uses autograd | exec
# expect: b1 = uses autograd | eval
# cell: probs
dprobs = getattr(probs, "grad")
# cell: norm_logits
exec("dnorm_logits = norm_logits.grad")
# cell: hpreact
import operator
dhpreact = operator.attrgetter("grad")(hpreact)
# cell: embcat
dembcat = dhprebn @ W1.T
dW1 = embcat.T @ dhprebn
db1 = eval("b1.grad")
