"""Play of files: how long they are, who is asked for them, and what is no audio."""

from __future__ import annotations

import pytest

from ringback import Application, IncomingCall
from ringback.emulator import Emulator, Settings
from ringback.http import Headers, WebhookResponse
from ringback.twiml import Play, Say, VoiceResponse
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website, audio


def play(attributes: str = "", url: str = "/a") -> str:
    return f"<Response><Play {attributes}>{url}</Play><Say>Next</Say></Response>"


def of_type(content_type: str, body: bytes = b"whatever it is") -> WebhookResponse:
    return WebhookResponse(200, Headers({"Content-Type": content_type} if content_type else {}), body)


@pytest.mark.parametrize(("seconds", "suffix"), [(3.2, "wav"), (7.125, "mp3"), (0, "wav"), (25, "wav")])
def test_a_file_plays_as_long_as_it_is(
    emulator: Emulator, website: Website, seconds: float, suffix: str
) -> None:
    website.pages["/voice"] = play('loop="2"')
    website.pages["/a"] = audio(seconds, suffix)
    call = emulator.phone(ANNA).dial(OURS)
    assert call.expect_say("Next").at == 2 * seconds
    assert [(each.at, each.what) for each in call.heard[:2]] == [(0, f"{HOME}/a"), (seconds, f"{HOME}/a")]


@pytest.mark.parametrize("suffix", ["wav", "mp3"])
def test_files_come_over_http_from_this_machine(suffix: str) -> None:
    website = Website()
    website.pages["/voice"] = play()
    # Documents may not be as long as this.
    website.pages["/a"] = audio(20, suffix)
    with website.served() as url, Emulator() as emulator:
        emulator.number(OURS, voice_url=f"{url}/voice")
        assert emulator.phone(ANNA).dial(OURS).expect_say("Next").at == 20
        assert not emulator.problems


