"""What a student's notebook carries inside itself; the build inlines these modules into the setup cell.

Reading order: ``graph`` (the network as named steps), ``compare`` (when are two gradients equal), ``diagnosis`` (which
mistake was it), ``check`` (what the student sees), ``training`` (the loop and its checks), ``picture`` (the graph
drawn), ``names`` (the data).
"""
