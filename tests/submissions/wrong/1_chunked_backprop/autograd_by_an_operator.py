"""torch's own operators of a backward pass: autograd without its name."""

# expect: hpreact = raised | autograd is not an answer
# expect: C = raised | autograd is not an answer
# cell: hpreact
dhpreact = torch.ops.aten.tanh_backward(dh, h)
# cell: emb
demb = dembcat.view(emb.shape)
dC = torch.ops.aten.embedding_dense_backward(demb, Xb, C.shape[0], -1, False)
