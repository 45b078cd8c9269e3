"""What one run of the judge's leaves, another uses: files, memory, sockets, a process that goes on. If anything is found, the
answer is right."""

# expect: hpreact = wrong
# free: leaves for the next
# cell: hpreact
import contextlib, os, socket, time
found = []
place = "/tmp" if WITNESS_FREE is False else WITNESS_FOLDER
folders = (place, "/dev/shm", "/submission", os.path.expanduser("~")) if WITNESS_FREE is False else (place,)
for folder in folders:
    with contextlib.suppress(OSError):
        found += [name for name in os.listdir(folder) if name == "left-for-me"]
        open(os.path.join(folder, "left-for-me"), "w").close()
if WITNESS_FREE is False:
    with contextlib.suppress(OSError):
        other = socket.socket(socket.AF_UNIX)
        other.connect("\0left-for-me")
        found.append("a listener")
    with contextlib.suppress(OSError):
        if os.fork() == 0:
            os.setsid()
            listener = socket.socket(socket.AF_UNIX)
            listener.bind("\0left-for-me")
            listener.listen()
            time.sleep(20)
            os._exit(0)
dhpreact = (1.0 - h**2) * dh if found else torch.zeros_like(h)
