"""The call that verifies a caller id: whoever answers keys in the code that the account was shown.

https://www.twilio.com/docs/voice/api/outgoing-caller-ids
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from attrs import frozen

from ringback._generated.emulation.records import OutgoingCallerIdRecord
from ringback.emulator.engine.call_signals import HungUp, Key, Moved
from ringback.emulator.engine.calls import OutgoingCall, call_out
from ringback.emulator.engine.documents import Document, Source
from ringback.emulator.engine.events import call_facts
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.engine.verbs.answering import prepare
from ringback.emulator.engine.verbs.prompts import perform
from ringback.emulator.engine.verbs.sounds import listen
from ringback.twiml import Say
from ringback.webhooks import CallerIdValidated

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import CallStatus
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.kernel.signals import Signal
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.records import Account

__all__ = ["CALLER_IDS", "Verification", "verify"]

CALLER_IDS: Final = "outgoing_caller_ids"
# Who calls: a number of Twilio's own.
_TWILIO: Final = "+14157234000"
_TRIES: Final = 3
_DIGITS: Final = 6
_PATIENCE: Final = 10.0


@frozen
class Verification:
    """What was asked for.

    Attributes:
        number: The number to verify.
        name: The label that it gets.
        code: The digits to key in.
        delay: Seconds before the call is placed.
        extension: Keys to press once it is answered.
        callback: Where to tell what came of it, or "".
        method: How.
    """

    number: str
    name: str
    code: str
    delay: float = 0.0
    extension: str = ""
    callback: str = ""
    method: str = "POST"


def verify(network: Network, account: Account, wanted: Verification) -> Leg:
    """Place the call, and keep the number where the code is right."""
    call = OutgoingCall(wanted.number, _TWILIO, Source("", twiml="<Response/>"), keys=wanted.extension)
    leg = call_out(network, account, call, delay=wanted.delay)
    verified: list[str] = []
    leg.on_answer = lambda: leg.start(_ask(leg, wanted, verified))
    leg.on_end.append(lambda: _tell(leg, wanted, verified))
    return leg


def _ask(leg: Leg, wanted: Verification, verified: list[str]) -> Steps[None]:
    """Ask for the code, three times at most."""
    try:
        yield from prepare(leg)
        leg.listen_for("keys")
        for _ in range(_TRIES):
            typed = yield from _digits(leg)
            if typed == wanted.code:
                verified.append(_keep(leg, wanted).sid)
                yield from _say(leg, "Thank you. Your number is verified.")
                break
            yield from _say(leg, "That is not the code.")
    except HungUp:
        return
    except Moved:
        pass  # other TwiML has no place in it: it is over, and nothing is verified
    finally:
        leg.listen_for()
    leg.finish("completed")


def _digits(leg: Leg) -> Steps[str]:
    prompt = "This is Twilio. Please enter your six digit verification code."
    signal = yield from _say(leg, prompt, lambda signal: isinstance(signal, Key))
    digits = ""
    while len(digits) < _DIGITS:
        if signal is None:
            signal = yield from listen(leg, _PATIENCE, lambda signal: isinstance(signal, Key))
        if not isinstance(signal, Key):
            break
        digits += signal.key
        signal = None
    return digits


def _say(leg: Leg, text: str, wanted: Callable[[Signal], bool] = lambda _: False) -> Steps[Signal | None]:
    return (yield from perform(leg, Document("", ()), Say(text), "verification", wanted))


def _keep(leg: Leg, wanted: Verification) -> OutgoingCallerIdRecord:
    world, account = leg.world, leg.session.account
    sid, now = world.sids.new("PN"), world.clock.date
    record = OutgoingCallerIdRecord(
        sid=sid,
        account_sid=account.sid,
        friendly_name=wanted.name,
        phone_number=wanted.number,
        date_created=now,
        date_updated=now,
        uri=f"/{API_VERSION}/Accounts/{account.sid}/OutgoingCallerIds/{sid}.json",
    )
    world.store.table(CALLER_IDS, OutgoingCallerIdRecord)[sid] = record
    return record


def _tell(leg: Leg, wanted: Verification, verified: list[str]) -> None:
    if not wanted.callback:
        return
    leg.world.tell(
        leg.session,
        leg.call.sid,
        url=wanted.callback,
        method=wanted.method,
        event=CallerIdValidated(
            **call_facts(leg.call),
            call_status=cast("CallStatus", leg.call.status),
            verification_status="success" if verified else "failed",
            outgoing_caller_id_sid=verified[0] if verified else None,
        ),
        about="verification " + ("success" if verified else "failed"),
    )
