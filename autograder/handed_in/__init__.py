"""From ``submitted/`` to a whole notebook: found, unpacked, read, and the exercise's cells told and mended.

Nothing is run here and nothing is judged. What a student's files can do to us is met here, and met once.
"""
