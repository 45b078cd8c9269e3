"""What runs inside the sandbox. It is all of this course that student code can see, and imports nothing else of it.

``server`` imports what notebooks need once and forks a ``supervisor`` for each submission, which shuts itself into
namespaces of its own (``confine``) and forks the processes in which the student's code runs: a Jupyter kernel
(``kernel``) or runs of the judge's (``run``, without autograd: ``no_autograd``). They speak through sockets (``wire``).
"""
