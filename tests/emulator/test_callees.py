"""Whom a Dial calls, as whom, and what the two learn of each other."""

from __future__ import annotations

import pytest

from ringback import Client
from ringback.emulator import Emulator
from ringback.errors import EmulatorError
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website

SIP = "sip:ben@example.com"
pytestmark = pytest.mark.ringback(strict=False)


def dial(nouns: str, attributes: str = "") -> str:
    return f'<Response><Dial action="/done" {attributes}>{nouns}</Dial></Response>'


@pytest.fixture
def client(emulator: Emulator, website: Website) -> Client:
    website.pages["/done"] = "<Response><Say>Goodbye</Say></Response>"
    return emulator.client()


def codes(emulator: Emulator) -> list[tuple[int, str]]:
    emulator.allow_problems()
    return [(each.code, each.level) for each in emulator.problems]


def test_a_sip_phone_is_called_and_answers_with_headers(
    emulator: Emulator, website: Website, client: Client
) -> None:
    website.pages["/voice"] = dial(
        f'<Sip url="/whisper" statusCallback="/leg">{SIP}?x-room=kitchen&amp;x-hot=yes</Sip>'
    )
    ben = emulator.phone(SIP).register(sip_headers={"X-Desk": "4", "Server": "phone/1.0"})
    anna = emulator.phone(ANNA).dial(OURS)
    line = ben.answer()
    assert line.sip_headers == {"x-room": "kitchen", "x-hot": "yes"}
    emulator.advance(1)
    anna.speak("Hello Ben", seconds=1)
    line.expect_say("Hello Ben")
    line.hangup()
    anna.expect_say("Goodbye")
    whisper, done, leg = (website.at(path)[0] for path in ("/whisper", "/done", "/leg"))
    assert (whisper["To"], whisper["SipHeader_X-Desk"]) == (SIP, "4")
    assert (done["DialSipResponseCode"], done["DialSipHeader_X-Desk"]) == ("200", "4")
    assert done["DialSipCallId"] == whisper["SipCallId"] == leg["SipCallId"]
    assert "DialSipHeader_Server" not in done.given


def test_a_sip_phone_that_is_busy(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/voice"] = dial(f"<Sip>{SIP}</Sip>")
    emulator.phone(SIP).busy()
    emulator.phone(ANNA).dial(OURS).expect_say("Goodbye")
    done = website.at("/done")[0]
    assert (done["DialCallStatus"], done["DialSipResponseCode"]) == ("busy", "486")


def test_headers_of_a_sip_call_are_those_that_may_be_sent(
    emulator: Emulator, website: Website, client: Client
) -> None:
    headers = "<Headers><Header name='X-Room' value='hall'/><Header name='Subject' value='x'/></Headers>"
    website.pages["/voice"] = dial(f"<Sip><Uri>{SIP};transport=tls</Uri>{headers}</Sip>")
    emulator.phone(ANNA).dial(OURS)
    assert emulator.phone(SIP).answer().sip_headers == {"X-Room": "hall"}
    assert codes(emulator) == [(13252, "warning")]


def test_sip_addresses_of_some_priority(emulator: Emulator, website: Website, client: Client) -> None:
    uris = "<Uri priority='2'>sip:two@example.com</Uri><Uri priority='1'>sip:one@example.com</Uri>"
    website.pages["/voice"] = dial(f"<Sip>{uris}</Sip>", 'sequential="true" timeout="5"')
    emulator.phone("sip:one@example.com").busy()
    emulator.phone(ANNA).dial(OURS)
    emulator.phone("sip:two@example.com").answer()
    tried = [each.who for each in emulator.transcript if each.did in {"is busy", "answers"}]
    assert tried == ["Twilio", "sip:one@example.com", "sip:two@example.com"]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("sip:ben@nowhere.sip.twilio.com", (32002, "warning")),
        ("sip:ben@acme.sip.twilio.com", (32009, "warning")),
        ("ben", (13243, "warning")),
    ],
)
def test_sip_addresses_where_nobody_is(
    emulator: Emulator, website: Website, client: Client, address: str, code: tuple[int, str]
) -> None:
    client.sip.domains.create(domain_name="acme.sip.twilio.com")
    website.pages["/voice"] = dial(f"<Sip>{address}</Sip>")
    emulator.phone(ANNA).dial(OURS).expect_say("Goodbye")
    assert website.at("/done")[0]["DialCallStatus"] == "failed"
    assert codes(emulator) == [code]


