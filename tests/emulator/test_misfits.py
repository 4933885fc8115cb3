"""TwiML that doesn't fit: what is told of each misfit, and what runs all the same."""

from __future__ import annotations

import pytest

from ringback.emulator import Emulator
from ringback.error_codes import explain
from ringback.http import Headers, WebhookResponse
from ringback.twiml import Message, MessagingResponse
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website

pytestmark = pytest.mark.ringback(strict=False)


def codes(emulator: Emulator) -> list[tuple[int, str]]:
    return [(each.code, each.level) for each in emulator.problems]


@pytest.mark.parametrize(
    ("verb", "code", "told"),
    [
        ('<Pause length="soon"/>', 13910, "Pause.length: expected an integer of at least 1, got 'soon'"),
        ('<Say loop="-1">Hi</Say>', 13510, "Say.loop: expected"),
        ('<Gather timeout="0.5"/>', 13313, "Gather.timeout: expected"),
        ('<Gather numDigits="0"/>', 13314, "Gather.numDigits: expected"),
        ('<Gather input="smoke"/>', 13326, "Gather.input: expected"),
        ('<Gather method="PUT"/>', 13312, "Gather.method: expected one of 'GET', 'POST', got 'PUT'"),
        ('<Record playBeep="loud" timeout="1"/>', 13616, "Record.playBeep: expected"),
        ('<Redirect method="PUT">/next</Redirect>', 13710, "Redirect.method: expected"),
        ('<Dial timeout="x">+15558675311</Dial>', 13212, "Dial.timeout: expected"),
        ('<Dial><Number method="x">+15558675311</Number></Dial>', 13221, "Number.method: expected"),
        ('<Say mood="glad">Hi</Say>', 12200, "<Say> has no attribute 'mood'"),
        ("<Shout>Hi</Shout>", 12200, "<Shout> can't stand inside <Response>"),
        ("<say>Hi</say>", 12200, "(did you mean Say?)"),
    ],
)
def test_a_misfit_is_a_warning_with_the_code_of_its_attribute(
    emulator: Emulator, website: Website, verb: str, code: int, told: str
) -> None:
    emulator.allow_problems(code)
    website.pages["/voice"] = f"<Response>{verb}<Say>Hello</Say></Response>"
    website.pages["/next"] = "<Response><Say>Hello</Say></Response>"
    emulator.phone(BEN, on_call="no-answer")
    emulator.phone(ANNA).dial(OURS).expect_say("Hello")
    assert codes(emulator) == [(code, "warning")]
    assert told in emulator.problems[0].message
    assert emulator.problems[0].message.startswith("line 1, column ")


