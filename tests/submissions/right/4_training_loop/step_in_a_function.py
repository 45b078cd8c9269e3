"""The step of one minibatch in a function, under names of its own."""

# cell: backward
# The backward pass of one minibatch


def slopes():
    g_out = (F.softmax(logits, 1) - F.one_hot(Yb, logits.shape[1])) / n
    g_act = (g_out @ W2.T) * (1 - h * h)
    g_gain, g_bias = (g_act * bnraw).sum(0, keepdim=True), g_act.sum(0, keepdim=True)
    g_before = bngain * bnvar_inv * (g_act - g_bias / n - bnraw * g_gain / (n - 1))
    g_e = (g_before @ W1.T).view(emb.shape)
    g_C = torch.zeros_like(C).index_add_(0, Xb.reshape(-1), g_e.reshape(-1, C.shape[1]))
    return g_C, embcat.T @ g_before, g_before.sum(0), h.T @ g_out, g_out.sum(0), g_gain, g_bias


dC, dW1, db1, dW2, db2, dbngain, dbnbias = slopes()
