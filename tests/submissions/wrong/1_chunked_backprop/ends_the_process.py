"""A cell that ends its process while it computes."""

# expect: hpreact = raised | ended the process
# cell: hpreact
import os
def answer():
    os._exit(0)
    return dh
dhpreact = answer()