def test_every_misfit_is_told_in_the_order_of_the_document(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems()
    website.pages["/voice"] = (
        '<Response><Pause length="x"/><Shout/><Say voice="x" loop="y" mood="z">Hello</Say></Response>'
    )
    emulator.phone(ANNA).dial(OURS).expect_say("Hello")
    assert codes(emulator) == [(13910, "warning"), (12200, "warning"), (13510, "warning"), (12200, "warning")]


@pytest.mark.parametrize(
    ("verb", "code"),
    [
        ('<Enqueue method="PUT">line</Enqueue>', 14201),
        ('<Gather actionOnEmptyResult="perhaps" timeout="1"><Say>Press</Say></Gather>', 13338),
        ('<Dial><Conference endConferenceOnExit="perhaps">room</Conference></Dial>', 13231),
    ],
)
def test_a_value_with_an_error_of_its_own_costs_the_verb(
    emulator: Emulator, website: Website, verb: str, code: int
) -> None:
    emulator.allow_problems(code)
    website.pages["/voice"] = f"<Response> <Say>Welcome</Say> {verb} <Say>Hello</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    assert call.ended.status == "completed"
    assert [heard.what for heard in call.heard] == ["Welcome", "Hello"]
    assert codes(emulator) == [(code, "error")]


def test_only_the_verb_with_the_error_is_lost(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(13338, 12200)
    gather = '<Gather timeout="1"{}><Say>{}</Say></Gather>'
    bad = ' actionOnEmptyResult="perhaps"'
    verbs = [gather.format("", "one"), gather.format(bad, "two"), "text", gather.format("", "three")]
    website.pages["/voice"] = f"<Response>{''.join(verbs)}</Response>"
    call = emulator.phone(ANNA).dial(OURS)
    assert call.ended.status == "completed"
    assert [heard.what for heard in call.heard] == ["one", "three"]
    assert sorted(codes(emulator)) == [(12200, "warning"), (13338, "error")]


def test_voice_verbs_answer_no_message(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(14110, 12200, 14104)
    website.pages["/sms"] = (
        '<Response><Say>Hi</Say><Smoke/><Message method="PUT" to="+15558675310">Hello</Message></Response>'
    )
    emulator.phone(ANNA).text(OURS, "Hi")
    assert emulator.phone(ANNA).expect_text("Hello").body == "Hello"
    assert codes(emulator) == [(14110, "warning"), (12200, "warning"), (14104, "warning")]


@pytest.mark.ringback(strict=True)
def test_a_strict_emulator_ends_at_the_first_misfit(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(12200)
    website.pages["/voice"] = '<Response><Say loop="x">Hi</Say><Shout/></Response>'
    website.pages["/fallback"] = "<Response><Say>Plan B</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Plan B")
    assert codes(emulator) == [(12200, "error")]


def test_at_most_ten_replies_to_a_message_are_sent(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(14109)
    website.pages["/sms"] = str(MessagingResponse(*(Message(f"reply {number}") for number in range(12))))
    emulator.phone(ANNA).text(OURS, "Hi")
    emulator.run_until_idle()
    assert [text.body for text in emulator.phone(ANNA).texts] == [f"reply {number}" for number in range(10)]
    assert codes(emulator) == [(14109, "warning")] * 2


def test_at_most_fifty_documents_answer_a_message(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(14106)
    website.pages["/sms"] = "<Response><Redirect>/sms</Redirect></Response>"
    emulator.phone(ANNA).text(OURS, "Hi")
    emulator.run_until_idle()
    assert len(website.at("/sms")) == 50
    assert codes(emulator) == [(14106, "warning")]


@pytest.mark.parametrize("target", ["ftp://example.com/x", "http://a_b.example/"])
def test_a_redirect_to_what_is_no_url(emulator: Emulator, website: Website, target: str) -> None:
    emulator.allow_problems(11216)
    website.pages["/voice"] = WebhookResponse(302, Headers({"Location": target}))
    website.pages["/fallback"] = "<Response><Say>Plan B</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Plan B")
    assert codes(emulator) == [(11216, "error")]


def test_a_conference_callback_that_is_answered_with_an_error(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(16011)
    website.pages["/voice"] = (
        '<Response><Dial><Conference statusCallback="/told" statusCallbackEvent="join">'
        "room</Conference></Dial></Response>"
    )
    website.pages["/told"] = WebhookResponse(500)
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(1)
    call.hangup()
    emulator.run_until_idle()
    assert codes(emulator) == [(16011, "error")]


def test_a_message_callback_that_is_answered_with_an_error(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(11200)
    website.pages["/told"] = WebhookResponse(500)
    with emulator.client() as client:
        client.messages.create(to=ANNA, from_=OURS, body="Hi", status_callback=f"{HOME}/told")
    emulator.run_until_idle()
    assert set(codes(emulator)) == {(11200, "error")}


def test_a_conference_beside_other_nouns(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(13000)
    website.pages["/voice"] = (
        f"<Response><Dial><Conference>room</Conference><Number>{BEN}</Number></Dial></Response>"
    )
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(1)
    with emulator.client() as client:
        assert [room.friendly_name for room in client.conferences.list()] == ["room"]
    call.hangup()
    assert codes(emulator) == [(13000, "warning")]
    assert emulator.problems[0].message == "Conference mixed with other nouns in one Dial"


def test_what_cannot_be_heard_in_a_conference(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(13238)
    website.pages["/voice"] = (
        '<Response><Dial><Conference waitUrl="/wait" startConferenceOnEnter="false">room</Conference></Dial>'
        "</Response>"
    )
    website.pages["/wait"] = "<Response><Record/><Say>Please wait</Say><Pause length='60'/></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("Please wait")
    call.hangup()
    assert codes(emulator) == [(13238, "error")]


def test_a_callee_dials_nobody_before_they_are_connected(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(13201)
    website.pages["/voice"] = f'<Response><Dial><Number url="/whisper">{BEN}</Number></Dial></Response>'
    website.pages["/whisper"] = "<Response><Dial>+15558675312</Dial><Say>Anna is calling</Say></Response>"
    emulator.phone(BEN, on_call="answer")
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(3)
    emulator.phone(BEN).calls[0].expect_say("Anna is calling")
    call.hangup()
    assert codes(emulator) == [(13201, "error")]


def test_a_problem_tells_what_its_code_means(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(13910)
    website.pages["/voice"] = '<Response><Pause length="soon"/></Response>'
    assert emulator.phone(ANNA).dial(OURS).ended.status == "completed"
    (problem,) = emulator.problems
    known = explain(13910)
    assert known is not None
    assert (problem.level, problem.kind, problem.meaning) == ("warning", "warning", known.meaning)
