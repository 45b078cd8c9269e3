"""Words of autograd's that are the student's own: methods, attributes, functions, a library of their own."""

# cell: extra before logprobs
import types

torch.use_deterministic_algorithms(True)
torch.set_grad_enabled(False)
torch.autograd.set_detect_anomaly(False)


class Nodes:
    def __init__(self, **kept):
        self.__dict__.update(kept)


engine = types.SimpleNamespace()
engine.backward = lambda upstream, p: upstream / p
setattr(engine, "jacobian", lambda t: 1 - t**2)
tape = []


def hessian(x):
    return torch.zeros_like(x)
# cell: probs
dprobs = engine.backward(dlogprobs, probs)
# cell: hpreact
dhpreact = engine.jacobian(h) * dh
# cell: counts_sum
for node in [Nodes(data=counts_sum, grad=None)]:
    node.grad = -(counts_sum**-2) * dcounts_sum_inv
    tape.append(node)
dcounts_sum = [node.grad for node in tape][-1]
dcounts += torch.ones_like(counts) * dcounts_sum
# cell: norm_logits
with torch.autograd.grad_mode.no_grad():
    dnorm_logits = counts * dcounts
print(torch.allclose(dnorm_logits, norm_logits.grad))
# cell: embcat
back = {"grad": lambda d: (d @ W1.T, embcat.T @ d, d.sum(0))}
dembcat, dW1, db1 = back["grad"](dhprebn)
ok = all(torch.allclose(mine, t.grad) for mine, t in [(dW1, W1), (db1, b1)])
