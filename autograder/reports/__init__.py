"""What people read: feedback pages, the table, grades.csv. Nothing on a page does anything but be read (``defuse``).

Below the classroom, which has pages made and writes them; above judging, whose verdicts they show.
"""
