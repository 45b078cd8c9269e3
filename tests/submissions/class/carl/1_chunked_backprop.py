"""A folder without a notebook."""
# no notebook: handed in nothing
