"""Whom a Dial calls: numbers, clients, SIP addresses, SIMs, WhatsApp numbers, applications.

https://www.twilio.com/docs/voice/twiml/number, https://www.twilio.com/docs/voice/twiml/client,
https://www.twilio.com/docs/voice/twiml/sip and https://www.twilio.com/docs/voice/twiml/application
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import parse_qsl

from attrs import evolve, field, frozen

from ringback.emulator.engine.addresses import is_e164, normal
from ringback.emulator.engine.callers import is_sip, passed_on
from ringback.emulator.engine.destinations import domain_of, of_application
from ringback.emulator.engine.detection import Detection
from ringback.emulator.engine.documents import Source, said
from ringback.emulator.engine.legs import Subscription
from ringback.emulator.engine.trouble import Trouble
from ringback.twiml import (
    Application,
    ApplicationSid,
    Client,
    Header,
    Headers,
    Identity,
    Number,
    Parameter,
    Sim,
    Sip,
    Uri,
    WhatsApp,
)
from ringback.webhooks import ApplicationCall, CalleeAnswered

if TYPE_CHECKING:
    from ringback.emulator.engine.destinations import Destination
    from ringback.emulator.engine.events import RequestFacts, VoiceQuestion
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.verbs.execution import Execution

__all__ = ["CALLED", "Callee", "Caller", "Noun", "callees", "caller_of"]

Noun: TypeAlias = "Application | Client | Number | Sim | Sip | WhatsApp"
CALLED: Final = (Application, Client, Number, Sim, Sip, WhatsApp)
# Who needs no phone number to be called by.
_NO_PHONES: Final = ("client:", "sip:", "sips:", "AP")
_NOT_OURS: Final = 13214
_NO_CALLER: Final = 13247
_NOT_E164: Final = 13223
_UNREACHABLE: Final = 13224
_BAD_SIP: Final = 13243
_BAD_HEADER: Final = 13252
_NO_DOMAIN: Final = 32002
_NOT_REGISTERED: Final = 32009
# What is at Twilio, rather than at somebody's own server.
_TWILIO_SIP: Final = "sip.twilio.com"


@frozen
class Callee:
    """One of those who are called.

    Attributes:
        address: Whose phone rings.
        whisper: What they hear alone before the two are connected, or None.
        keys: Keys to press once they answer.
        headers: What a SIP phone learns of the call.
        parameters: What an application of a Voice SDK learns of it.
        application: The application that is called, and what it is asked with; None for phones.
        fault: Why nobody can be reached there.
    """

    address: str
    whisper: Source | None = None
    subscription: Subscription | None = None
    keys: str = ""
    detection: Detection | None = None
    headers: Mapping[str, str] = field(factory=dict[str, str])
    parameters: Mapping[str, str] = field(factory=dict[str, str])
    application: tuple[Destination, VoiceQuestion] | None = None
    fault: Trouble | None = None


@frozen
class Caller:
    """Who a callee sees.

    Attributes:
        number: None where nobody can be called at all.
        trouble: What is wrong with who was to be seen.
    """

    number: str | None
    trouble: Trouble | None = None


def callees(execution: Execution, nouns: Iterable[Noun]) -> list[Callee]:
    """Whom these nouns stand for."""
    found: list[Callee] = []
    for noun in nouns:
        match noun:
            case Number():
                found.append(_number(execution, noun))
            case Client():
                found.append(_client(execution, noun))
            case Sip():
                found += _sips(execution, noun)
            case Sim():
                found.append(Callee(f"sim:{said(noun)}"))
            case WhatsApp():
                number = said(noun).removeprefix("whatsapp:")
                found.append(_usual(execution, noun, f"whatsapp:{number}"))
            case Application():
                found.append(_application(execution, noun))
    return found


def _usual(
    execution: Execution, noun: Number | Client | Sip | WhatsApp | Application, address: str
) -> Callee:
    """What most nouns have in common."""
    document = execution.document
    whisper = None
    if noun.url and not isinstance(noun, Application):
        whisper = Source(document.link(noun.url), noun.method or "POST", question=_picked_up)
    subscription = Subscription(
        document.link(noun.status_callback) if noun.status_callback else "",
        noun.status_callback_method or "POST",
        frozenset(noun.status_callback_event or ("completed",)),
    )
    return Callee(address, whisper, subscription)


def _picked_up(facts: RequestFacts) -> CalleeAnswered:
    return CalleeAnswered(**facts)


def _number(execution: Execution, noun: Number) -> Callee:
    written = said(noun)
    number = written if is_e164(written) else normal(written)
    fault = None
    if number is None or not number.startswith("+"):
        fault = Trouble(_UNREACHABLE, f"{written[:100]} is no phone number", execution.document.url)
    elif number != written:
        message = f"{written} is not written as E.164: {number} is called"
        _warn(execution, Trouble(_NOT_E164, message, execution.document.url))
    return evolve(
        _usual(execution, noun, number or written),
        keys=noun.send_digits or "",
        detection=_detection(execution, noun),
        fault=fault,
    )


def _detection(execution: Execution, noun: Number | Sip) -> Detection | None:
    if not noun.machine_detection:
        return None
    url = execution.document.link(noun.amd_status_callback) if noun.amd_status_callback else ""
    return Detection(noun.machine_detection, url, noun.amd_status_callback_method or "POST", beside=True)


def _client(execution: Execution, noun: Client) -> Callee:
    identity = next((each for each in noun.children if isinstance(each, Identity)), noun)
    address = f"client:{said(identity).removeprefix('client:')}"
    return evolve(_usual(execution, noun, address), parameters=_parameters(noun))


def _sips(execution: Execution, noun: Sip) -> list[Callee]:
    """One or several addresses, those of the highest priority first."""
    uris = [each for each in noun.children if isinstance(each, Uri)]
    uris.sort(key=lambda uri: (uri.priority or 0, -(uri.weight or 0)))
    headers = {
        each.name: each.value
        for group in noun.children
        if isinstance(group, Headers)
        for each in group.children
        if isinstance(each, Header)
    }
    detection = _detection(execution, noun)
    return [
        evolve(_sip(execution, noun, address, headers), detection=detection)
        for address in (map(said, uris) if uris else (said(noun),))
    ]


def _sip(execution: Execution, noun: Sip, written: str, headers: Mapping[str, str]) -> Callee:
    base, _, query = written.partition("?")
    address = base.partition(";")[0]
    sent = {**dict(parse_qsl(query)), **headers}
    allowed = passed_on(sent)
    for name in sorted(sent.keys() - allowed.keys()):
        message = f"the header {name[:50]} is not sent: only those that begin with X-, and User-to-User, are"
        _warn(execution, Trouble(_BAD_HEADER, message, execution.document.url))
    callee = _usual(execution, noun, address)
    return evolve(callee, headers=allowed, fault=_fault_of_sip(execution, address))


def _fault_of_sip(execution: Execution, address: str) -> Trouble | None:
    network, url = execution.network, execution.document.url
    if not is_sip(address) or normal(address) is None:
        return Trouble(_BAD_SIP, f"{address[:100]} is no SIP address", url)
    if not address.lower().endswith(_TWILIO_SIP):
        return None
    if domain_of(network.store, address) is None:
        return Trouble(_NO_DOMAIN, f"{address[:200]} is at no SIP domain that exists", url)
    if address not in network.phones:
        return Trouble(_NOT_REGISTERED, f"{address[:200]} is not registered", url)
    return None


def _application(execution: Execution, noun: Application) -> Callee:
    store, document = execution.network.store, execution.document
    named = next((each for each in noun.children if isinstance(each, ApplicationSid)), noun)
    sid = said(named)
    application = store.applications.get(sid)
    ours = application is not None and (
        application.account_sid == execution.leg.call.account_sid
        or bool(application.public_application_connect_enabled)
    )
    callee = _usual(execution, noun, sid)
    if application is None or not ours:
        return evolve(callee, fault=Trouble(_UNREACHABLE, f"{sid[:100]} is no application", document.url))
    to = execution.leg.call.to if noun.copy_parent_to else sid
    destination = of_application(application, to)
    if noun.url:
        url, method = document.link(noun.url), noun.method or "POST"
        destination = evolve(destination, voice_url=url, voice_method=method)
    return evolve(callee, application=(destination, _asked_of_application(_parameters(noun))))


def _asked_of_application(parameters: dict[str, str]) -> VoiceQuestion:
    def question(facts: RequestFacts) -> ApplicationCall:
        return ApplicationCall(**facts, parameters=parameters)

    return question


def _parameters(noun: Client | Application) -> dict[str, str]:
    return {each.name: each.value for each in noun.children if isinstance(each, Parameter)}


def _warn(execution: Execution, trouble: Trouble) -> None:
    execution.network.problem(execution.leg.session.account, execution.leg.call.sid, trouble)


def caller_of(network: Network, leg: Leg, wanted: str | None, callee: Callee) -> Caller:
    """Who the callee sees.

    Args:
        wanted: What the Dial says.
    """
    call, is_phone = leg.call, not callee.address.startswith(_NO_PHONES)
    if wanted is None:
        if is_phone and not call.from_.startswith("+"):
            fault = f"no callerId, and {call.from_} can't call a phone number"
            return Caller(None, Trouble(_NOT_OURS, fault, leg.document))
        return Caller(call.from_)
    if not is_phone and not wanted.startswith("+"):
        return Caller(wanted)
    number = normal(wanted)
    if number is None or not number.startswith("+"):
        fault = f"callerId {wanted[:100]} is no number that can call"
        return Caller(None, Trouble(_NO_CALLER, fault, leg.document))
    # Who calls over SIP may claim any number.
    theirs = () if is_sip(leg.line.phone.number) else (call.from_, call.to)
    owned = network.store.number(number)
    ours = owned is not None and owned.account_sid == call.account_sid
    if ours or number in theirs or network.store.verified(call.account_sid, number):
        return Caller(number)
    fault = f"callerId {number} is neither a number of this account nor verified by it"
    return evolve(caller_of(network, leg, None, callee), trouble=Trouble(_NOT_OURS, fault, leg.document))
