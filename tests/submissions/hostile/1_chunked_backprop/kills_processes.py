"""A process outside is killed, and, in a sandbox, the supervisor and the process that all came from."""

# free: kills the canary
# cell: extra before logprobs
import contextlib, os, signal
with contextlib.suppress(OSError):
    os.kill(WITNESS_PID, signal.SIGKILL)
for number in (1, os.getppid()) if WITNESS_FREE is False and os.getppid() == 1 else ():
    for number_of_signal in (signal.SIGTERM, signal.SIGINT, signal.SIGSTOP, signal.SIGKILL):
        with contextlib.suppress(OSError):
            os.kill(number, number_of_signal)
