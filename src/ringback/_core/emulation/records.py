"""What all records of the emulator have in common."""

from __future__ import annotations

from attrs import define

__all__ = ["Record"]


@define(eq=False, kw_only=True)
class Record:
    """One record that the emulator keeps. Its fields are those of the model, by their Python names."""
