"""Other processes: their environments, their memory, their open files, their command lines, by /proc, ptrace and signals."""

# free: prints the secret
# cell: extra before logprobs
import ctypes, os
say = []
for entry in sorted(os.listdir("/proc")) if os.path.isdir("/proc") else []:
    if entry.isdigit() and int(entry) != os.getpid():
        for name in ("environ", "cmdline", "maps"):
            try:
                text = open(f"/proc/{entry}/{name}", "rb").read().decode(errors="replace")
                say += [part for part in text.split("\0") if "WITNESS_SECRET=" in part]
            except OSError:
                pass
        try:
            say.append(f"MEMORY OF {entry}") if os.pread(os.open(f"/proc/{entry}/mem", os.O_RDONLY), 1, 0) else None
        except OSError:
            pass
print("FOUND", say)
