"""The one command line, ``python -m autograder grade ...``: a command is the ``main`` of the module of its name.

A command is started this way and not as ``python -m autograder.grade``, since each process that grades would then read that
module a second time, as what the program was started with.
"""

import importlib
import sys

COMMANDS = ("build", "adopt", "work", "grade", "demo", "bench")


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        print(f"usage: python -m autograder {{{','.join(COMMANDS)}}} ...", file=sys.stderr)
        return 2
    command = sys.argv.pop(1)
    return importlib.import_module(f"autograder.{command}").main()


if __name__ == "__main__":
    sys.exit(main())
