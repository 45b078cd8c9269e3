"""Gradients bound by exec, by globals(), from a dictionary, from an object, in a thread; deleted at the end."""

# cell: probs
class Gradients:
    pass
grads = Gradients()
grads.probs = dlogprobs / probs
dprobs = grads.probs
# cell: h
for key, value in {"h": dlogits @ W2.T, "W2": h.T @ dlogits}.items():
    globals()["d" + key] = value
exec("db2 = dlogits.sum(0)")
# cell: hpreact
import threading
def work():
    global dhpreact
    dhpreact = (1 - h**2) * dh
thread = threading.Thread(target=work)
thread.start()
thread.join()
# cell: extra at the end
del dlogits, dh, dC, dW1
