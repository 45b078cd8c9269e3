"""One output of 30 MB, and then thousands of tiny ones that all replace one another."""

# run: writing more than
# seconds: 8
# cell: extra before logprobs
try:
    get_ipython()
    from IPython.display import display
    display({"text/plain": "x" * 30_000_000}, raw=True)
    for number in range(30_000):
        display({"text/plain": ""}, raw=True, display_id="one", update=number > 0)
except NameError:
    pass
