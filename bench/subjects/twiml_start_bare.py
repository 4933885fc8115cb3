"""The floor: an interpreter that imports nothing."""
