"""All of it, in a style of its own."""

# answer: einsum for everything
# start: blank
# cell: lngain
dlngain = torch.einsum("nth,nth->h", dhpreact, lnraw)
dlnbias = torch.einsum("nth->h", dhpreact)
dlnraw = dhpreact * lngain
# cell: lnvar_inv
dlnvar_inv = torch.einsum("nth,nth->nt", dlnraw, lndiff)[..., None]
dlnvar = -0.5 * lnvar_inv**3 * dlnvar_inv
dlndiff2 = (dlnvar / n_hidden).expand_as(lndiff2)
# cell: lndiff
dlndiff = dlnraw * lnvar_inv + 2 * lndiff * dlndiff2
dlnmean = -torch.einsum("nth->nt", dlndiff)[..., None]
dhpreln = dlndiff + dlnmean / n_hidden
# cell: head
dhead = torch.einsum("nth,dh->ntd", dhpreln, W1)
dW1 = torch.einsum("ntd,nth->dh", head, dhpreln)
db1 = torch.einsum("nth->h", dhpreln)
# cell: att
datt = torch.einsum("ntd,nsd->nts", dhead, v)
dv = torch.einsum("nts,ntd->nsd", att, dhead)
# cell: masked
dmasked = att * datt - att * torch.einsum("nts,nts->nt", att, datt)[..., None]
# cell: scaled
dscaled = dmasked * ~future
dscores = dscaled * head_size**-0.5
# cell: q
dq = torch.einsum("nts,nsd->ntd", dscores, k)
dk = torch.einsum("nts,ntd->nsd", dscores, q)
# cell: xnorm
dxnorm = sum(torch.einsum("ntd,ed->nte", a, b) for a, b in ((dq, Wq), (dk, Wk), (dv, Wv)))
dWq = torch.einsum("nte,ntd->ed", xnorm, dq)
dWk = torch.einsum("nte,ntd->ed", xnorm, dk)
dWv = torch.einsum("nte,ntd->ed", xnorm, dv)
# cell: embgain
dembgain = torch.einsum("nte,nte->e", dxnorm, embraw)
dembbias = torch.einsum("nte->e", dxnorm)
# cell: emb
g = dxnorm * embgain
demb = embvar_inv * (g - g.mean(2, keepdim=True) - embraw * (g * embraw).mean(2, keepdim=True))
# cell: C
dP = torch.einsum("nte->te", demb)
dC = torch.einsum("ntv,nte->ve", F.one_hot(Xb, vocab_size).to(demb.dtype), demb)

# answer: a function for each layer
# cell: extra before lngain
def back_through_norm(dout, gain, normalized, inv):
    d = gain * dout
    return inv * (d - d.mean(-1, keepdim=True) - normalized * (d * normalized).mean(-1, keepdim=True))


def back_through_linear(dout, inp, weight):
    return dout @ weight.T, inp.flatten(0, -2).T @ dout.flatten(0, -2)


def back_through_softmax(dout, out):
    return out * (dout - (dout * out).sum(-1, keepdim=True))
# cell: head
dhead, dW1 = back_through_linear(dhpreln, head, W1)
db1 = dhpreln.flatten(0, 1).sum(0)
# cell: masked
dmasked = back_through_softmax(datt, att)
# cell: xnorm
dx1, dWq = back_through_linear(dq, xnorm, Wq)
dx2, dWk = back_through_linear(dk, xnorm, Wk)
dx3, dWv = back_through_linear(dv, xnorm, Wv)
dxnorm = dx1 + dx2 + dx3
# cell: emb
demb = back_through_norm(dxnorm, embgain, embraw, embvar_inv)
