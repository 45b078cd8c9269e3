"""Where student code may run: bubblewrap's command line, the system calls that are refused, and what to say without it.

Inside there is a read-only system and the Python environment, and nothing else: no network, no home, nothing of the course.
What each submission gets on top of that is made inside (``inside_sandbox.confine``).
"""

import errno
import functools
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autograder.sandbox.inside_sandbox.confine import HOME, SUBMISSION

INSIDE = Path(__file__).resolve().parent / "inside_sandbox"
COURSE = INSIDE.parents[2]
DATA, TOOLKIT = COURSE / "data", COURSE / "toolkit"
"""Public: files that the notebooks read, and what each of them carries in its setup cell."""
RIGHTS = ("CAP_SYS_ADMIN", "CAP_SETPCAP", "CAP_SETUID", "CAP_SETGID", "CAP_KILL")
"""What the process that starts all others keeps: to make namespaces, and to give up every right in its children."""

REFUSED = (
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount",
    "fspick", "mount_setattr", "name_to_handle_at", "open_by_handle_at", "ptrace", "process_vm_readv", "process_vm_writev",
    "process_madvise", "pidfd_getfd", "kcmp", "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "add_key", "request_key", "keyctl", "kexec_load", "kexec_file_load", "init_module", "finit_module",
    "delete_module", "swapon", "swapoff", "reboot", "syslog", "acct", "quotactl", "personality", "vhangup",
    "memfd_create", "memfd_secret", "shmget", "shmat",  # memory that belongs to no process, so that nobody could count it
    "msgget", "semget", "mq_open",
)  # fmt: skip
"""System calls that no notebook needs; some of them would lead to rights inside a namespace of the student's own."""
REFUSED_TO_RUNS = (
    "execve", "execveat", "pkey_mprotect", "remap_file_pages",
)  # fmt: skip
"""Refused to the judge's runs besides: ways to machine code that is not there yet."""

_NEW_NAMESPACES = 0x7E020080  # every CLONE_NEW... flag
_EXECUTABLE, _WRITABLE = 4, 2
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33


class SandboxMissing(RuntimeError):
    """Student code cannot be shut in on this machine; the message says what to do."""


def wanted() -> bool:
    """Whether student code is to be shut in: unless SANDBOX=off takes the responsibility."""
    return os.environ.get("SANDBOX", "on").lower() not in ("off", "0", "no")


