"""Calls between numbers that the emulator's accounts own."""

from __future__ import annotations

import pytest

from ringback import Client
from ringback.emulator import Emulator
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import HOME, Website

OTHER = "+15017120000"


@pytest.fixture
def client(emulator: Emulator, website: Website) -> Client:
    emulator.number(OTHER, voice_url=f"{HOME}/other", status_callback=f"{HOME}/other-status")
    return emulator.client()


def test_one_application_talks_to_another(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/other"] = (
        "<Response><Gather numDigits='2' action='/keys'><Say>Extension?</Say></Gather></Response>"
    )
    website.pages["/keys"] = "<Response><Say>Kitchen</Say></Response>"
    website.pages["/answered"] = (
        "<Response><Gather input='speech' action='/heard' timeout='3'/>"
        "<Play digits='42'/><Record action='/done' playBeep='false'/></Response>"
    )
    website.pages["/heard"] = "<Response><Play digits='42'/><Pause length='5'/></Response>"
    call = client.calls.create(
        to=OTHER, from_=OURS, url=f"{HOME}/answered", status_callback=f"{HOME}/progress"
    )
    emulator.run_until_idle()
    assert website.at("/heard")[0]["SpeechResult"] == "Extension?"
    assert website.at("/keys")[0]["Digits"] == "42"
    assert (website.at("/keys")[0]["From"], website.at("/keys")[0]["To"]) == (OURS, OTHER)
    assert [each["CallStatus"] for each in website.at("/progress")] == ["completed"]
    assert {each.direction: each.status for each in client.calls.list()} == {
        "inbound": "completed",
        "outbound-api": "completed",
    }
    assert client.calls(call.sid).fetch().direction == "outbound-api"


def test_a_caller_is_put_through_to_another_number(
    emulator: Emulator, website: Website, client: Client
) -> None:
    website.pages["/voice"] = f"<Response><Dial action='/done'>{OTHER}</Dial></Response>"
    website.pages["/other"] = (
        "<Response><Gather numDigits='1' action='/keys'><Say>Press</Say></Gather></Response>"
    )
    website.pages["/keys"] = "<Response><Say>Bye</Say></Response>"
    anna = emulator.phone(ANNA).dial(OURS)
    anna.expect_say("Press")
    anna.press("7")
    anna.expect_say("Bye")
    assert anna.ended.status == "completed"
    assert website.at("/keys")[0]["Digits"] == "7"
    assert website.at("/done")[0]["DialCallStatus"] == "completed"


@pytest.mark.parametrize(("reason", "status"), [("busy", "busy"), ("rejected", "no-answer")])
def test_the_other_number_rejects(
    emulator: Emulator, website: Website, client: Client, reason: str, status: str
) -> None:
    website.pages["/other"] = f'<Response><Reject reason="{reason}"/></Response>'
    call = client.calls.create(to=OTHER, from_=OURS, url=f"{HOME}/answered")
    emulator.run_until_idle()
    assert client.calls(call.sid).fetch().status == status


def test_hanging_up_ends_both(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/voice"] = f"<Response><Dial>{OTHER}</Dial></Response>"
    website.pages["/other"] = "<Response><Say>Hello</Say><Pause length='600'/></Response>"
    anna = emulator.phone(ANNA).dial(OURS)
    anna.expect_say("Hello")
    anna.hangup()
    emulator.run_until_idle()
    assert {call.status for call in client.calls.list()} == {"completed"}
    assert len(website.at("/other-status")) == 1


def test_numbers_that_call_each_other_in_a_circle(
    emulator: Emulator, website: Website, client: Client
) -> None:
    emulator.allow_problems(13224)
    website.pages["/voice"] = f"<Response><Dial>{OTHER}</Dial></Response>"
    website.pages["/other"] = f"<Response><Dial>{OURS}</Dial></Response>"
    assert emulator.phone(ANNA).dial(OURS).ended.status == "completed"
    emulator.run_until_idle()
    assert [problem.code for problem in emulator.problems] == [13224]
    assert not [call for call in client.calls.list() if call.status in {"ringing", "in-progress", "queued"}]
