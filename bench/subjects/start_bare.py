"""The floor of a start: an interpreter that imports nothing."""
