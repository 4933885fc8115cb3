"""Messages created over a transport that has the answer ready."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.subjects import timing
from bench.subjects.canned import Canned, client

_messages = client(Canned(201, Path(sys.argv[1]).read_bytes())).messages
timing.repeated(
    lambda: _messages.create(to="+15558675310", from_="+15017122661", body="Your table is ready."), 4000
)
