"""Who calls: what the network tells of a caller, applications of Voice SDKs, SIP phones, tokens."""

from __future__ import annotations

import pytest

from ringback import Client
from ringback.emulator import Emulator
from ringback.errors import EmulatorError, InvalidRequest
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website

HELLO = "<Response><Say>Hello</Say></Response>"


@pytest.fixture
def client(emulator: Emulator, website: Website) -> Client:
    website.pages["/voice"] = HELLO
    return emulator.client()


def test_what_is_known_of_a_caller(emulator: Emulator, website: Website, client: Client) -> None:
    anna = emulator.phone(ANNA).register(
        name="Anna", city="Chicago", state="IL", zip_code="60601", country="US"
    )
    sid = anna.dial(OURS, forwarded_from=BEN).sid
    emulator.run_until_idle()
    asked = website.at("/voice")[0]
    for role in ("From", "Caller"):
        found = [asked[f"{role}{part}"] for part in ("City", "State", "Zip", "Country")]
        assert found == ["Chicago", "IL", "60601", "US"]
    assert asked["ToCity"] == ""
    assert asked["ForwardedFrom"] == BEN
    assert client.calls(sid).fetch().forwarded_from == BEN
    # Nobody looked it up.
    assert "CallerName" not in asked.given


def test_a_callers_name_is_looked_up_where_a_number_wants_it(
    emulator: Emulator, website: Website, client: Client
) -> None:
    (number,) = client.incoming_phone_numbers.list()
    client.incoming_phone_numbers(number.sid).update(voice_caller_id_lookup=True)
    emulator.phone(ANNA).register(name="Anna").dial(OURS).expect_hangup()
    emulator.phone(BEN).dial(OURS).expect_hangup()
    assert [each["CallerName"] for each in website.at("/voice")] == ["Anna", ""]


def test_a_call_may_say_who_calls(emulator: Emulator, website: Website, client: Client) -> None:
    call = emulator.phone(ANNA).dial(OURS, caller_name="WIRELESS CALLER")
    call.expect_hangup()
    assert website.at("/voice")[0]["CallerName"] == "WIRELESS CALLER"
    assert client.calls(call.sid).fetch().caller_name == "WIRELESS CALLER"


def test_whom_we_call_has_a_place_as_well(emulator: Emulator, website: Website, client: Client) -> None:
    emulator.phone(ANNA).register(city="Chicago")
    client.calls.create(to=ANNA, from_=OURS, url=f"{HOME}/voice")
    emulator.run_until_idle()
    asked = website.at("/voice")[0]
    assert (asked["ToCity"], asked["CalledCity"], asked["FromCity"]) == ("Chicago", "Chicago", "")


def test_an_application_of_a_voice_sdk_calls(emulator: Emulator, website: Website, client: Client) -> None:
    app = client.applications.create(friendly_name="Desk", voice_url=f"{HOME}/voice")
    call = emulator.phone("client:anna").dial(
        app.sid, parameters={"To": BEN, "room": "kitchen", "CallSid": "CA1"}
    )
    call.expect_say("Hello")
    call.expect_hangup()
    asked = website.at("/voice")[0]
    assert (asked["From"], asked["To"], asked["room"]) == ("client:anna", BEN, "kitchen")
    assert (asked["CallSid"], asked["ApplicationSid"], asked["Direction"]) == (call.sid, app.sid, "inbound")
    assert "FromCountry" not in asked.given
    fetched = client.calls(call.sid).fetch()
    assert (fetched.from_, fetched.to, fetched.direction) == ("client:anna", BEN, "inbound")
    emulator.phone("client:anna").dial(app.sid).expect_hangup()
    assert website.at("/voice")[1]["To"] == ""


def domain(client: Client, *, mapped: bool = True) -> str:
    made = client.sip.domains.create(domain_name="acme.sip.twilio.com", voice_url=f"{HOME}/voice")
    if mapped:
        credentials = client.sip.credential_lists.create(friendly_name="phones")
        client.sip.domains(made.sid).credential_list_mappings.create(credential_list_sid=credentials.sid)
    return made.sid


def test_a_sip_phone_calls_a_domain(emulator: Emulator, website: Website, client: Client) -> None:
    sid = domain(client)
    phone = emulator.phone("sip:anna@acme.sip.twilio.com")
    headers = {"X-Room": "kitchen", "User-to-User": "42", "Via": "elsewhere"}
    call = phone.dial("sip:desk@acme.sip.twilio.com", sip_headers=headers)
    call.expect_say("Hello")
    asked = website.at("/voice")[0]
    assert (asked["From"], asked["To"]) == ("sip:anna@acme.sip.twilio.com", "sip:desk@acme.sip.twilio.com")
    assert (asked["SipDomain"], asked["SipDomainSid"]) == ("acme.sip.twilio.com", sid)
    assert (asked["SipHeader_X-Room"], asked["SipHeader_User-to-User"]) == ("kitchen", "42")
    assert "SipHeader_Via" not in asked.given
    assert asked["SipCallId"].endswith("@127.0.0.1")


def test_a_domain_without_lists_lets_nobody_in(emulator: Emulator, client: Client) -> None:
    domain(client, mapped=False)
    with pytest.raises(EmulatorError, match="no list of credentials"):
        emulator.phone("sip:anna@example.com").dial("sip:desk@acme.sip.twilio.com")


@pytest.mark.parametrize(
    ("who", "to", "given", "why"),
    [
        (ANNA, "sip:desk@example.com", {}, "at no SIP domain"),
        (ANNA, BEN, {}, "no number of this emulator"),
        (ANNA, OURS, {"parameters": {"a": "b"}}, "only a client: phone"),
        (ANNA, OURS, {"sip_headers": {"X-a": "b"}}, "only a sip: phone"),
        ("client:anna", OURS, {"parameters": {"a": 1}}, r"parameters\['a'\]: expected text"),
        (ANNA, OURS, {"forwarded_from": 1}, "forwarded_from: expected text"),
    ],
)
def test_what_a_phone_can_not_dial(
    emulator: Emulator, client: Client, who: str, to: str, given: dict[str, object], why: str
) -> None:
    with pytest.raises(EmulatorError, match=why):
        emulator.phone(who).dial(to, **given)  # type: ignore[arg-type]


def test_an_application_is_no_phones_to_dial(emulator: Emulator, client: Client) -> None:
    app = client.applications.create(friendly_name="Desk", voice_url=f"{HOME}/voice")
    with pytest.raises(EmulatorError, match="only a client: phone calls one"):
        emulator.phone(ANNA).dial(app.sid)


def test_a_callers_number_is_passed_on_with_its_token(
    emulator: Emulator, website: Website, client: Client
) -> None:
    website.pages["/voice"] = "<Response><Pause length='600'/></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(1)
    token = website.at("/voice")[0]["CallToken"]
    made = client.calls.create(to=BEN, from_=ANNA, twiml=HELLO, call_token=token)
    emulator.advance(5)
    assert emulator.phone(BEN).calls[0].other == made.from_ == ANNA
    for caller, given in ((BEN, token), (ANNA, "x")):
        with pytest.raises(InvalidRequest) as refused:
            client.calls.create(to=BEN, from_=caller, twiml=HELLO, call_token=given)
        assert refused.value.code == 21210
    call.hangup()
    with pytest.raises(InvalidRequest):
        client.calls.create(to=BEN, from_=ANNA, twiml=HELLO, call_token=token)
    assert token not in str(emulator.transcript)
