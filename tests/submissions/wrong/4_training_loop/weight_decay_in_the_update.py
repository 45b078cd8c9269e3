"""A pull towards zero in the update: what changes the parameters is no multiple of their gradients."""

# expect: loop:update loop:rate = wrong | does not change by a multiple of your dC
# expect: loop:trajectory = wrong
# replace: train | p.add_(grad, alpha=-lr) | p.add_(grad + 0.01 * p, alpha=-lr)
