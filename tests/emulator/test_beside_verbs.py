"""Start, Stop, Connect and Refer: what goes on beside a call, and what takes it over."""

from __future__ import annotations

import json

import pytest

from ringback.emulator import Emulator
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import HOME, Website

pytestmark = pytest.mark.ringback(strict=False)
TOLD = "statusCallback='/told'"


def codes(emulator: Emulator) -> list[tuple[int, str]]:
    emulator.allow_problems()
    return [(each.code, each.level) for each in emulator.problems]


def test_a_stream_goes_on_until_it_is_stopped(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = (
        f"<Response><Start><Stream name='ears' url='wss://example.com/a' {TOLD}/></Start><Say>Hello</Say>"
        "<Stop><Stream name='ears'/></Stop><Say>Goodbye</Say></Response>"
    )
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Hello")
    call.expect_say("Goodbye")
    call.expect_hangup()
    told = website.at("/told")
    assert [(each["StreamEvent"], each["StreamName"]) for each in told] == [
        ("stream-started", "ears"),
        ("stream-stopped", "ears"),
    ]
    done = [each.what for each in call.transcript if each.did in {"starts", "hears", "stops"}]
    assert done == ["stream ears", '"Hello"', "stream ears", '"Goodbye"']


def test_what_has_no_name_stops_all_of_its_kind(emulator: Emulator, website: Website) -> None:
    siprec = f"<Siprec connectorName='recorder' track='inbound_track' {TOLD}/>"
    website.pages["/voice"] = (
        f"<Response><Start>{siprec}{siprec}<Stream url='wss://example.com/a' {TOLD}/></Start>"
        "<Stop><Siprec/></Stop><Say>Hello</Say></Response>"
    )
    emulator.phone(ANNA).dial(OURS).expect_say("Hello")
    ended = [each.given.get("SiprecEvent", "stream") for each in website.at("/told")[3:]]
    assert ended == ["siprec-stopped", "siprec-stopped"]


def test_a_transcription_by_twiml(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = (
        "<Response><Start><Transcription name='notes' statusCallbackUrl='/told' languageCode='de-DE' "
        "track='outbound_track' outboundTrackLabel='us' hints='Hallo'>"
        "<Config name='speechModel' value='long'/></Transcription></Start><Say>Hallo</Say>"
        "<Stop><Transcription name='notes'/></Stop><Say>Auf Wiedersehen</Say></Response>"
    )
    emulator.phone(ANNA).dial(OURS).expect_hangup()
    started, content, stopped = website.at("/told")
    assert (started["Name"], started["OutboundTrackLabel"], started["LanguageCode"]) == (
        "notes",
        "us",
        "de-DE",
    )
    settings = json.loads(started["ProviderConfiguration"])
    assert (settings["speechModel"], settings["hints"]) == ("long", "Hallo")
    assert json.loads(content["TranscriptionData"])["transcript"] == "Hallo"
    assert stopped["TranscriptionEvent"] == "transcription-stopped"


def test_what_can_not_be_started(emulator: Emulator, website: Website) -> None:
    noun = "<Stream url='wss://example.com/a?b=c'/>"
    website.pages["/voice"] = f"<Response><Start>{noun}</Start><Say>Hello</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Hello")
    assert codes(emulator) == [(31923, "error")]


@pytest.mark.parametrize(
    ("noun", "told"),
    [
        ("<Room>lobby</Room>", {}),
        ("<Conversation serviceInstanceSid='IS00000000000000000000000000000000'/>", {}),
        ("<Autopilot>UA00000000000000000000000000000000</Autopilot>", {}),
        (
            "<VirtualAgent connectorName='agent'/>",
            {"VirtualAgentStatus": "completed", "VirtualAgentProvider": "agent"},
        ),
    ],
)
def test_whatever_a_call_is_connected_to_ends(
    emulator: Emulator, website: Website, noun: str, told: dict[str, str]
) -> None:
    website.pages["/voice"] = f"<Response><Connect action='/over'>{noun}</Connect><Say>Never</Say></Response>"
    website.pages["/over"] = "<Response><Say>Over</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Over")
    assert website.at("/over")[0].given.items() >= told.items()
    assert [each.what for each in call.heard] == ["Over"]


def test_without_an_action_the_next_verb_follows(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Connect><Room>lobby</Room></Connect><Say>Next</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Next")


@pytest.mark.parametrize("noun", ["Stream", "ConversationRelay"])
def test_sockets_are_not_connected_yet(emulator: Emulator, website: Website, noun: str) -> None:
    website.pages["/voice"] = (
        f"<Response><Connect><{noun} url='wss://example.com/a'/></Connect><Say>Next</Say></Response>"
    )
    emulator.phone(ANNA).dial(OURS).expect_say("Next")
    assert codes(emulator) == [(12200, "warning")]


REFER = (
    "<Response><Refer action='/referred'><Sip>sip:desk@example.com</Sip></Refer><Say>Next</Say></Response>"
)


@pytest.fixture
def sip_line(emulator: Emulator, website: Website) -> str:
    website.pages["/voice"] = REFER
    website.pages["/referred"] = "<Response><Say>Referred</Say></Response>"
    with emulator.client() as client:
        made = client.sip.domains.create(domain_name="acme.sip.twilio.com", voice_url=f"{HOME}/voice")
        lists = client.sip.credential_lists.create(friendly_name="phones")
        client.sip.domains(made.sid).credential_list_mappings.create(credential_list_sid=lists.sid)
    return "sip:line@acme.sip.twilio.com"


def test_a_sip_phone_is_sent_elsewhere(emulator: Emulator, website: Website, sip_line: str) -> None:
    call = emulator.phone("sip:anna@example.com").dial(sip_line)
    call.expect_say("Referred")
    assert call.referred_to == "sip:desk@example.com"
    told = website.at("/referred")[0]
    assert (told["ReferCallStatus"], told["ReferSipResponseCode"]) == ("in-progress", "202")
    assert told["NotifySipResponseCode"] == "200"


def test_a_sip_phone_that_will_not_go(emulator: Emulator, website: Website, sip_line: str) -> None:
    emulator.phone("sip:anna@example.com").register(takes_refer=False).dial(sip_line).expect_say("Referred")
    told = website.at("/referred")[0]
    assert told["ReferSipResponseCode"] == "603"
    assert {"ReferCallStatus", "NotifySipResponseCode"}.isdisjoint(told.given)


def test_other_phones_can_not_be_sent_elsewhere(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = REFER
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Next")
    assert call.referred_to is None
    assert codes(emulator) == [(13801, "error")]
