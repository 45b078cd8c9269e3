"""The judge's own socket: an early farewell, shapes that lie, a number without end, all from the student's cell."""

# expect: h W2 b2 = wrong or raised
# cell: h
import os, socket, stat, struct
def say(text, blob=b""):
    for number in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                os.write(number, b"ninja1\n" + struct.pack(">Q", len(text)) + text + blob)
        except OSError:
            pass
try:
    get_ipython()  # the kernel's sockets are no use
except NameError:
    dh = torch.zeros_like(h)
    if h.shape[0] % 2:
        say(b'{"done": true, "placed": {}, "blobs": []}')
    else:
        say(b'{"chunk": 0, "error": null, "news": {"h": {"dtype": "float64", "shape": [Infinity]}}, "blobs": [8]}', bytes(8))
dh, dW2, db2 = torch.zeros_like(h), torch.zeros_like(W2), torch.zeros_like(b2)
