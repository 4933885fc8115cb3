"""The verbs of a call, and the function of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.verbs.connect import connect
from ringback.emulator.engine.verbs.dial import dial
from ringback.emulator.engine.verbs.echo import echo
from ringback.emulator.engine.verbs.enqueue import enqueue
from ringback.emulator.engine.verbs.gather import gather
from ringback.emulator.engine.verbs.hangup import hangup
from ringback.emulator.engine.verbs.leave import leave
from ringback.emulator.engine.verbs.pause import pause
from ringback.emulator.engine.verbs.pay import pay
from ringback.emulator.engine.verbs.play import play
from ringback.emulator.engine.verbs.prompt import prompt
from ringback.emulator.engine.verbs.record import record
from ringback.emulator.engine.verbs.redirect import redirect
from ringback.emulator.engine.verbs.refer import refer
from ringback.emulator.engine.verbs.reject import reject
from ringback.emulator.engine.verbs.say import say
from ringback.emulator.engine.verbs.sms import sms
from ringback.emulator.engine.verbs.start import start
from ringback.emulator.engine.verbs.stop import stop
from ringback.twiml import (
    Connect,
    Dial,
    Echo,
    Enqueue,
    Gather,
    Hangup,
    Leave,
    Pause,
    Pay,
    Play,
    Prompt,
    Record,
    Redirect,
    Refer,
    Reject,
    Say,
    Sms,
    Start,
    Stop,
)

if TYPE_CHECKING:
    from ringback.emulator.engine.verbs.execution import Verbs

__all__ = ["VERBS"]

VERBS: Final[Verbs] = {
    Connect: connect,
    Dial: dial,
    Echo: echo,
    Enqueue: enqueue,
    Gather: gather,
    Hangup: hangup,
    Leave: leave,
    Pause: pause,
    Pay: pay,
    Play: play,
    Prompt: prompt,
    Record: record,
    Redirect: redirect,
    Refer: refer,
    Reject: reject,
    Say: say,
    Sms: sms,
    Start: start,
    Stop: stop,
}