def test_a_file_is_fetched_once(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = play('loop="3"')
    website.pages["/a"] = audio(2)
    for caller in (ANNA, BEN):
        begun = emulator.now
        assert emulator.phone(caller).dial(OURS).expect_say("Next").at == begun + 6
    (asked,) = website.at("/a")
    # It is signed, as the website checks, but tells nothing of the call.
    assert (asked.method, asked.pairs) == ("GET", ())
    assert str(emulator.transcript).count(f"fetches GET {HOME}/a → audio/x-wav, 2 s") == 1


def test_another_query_is_another_file(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Play>/a?v=1</Play><Play>/a?v=2</Play><Say>Next</Say></Response>"
    website.pages["/a"] = lambda asked: audio(float(asked["v"]))
    assert emulator.phone(ANNA).dial(OURS).expect_say("Next").at == 3


def test_redirects_lead_to_a_file(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = play()
    website.pages["/a"] = WebhookResponse(302, Headers({"Location": "/b"}))
    website.pages["/b"] = audio(2)
    assert emulator.phone(ANNA).dial(OURS).expect_say("Next").at == 2


def test_files_of_other_machines_take_what_the_settings_say() -> None:
    website = Website({"/voice": play(url="https://files.example.org/a.mp3")})
    with Emulator(settings=Settings(play=4)) as emulator:
        emulator.mount(HOME, website)
        emulator.number(OURS, voice_url=f"{HOME}/voice")
        assert emulator.phone(ANNA).dial(OURS).expect_say("Next").at == 4
        assert not emulator.problems


def test_with_any_host_other_machines_are_asked() -> None:
    website = Website({"/voice": play(url="https://files.invalid/a.mp3")})
    with Emulator(any_host=True) as emulator:
        emulator.mount(HOME, website)
        emulator.number(OURS, voice_url=f"{HOME}/voice")
        assert emulator.phone(ANNA).dial(OURS).expect_say("Next").at == 0
        assert [problem.code for problem in emulator.problems] == [11210]


def test_an_application_has_no_files(emulator: Emulator) -> None:
    app = Application(public_url="https://shop.example.com")

    @app.on(IncomingCall)
    def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Play("/static/hello.mp3"), Say("Next"))

    emulator.install(app, OURS)
    assert emulator.phone(ANNA).dial(OURS).expect_say("Next").at == 5


@pytest.mark.parametrize("content_type", ["audio/aiff", "audio/x-gsm", "audio/basic; rate=8000"])
def test_files_of_other_kinds_take_what_the_settings_say(
    emulator: Emulator, website: Website, content_type: str
) -> None:
    website.pages["/voice"] = play()
    website.pages["/a"] = of_type(content_type)
    assert emulator.phone(ANNA).dial(OURS).expect_say("Next").at == 5


@pytest.mark.parametrize(
    ("page", "code", "message"),
    [
        (WebhookResponse(404), 11200, f"HTTP 404 from {HOME}/a"),
        (WebhookResponse(308, Headers({"Location": "/b"})), 11200, f"HTTP 308 from {HOME}/a"),
        (of_type("text/html"), 12300, "content type text/html is no audio"),
        (of_type("application/octet-stream", audio(1).body), 12300, "application/octet-stream is no audio"),
        (of_type("", audio(1).body), 12300, "content type unknown is no audio"),
        (of_type("audio/mpeg"), 13420, "audio/mpeg: 14 bytes that are no sound"),
        (of_type("audio/wav", audio(1).body[:40]), 13420, "audio/wav: 40 bytes that are no sound"),
        (of_type("audio/x-wav", b""), 13420, "audio/x-wav: 0 bytes that are no sound"),
        (of_type("audio/mpeg", bytes(40_000_001)), 11750, "audio of more than 40000000 bytes"),
    ],
    ids=["404", "308", "html", "octets", "untyped", "words", "cut off", "empty", "too long"],
)
def test_what_can_not_be_played_is_a_problem_and_nothing_is_heard(
    emulator: Emulator, website: Website, page: WebhookResponse, code: int, message: str
) -> None:
    emulator.allow_problems(code)
    website.pages["/voice"] = play('loop="0"')
    website.pages["/a"] = page
    call = emulator.phone(ANNA).dial(OURS)
    assert call.expect_say("Next").at == 0
    assert [heard.kind for heard in call.heard] == ["say"]
    (problem,) = emulator.problems
    assert (problem.code, problem.url) == (code, f"{HOME}/a")
    assert message in problem.message
    # Nobody remembers what can't be played.
    website.pages |= {"/voice": play(), "/a": audio(2)}
    begun = emulator.now
    assert emulator.phone(BEN).dial(OURS).expect_say("Next").at == begun + 2


def test_nobody_listens_where_the_file_should_be() -> None:
    with Website().served() as url:
        pass
    website = Website({"/voice": play(url=f"{url}/a.mp3")})
    with Emulator() as emulator:
        emulator.mount(HOME, website)
        emulator.number(OURS, voice_url=f"{HOME}/voice")
        assert emulator.phone(ANNA).dial(OURS).expect_say("Next").at == 0
        assert [problem.code for problem in emulator.problems] == [11205]


def test_inline_documents_name_their_files_in_full(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(11100)
    with emulator.client() as client:
        client.calls.create(to=ANNA, from_=OURS, twiml=play(url="a.mp3"))
    emulator.phone(ANNA).answer().expect_say("Next")
    assert [problem.message for problem in emulator.problems] == ["a.mp3 is no absolute http or https URL"]


def test_a_prompt_is_as_long_as_its_file_and_a_key_ends_it(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Gather action='/done'><Play>/a</Play></Gather></Response>"
    website.pages["/a"] = audio(8)
    website.pages["/done"] = "<Response><Say>Next</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(6)
    call.press("1")
    assert call.expect_say("Next").at == 11
    assert (call.heard[0].seconds, call.heard[0].cut) == (8, True)


def test_an_answer_that_is_audio_is_played(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = audio(12)
    call = emulator.phone(ANNA).dial(OURS)
    assert call.expect_play(f"{HOME}/voice").seconds == 12
    assert call.ended.duration == 12
    # It was here already.
    assert website.paths.count("/voice") == 1
    website.pages["/voice"] = audio(3)
    assert emulator.phone(BEN).dial(OURS).ended.duration == 3


def test_an_answer_that_says_so_but_is_no_audio_leads_to_the_fallback(
    emulator: Emulator, website: Website
) -> None:
    emulator.allow_problems(13420)
    website.pages["/voice"] = of_type("audio/mpeg")
    website.pages["/fallback"] = "<Response><Say>Next</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Next")
    assert website.at("/fallback")[0]["ErrorCode"] == "13420"


def test_music_on_hold_is_played_again_and_again(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Enqueue waitUrl='/music'>queue</Enqueue></Response>"
    website.pages["/music"] = audio(2.5, "mp3")
    call = emulator.phone(ANNA).dial(OURS)
    emulator.advance(9)
    assert [heard.at for heard in call.heard] == [0, 2.5, 5, 7.5]


@pytest.mark.parametrize("suffix", ["", ".wav", ".mp3"])
def test_a_recording_is_played_as_long_as_it_is(emulator: Emulator, website: Website, suffix: str) -> None:
    website.pages["/voice"] = "<Response><Record action='/done' playBeep='false'/></Response>"
    website.pages["/done"] = lambda asked: play(url=f"{asked['RecordingUrl']}{suffix}")
    call = emulator.phone(ANNA).dial(OURS)
    call.speak("It's me", seconds=4)
    assert call.expect_play("/Recordings/RE").seconds == 4
    assert call.expect_say("Next").at == 4 + 5 + 4


def test_a_recording_that_is_not_there(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(11200)
    url = f"https://api.twilio.com/2010-04-01/Accounts/{emulator.account_sid}/Recordings/RE{'0' * 32}"
    website.pages["/voice"] = play(url=url)
    assert emulator.phone(ANNA).dial(OURS).expect_say("Next").at == 0
    assert [problem.message for problem in emulator.problems] == [f"HTTP 404 from {url}"]


def test_the_transcript_is_the_same_every_time() -> None:
    transcripts: list[str] = []
    for _ in range(2):
        website = Website({"/voice": play('loop="2"'), "/a": audio(1.5, "mp3")})
        with website.served() as url, Emulator() as emulator:
            emulator.number(OURS, voice_url=f"{url}/voice")
            for caller in (ANNA, BEN):
                emulator.phone(caller).dial(OURS)
            emulator.run_until_idle()
            transcripts.append(str(emulator.transcript).replace(url, HOME))
    assert transcripts[0] == transcripts[1]
    assert transcripts[0].count("fetches") == 2
