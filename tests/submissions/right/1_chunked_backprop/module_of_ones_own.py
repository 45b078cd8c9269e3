"""A cell that writes a module, which others import; a cell and a line under the profiler."""

# cell: extra before logprobs
%%writefile my_layers.py
import torch


def tanh_backward(h, upstream):
    return (1 - h**2) * upstream


class Linear:
    def __init__(self, x, w):
        self.x, self.w = x, w

    def backward(self, upstream):
        return upstream @ self.w.T, self.x.T @ upstream, upstream.sum(0)
# cell: logprobs
%%prun
dlogprobs = torch.zeros_like(logprobs)
dlogprobs[range(n), Yb] = -1.0 / n
# cell: probs
%prun dprobs = dlogprobs / probs
# cell: h
import my_layers
from my_layers import Linear

dh, dW2, db2 = Linear(h, W2).backward(dlogits)
# cell: hpreact
dhpreact = my_layers.tanh_backward(h, dh)
