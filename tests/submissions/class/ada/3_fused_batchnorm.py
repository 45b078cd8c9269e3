"""Everything right."""

# start: solution
