"""A comparison with autograd's gradients in the loop, however it is written: there are none, and the answer does not need them."""

# answer: in a condition
# replace: train | # keep track | if not torch.allclose(dW1, W1.grad): print("differs")

# answer: after autograd was switched off
# replace: train | # The training loop: your own backward pass, and no loss.backward() anywhere | for p in parameters: p.requires_grad = False
# replace: train | # keep track | print((dW1 - W1.grad).abs().max())
