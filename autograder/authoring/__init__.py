"""What an author asks of an exercise before anybody takes it: begun, tried with made-up answers, and said where it is weak.

``new`` begins one (``make new``). ``lint`` says what its checks catch (``make lint-source``), cell by cell: ``references``
judges the solution and its ``mistakes``; these are made from the graph and by ``node_slips``, and ``equivalent`` knows those
that are none; ``notebooks`` runs some as students' notebooks and asks ``check``; ``warned`` and ``kinds`` tell whether a
mistake is named, ``given_away`` and ``pieces`` whether an answer is given away. ``before_a_build`` is the part of it that a
build asks for. ``workbench`` is an exercise with its solution, ``answers`` reads answers that are kept as files.

Above judging, which it asks; below the command line. Nothing of it is in a student's hands.
"""
