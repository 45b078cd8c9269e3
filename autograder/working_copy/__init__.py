"""What students type in, ``work/``: made once, never written over, and carried over into a new release.

A room of its own, as answers are told by what reads hand-ins, and course/ stands below that.
"""
