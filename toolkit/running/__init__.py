"""An answer run.

Its text, taken apart: ``magics`` (what of a cell is Python), ``statements`` (and the names that each reads and binds),
``autograd_words``, ``precisions`` (casts), ``cells`` (what of all that is run), ``tasks`` (which cells belong to which task).

Run: ``plans`` (what is run), ``runs`` (one run, in a sandbox or ``in_this_process``), ``outcome`` (what it says of one
gradient), ``telling`` (which of them says most), ``trials`` (lines run once for each of many small changes).
``no_derivatives``, ``one_device``, ``unpatched`` and ``watched_loop`` see to what must not be there and what must be seen.
"""
