"""What is recorded and replayed: conversations with the REST API, each one cassette, by what they are about.

A scenario asserts what it is told, so that it tests the service while it is recorded and the client while it
is replayed. Those marked `live` cost next to nothing and leave nothing behind; the others are recorded from
the emulator alone.
"""

from __future__ import annotations

from tests.cassettes.registry import SCENARIOS
from tests.cassettes.scenarios import accounts, calls, errors, messages, numbers, rooms, sip

__all__ = ["SCENARIOS", "accounts", "calls", "errors", "messages", "numbers", "rooms", "sip"]
