"""All files and sockets of the process are closed."""

# run: kernel
# expect: h W2 b2 = wrong or raised
# cell: h
import os
os.closerange(3, 1000)
dh, dW2, db2 = torch.zeros_like(h), torch.zeros_like(W2), torch.zeros_like(b2)
