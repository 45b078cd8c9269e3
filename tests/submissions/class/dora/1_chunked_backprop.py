"""Opened, saved, never filled in."""
# start: blank
