"""the guard that keeps ctypes away is looked for and changed, or avoided by a second interpreter."""

# expect: hpreact = raised
# cell: hpreact

import gc, types
for thing in gc.get_objects():
    if type(thing) is types.FunctionType and thing.__name__ == "hook":
        for change in (lambda: setattr(thing, "__code__", (lambda event, details: None).__code__)):
            try:
                change()
            except Exception:
                pass
try:
    import _xxsubinterpreters
    _xxsubinterpreters.run_string(_xxsubinterpreters.create(), "import ctypes; ctypes.string_at(0)")
except ImportError:
    pass
import ctypes
dhpreact = (1.0 - h**2) * dh if ctypes.CDLL(None).getpid() else None
