"""The course as it is written and released: exercises, the build, drift and leaks, edits that are taken back into the text.

Apart from what is handed in, since an exercise must be known before anything can be found or judged by it.
"""
