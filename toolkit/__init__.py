"""What a student's notebook carries inside itself; the build inlines these modules into the setup cell.

Reading order, each after what it builds on:

the network   ``graph`` (named steps and their local gradients), ``compare`` (when are two gradients equal)
the answer    ``exercise`` (what is asked), ``cells`` (a student's text taken apart), ``history`` (which cells were run),
              ``minibatches`` (inputs at other sizes)
running it    ``runs`` (one run, here or in a sandbox), ``trials`` (lines run once for each of many small changes), with
              ``no_derivatives``, ``one_device``, ``unpatched`` and ``watched_loop`` for what must not be there and what must be
              seen
judging it    ``tasks`` (which lines belong to which task), ``plans`` (what is run), ``outcome`` (what one run says), ``judge``
              (what is decided and why), ``verdict`` (what it is worth)
more that is  ``loop`` (verdicts on a training loop: ``loop_step``, what is known of a step; ``loop_runs``, what is run;
asked         ``loop_gradients``, ``loop_proof`` and ``loop_update``, what is asked of it), ``loop_values`` (values asked for
              besides), ``asked`` (questions to what an answer defines), ``checker`` (a gradient checker, tried on
              ``drawn_graphs``), ``planted`` and ``findings`` (mistakes that are drawn for one person, and whether they were
              found)
the mistake   ``leading`` (the lines that lead to a gradient), ``line`` (one of them as text and tree), ``edits`` (small
              changes of it: ``slips``, ``brackets``, ``sums``, ``factors``, ``storing``), ``draws`` (small numbers to try them
              on), ``nearest`` (the smallest that makes it right), ``sentences`` (what that says), ``diagnosis`` (known
              mistakes by their numbers), ``pattern`` (what a difference looks like), ``finite`` (where nan comes from),
              ``why`` (the order of all this)
the notebook  ``check``, ``training`` and ``debugging`` (what a student calls), ``picture`` (the graph drawn), ``names``
              (the data)

The grader in autograder/ asks the same judge, with minibatches that nobody has seen and runs in a sandbox.
"""
