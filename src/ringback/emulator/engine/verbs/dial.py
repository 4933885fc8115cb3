"""Dial: child legs that ring, one that answers, a bridge. https://www.twilio.com/docs/voice/twiml/dial"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from ringback.emulator.engine.answering import Detection, prepare
from ringback.emulator.engine.calls import phone
from ringback.emulator.engine.documents import Document, name_of, said
from ringback.emulator.engine.exchange import Trouble
from ringback.emulator.engine.legs import Leg, Subscription
from ringback.emulator.engine.process import (
    ChildOver,
    ChildReady,
    HungUp,
    Key,
    Moved,
    Signal,
    Source,
    Steps,
    wait,
)
from ringback.emulator.engine.recordings import Keeper, Wanted
from ringback.emulator.engine.records import Call
from ringback.emulator.engine.verbs.basic import WHISPERED
from ringback.emulator.engine.verbs.conference import JOINED, join
from ringback.emulator.engine.verbs.flow import last_words, whisper
from ringback.emulator.engine.verbs.queue import Taking
from ringback.emulator.engine.verbs.results import NEXT, Result
from ringback.emulator.engine.verbs.sound import listen, nothing
from ringback.twiml import Client, Conference, Dial, Identity, Number, Queue, Raw

if TYPE_CHECKING:
    from ringback.emulator.engine.parameters import Pairs

__all__ = ["dial"]

_TIMEOUT: Final = 30
_LONGEST: Final = 14_400
Callee: TypeAlias = "Number | Client"


def dial(leg: Leg, document: Document, verb: Dial) -> Steps[Result]:
    """Connect the call to others, and ask the action when that is over."""
    nouns = [child for child in verb.children if not isinstance(child, (str, Raw))]
    if not nouns and said(verb):
        nouns = [Number(said(verb))]
    if nouns and isinstance(nouns[0], Conference):
        try:
            pairs = yield from join(leg, document, verb, nouns[0])
        except (HungUp, Moved):
            yield from _last_action(leg, document, verb, JOINED)
            raise
        return _action(document, verb, pairs)
    if nouns and isinstance(nouns[0], Queue):
        taking = Taking(leg, document, verb, nouns[0])
        return (yield from _connect(leg, document, verb, taking, taking.run()))
    known = [noun for noun in nouns if isinstance(noun, (Number, Client))]
    for noun in nouns:
        if noun not in known:
            leg.network.problem(
                leg.session.account,
                leg.call.sid,
                Trouble(13233, f"the emulator can't dial a <{name_of(noun)}> yet", leg.document),
            )
    dialing = _Dialing(leg, document, verb)
    return (yield from _connect(leg, document, verb, dialing, dialing.run(known)))


def _connect(
    leg: Leg, document: Document, verb: Dial, connection: _Dialing | Taking, steps: Steps[None]
) -> Steps[Result]:
    try:
        yield from steps
    except Exception as error:
        connection.drop()
        if isinstance(error, (HungUp, Moved)):
            # The action learns how it went, and its answer is of no use any more.
            yield from _last_action(leg, document, verb, connection.result())
        raise
    return _action(document, verb, connection.result())


def _action(document: Document, verb: Dial, pairs: Pairs) -> Result:
    if not verb.action:
        return NEXT
    return Source(document.link(verb.action), verb.method or "POST", extra=tuple(pairs))


def _last_action(leg: Leg, document: Document, verb: Dial, pairs: Pairs) -> Steps[None]:
    action = _action(document, verb, pairs)
    if isinstance(action, Source):
        yield from last_words(leg, action)


class _Dialing:
    """One Dial: its child legs, and what became of them."""

    def __init__(self, leg: Leg, document: Document, verb: Dial) -> None:
        self._leg = leg
        self._network = leg.network
        self._document = document
        self._verb = verb
        self._ringing: list[Leg] = []
        self._winner: Leg | None = None
        self._last: Leg | None = None
        self._bridged_at: float | None = None
        self._seconds = 0
        self._status = "no-answer"
        self._keeper: Keeper | None = None

    def run(self, nouns: Sequence[Callee]) -> Steps[None]:
        if self._verb.sequential:
            for noun in nouns:
                yield from self._ring([noun])
                if self._winner is not None:
                    break
        else:
            yield from self._ring(nouns)
        if self._winner is not None:
            yield from self._bridge(self._winner)

    def drop(self) -> None:
        """The caller is gone, or has something else to do."""
        for child in self._ringing:
            child.finish("completed" if child.call.status == "in-progress" else "canceled")
        if self._winner is not None:
            self._unbridge()
            self._winner.finish("completed")
        elif self._ringing:
            self._status = "canceled"

    def result(self) -> Pairs:
        """What the action is told."""
        pairs: Pairs = [
            ("DialCallStatus", self._status),
            ("DialBridged", "true" if self._bridged_at is not None else "false"),
        ]
        if self._last is not None:
            pairs.append(("DialCallSid", self._last.call.sid))
            if self._bridged_at is not None:
                pairs.append(("DialCallDuration", str(self._seconds)))
        if self._keeper is not None:
            pairs += self._keeper.parameters()
        return pairs

    def _ring(self, nouns: Sequence[Callee]) -> Steps[None]:
        timeout = float(self._verb.timeout or _TIMEOUT)
        self._ringing = [self._child(noun, timeout) for noun in nouns]
        while self._ringing:
            signal: Signal | None = yield from wait(None)
            match signal:
                case ChildReady(child) if child in self._ringing:
                    self._winner = self._last = child
                    self._ringing.remove(child)
                    others, self._ringing = self._ringing, []
                    for other in others:
                        other.finish("canceled")
                    return
                case ChildOver(child) if child in self._ringing:
                    self._ringing.remove(child)
                    self._last = child
                    # A child that was answered and hung up before the bridge has not taken the call.
                    self._status = "no-answer" if child.call.status == "completed" else child.call.status
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
        network.store.calls[call.sid] = call
        network.transcript.open(call.sid, "call", f"{caller} → {number} (outbound-dial)")
        subscription = Subscription(
            self._document.link(noun.status_callback) if noun.status_callback else "",
            noun.status_callback_method or "POST",
            frozenset(noun.status_callback_event or ("completed",)),
        )
        child = Leg(
            network,
            call,
            parent.session,
            phone(network, number),
            subscriptions=[subscription],
            fallback_url=parent.fallback_url,
            fallback_method=parent.fallback_method,
            parent=parent,
        )
        if isinstance(noun, Number):
            child.answer_keys = noun.send_digits or ""
            child.detection = self._detection(noun)
        child.on_answer = lambda: child.start(_whisper(child, self._document, noun, parent))
        child.on_end.append(lambda: parent.signal(ChildOver(child)))
        child.reach_out(timeout)
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
        # `true` is an older way to say `record-from-answer`.
        if self._verb.record not in {None, "do-not-record"}:
            self._keeper = Keeper(parent, Wanted.of(self._document, self._verb))
            self._keeper.start()
        star = bool(self._verb.hangup_on_star)

        def wanted(signal: Signal) -> bool:
            return (isinstance(signal, ChildOver) and signal.leg is child) or (star and signal == Key("*"))

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
        if self._keeper is not None:
            self._keeper.finish(max(1, self._seconds), [])


def _address(noun: Callee) -> str:
    if isinstance(noun, Number):
        return said(noun)
    identities = [child for child in noun.children if isinstance(child, Identity)]
    return f"client:{said(identities[0] if identities else noun).removeprefix('client:')}"


def _whisper(child: Leg, document: Document, noun: Callee, parent: Leg) -> Steps[None]:
    """What the callee hears alone before the bridge; then the child waits for its end."""
    try:
        yield from prepare(child)
        if noun.url:
            source = Source(document.link(noun.url), noun.method or "POST")
            if not (yield from whisper(child, source, WHISPERED)):
                child.finish("completed")
                return
        parent.signal(ChildReady(child))
        yield from listen(child, None, nothing)
    except HungUp:
        return
    except Moved as moved:
        # The callee was moved to other TwiML, which ends the caller's Dial.
        parent.signal(ChildOver(child))
        yield from child.network.interpret(child, moved.source)
