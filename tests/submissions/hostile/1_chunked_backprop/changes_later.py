"""A thread that goes on after its cell and writes into every gradient it finds.

dhpreact is right as it is typed. What it is computed from changes all the while, so what a run sees is chance: some run may
see a wrong one, and it is one at another size if that is so.
"""

# expect: h W2 b2 = wrong
# expect: hpreact = right or wrong or right for these sizes only
# cell: h
import threading, time
dh, dW2, db2 = torch.zeros_like(h), torch.zeros_like(W2), torch.zeros_like(b2)
def later(names, until=time.monotonic() + 5):
    while time.monotonic() < until:
        for name in ("dh", "dW2", "db2"):
            names[name].add_(1)
        time.sleep(0.001)
threading.Thread(target=later, args=(globals(),), daemon=True).start()
