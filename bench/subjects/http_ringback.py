"""Messages created over HTTP, by the transport that a client has of itself."""

from __future__ import annotations

import sys

from bench.subjects import timing
from ringback import Client

_messages = Client("AC" + "0" * 32, "token", base_url=sys.argv[1]).messages
timing.repeated(
    lambda: _messages.create(to="+15558675310", from_="+15017122661", body="Your table is ready."), 1000
)
