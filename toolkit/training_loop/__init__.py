"""Whether a training loop is right, step by step: ``step`` (what is known of one), ``runs`` (what is run), ``gradients``,
``proof`` and ``update`` (what is asked of it: its gradients, its update, learning rate and trajectory), ``values`` (what is asked
for besides), ``verdicts`` (all of it together)."""
