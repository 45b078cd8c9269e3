"""Annotations, walrus, several targets, semicolons, del, lambda, comprehensions, decorators, unicode."""

# cell: logprobs
dlogprobs: torch.Tensor = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0 / n
# cell: probs
print((dprobs := dlogprobs / probs).shape)
# cell: counts_sum_inv
dcounts_sum_inv = (counts * dprobs).sum(1, keepdim=True); dcounts = counts_sum_inv * dprobs; del dprobs
# cell: counts_sum
inverse = lambda x: -(x**-2)  # d(1/x)/dx = −1/x², für jede Zeile ✓
dcounts_sum = inverse(counts_sum) * dcounts_sum_inv; dcounts += (
    torch.ones_like(counts)
    * dcounts_sum
); größe = 3
del inverse, größe
# cell: norm_logits
@torch.no_grad()
def through_exp(e: torch.Tensor, de: torch.Tensor) -> torch.Tensor:
    """Zurück durch exp: ∂e^x/∂x = e^x.

    Zwei
    Absätze.
    """
    return e * de


dnorm_logits = through_exp(counts, dcounts)
# cell: logit_maxes
dlogits = dnorm_logits.clone(); dlogit_maxes = (-dnorm_logits).sum(1, keepdim=True); "πλήρης"; dlogits += \
    F.one_hot(logits.max(1).indices, num_classes=logits.shape[1]) \
    * dlogit_maxes
# cell: h
(dh, dW2), db2 = (dlogits @ W2.T, h.T @ dlogits), dlogits.sum(0)
# cell: hpreact
with torch.no_grad():
    try:
        dhpreact = (1.0 - h**2) * dh
    finally:
        pass
# cell: bngain
dbngain, dbnbias = [x.sum(0, keepdim=True) for x in (bnraw * dhpreact, dhpreact)]
dbnraw = [*(bngain * dhpreact,)][0]
# cell: emb
demb = dembcat.view(emb.shape)
class Table:
    def __init__(self, like):
        self.rows = torch.zeros_like(like)
    def add(self, index, grad):
        self.rows[index] += grad
table = Table(C)
for i, j in torch.cartesian_prod(torch.arange(n), torch.arange(Xb.shape[1])):
    table.add(Xb[i, j], demb[i, j])
dC = table.rows
