from __future__ import annotations

from pathlib import Path


def render(spec: Path) -> dict[str, str]:
    """To be written."""
    return {}


def openapi_document(spec: Path) -> dict[str, object]:
    """To be written."""
    return {}
