"""How calls begin: a person calls in, the REST API calls out, a number of ours calls another one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from ringback.emulator.engine.callers import CallerDetails, SipFacts, is_sip, passed_on
from ringback.emulator.engine.destinations import of_number
from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.events import incoming, outgoing
from ringback.emulator.engine.exchange import Session
from ringback.emulator.engine.legs import Leg, Subscription
from ringback.emulator.engine.people import KEYS, Heard, Phone
from ringback.emulator.engine.records import Call
from ringback.emulator.engine.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ringback.emulator.engine.callers import Place
    from ringback.emulator.engine.destinations import Destination
    from ringback.emulator.engine.detection import Detection
    from ringback.emulator.engine.events import VoiceQuestion
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.recordings import RecordingOptions
    from ringback.emulator.engine.records import Account

__all__ = ["OutgoingCall", "call_in", "call_out", "forward", "place", "reach", "sip_call_id"]

# Numbers that call each other in a circle are stopped here.
_DEEPEST: Final = 10
# Where SIP phones are: on this machine.
_SIP_SOURCE: Final = "127.0.0.1"
# The account of who is called is suspended or closed.
_INACTIVE: Final = 10003


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
    call.from_place = call.from_place or _home(network, call.from_)
    call.to_place = call.to_place or _home(network, call.to)
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


def _home(network: Network, number: str) -> Place | None:
    """Where a phone belongs to, as far as somebody said so."""
    phone = network.phones.get(number)
    return None if phone is None else phone.home


def call_in(
    network: Network,
    caller: Phone,
    destination: Destination,
    details: CallerDetails | None = None,
    question: VoiceQuestion = incoming,
) -> Leg:
    """A person calls one of our numbers, applications or domains.

    Args:
        details: What is known of the caller.
        question: Makes the event that the first document is asked with.
    """
    details = details or CallerDetails()
    account = network.account(destination.account_sid)
    now = network.clock.date
    name = details.name
    if name is None and destination.looks_up:
        name = caller.owner
    is_phone = caller.number.startswith("+")
    call = Call(
        sid=network.sids.new("CA"),
        date_created=now,
        date_updated=now,
        account_sid=account.sid,
        to=destination.address,
        from_=caller.number,
        direction="inbound",
        status="ringing",
        phone_number_sid=destination.number_sid,
        application_sid=destination.application_sid,
        caller_name=name,
        forwarded_from=details.forwarded_from,
        from_place=details.place,
        sip=_sip(network, caller, destination, details),
        call_token=network.sids.token("call token") if is_phone else None,
    )
    leg = place(
        network,
        call,
        Session(account, "voice"),
        caller,
        subscriptions=[Subscription(destination.status_callback, destination.status_callback_method)],
        fallback_url=destination.fallback_url,
        fallback_method=destination.fallback_method,
    )
    network.note(call.sid, caller.number, "dials", destination.name)
    network.act(caller.number, call.sid, "dial")
    if account.status != "active":
        network.problem(account, call.sid, Trouble(_INACTIVE, "", ""))
        network.clock.after(0, lambda: leg.finish("failed"))
        return leg
    source = Source(destination.voice_url, destination.voice_method, question=question)
    leg.start(network.interpret(leg, source))
    return leg


def _sip(
    network: Network, caller: Phone, destination: Destination, details: CallerDetails
) -> SipFacts | None:
    """The SIP side of a call that comes in, where it has one."""
    if not is_sip(caller.number):
        return None
    domain, domain_sid = destination.domain
    return SipFacts(sip_call_id(network), domain, domain_sid, _SIP_SOURCE, passed_on(details.sip_headers))


def sip_call_id(network: Network) -> str:
    """A new `Call-ID`."""
    return f"{network.sids.token('sip call')}@{_SIP_SOURCE}"


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
        sip=SipFacts(sip_call_id(network)) if is_sip(wanted.to) else None,
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


def reach(
    network: Network,
    leg: Leg,
    timeout: float,
    *,
    after: float = 0.0,
    application: tuple[Destination, VoiceQuestion] | None = None,
) -> None:
    """Ring whoever is called, for so many seconds at most: a phone, or somebody of ours.

    Args:
        application: The application that is called, and what it is asked with.
    """

    def connect(address: str) -> Callable[[], None] | None:
        if application is not None:
            destination, question = application
            return lambda: forward(network, leg, destination, question)
        number = network.store.number(address)
        return None if number is None else lambda: forward(network, leg, of_number(network.store, number))

    leg.reach_out(timeout, connect, after=after)


def forward(
    network: Network,
    leg: Leg,
    destination: Destination,
    question: VoiceQuestion = incoming,
) -> None:
    """A call goes to somebody of ours: it comes in there as a call of its own, and each hears the other."""
    if leg.depth >= _DEEPEST:
        trouble = Trouble(13224, f"{_DEEPEST} calls of numbers to each other led to {destination.name}", "")
        network.problem(leg.session.account, leg.call.sid, trouble)
        leg.finish("failed", sip=404)
        return
    # Nobody holds this phone: it is the far end of the other call.
    inner = call_in(network, Phone(leg.call.from_, network.on_call), destination, question=question)
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
