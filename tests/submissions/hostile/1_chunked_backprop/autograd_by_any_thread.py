"""Grad mode is switched on beneath, in a thread of its own; no operator in it has a derivative that is called one."""

# expect: hpreact = raised or wrong or not attempted
# free: derives hpreact
# cell: hpreact

import threading
C = getattr(torch, "_" + "C")
found = []
def derive():
    getattr(C, "_set_" + "grad_enabled")(True)
    leaf = hpreact.clone()
    setattr(leaf, "requires_" + "grad", True)
    up, down = leaf.exp(), (-leaf).exp()
    out = (up - down) / (up + down)
    found.append(C._ImperativeEngine().run_backward((out,), (dh,), False, False, (leaf,), allow_unreachable=True, accumulate_grad=False)[0])
thread = threading.Thread(target=derive)
thread.start()
thread.join()
dhpreact = found[0]
