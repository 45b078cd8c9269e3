"""Copies what autograd has computed."""

# start: solution
# cell: probs
dprobs = probs.grad
# cell: hpreact
dhpreact = hpreact.grad.clone()
# cell: bndiff
dbndiff, dbnmeani, dhprebn = torch.autograd.grad(loss, [bndiff, bnmeani, hprebn], retain_graph=True)
