"""Everything that is summed, by einsum."""

# cell: counts_sum_inv
dcounts_sum_inv = torch.einsum("ij,ij->i", counts, dprobs)[:, None]
dcounts = torch.einsum("ik,ij->ij", counts_sum_inv, dprobs)
# cell: logit_maxes
dlogit_maxes = torch.einsum("ij->i", -dnorm_logits).reshape(-1, 1)
hot = F.one_hot(logits.argmax(dim=-1), num_classes=logits.size(1))
dlogits = dnorm_logits + torch.einsum("ij,ik->ij", hot.to(dnorm_logits.dtype), dlogit_maxes)
# cell: h
dh = torch.einsum("nv,hv->nh", dlogits, W2)
dW2 = torch.einsum("nh,nv->hv", h, dlogits)
db2 = torch.einsum("nv->v", dlogits)
# cell: bngain
dbngain = torch.einsum("nh,nh->h", bnraw, dhpreact).unsqueeze(0)
dbnraw = torch.einsum("ih,nh->nh", bngain, dhpreact)
dbnbias = torch.einsum("nh->h", dhpreact).view(1, -1)
# cell: embcat
dembcat = torch.einsum("nh,fh->nf", dhprebn, W1)
dW1 = torch.einsum("nf,nh->fh", embcat, dhprebn)
db1 = torch.einsum("nh->h", dhprebn)
# cell: emb
demb = dembcat.reshape(*emb.shape)
dC = torch.einsum("ntv,nte->ve", F.one_hot(Xb, C.shape[0]).to(demb.dtype), demb)
