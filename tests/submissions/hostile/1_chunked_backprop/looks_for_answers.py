"""Frames, the garbage collector and a trace function are searched for a tensor that could be the answer, and for names of
reference values."""

# expect: hpreact = wrong
# cell: hpreact
import gc, sys
seen = []
def search(values):
    for name, value in list(values.items()):
        if any(word in str(name) for word in ("reference", "truth", "expected", "solution", "answer", "correct", "hidden")):
            seen.append(value)
        if type(value) is dict and value is not values and len(value) < 200 and len(seen) < 1000:
            for key in ("hpreact", "dhpreact"):
                if type(value.get(key)) is torch.Tensor:
                    seen.append(value[key])
frame = sys._getframe()
while frame is not None:
    search({**frame.f_globals, **frame.f_locals})
    frame = frame.f_back
sys.settrace(lambda frame, event, argument: search(frame.f_locals))
for thing in gc.get_objects():
    if type(thing) is dict:
        search(thing)
right = (1.0 - h**2) * dh  # what it is looking for: not used as an answer
found = [t for t in seen if type(t) is torch.Tensor and t.shape == right.shape and torch.allclose(t, right.to(t.dtype))]
sys.settrace(None)
dhpreact = found[0] if found else torch.full_like(right, 7.0)  # "not given": there was none
