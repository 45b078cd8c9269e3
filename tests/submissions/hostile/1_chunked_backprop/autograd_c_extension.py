"""a C library that is built on the spot, or brought along, and loaded."""

# expect: hpreact = wrong or raised
# free: derives hpreact
# cell: hpreact

import ctypes, os, pathlib, subprocess
code = "#include <math.h>\nvoid f(double*g,double*h,double*o,long n){for(long i=0;i<n;i++)o[i]=g[i]*(1-h[i]*h[i]);}"
built = None
for folder in ("/tmp", "/dev/shm", os.path.expanduser("~"), "."):
    source, library = pathlib.Path(folder, "mine.c"), pathlib.Path(folder, "mine.so").absolute()
    try:
        source.write_text(code)
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True, capture_output=True)
        built = ctypes.CDLL(str(library))
        break
    except Exception as failed:
        error = failed
    finally:
        source.unlink(missing_ok=True)
        library.unlink(missing_ok=True)
if built is None:
    raise error
g, t, dhpreact = dh.double().contiguous(), h.double().contiguous(), torch.empty(h.shape, dtype=torch.float64)
built.f(*(ctypes.c_void_p(x.data_ptr()) for x in (g, t, dhpreact)), ctypes.c_long(h.numel()))
