"""The backward pass in a function, under names of its own; the loop knows none of the gradients."""

# cell: train
# The training loop: your own backward pass, and no loss.backward() anywhere
lossi = []
kept_grads, kept_ratios = [], []


def step_of(x, y):
    e = C[x]
    flat = e.flatten(1)
    before = flat @ W1 + b1
    mean, var = before.mean(0, keepdim=True), before.var(0, keepdim=True)
    inverse = (var + 1e-5) ** -0.5
    raw = (before - mean) * inverse
    hidden = torch.tanh(bngain * raw + bnbias)
    out = hidden @ W2 + b2
    g_out = (F.softmax(out, 1) - F.one_hot(y, out.shape[1])) / len(y)
    g_act = (g_out @ W2.T) * (1 - hidden * hidden)
    g_gain, g_bias = (g_act * raw).sum(0, keepdim=True), g_act.sum(0, keepdim=True)
    m = len(y)
    g_before = bngain * inverse * (g_act - g_bias / m - raw * g_gain / (m - 1))
    g_e = (g_before @ W1.T).view(e.shape)
    g_C = torch.zeros_like(C).index_add_(0, x.reshape(-1), g_e.reshape(-1, e.shape[-1]))
    slopes = [g_C, flat.T @ g_before, g_before.sum(0), hidden.T @ g_out, g_out.sum(0), g_gain, g_bias]
    return F.cross_entropy(out, y).item(), slopes


with torch.no_grad():
    for i in progress_bar(range(max_steps)):
        ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
        value, slopes = step_of(Xtr[ix], Ytr[ix])
        for p, slope in zip(parameters, slopes):
            p -= (0.1 if i < lr_drop else 0.01) * slope
        lossi.append(value)
