"""From a mended notebook to points: the hidden tests, asked of the toolkit's judge on minibatches that nobody has seen.

What is right, and why, is told in toolkit/, so that ``check`` in a student's notebook says the same.
"""
