"""What outlives a cell, where another run in the same process would find it: a tensor kept on a module, a file, an operator
that can be registered once, a default, a folder. Every value is right in a process of its own.
"""

# cell: logprobs
import os
torch.set_default_dtype(torch.float64)
torch.student_library = torch.library.Library("student", "DEF")
torch.student_library.define("ones_like(Tensor x) -> Tensor")
torch.student_library.impl("ones_like", lambda x: x * 0 + 1, "CPU")
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -torch.ops.student.ones_like(logprobs)[range(n), Yb] / n
# cell: probs
if not hasattr(torch, "kept_dprobs"):
    torch.kept_dprobs = (1.0 / probs) * dlogprobs
dprobs = torch.kept_dprobs
# cell: h
if not os.path.exists("kept.pt"):
    torch.save(dlogits @ W2.T, "kept.pt")
dh = torch.load("kept.pt")
os.chdir("/tmp")
dW2 = h.T @ dlogits
db2 = dlogits.sum(0)
