"""How calls begin: a person calls in, the REST API calls out, a number of ours calls another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.events import incoming, outgoing
from ringback.emulator.engine.exchange import Session
from ringback.emulator.engine.legs import Leg, Subscription
from ringback.emulator.engine.people import KEYS, Heard, Phone
from ringback.emulator.engine.records import Call
from ringback.emulator.engine.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ringback.emulator.engine.detection import Detection
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.recordings import RecordingOptions
    from ringback.emulator.engine.records import Account, Number

__all__ = ["OutgoingCall", "call_in", "call_out", "place", "reach"]

# Numbers that call each other in a circle are stopped here.
_DEEPEST: Final = 10


@frozen
class OutgoingCall:
    """What the REST API was asked to do.

    Attributes:
        source: The TwiML for when it is answered.
        timeout: Seconds that it may ring.
        keys: Keys to press once answered; `w` waits half a second.
        time_limit: The longest it may be connected, in seconds.
    """

    to: str
    from_: str
    source: Source
    subscriptions: tuple[Subscription, ...] = ()
    fallback_url: str = ""
    fallback_method: str = "POST"
    timeout: float = 60.0
    keys: str = ""
    time_limit: float | None = None
    detection: Detection | None = None
    application_sid: str | None = None
    recording: RecordingOptions | None = None


def place(
    network: Network,
    call: Call,
    session: Session,
    phone: Phone,
    *,
    subscriptions: Iterable[Subscription],
    fallback_url: str,
    fallback_method: str,
    parent: Leg | None = None,
) -> Leg:
    """A new call: its record, its part of the transcript, and its live side."""
    network.store.calls[call.sid] = call
    network.transcript.open(call.sid, "call", f"{call.from_} → {call.to} ({call.direction})")
    leg = network.legs[call.sid] = Leg(
        network,
        call,
        session,
        phone,
        subscriptions=subscriptions,
        fallback_url=fallback_url,
        fallback_method=fallback_method,
        parent=parent,
    )
    return leg


def call_in(network: Network, caller: Phone, number: Number) -> Leg:
    """A person calls one of our numbers."""
    account = network.account(number.account_sid)
    application = network.store.applications.get(number.voice_application_sid)
    settings = application or number
    now = network.clock.date
    call = Call(
        sid=network.sids.new("CA"),
        date_created=now,
        date_updated=now,
        account_sid=account.sid,
        to=number.phone_number,
        from_=caller.number,
        direction="inbound",
        status="ringing",
        phone_number_sid=number.sid,
        application_sid=application.sid if application else None,
        caller_name="" if settings.voice_caller_id_lookup else None,
    )
    leg = place(
        network,
        call,
        Session(account, "voice"),
        caller,
        subscriptions=[Subscription(settings.status_callback or "", settings.status_callback_method)],
        fallback_url=settings.voice_fallback_url or "",
        fallback_method=settings.voice_fallback_method,
    )
    network.note(call.sid, caller.number, "dials", number.phone_number)
    source = Source(settings.voice_url or "", settings.voice_method, question=incoming)
    leg.start(network.interpret(leg, source))
    return leg


def call_out(network: Network, account: Account, wanted: OutgoingCall, *, delay: float = 0.0) -> Leg:
    """The REST API places a call; one a second and account starts, the rest queue."""
    now = network.clock.date
    owned = network.store.number(wanted.from_)
    call = Call(
        sid=network.sids.new("CA"),
        date_created=now,
        date_updated=now,
        account_sid=account.sid,
        to=wanted.to,
        from_=wanted.from_,
        direction="outbound-api",
        phone_number_sid=owned.sid if owned else None,
        application_sid=wanted.application_sid,
    )
    leg = place(
        network,
        call,
        Session(account, "voice"),
        network.phone(wanted.to),
        subscriptions=wanted.subscriptions,
        fallback_url=wanted.fallback_url,
        fallback_method=wanted.fallback_method,
    )
    network.note(call.sid, "Twilio", "queues the call")
    leg.time_limit = wanted.time_limit
    leg.detection = wanted.detection
    leg.recording_options = wanted.recording
    leg.answer_keys = wanted.keys
    source = evolve(wanted.source, question=outgoing)
    leg.on_answer = lambda: leg.start(network.interpret(leg, source))
    turn = max(network.next_start.get(account.sid, 0.0), network.clock.now + delay)
    network.next_start[account.sid] = turn + network.settings.queue
    call.queue_time = round((turn - network.clock.now) * 1000)
    reach(network, leg, wanted.timeout, after=turn - network.clock.now)
    return leg


def reach(network: Network, leg: Leg, timeout: float, *, after: float = 0.0) -> None:
    """Ring whoever is called, for so many seconds at most: a phone, or a number of ours."""
    leg.reach_out(timeout, lambda number: _forward(network, leg, number), after=after)


def _forward(network: Network, leg: Leg, number: Number) -> None:
    """A call goes to a number of ours: it comes in there as a call of its own, and each hears the other."""
    if leg.depth >= _DEEPEST:
        trouble = Trouble(
            13224, f"{_DEEPEST} calls of numbers to each other led to {number.phone_number}", ""
        )
        network.problem(leg.session.account, leg.call.sid, trouble)
        leg.finish("failed", sip=404)
        return
    # Nobody holds this phone: it is the far end of the other call.
    inner = call_in(network, Phone(leg.call.from_, network.on_call), number)
    inner.depth = leg.depth + 1
    inner.line.relay = lambda heard: _pass_on(heard, leg)
    leg.line.relay = lambda heard: _pass_on(heard, inner)
    inner.on_answer = leg.picked_up

    def inner_over() -> None:
        leg.finish("completed" if leg.call.status == "in-progress" else inner.call.status)

    inner.on_end.append(inner_over)
    leg.on_end.append(inner.line.hang_up)


def _pass_on(heard: Heard, leg: Leg) -> None:
    """What one call's line hears is what the other call's person does."""
    if leg.line.state != "talking":
        return
    if heard.kind in {"say", "speech"}:
        leg.spoke(heard.what, heard.seconds)
    elif heard.kind in {"tone", "key"} and KEYS.issuperset(keys := heard.what.removeprefix("keys ")):
        for key in keys:
            leg.pressed(key)
