"""autograd's engine itself, imported by name, in a thread of its own where the mode is set anew."""

# expect: hpreact = raised or wrong or not attempted
# free: derives hpreact
# cell: hpreact

import importlib, threading
C = importlib.import_module("torch." + "_C")
def derive():
    global dhpreact
    getattr(C, "_set_" + "grad_enabled")(True)
    leaf = hpreact.clone()
    setattr(leaf, "requires_" + "grad", True)
    out = torch.tanh(leaf)
    dhpreact = C._ImperativeEngine().run_backward((out,), (dh,), False, False, (leaf,), allow_unreachable=True, accumulate_grad=False)[0]
thread = threading.Thread(target=derive)
thread.start()
thread.join()
