"""Pages of calls into models, from bytes."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.subjects import timing
from bench.subjects.canned import Canned, client
from ringback.rest import Call

_canned = Canned(200, b"")
_calls = client(_canned).calls


def _read(page: bytes) -> tuple[Call, ...]:
    _canned.body = page
    return next(_calls.list(page_size=1000).pages()).items


timing.each(_read, [Path(name).read_bytes() for name in sys.argv[1:]])
