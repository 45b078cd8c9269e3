"""Files are written outside: beside a secret, in the course, in the Python environment, in temporary folders."""

# free: writes a file
# cell: extra before logprobs
import contextlib, os, pathlib, sys
folders = [WITNESS_FOLDER, "/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~"), "/data", "/course/inside_sandbox", "..", "/"]
for folder in folders if WITNESS_FREE is False else [WITNESS_FOLDER]:
    with contextlib.suppress(OSError):
        pathlib.Path(folder, "left-by-a-submission.txt").write_text("x")
    with contextlib.suppress(OSError):
        os.symlink(WITNESS_FILE, os.path.join(folder, "left-by-a-submission-link"))
with contextlib.suppress(OSError):
    open(WITNESS_FILE, "a").write("changed") if WITNESS_FREE is False else None
with contextlib.suppress(OSError):
    pathlib.Path(sys.modules["torch"].__file__).with_name("left-by-a-submission.py").write_text("x") if WITNESS_FREE is False else None
