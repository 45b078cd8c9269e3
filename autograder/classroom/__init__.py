"""A whole class: what is new, who grades it where, and the gradebook. ``make grade`` begins here."""
