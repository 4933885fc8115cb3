"""A word for those who wait for the network where a whole event loop waits with them."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Final

__all__ = ["warn_in_loop"]

_HINT: Final = (
    "a synchronous Client is used in a running event loop, which stands still until the answer is there, and "
    "with it every other call and request: use AsyncClient, or `await asyncio.to_thread(…)` around the call"
)
_logger: Final = logging.getLogger("ringback.http")
_warned = False


def warn_in_loop() -> None:
    """Warn, once a process, if an event loop is running in this thread.

    Warns:
        RuntimeWarning: It is, and nothing else happens in it until the answer is there.
    """
    global _warned
    # Where nobody has imported asyncio no loop runs, and importing it takes longer than a request.
    asyncio = sys.modules.get("asyncio.events")
    if _warned or asyncio is None or asyncio._get_running_loop() is None:
        return
    _warned = True
    try:
        warnings.warn(_HINT, RuntimeWarning, stacklevel=_callers_level())
    except RuntimeWarning:
        # Warnings are errors here, but a hint is no reason for a message not to be sent.
        _logger.warning(_HINT)


def _callers_level() -> int:
    """The `stacklevel` of the line that is none of ours."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("ringback."):
        frame, level = frame.f_back, level + 1
    return level
