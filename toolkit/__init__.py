"""What a student's notebook carries inside itself; the build inlines these modules into the setup cell. The rooms, from the
ground up; an import only points down (pyproject.toml says it, tests/test_house.py checks it):

    verdict         what is said of an answer, and what it is worth
    network/        the forward pass as a graph of named steps, what an exercise asks of it, numbers at other sizes
    running/        a student's cells taken apart and run, here or in a sandbox; what one run says of a gradient
    mistakes/       which mistake a wrong gradient is: the nearest right line, known mistakes, and the sentence on it
    not_right       what is said of a gradient that is not right
    judge           the verdict on each gradient
    training_loop/  the verdicts on a training loop: gradients, update, learning rate, trajectory
    bug_hunt/       the verdicts on a gradient checker and on a search for planted mistakes
    history, picture, first_names   which cells were run; the graph drawn; the data
    check, training, debugging      what a student calls: of any exercise, of a training loop, of a search for mistakes

The grader in autograder/ asks the same judge, with minibatches that nobody has seen and runs in a sandbox.
"""
