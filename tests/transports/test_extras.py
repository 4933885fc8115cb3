"""Without its extra, a module says which one it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "library", "extra"),
    [("aiohttp", "aiohttp", "aiohttp"), ("httpx", "httpx", "httpx"), ("otel", "opentelemetry", "otel")],
)
def test_a_missing_extra_is_named(module: str, library: str, extra: str) -> None:
    code = f"import sys; sys.modules[{library!r}] = None; import ringback.transports.{module}"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.stderr.splitlines()[-1].startswith("ImportError: ")
    assert f"pip install 'ringback[{extra}]'" in result.stderr.splitlines()[-1]
