"""Which verbs run where not all of them may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.verbs.gather import gather
from ringback.emulator.engine.verbs.hangup import hangup
from ringback.emulator.engine.verbs.pause import pause
from ringback.emulator.engine.verbs.play import play
from ringback.emulator.engine.verbs.record import record
from ringback.emulator.engine.verbs.redirect import redirect
from ringback.emulator.engine.verbs.results import NEXT
from ringback.emulator.engine.verbs.say import say
from ringback.twiml import Dial, Gather, Hangup, Pause, Play, Record, Redirect, Say

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.verbs.execution import Execution, Verbs
    from ringback.emulator.engine.verbs.results import Result

__all__ = ["WAITING", "WHISPERED"]

# What somebody hears who waits for a conference or in a queue.
WAITING: Final[Verbs] = {Say: say, Play: play, Pause: pause, Redirect: redirect}


def _dialed(execution: Execution, _verb: Dial) -> Steps[Result]:
    yield from ()
    leg, url = execution.leg, execution.document.url
    leg.world.problem(leg.session.account, leg.call.sid, Trouble(13201, "", url))
    return NEXT


# What a callee hears alone before the two are connected.
WHISPERED: Final[Verbs] = {**WAITING, Dial: _dialed, Gather: gather, Record: record, Hangup: hangup}
