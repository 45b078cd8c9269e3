"""What is computed: ``graph`` (named steps and their local gradients, read from the forward cell), ``compare`` (when are two
gradients equal), ``exercise`` (what is asked), ``minibatches`` (inputs at other sizes, with other numbers)."""
