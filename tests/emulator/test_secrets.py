"""What is never shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ringback.emulator import Emulator
from ringback.emulator.engine.secrets import Secrets
from ringback.http import Headers, WebhookResponse
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import HOME, Website


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
