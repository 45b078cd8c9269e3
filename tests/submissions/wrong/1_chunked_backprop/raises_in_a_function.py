"""An exception inside a helper: the line of the helper is shown."""

# expect: hpreact = raised | ZeroDivisionError
# cell: hpreact
def slope(x):
    return 1 / 0

dhpreact = slope(h) * dh
