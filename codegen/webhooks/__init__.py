from __future__ import annotations

from pathlib import Path


def render(spec: Path) -> dict[str, str]:
    """To be written."""
    return {}
