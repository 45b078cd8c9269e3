"""A backward operator for sparse tensors: log_softmax's."""

# expect: logits = raised | autograd is not an answer
# cell: logit_maxes
dlogits = dnorm_logits.clone()
dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
log = torch.log_softmax(logits, 1)
dlogits = torch.ops.aten._sparse_log_softmax_backward_data(dlogprobs.to_sparse(), log.to_sparse(), 1, logits.to_sparse()).to_dense()
