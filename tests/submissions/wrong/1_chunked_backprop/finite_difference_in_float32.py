"""A forward difference: with words of casts in a comment, in a string, in another statement."""

# expect: hpreact norm_logits = wrong
# cell: hpreact
# I tried .float() and .to(torch.float32), and the type of numpy
scale = float(len(h))
dhpreact = dh * ((hpreact.double() + 1e-7).tanh() - hpreact.double().tanh()) / 1e-7
# cell: norm_logits
note = "float32"
other = h.float()
dnorm_logits = dcounts * ((norm_logits.double() + 1e-7).exp() - norm_logits.double().exp()) / 1e-7
