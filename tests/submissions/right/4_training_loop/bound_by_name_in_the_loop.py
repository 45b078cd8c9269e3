"""Gradients bound by their names as text: the loop reads what no line of it seems to make."""

# replace: train | db1 = dhprebn.sum(0) | globals()["db1"] = dhprebn.sum(0)
