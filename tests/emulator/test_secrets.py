"""What is never shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ringback.emulator import Emulator
from ringback.emulator.engine.secrets import Secrets
from ringback.http import Headers, WebhookResponse
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import HOME, Website, audio, picture


def test_they_are_taken_out() -> None:
    secrets = Secrets(["one", "other", "stone", ""])
    assert secrets.masked("one, another and a stone") == "***, an*** and a ***"
    assert secrets.masked("on") == "on"
    assert secrets.masked("") == ""
    assert Secrets().masked("one") == "one"


@given(st.lists(st.text("ab", min_size=1, max_size=4), max_size=4), st.text("ab", max_size=12))
def test_none_is_left(secrets: list[str], text: str) -> None:
    masked = Secrets(secrets).masked(text)
    assert not any(secret in masked for secret in secrets)
    if not any(secret in text for secret in secrets):
        assert masked == text


def test_those_of_keys_and_subaccounts(emulator: Emulator) -> None:
    with emulator.client() as client:
        known = [str(client.new_keys.create().secret), str(client.accounts.create().auth_token)]
    body = " ".join([*known, emulator.auth_token, "the end"]).encode()
    emulator.mount(HOME, Website({"/voice": WebhookResponse(500, Headers(), body)}))
    emulator.number(OURS, voice_url=f"{HOME}/voice")
    emulator.allow_problems(11200)
    emulator.phone(ANNA).dial(OURS).expect_hangup()
    assert emulator.problems[0].response_body == "*** *** *** the end"


def test_passwords() -> None:
    document = '<Sip username="anna" password="hush\'1">sip:a@b.c</Sip><Sip password = \'x"y\'/><Play>'
    url = "https://anna:hush@example.com/a.mp3"
    masked = Secrets().masked(f"{document}{url}</Play>")
    expected = document.replace("hush'1", "***").replace('x"y', "***")
    assert masked == f"{expected}https://example.com/a.mp3</Play>"
    # What only looks like a login stays.
    for plain in ('{"url": "http://a.b","to":"x@y.z"}', "// anna@example.com", "the password is needed"):
        assert Secrets().masked(plain) == plain


def test_those_in_documents_and_exceptions(emulator: Emulator) -> None:
    def broken(_: object) -> WebhookResponse:
        raise ValueError(f"no such token: {emulator.auth_token}")

    document = '<Response><Nope/><Dial><Sip password="hush-hush">sip:a@b.c</Sip></Dial></Response>'
    emulator.mount(HOME, Website({"/voice": document, "/broken": broken}))
    emulator.allow_problems()
    for path in ("voice", "broken"):
        emulator.number(OURS, voice_url=f"{HOME}/{path}")
        emulator.phone(ANNA).dial(OURS).expect_hangup()
    with emulator.client() as client:
        events = [repr(list(client.calls(call.sid).events.list())) for call in client.calls.list()]
    told = repr(emulator.problems) + str(emulator.transcript) + repr(events)
    assert "no such token: ***" in told
    assert "hush-hush" not in told
    assert emulator.auth_token not in told


def test_logins_of_files(emulator: Emulator) -> None:
    url = HOME.replace("://", "://anna:hush@")
    page = f"<Response><Play>{url}/a.mp3</Play></Response>"
    emulator.mount(HOME, Website({"/voice": page, "/a.mp3": audio(2, "mp3"), "/b.png": picture()}))
    emulator.number(OURS, voice_url=f"{HOME}/voice")
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_hangup()
    assert [each.what for each in call.heard] == [f"{HOME}/a.mp3"]
    with emulator.client() as client:
        client.messages.create(to=ANNA, from_=OURS, media_url=[f"{url}/b.png"])
    emulator.run_until_idle()
    [text] = emulator.phone(ANNA).texts
    assert text.media == (f"{HOME}/b.png",)
    assert "hush" not in str(emulator.transcript)
