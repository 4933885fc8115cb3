"""Dial with numbers and clients: child legs that ring, one that answers, a bridge.

https://www.twilio.com/docs/voice/twiml/number and https://www.twilio.com/docs/voice/twiml/client
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from ringback.emulator.engine.call_signals import ChildOver, ChildReady, HungUp, Key, Moved
from ringback.emulator.engine.calls import place, reach
from ringback.emulator.engine.detection import Detection
from ringback.emulator.engine.documents import Document, Source, said
from ringback.emulator.engine.kernel.process import wait
from ringback.emulator.engine.legs import Leg, Subscription
from ringback.emulator.engine.records import Call
from ringback.emulator.engine.verbs.answering import prepare
from ringback.emulator.engine.verbs.dial_recording import DialRecording
from ringback.emulator.engine.verbs.execution import whisper
from ringback.emulator.engine.verbs.restricted import WHISPERED
from ringback.emulator.engine.verbs.sounds import listen, nothing
from ringback.twiml import Client, Identity, Number
from ringback.webhooks import CalleeAnswered, DialResult

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import DialCallStatus
    from ringback.emulator.engine.events import RequestFacts
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.kernel.signals import Signal
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.twiml import Dial

__all__ = ["NumbersDial"]

_TIMEOUT: Final = 30
_LONGEST: Final = 14_400
Callee: TypeAlias = "Number | Client"


class NumbersDial:
    """One Dial: its child legs, and what became of them."""

    def __init__(self, execution: Execution, verb: Dial, nouns: Sequence[Callee]) -> None:
        self._leg = execution.leg
        self._network = execution.network
        self._document = execution.document
        self._verb = verb
        self._nouns = nouns
        # By call SID.
        self._ringing: dict[str, Leg] = {}
        self._winner: Leg | None = None
        self._last: Leg | None = None
        self._bridged_at: float | None = None
        self._seconds = 0
        self._status: DialCallStatus = "no-answer"
        self._recording = DialRecording(execution, verb)

    def run(self) -> Steps[None]:
        """Ring them, one after the other or all at once, and talk to the one who answers."""
        if self._verb.sequential:
            for noun in self._nouns:
                yield from self._ring([noun])
                if self._winner is not None:
                    break
        else:
            yield from self._ring(self._nouns)
        if self._winner is not None:
            yield from self._bridge(self._winner)
        self._recording.finish()

    def drop(self) -> None:
        """The caller is gone, or has something else to do."""
        for child in self._ringing.values():
            child.finish("completed" if child.call.status == "in-progress" else "canceled")
        if self._winner is not None:
            self._unbridge()
            self._winner.finish("completed")
        elif self._ringing:
            self._status = "canceled"
        self._recording.finish()

    def result(self, facts: RequestFacts) -> DialResult:
        """What the action is asked with."""
        bridged = self._bridged_at is not None
        return DialResult(
            **facts,
            dial_call_status=self._status,
            dial_bridged=bridged,
            dial_call_sid=self._last.call.sid if self._last is not None else None,
            dial_call_duration=self._seconds if bridged else None,
            **self._recording.facts,
        )

    def _ring(self, nouns: Sequence[Callee]) -> Steps[None]:
        timeout = float(self._verb.timeout or _TIMEOUT)
        children = [self._child(noun, timeout) for noun in nouns]
        self._ringing = {child.call.sid: child for child in children}
        while self._ringing:
            signal: Signal | None = yield from wait(None)
            match signal:
                case ChildReady(sid) if sid in self._ringing:
                    self._winner = self._last = self._ringing.pop(sid)
                    others, self._ringing = self._ringing, {}
                    for other in others.values():
                        other.finish("canceled")
                    return
                case ChildOver(sid) if sid in self._ringing:
                    self._last = child = self._ringing.pop(sid)
                    # A child that was answered and hung up before the bridge has not taken the call.
                    ended = cast("DialCallStatus", child.call.status)
                    self._status = "no-answer" if ended == "completed" else ended
                case _:
                    pass

    def _child(self, noun: Callee, timeout: float) -> Leg:
        parent, network = self._leg, self._network
        number = _address(noun)
        caller = self._verb.caller_id or parent.call.from_
        now = network.clock.date
        call = Call(
            sid=network.sids.new("CA"),
            date_created=now,
            date_updated=now,
            account_sid=parent.call.account_sid,
            to=number,
            from_=caller,
            direction="outbound-dial",
            status="initiated",
            parent_call_sid=parent.call.sid,
        )
        subscription = Subscription(
            self._document.link(noun.status_callback) if noun.status_callback else "",
            noun.status_callback_method or "POST",
            frozenset(noun.status_callback_event or ("completed",)),
        )
        child = place(
            network,
            call,
            parent.session,
            network.phone(number),
            subscriptions=[subscription],
            fallback_url=parent.fallback_url,
            fallback_method=parent.fallback_method,
            parent=parent,
        )
        if isinstance(noun, Number):
            child.answer_keys = noun.send_digits or ""
            child.detection = self._detection(noun)
        child.on_ring = self._recording.ring
        child.on_answer = lambda: child.start(_whisper(network, child, self._document, noun, parent))
        child.on_end.append(lambda: parent.signal(ChildOver(child.call.sid)))
        reach(network, child, timeout)
        return child

    def _detection(self, noun: Number) -> Detection | None:
        if not noun.machine_detection:
            return None
        url = self._document.link(noun.amd_status_callback) if noun.amd_status_callback else ""
        return Detection(noun.machine_detection, url, noun.amd_status_callback_method or "POST", beside=True)

    def _bridge(self, child: Leg) -> Steps[None]:
        parent, clock = self._leg, self._network.clock
        if parent.call.status == "ringing":
            parent.answer()
        self._bridged_at = clock.now
        parent.audience = lambda: (child,)
        child.audience = lambda: (parent,)
        parent.listen_for("keys", "speech")
        child.listen_for("keys", "speech")
        self._network.note(
            parent.call.sid, "Twilio", "connects", f"{parent.line.phone.number} and {child.call.to}"
        )
        self._recording.connect()
        child.reported = self._recording.active
        star = bool(self._verb.hangup_on_star)

        def wanted(signal: Signal) -> bool:
            return signal == ChildOver(child.call.sid) or (star and signal == Key("*"))

        longest = float(self._verb.time_limit or _LONGEST)
        signal = yield from listen(parent, longest, wanted)
        self._unbridge()
        if not isinstance(signal, ChildOver):
            child.finish("completed")

    def _unbridge(self) -> None:
        child = self._winner
        if self._bridged_at is None or child is None or self._status == "completed":
            return
        self._status = "completed"
        self._seconds = math.floor(self._network.clock.now - self._bridged_at + 0.5)
        self._leg.audience = child.audience = tuple
        self._leg.listen_for()
        child.listen_for()
        self._recording.finish()


def _address(noun: Callee) -> str:
    if isinstance(noun, Number):
        return said(noun)
    identities = [child for child in noun.children if isinstance(child, Identity)]
    return f"client:{said(identities[0] if identities else noun).removeprefix('client:')}"


def _picked_up(facts: RequestFacts) -> CalleeAnswered:
    return CalleeAnswered(**facts)


def _whisper(network: Network, child: Leg, document: Document, noun: Callee, parent: Leg) -> Steps[None]:
    """What the callee hears alone before the bridge; then the child waits for its end."""
    try:
        yield from prepare(child)
        if noun.url:
            source = Source(document.link(noun.url), noun.method or "POST", question=_picked_up)
            if not (yield from whisper(network, child, source, WHISPERED)):
                child.finish("completed")
                return
        parent.signal(ChildReady(child.call.sid))
        yield from listen(child, None, nothing)
    except HungUp:
        return
    except Moved as moved:
        # The callee was moved to other TwiML, which ends the caller's Dial.
        parent.signal(ChildOver(child.call.sid))
        yield from network.interpret(child, moved.source)
