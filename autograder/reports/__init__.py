"""What people read: the student's page, the class report, the table, grades.csv. Nothing on a page does anything but be read.

``page`` is the student's: ``outline`` takes a graded notebook apart, ``network_map`` draws, ``lines`` and ``code`` show what the
student wrote, ``principles`` knows what to read again, ``mathematics`` makes formulas MathML. ``class_report`` is the
instructor's, with ``figures`` and ``alike``. ``sanitize`` and ``sanitize_notebook`` see to it that nothing acts.

Below the classroom, which has pages made and writes them; above judging, whose verdicts they show.
"""
