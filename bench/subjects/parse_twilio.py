"""Pages of calls into models, from bytes."""
# pyright: basic

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from bench.subjects import timing
from bench.subjects.canned_twilio import Canned, client

_canned = Canned(200, b"")
_calls = client(_canned).calls


def _read(page: bytes) -> list[Any]:
    _canned.body = page
    return list(_calls.page(page_size=1000))


timing.each(_read, [Path(name).read_bytes() for name in sys.argv[1:]])
