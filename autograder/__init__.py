"""What runs on the instructor's side: the build, the judge, nbgrader's steps, grading a class. Imports toolkit, never
the reverse.
"""
