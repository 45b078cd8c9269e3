"""Cells in a sentence: by name, and of many only how many more there are."""

from collections.abc import Sequence


def cells(names: Sequence[str], most: int) -> str:
    """``cell a``, ``cells a, b`` or, of more than ``most``, ``cells a, b and 3 more``."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{'cell' if len(names) == 1 else 'cells'} {', '.join(names[:most])}{more}"
