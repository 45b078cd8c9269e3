"""What an author asks of an exercise before anybody takes it: begun, tried with made-up answers, and said where it is weak.

``template`` begins one (``make new``). ``lint`` says what its checks catch (``make lint-source``), cell by cell: ``references``
judges the solution, ``mistakes`` makes wrong answers from it, ``notebooks`` runs some of them as students' notebooks and asks
``check``, ``warned`` tries those that the prose warns of, ``told`` looks for the answer in what is shown. ``gate`` is the part of
it that a build asks for. ``workbench`` is an exercise with its solution, ``answers`` reads answers that are kept as files.

Above judging, which it asks; below the command line. Nothing of it is in a student's hands.
"""
