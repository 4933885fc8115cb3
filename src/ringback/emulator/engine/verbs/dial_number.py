"""Dial with numbers, clients and the like: child legs that ring, one that answers, a bridge."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from attrs import evolve

from ringback.emulator.engine.call_signals import ChildOver, ChildReady, HungUp, Key, Moved, Referred
from ringback.emulator.engine.callers import SipFacts, is_sip, passed_on
from ringback.emulator.engine.calls import place, reach, sip_call_id
from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.kernel.process import wait
from ringback.emulator.engine.people import Heard, OnCall, Phone
from ringback.emulator.engine.records import Call
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.verbs.answering import prepare
from ringback.emulator.engine.verbs.callees import caller_of
from ringback.emulator.engine.verbs.dial_recording import DialRecording
from ringback.emulator.engine.verbs.execution import whisper
from ringback.emulator.engine.verbs.restricted import WHISPERED
from ringback.emulator.engine.verbs.sounds import listen, nothing
from ringback.webhooks import DialReferred, DialResult

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import DialCallStatus
    from ringback.emulator.engine.events import RequestFacts
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.kernel.signals import Signal
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.verbs.callees import Callee
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.twiml import Dial

__all__ = ["NumbersDial"]

_TIMEOUT: Final = 30
_LONGEST: Final = 14_400
_NO_REFER_URL: Final = 13802
_OK: Final = 200
# Whoever is where nobody is.
_NOBODY: Final = OnCall("unreachable")


class NumbersDial:
    """One Dial: its child legs, and what became of them."""

    def __init__(self, execution: Execution, verb: Dial, called: Sequence[Callee]) -> None:
        self._leg = execution.leg
        self._network = execution.network
        self._document = execution.document
        self._verb = verb
        self._called = called
        # By call SID.
        self._ringing: dict[str, Leg] = {}
        self._winner: Leg | None = None
        self._last: Leg | None = None
        self._bridged_at: float | None = None
        self._seconds = 0
        self._status: DialCallStatus = "no-answer"
        self._recording = DialRecording(execution, verb)

    def run(self) -> Steps[Source | None]:
        """Ring them, one after the other or all at once, and talk to the one who answers.

        Where that one hands the call on, the document that says what happens then.
        """
        callers = self._callers()
        if not callers:
            return None
        if self._verb.sequential:
            for one in callers:
                yield from self._ring([one])
                if self._winner is not None:
                    break
        else:
            yield from self._ring(callers)
        following = None if self._winner is None else (yield from self._bridge(self._winner))
        self._recording.finish()
        return following

    def _callers(self) -> list[tuple[Callee, str]]:
        """Who can be called, each with who they see; nobody where that can't be."""
        leg, network = self._leg, self._network
        found: list[tuple[Callee, str]] = []
        told: set[int] = set()
        for callee in self._called:
            caller = caller_of(network, leg, self._verb.caller_id, callee)
            if caller.trouble is not None and caller.trouble.code not in told:
                told.add(caller.trouble.code)
                network.problem(leg.session.account, leg.call.sid, caller.trouble)
            if caller.number is not None:
                found.append((callee, caller.number))
        if self._called and not found:
            self._status = "failed"
        return found

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
        result = DialResult(
            **facts,
            dial_call_status=self._status,
            dial_bridged=bridged,
            dial_call_sid=self._last.call.sid if self._last is not None else None,
            dial_call_duration=self._seconds if bridged else None,
            **self._recording.facts,
        )
        if self._last is None or self._last.call.sip is None:
            return result
        return evolve(
            result,
            dial_sip_call_id=self._last.call.sip.call_id,
            dial_sip_response_code=self._last.sip_code if self._winner is None else _OK,
            dial_sip_headers=self._last.call.sip.headers,
        )

    def _ring(self, callers: Sequence[tuple[Callee, str]]) -> Steps[None]:
        ringing = self._ring_back()
        try:
            yield from self._wait_for_one(callers)
        finally:
            self._leg.line.end(ringing)

    def _ring_back(self) -> Heard:
        """What the caller hears meanwhile."""
        leg = self._leg
        tone = " ".join(filter(None, ("ringing", self._verb.ring_tone)))
        heard = Heard(leg.world.clock.now, "tone", tone, "Dial", leg.document)
        leg.line.hear(heard)
        return heard

    def _wait_for_one(self, callers: Sequence[tuple[Callee, str]]) -> Steps[None]:
        timeout = float(self._verb.timeout or _TIMEOUT)
        children = [self._child(callee, caller, timeout) for callee, caller in callers]
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

    def _child(self, callee: Callee, caller: str, timeout: float) -> Leg:
        parent, network = self._leg, self._network
        now = network.clock.date
        call = Call(
            sid=network.sids.new("CA"),
            date_created=now,
            date_updated=now,
            account_sid=parent.call.account_sid,
            to=callee.address,
            from_=caller,
            direction="outbound-dial",
            status="initiated",
            parent_call_sid=parent.call.sid,
            sip=SipFacts(sip_call_id(network)) if is_sip(callee.address) else None,
        )
        phone = network.phone(callee.address) if callee.fault is None else Phone(callee.address, _NOBODY)
        child = place(
            network,
            call,
            parent.session,
            phone,
            subscriptions=[callee.subscription] if callee.subscription is not None else [],
            fallback_url=parent.fallback_url,
            fallback_method=parent.fallback_method,
            parent=parent,
        )
        if callee.fault is not None:
            network.problem(parent.session.account, call.sid, callee.fault)
        child.line.headers, child.line.parameters = callee.headers, callee.parameters
        child.answer_keys = callee.keys
        child.detection = callee.detection
        child.on_ring = self._recording.ring
        child.on_answer = lambda: child.start(_answered(network, child, callee, parent))
        child.on_end.append(lambda: parent.signal(ChildOver(child.call.sid)))
        reach(network, child, timeout, application=callee.application)
        return child

    def _bridge(self, child: Leg) -> Steps[Source | None]:
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
        for leg in (parent, child):
            leg.on_refer = lambda target: self._refer(target)

        def wanted(signal: Signal) -> bool:
            over = isinstance(signal, Referred) or signal == ChildOver(child.call.sid)
            return over or (star and signal == Key("*"))

        longest = float(self._verb.time_limit or _LONGEST)
        signal = yield from listen(parent, longest, wanted)
        self._unbridge()
        if not isinstance(signal, ChildOver):
            child.finish("completed")
        return self._handed_on(signal.target) if isinstance(signal, Referred) else None

    def _refer(self, target: str) -> None:
        """One of the two hands the call on."""
        leg = self._leg
        if self._verb.refer_url:
            leg.signal(Referred(target))
        else:
            trouble = Trouble(
                _NO_REFER_URL, f"there is no referUrl to hand the call on to {target}", leg.document
            )
            self._network.problem(leg.session.account, leg.call.sid, trouble)

    def _handed_on(self, target: str) -> Source:
        def question(facts: RequestFacts) -> DialReferred:
            return DialReferred(**facts, refer_transfer_target=target)

        return self._document.source(self._verb.refer_url, self._verb.refer_method, question)

    def _unbridge(self) -> None:
        child = self._winner
        if self._bridged_at is None or child is None or self._status == "completed":
            return
        self._status = "completed"
        self._seconds = math.floor(self._network.clock.now - self._bridged_at + 0.5)
        self._leg.audience = child.audience = tuple
        self._leg.on_refer = child.on_refer = None
        self._leg.listen_for()
        child.listen_for()
        self._recording.finish()


def _answered(network: Network, child: Leg, callee: Callee, parent: Leg) -> Steps[None]:
    """What the callee hears alone before the bridge; then the child waits for its end."""
    if child.call.sip is not None:
        child.call.sip = evolve(child.call.sip, headers=passed_on(child.line.phone.headers))
    try:
        yield from prepare(child)
        if callee.whisper is not None and not (yield from whisper(network, child, callee.whisper, WHISPERED)):
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
