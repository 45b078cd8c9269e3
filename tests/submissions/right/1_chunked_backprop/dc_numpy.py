"""dC by numpy's add.at, there and back."""

# cell: extra before emb
import numpy as np
# cell: emb
demb = dembcat.view(emb.shape)
table = np.zeros(tuple(C.shape), dtype=np.float32)
np.add.at(table, Xb.numpy(), demb.detach().numpy())
dC = torch.from_numpy(table)
