"""autograd in a string that is decoded first."""

# expect: hpreact = raised or wrong or not attempted
# free: derives hpreact
# cell: hpreact

import base64
code = "bGVhZiA9IGhwcmVhY3QuY2xvbmUoKTsgbGVhZi5yZXF1aXJlc19ncmFkID0gVHJ1ZTsgdG9yY2guX0MuX3NldF9ncmFkX2VuYWJsZWQoVHJ1ZSk7IG91dCA9IHRvcmNoLnRhbmgobGVhZik="
exec(base64.b64decode(code).decode())
exec("dhpreact, = torch.auto" + "grad.gr" + "ad(out, leaf, dh)")
