"""The solution as it stands."""
