"""Whether a training loop is right, step by step: ``step`` (what is known of one), ``runs`` (what is run), ``gradients`` and
``proof`` (are they right), ``update_and_rate`` (update, learning rate, trajectory), ``values`` (what is asked for besides),
``verdicts`` (all of it together)."""
