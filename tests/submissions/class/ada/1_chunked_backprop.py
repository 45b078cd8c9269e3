"""Everything right."""
# start: solution
