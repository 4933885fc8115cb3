"""Flows are led to their end in one process, and by another worker for each webhook."""

from __future__ import annotations

import pytest


@pytest.fixture
def emulator_options(workers: int) -> dict[str, object]:
    return {"workers": workers}
