"""A backward that is one's own, in a namespace that no class defines: the slip in it is named, and nobody is said to use autograd."""

# expect: hpreact = wrong | at `+`: the sign is wrong
# replace: hpreact | dhpreact = (1.0 - h**2) * dh | from types import SimpleNamespace; tanh = SimpleNamespace(backward=lambda out, dout: (1.0 + out**2) * dout); dhpreact = tanh.backward(h, dh)
