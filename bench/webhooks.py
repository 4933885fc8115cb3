"""Webhooks: checking who sent one, and answering it through ASGI and WSGI."""

from __future__ import annotations

from typing import Final

from bench.processes import interleaved, number, ratio
from bench.rows import Row

__all__ = ["run"]

_PROGRAMS: Final = ("ringback", "twilio")
_TASKS: Final = (
    ("validate a signed request of 30 parameters", "validate", 0.2),
    ("signed request to TwiML through ASGI, async handler, one gather; FastAPI", "asgi", 0.4),
    ("the same through WSGI, sync handler; Flask", "wsgi", 0.67),
)


def run() -> list[Row]:
    """Measure all of it; takes about half a minute."""
    return [
        Row(
            name=name,
            ratio=ratio(
                interleaved({who: ["-m", f"bench.subjects.webhook_{who}", task] for who in _PROGRAMS}, 11),
                "ringback",
                "twilio",
                number,
            ),
            limit=limit,
        )
        for name, task, limit in _TASKS
    ]
