"""An answer run: ``cells`` (a student's text taken apart), ``runs`` (one run, here or in a sandbox), ``tasks`` (which cells
belong to which task), ``plans`` (what is run), ``outcome`` (what one run says of one gradient), ``trials`` (lines run once for
each of many small changes).

``no_derivatives``, ``one_device``, ``unpatched`` and ``watched_loop`` see to what must not be there and what must be seen.
"""
