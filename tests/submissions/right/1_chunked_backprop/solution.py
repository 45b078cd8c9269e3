"""The reference solution, as it stands in the source."""
