"""What doesn't work yet, in one place: a test fails for each name here that works."""

from __future__ import annotations

from typing import Final

# Operations that answer 501.
NOT_YET: Final[frozenset[str]] = frozenset({})
# Scenarios of operations that work, but not as Twilio's do.
NOT_RIGHT: Final[frozenset[str]] = frozenset({})
# Cases of test_codes.py that are answered otherwise.
CODES_NOT_RIGHT: Final[frozenset[str]] = frozenset({})
# What test_node.py does that goes otherwise.
NODE_NOT_RIGHT: Final[frozenset[str]] = frozenset({})
