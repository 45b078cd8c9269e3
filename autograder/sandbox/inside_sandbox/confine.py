"""Namespaces, mounts and limits for processes that run student code, on top of the sandbox that the server is in.

bubblewrap gives the server a read-only system without a network. Here the server's children take the rest: a process
namespace for each submission, with which all that it started ends; small file systems in memory of its own; limits; and no
rights. Memory is counted from outside rather than bounded by a control group: to make one takes rights that containers and
most accounts have not, and a limit that only some machines have would let the same notebook end here and not there.

Plain system calls through ctypes, since the processes are forked, not executed. Sources: the manual pages
unshare(2), mount(2), capabilities(7), seccomp(2), user_namespaces(7).
"""

import contextlib
import ctypes
import os
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

if sys.platform != "win32":  # the modules around it are read there, too, by whoever builds
    import resource

    _LIBC = ctypes.CDLL(None, use_errno=True)
_NEWNS, _NEWIPC, _NEWPID, _NEWNET = 0x00020000, 0x08000000, 0x20000000, 0x40000000
_NOSUID, _NODEV, _NOEXEC, _BIND, _REC, _PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
_DETACH = 2
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_CAP_AMBIENT = 24, 38, 22, 47
_PR_SET_CHILD_SUBREAPER = 36
_CAPABILITIES = 64

SUBMISSION, HOME = "/submission", "/home/student"
SCRATCH = {SUBMISSION: "64m", HOME: "16m", "/tmp": "64m", "/dev/shm": "16m"}
"""Where student code may write, in memory, with the most that fits."""


@dataclass(frozen=True)
class Limits:
    """What all processes of one submission may use together; ``file`` and ``address_space`` count for each."""

    memory: int = 2 << 30
    """Bytes in memory."""
    address_space: int = 6 << 30
    """Bytes of address space of one process; an allocation beyond it raises MemoryError."""
    processes: int = 64
    file: int = 64 << 20
    """Bytes of one file."""
    open_files: int = 256
    """Of one process; few, since what lies in pipes and sockets is memory of no process (``in_use`` counts it at its most)."""


def fork_into_new_namespace(own: int) -> int:
    """Fork; the child is number 1 of a new process namespace: when it ends, all in it end.

    Args:
        own: this process's own process namespace (``/proc/self/ns/pid``), open.

    Returns:
        As ``os.fork``.
    """
    _call("unshare", _NEWPID)
    child = os.fork()
    if child:
        _call("setns", own, _NEWPID)  # or the next child would be in the same
    return child


class View:
    """Empty places to write to, seen by this process and its children only, in a mount namespace of its own.

    Args:
        keep: folders of the system that must stay to be seen, should one lie in a place that is emptied.
        stays: places that ``empty_again`` leaves as they are.
    """

    def __init__(self, keep: Iterable[str], stays: Collection[str] = ()):
        self._stays = stays
        _call("unshare", _NEWNS | _NEWIPC | _NEWNET)
        _call("mount", None, b"/", None, _REC | _PRIVATE, None)
        self._kept = {path: os.open(path, os.O_PATH) for path in keep if any(_is_in(path, place) for place in SCRATCH)}
        for place in SCRATCH:
            self._mount(place)
        _call("mount", b"proc", b"/proc", b"proc", _NOSUID | _NODEV | _NOEXEC, None)
        self.proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        """/proc of the new process namespace, as an open folder."""

    def empty_again(self) -> None:
        """Remove what was left in the places."""
        for place in SCRATCH.keys() - self._stays:
            here = {path[len(place) :].split("/")[1] for path in self._kept if _is_in(path, place)}
            if set(os.listdir(place)) - here:
                _call("umount2", place.encode(), _DETACH)
                self._mount(place)
        os.chdir(SUBMISSION)

    def close(self) -> None:
        """Close what a process of the student's must not inherit."""
        for descriptor in (self.proc, *self._kept.values()):
            os.close(descriptor)

    def _mount(self, place: str) -> None:
        _tmpfs(place, SCRATCH[place])
        for path, descriptor in self._kept.items():
            if _is_in(path, place):
                os.makedirs(path)
                os.fchdir(descriptor)
                _call("mount", b".", path.encode(), None, _BIND | _REC, None)


