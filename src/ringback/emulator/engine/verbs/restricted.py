"""Which verbs run where not all of them may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.verbs.gather import gather
from ringback.emulator.engine.verbs.hangup import hangup
from ringback.emulator.engine.verbs.pause import pause
from ringback.emulator.engine.verbs.play import play
from ringback.emulator.engine.verbs.record import record
from ringback.emulator.engine.verbs.redirect import redirect
from ringback.emulator.engine.verbs.say import say
from ringback.twiml import Gather, Hangup, Pause, Play, Record, Redirect, Say

if TYPE_CHECKING:
    from ringback.emulator.engine.verbs.execution import Verbs

__all__ = ["WAITING", "WHISPERED"]

# What somebody hears who waits for a conference or in a queue.
WAITING: Final[Verbs] = {Say: say, Play: play, Pause: pause, Redirect: redirect}
# What a callee hears alone before the two are connected.
WHISPERED: Final[Verbs] = {**WAITING, Gather: gather, Record: record, Hangup: hangup}
