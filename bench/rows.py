"""What was measured: rows of ratios, a table of them."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

__all__ = ["Row", "table"]


@frozen(kw_only=True)
class Row:
    """One row.

    Attributes:
        name: What was done.
        ratio: What it takes, as a share of what `of` takes.
        limit: The ratio at most.
        of: What it is compared with.
        floor: What can't be gone below; empty where there is none.
        floor_ratio: ringback's multiple of it.
        floor_limit: That ratio at most, where there is a limit.
    """

    name: str
    ratio: float
    limit: float
    of: str = "twilio-python"
    floor: str = ""
    floor_ratio: float | None = None
    floor_limit: float | None = None

    @property
    def misses(self) -> list[str]:
        """What is above its limit, in words."""
        checks = ((self.ratio, self.limit, self.of), (self.floor_ratio, self.floor_limit, self.floor))
        return [
            f"{self.name}: {ratio:.2f} x {what}, {limit:g} at most"
            for ratio, limit, what in checks
            if ratio is not None and limit is not None and ratio > limit
        ]


def table(rows: Sequence[Row]) -> str:
    """The rows as text."""
    lines = [("", "x", "of", "at most", "x floor", "at most", "floor")]
    lines += [
        (
            row.name,
            f"{row.ratio:.2f}",
            row.of,
            f"{row.limit:g}",
            "" if row.floor_ratio is None else f"{row.floor_ratio:.2f}",
            "" if row.floor_limit is None else f"{row.floor_limit:g}",
            row.floor,
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index in {0, 2, 6} else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )
