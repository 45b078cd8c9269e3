"""What a student's notebook carries inside itself; the build inlines these modules into the setup cell. In reading order:

    the network   graph (the forward pass as named steps), exercise (what is asked of it), minibatches (other sizes)
    an answer     cells (a student's code taken apart), history (which of it was run in this notebook)
    one run       runs (cells in, values out), watched_loop (a loop's gradients seen), one_device, unpatched, no_derivatives
    the verdict   compare (when are two gradients equal), plans (what is run), outcome (what one run says),
                  verdict (what is said and what it is worth), judge (what is decided), loop (the same of a training loop)
    the reason    diagnosis (which mistake was it)
    the notebook  check (what a student calls), training (what exercise 4 calls), picture (the graph drawn), names (the data)

``check`` and the grader (autograder/judging) ask the same judge.
"""
