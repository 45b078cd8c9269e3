"""Prints, assertions and comparisons with autograd's gradients, which no answer uses."""

# cell: logprobs
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0 / n
print(logprobs.grad[0], dlogprobs[0])
# cell: probs
dprobs = dlogprobs / probs
check("probs")
cmp("probs", dprobs, probs)
assert torch.allclose(dprobs, probs.grad)
maxdiff = (dprobs - probs.grad).abs().max().item()
print(f"{maxdiff=}")
# cell: extra after probs
for t in [logprobs, probs, counts]:
    t.retain_grad()
for p in [C, W1]:
    p.grad = None
    p.requires_grad = True
loss.backward()
def my_cmp(s, dt, t):
    ex = torch.all(dt == t.grad).item()
    print(s, ex)
my_cmp("probs", dprobs, probs)
# cell: hpreact
dhpreact = (1 - h**2) * dh
plt.imshow(dhpreact.detach())
plt.show()
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.zeros_like(C)
for p in range(n):
    for t in range(Xb.shape[1]):
        dC[Xb[p, t]] += demb[p, t]
# cell: extra at the end
for p, grad in zip([C, W1, b1, W2, b2, bngain, bnbias], [dC, dW1, db1, dW2, db2, dbngain, dbnbias]):
    p.grad = grad
C.grad = dC
with torch.no_grad():
    C.data -= 0.1 * dC