@functools.cache
def obstacle() -> str:
    """Why the sandbox cannot be had here, as a sentence that says what to do; empty if it can."""
    way_out = "To grade without a sandbox, with student code running as you and with your rights, say SANDBOX=off."
    if sys.platform != "linux":
        return f"Student code is graded in a sandbox, which needs Linux (this is {platform.system()}). {way_out}"
    if shutil.which("bwrap") is None:
        return (
            "Student code is graded in a sandbox, and bubblewrap is not installed (Debian and Ubuntu: "
            f"apt-get install bubblewrap; Fedora: dnf install bubblewrap). {way_out}"
        )
    try:
        import pyseccomp  # noqa: F401
    except (ImportError, RuntimeError):
        return (
            "Student code is graded in a sandbox, and libseccomp is not installed (Debian and Ubuntu: "
            f"apt-get install libseccomp2; Fedora: dnf install libseccomp). {way_out}"
        )
    probe = [
        *command(),
        python(),
        "-I",
        "-c",
        "import ctypes; raise SystemExit(ctypes.CDLL(None).unshare(0x20020000))",
    ]
    tried = subprocess.run(probe, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if tried.returncode != 0:
        said = tried.stderr.strip().splitlines()
        reason = said[-1] if said else "no reason given"
        if "Failed to make / slave" in reason:  # nothing can be mounted beneath a root that is no mount point
            return (
                f"Student code is graded in a sandbox, and bubblewrap cannot make one in this chroot ({reason}): its folder must "
                f"be a mount point. Outside of it, before chroot, type: mount --bind FOLDER FOLDER. {way_out}"
            )
        if "execvp" in reason:
            return (
                f"Student code is graded in a sandbox, and there {python()} is not to be found ({reason}). Start the course "
                f"with the Python of a virtual environment, by its full path. {way_out}"
            )
        return (
            f"Student code is graded in a sandbox, and bubblewrap cannot make one here ({reason}): this system or container "
            "does not allow user namespaces. In a container, allow them (or run it privileged); on Ubuntu 24.04 and later, "
            f"allow bwrap in AppArmor. {way_out}"
        )
    return ""


def require() -> bool:
    """Whether to shut student code in.

    Raises:
        SandboxMissing: it is wanted and cannot be had.
    """
    if not wanted():
        return False
    if obstacle():
        raise SandboxMissing(obstacle())
    return True


def command() -> list[str]:
    """The words that stand before a program to run it in the sandbox."""
    words = ["bwrap"]
    if os.geteuid() == 0:  # root needs no user namespace, and can become another user in its children
        words += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    else:
        words += ["--unshare-all", "--uid", "0", "--gid", "0"]  # in one user namespace that all others belong to
    words += ["--clearenv", "--cap-drop", "ALL"]
    for right in RIGHTS:
        words += ["--cap-add", right]
    for name, value in environment("/tmp").items():
        words += ["--setenv", name, value]
    words += ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev", "--size", "33554432", "--tmpfs", "/tmp"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            words += ["--ro-bind", str(path), str(path)]
    bound = {path: path for path in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")}
    bound |= {path: path for path in python_folders()}
    # a notebook looks for data/ above its own folder
    bound |= {str(DATA): "/data", str(INSIDE): "/course/inside_sandbox", str(TOOLKIT): "/course/toolkit"}
    made = ["/", "/tmp"]
    for target in (*bound.values(), *(f"{place}/any" for place in (HOME, SUBMISSION))):
        for parent in reversed(Path(target).parents):  # bubblewrap would make them as private as they are outside
            if str(parent) not in made:
                words += ["--perms", "0755", "--dir", str(parent)]
                made.append(str(parent))
    for source, target in bound.items():
        words += ["--ro-bind-try", source, target]
    words += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"]
    return [*words, "--"]


def environment(home: str) -> dict[str, str]:
    """The whole environment of student code: nothing of the instructor's."""
    return {
        "PATH": os.pathsep.join([os.path.dirname(python()), "/usr/local/bin", "/usr/bin", "/bin"]), "HOME": home,
        "USER": "student", "LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "MPLCONFIGDIR": "/tmp/matplotlib",
    }  # fmt: skip


def python() -> str:
    """The path of this Python without ``..`` and the like: inside, the folders on such a way are not there."""
    return os.path.abspath(sys.executable)


def python_folders() -> list[str]:
    """The folders that Python and its packages are in, but for the system's own."""
    found = [sys.prefix, sys.base_prefix, os.path.dirname(os.path.dirname(os.path.realpath(sys.executable)))]
    found = [os.path.abspath(path) for path in found]
    return [p for p in dict.fromkeys(found) if p != "/" and not p.startswith("/usr/") and p != "/usr"]


@functools.cache
def filter_program(runs: bool) -> bytes:
    """The refused system calls as a seccomp filter in BPF; they fail with "operation not permitted".

    Args:
        runs: for the judge's runs, in which there is no way to new machine code.
    """
    import pyseccomp as seccomp

    rules = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
    no = seccomp.ERRNO(errno.EPERM)

    def refuse(name: str, *conditions: object, action: int = no) -> None:
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) != -1:
            rules.add_rule(action, name, *conditions)

    for name in REFUSED + (REFUSED_TO_RUNS if runs else ()):
        refuse(name)
    refuse("clone3", action=seccomp.ERRNO(errno.ENOSYS))  # its flags cannot be seen; the C library then takes clone
    for size in (
        socket.SO_SNDBUF,
        socket.SO_RCVBUF,
        _SO_SNDBUFFORCE,
        _SO_RCVBUFFORCE,
    ):  # what waits there is nobody's memory
        level, name = (seccomp.Arg(i, seccomp.EQ, word) for i, word in ((1, socket.SOL_SOCKET), (2, size)))
        refuse("setsockopt", level, name)
    for bit in range(32):
        if _NEW_NAMESPACES >> bit & 1:
            refuse("clone", seccomp.Arg(0, seccomp.MASKED_EQ, 1 << bit, 1 << bit))
    if runs:
        both = _EXECUTABLE | _WRITABLE
        refuse("mmap", seccomp.Arg(2, seccomp.MASKED_EQ, both, both))
        refuse("mprotect", seccomp.Arg(2, seccomp.MASKED_EQ, _EXECUTABLE, _EXECUTABLE))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def server_command(descriptors: Sequence[int], confined: bool) -> Sequence[str]:
    """The command that starts ``inside_sandbox.server`` on inherited sockets."""
    folders = ["/course"] if confined else [str(INSIDE.parent), str(COURSE)]
    start = (
        f"import sys; path = sys.path[:]; sys.path[:0] = {folders!r}; from inside_sandbox.server import main; "
        "sys.path[:] = path; main()"
    )
    mode = "confined" if confined else "free"
    return [*(command() if confined else []), python(), "-I", "-c", start, *map(str, descriptors), mode]
