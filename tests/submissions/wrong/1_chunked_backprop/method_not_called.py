"""A method that is not called; dC goes past it and is right."""

# expect: emb = wrong | is a builtin_function_or_method
# cell: emb
demb = dembcat.view
dC = torch.zeros_like(C)
dC.index_add_(0, Xb.view(-1), dembcat.view(-1, C.shape[1]))
