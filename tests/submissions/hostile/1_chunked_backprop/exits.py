"""os._exit(0), which looks like a good end."""

# run: kernel died
# expect: h W2 b2 = wrong or raised
# cell: h
import os
dh, dW2, db2 = torch.zeros_like(h), torch.zeros_like(W2), torch.zeros_like(b2)
os._exit(0)
