"""Which mistake is it? ``why`` asks, in its order.

By the student's line: ``leading`` (the lines that lead to a gradient), ``line`` (one of them as text and tree), ``edits`` (small
changes of it: ``slips``, ``brackets``, ``sums``, ``factors``, ``storing``), ``draws`` (small numbers to try them on), ``nearest``
(the smallest change that makes it right), ``sentences`` (what that says). A new kind of slip is a change in one of these.

By its numbers: ``diagnosis`` (known mistakes derived from the graph), ``pattern`` (what a difference looks like), ``finite``
(where nan and inf come from).
"""
