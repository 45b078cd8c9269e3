"""A function that derives by autograd, and is used twice."""

# expect: hpreact norm_logits = uses autograd
# cell: extra before norm_logits
def back(f, x, dout):
    x = x.detach().requires_grad_(True)
    with torch.enable_grad():
        f(x).backward(dout)
    return x.grad
# cell: norm_logits
dnorm_logits = back(torch.exp, norm_logits, dcounts)
# cell: hpreact
dhpreact = back(torch.tanh, hpreact, dh)