def test_a_registered_sip_phone_is_reached(emulator: Emulator, website: Website, client: Client) -> None:
    client.sip.domains.create(domain_name="acme.sip.twilio.com")
    phone = emulator.phone("sip:ben@acme.sip.twilio.com")
    website.pages["/voice"] = dial("<Sip>sip:ben@acme.sip.twilio.com</Sip>")
    emulator.phone(ANNA).dial(OURS)
    assert phone.answer().other == ANNA


def test_a_call_is_handed_on_by_a_sip_phone(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/voice"] = dial(f"<Sip>{SIP}</Sip>", 'referUrl="/refer" referMethod="GET"')
    website.pages["/refer"] = f"<Response><Say>One moment</Say><Dial>{BEN}</Dial></Response>"
    anna = emulator.phone(ANNA).dial(OURS)
    desk = emulator.phone(SIP).answer()
    emulator.advance(1)
    desk.refer(f"<tel:{BEN}>")
    anna.expect_say("One moment")
    assert desk.expect_hangup().by == "Twilio"
    asked = website.at("/refer")[0]
    assert (asked.method, asked["ReferTransferTarget"], asked["CallSid"]) == ("GET", f"<tel:{BEN}>", anna.sid)
    emulator.phone(BEN).answer()
    emulator.advance(1)
    anna.speak("Hello", seconds=1)
    emulator.phone(BEN).calls[0].expect_say("Hello")
    assert website.at("/done") == []


def test_nobody_hands_a_call_on_without_a_refer_url(
    emulator: Emulator, website: Website, client: Client
) -> None:
    website.pages["/voice"] = dial(f"<Sip>{SIP}</Sip>")
    anna = emulator.phone(ANNA).dial(OURS)
    desk = emulator.phone(SIP).answer()
    emulator.advance(1)
    desk.refer("sip:carl@example.com")
    emulator.advance(1)
    assert (anna.state, desk.state) == ("talking", "talking")
    assert codes(emulator) == [(13802, "error")]
    with pytest.raises(EmulatorError, match="only a sip: phone"):
        anna.refer("sip:carl@example.com")


def test_a_client_learns_parameters(emulator: Emulator, website: Website, client: Client) -> None:
    client_noun = "<Client><Identity>desk</Identity><Parameter name='room' value='hall'/></Client>"
    website.pages["/voice"] = dial(client_noun, 'callerId="client:lobby"')
    emulator.phone(ANNA).dial(OURS)
    desk = emulator.phone("client:desk").answer()
    assert (desk.parameters, desk.other) == ({"room": "hall"}, "client:lobby")


@pytest.mark.parametrize(("noun", "address"), [("Sim", "sim:DE" + "0" * 32), ("WhatsApp", f"whatsapp:{BEN}")])
def test_sims_and_whatsapp(
    emulator: Emulator, website: Website, client: Client, noun: str, address: str
) -> None:
    said = address.partition(":")[2]
    website.pages["/voice"] = dial(f"<{noun}>{said}</{noun}>", f'callerId="{OURS}"')
    anna = emulator.phone(ANNA).dial(OURS)
    other = emulator.phone(address).answer()
    emulator.advance(1)
    anna.speak("Hello", seconds=1)
    other.expect_say("Hello")


def application(client: Client, website: Website, **settings: object) -> str:
    website.pages["/desk"] = "<Response><Say>This is the desk</Say></Response>"
    create = client.applications.create
    return create(friendly_name="Desk", voice_url=f"{HOME}/desk", **settings).sid  # type: ignore[arg-type]


def test_an_application_is_dialed(emulator: Emulator, website: Website, client: Client) -> None:
    sid = application(client, website)
    parameter = "<Parameter name='room' value='hall'/>"
    website.pages["/voice"] = dial(
        f"<Application><ApplicationSid>{sid}</ApplicationSid>{parameter}</Application>"
    )
    anna = emulator.phone(ANNA).dial(OURS)
    anna.expect_say("This is the desk")
    anna.expect_say("Goodbye")
    asked = website.at("/desk")[0]
    assert (asked["From"], asked["To"], asked["Param_room"]) == (ANNA, sid, "hall")
    assert (asked["ApplicationSid"], asked["Direction"]) == (sid, "inbound")
    done = website.at("/done")[0]
    assert (done["DialCallStatus"], done["DialBridged"]) == ("completed", "true")


def test_an_application_may_see_whom_the_caller_called(
    emulator: Emulator, website: Website, client: Client
) -> None:
    sid = application(client, website)
    website.pages["/other"] = "<Response><Say>Other</Say></Response>"
    website.pages["/voice"] = dial(f'<Application copyParentTo="true" url="/other">{sid}</Application>')
    emulator.phone(ANNA).dial(OURS).expect_say("Other")
    assert website.at("/other")[0]["To"] == OURS


def test_only_applications_that_let_others_in_are_reached(
    emulator: Emulator, website: Website, client: Client
) -> None:
    sub = client.accounts.create(friendly_name="Branch")
    theirs = Client(sub.sid, sub.auth_token or "", transport=emulator.transport())
    closed = application(theirs, website)
    website.pages["/voice"] = dial(f"<Application>{closed}</Application>")
    emulator.phone(ANNA).dial(OURS).expect_say("Goodbye")
    assert codes(emulator) == [(13224, "error")]
    assert website.at("/done")[0]["DialCallStatus"] == "failed"
    open_ = application(theirs, website, public_application_connect_enabled=True)
    website.pages["/voice"] = dial(f"<Application>{open_}</Application>")
    # Its website knows another token.
    emulator.phone(BEN).dial(OURS).expect_say("application error")
    assert [(each.from_, each.to) for each in theirs.calls.list()] == [(BEN, open_)]


@pytest.mark.parametrize("number", [OURS, ANNA, "+15557654321"])
def test_numbers_that_a_call_may_show(
    emulator: Emulator, website: Website, client: Client, number: str
) -> None:
    if number == "+15557654321":
        code = client.validation_requests.create(phone_number=number).validation_code
        emulator.phone(number).answer().press(code)
        emulator.run_until_idle()
    website.pages["/voice"] = dial(f"<Number>{BEN}</Number>", f'callerId="{number}"')
    emulator.phone(ANNA).dial(OURS)
    assert emulator.phone(BEN).answer().other == number


@pytest.mark.parametrize(
    ("caller", "code", "status"),
    [
        ("+15557654321", (13214, "warning"), "in-progress"),
        ("Anna", (13247, "error"), "failed"),
        ("client:anna", (13247, "error"), "failed"),
    ],
)
def test_numbers_that_it_may_not(
    emulator: Emulator,
    website: Website,
    client: Client,
    caller: str,
    code: tuple[int, str],
    status: str,
) -> None:
    website.pages["/voice"] = dial(f"<Number>{BEN}</Number>", f'callerId="{caller}"')
    emulator.phone(ANNA).dial(OURS)
    emulator.advance(8)
    assert codes(emulator) == [code]
    if status == "failed":
        assert website.at("/done")[0]["DialCallStatus"] == "failed"
    else:
        # As if nothing had been said.
        assert emulator.phone(BEN).calls[0].other == ANNA


def test_a_client_needs_a_number_to_call_with(emulator: Emulator, website: Website, client: Client) -> None:
    sid = client.applications.create(friendly_name="Phone", voice_url=f"{HOME}/voice").sid
    website.pages["/voice"] = dial(f"<Number>{BEN}</Number>")
    emulator.phone("client:anna").dial(sid).expect_say("Goodbye")
    assert codes(emulator) == [(13214, "warning")]
    website.pages["/voice"] = dial(f"<Number>{BEN}</Number>", f'callerId="{OURS}"')
    emulator.phone("client:anna").dial(sid)
    assert emulator.phone(BEN).answer().other == OURS


def test_numbers_as_people_write_them(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/voice"] = dial("<Number>(555) 867-5311</Number>")
    emulator.phone(ANNA).dial(OURS)
    emulator.phone(BEN).answer()
    assert codes(emulator) == [(13223, "warning")]


@pytest.mark.parametrize("number", ["help", "12", "+1"])
def test_what_is_no_number(emulator: Emulator, website: Website, client: Client, number: str) -> None:
    website.pages["/voice"] = dial(f"<Number>{number}</Number>")
    emulator.phone(ANNA).dial(OURS).expect_say("Goodbye")
    assert codes(emulator) == [(13224, "error")]
    assert website.at("/done")[0]["DialCallStatus"] == "failed"


def test_the_caller_hears_it_ring(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/voice"] = dial(f"<Number>{BEN}</Number>", 'ringTone="de" answerOnBridge="true"')
    emulator.phone(BEN).behave("answer", after=4)
    anna = emulator.phone(ANNA).dial(OURS)
    tone = anna.expect_tone("ringing de")
    assert (tone.at, tone.until) == (0, 5)
    assert anna.state == "talking"
