"""``python -m autograder``. It is no module that grading needs, since each process that grades would read that a second time."""

from autograder.command_line import main

if __name__ == "__main__":
    main()
