"""Some steps in numpy."""

# cell: probs
import numpy as np
dprobs = torch.from_numpy(dlogprobs.numpy() / probs.detach().numpy())
# cell: counts_sum_inv
dcounts_sum_inv = torch.tensor((counts.numpy() * dprobs.numpy()).sum(axis=1, keepdims=True))
dcounts = torch.as_tensor(np.multiply(counts_sum_inv, dprobs))
# cell: hpreact
dhpreact = torch.from_numpy((1 - np.tanh(hpreact.numpy()) ** 2) * dh.numpy()).float()
# cell: h
dh = torch.from_numpy(np.dot(dlogits.cpu().numpy(), W2.numpy().T))
dW2 = torch.from_numpy(h.numpy().T @ dlogits.numpy())
db2 = torch.from_numpy(np.asarray(dlogits).sum(0))