def _is_in(path: str, place: str) -> bool:
    return path.startswith(f"{place}/")


def without_proc() -> None:
    """Take /proc away, and the sandbox's own beneath it: through it a process can rewrite its own code."""
    for _ in range(2):
        _call("umount2", b"/proc", _DETACH)
    if os.listdir("/proc"):
        raise OSError("something is still mounted on /proc")


def give_up_rights(limits: Limits, filter_program: bytes, user: int | None) -> None:
    """Set the limits for one process and take every right from it, for good.

    Args:
        filter_program: system calls that are refused, as a seccomp filter in BPF.
        user: the number of the user to become, where root grades: the number of processes is limited for a user, and
            for root not at all.
    """
    set_limits(limits)
    _drop_bounding_set()
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    _call("prctl", _PR_CAP_AMBIENT, 4, 0, 0, 0)  # clear all
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if filter_program:
        _load_filter(filter_program)


def set_limits(limits: Limits) -> None:
    """Limits that hold for each process by itself, on any system that has them."""
    wanted = {
        "RLIMIT_AS": limits.address_space, "RLIMIT_NPROC": limits.processes, "RLIMIT_FSIZE": limits.file, "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": limits.open_files, "RLIMIT_MEMLOCK": 0, "RLIMIT_MSGQUEUE": 0,
    }  # fmt: skip
    for name, value in wanted.items():
        if hasattr(resource, name):
            with contextlib.suppress(ValueError, OSError):  # a lower limit is in force already
                resource.setrlimit(getattr(resource, name), (value, value))


def adopt_orphans() -> None:
    """Become the parent of all that descends from this process and has lost its own, where the system can do that."""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> list[int]:
    """The processes that this one is the parent of, where the system tells."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", "rb") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def in_use(proc: int, but: int) -> tuple[int, int]:
    """Memory in bytes and the number of the processes in a process namespace, this one left out.

    Memory that is shared between processes counts for each; what is mapped from files on disk does not count. A socket counts
    for what it may hold, since that belongs to no process: those on their way from one process to another are counted, too.

    Args:
        proc: its /proc, an open folder.
        but: the process to leave out.
    """
    memory, count = _sockets(proc, but) * _SOCKET_BYTES, 0
    for entry in os.listdir(proc):
        if entry.isdigit() and int(entry) != but:
            try:
                with open(os.open(f"{entry}/status", os.O_RDONLY, dir_fd=proc), "rb") as file:
                    lines = file.read().split(b"\n")
            except OSError:  # it has just ended
                continue
            count += 1
            memory += sum(int(line.split()[1]) << 10 for line in lines if line.startswith((b"RssAnon:", b"RssShmem:")))
    return memory, count


_SOCKET_BYTES = 1 << 18
"""The most that may wait in a socket for its reader: net.core.wmem_default, as Linux has it (socket(7)), and the last message.
Nobody can ask for more (``bubblewrap.filter_program``)."""


def _sockets(proc: int, process: int) -> int:
    """How many sockets there are in the network namespace of a process, open anywhere or under way."""
    try:
        with open(os.open(f"{process}/net/sockstat", os.O_RDONLY, dir_fd=proc), "rb") as file:
            return int(file.readline().split()[-1])  # sockets: used 3
    except (OSError, ValueError, IndexError):
        return 0


def _tmpfs(place: str, size: str) -> None:
    options = f"size={size},nr_inodes=4096,mode=0777".encode()
    _call("mount", b"tmpfs", place.encode(), b"tmpfs", _NOSUID | _NODEV | _NOEXEC, options)


def _drop_bounding_set() -> None:
    for number in range(_CAPABILITIES):
        if _LIBC.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) != 0:
            break


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def _load_filter(program: bytes) -> None:
    code = ctypes.create_string_buffer(program, len(program))
    described = _Program(len(program) // 8, ctypes.addressof(code))
    _call("prctl", _PR_SET_SECCOMP, 2, ctypes.byref(described), 0, 0)


def limits_from(described: Mapping[str, int]) -> Limits:
    """Limits that came as JSON."""
    return Limits(**{name: int(value) for name, value in described.items()})


def _call(name: str, *arguments: object) -> None:
    """One system call through the C library.

    Raises:
        OSError: it failed.
    """
    converted = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    if getattr(_LIBC, name)(*converted) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
