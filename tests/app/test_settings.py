"""Settings are looked at where they are given, and the error names the one that is wrong."""

from __future__ import annotations

from typing import Any, cast

import pytest

from ringback import Application, CallEnded, InvalidValue
from ringback.twiml import MessagingResponse, VoiceResponse
from ringback.webhooks import SignatureValidator, sign
from tests.app.twilio import TOKEN, call_parameters, request

URL = "https://example.com/phone"
ACCOUNT = f"AC{'1' * 32}"


def make(**settings: Any) -> Application:
    return Application(**cast("Any", {"public_url": URL, "auth_token": TOKEN} | settings))


@pytest.mark.parametrize("name", ["deadline", "hold_limit", "idle_limit", "linger"])
@pytest.mark.parametrize("value", ["10", 0, -1, True, float("nan"), 10**400, [1], b"1"])
def test_times(name: str, value: object) -> None:
    with pytest.raises(InvalidValue, match=f"^{name}: expected a number above 0"):
        make(**{name: value})


@pytest.mark.parametrize("name", ["deadline", "hold_limit", "idle_limit"])
def test_times_that_are_none(name: str) -> None:
    with pytest.raises(InvalidValue, match=f"^{name}: expected a number above 0"):
        make(**{name: None})


@pytest.mark.parametrize("name", ["max_body", "max_parameters", "threads"])
@pytest.mark.parametrize("value", [None, "10", 0, -1, True, 1.5, float("inf")])
def test_limits(name: str, value: object) -> None:
    with pytest.raises(InvalidValue, match=f"^{name}: expected a whole number above 0"):
        make(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("validate_signatures", "false"),
        ("validate_signatures", None),
        ("store", object()),
        ("store", dict),
        ("fallback", MessagingResponse()),
        ("message_fallback", VoiceResponse()),
        ("public_url", ""),
        ("public_url", None),
        ("public_url", b"https://example.com"),
    ],
)
def test_the_others(name: str, value: object) -> None:
    with pytest.raises(InvalidValue, match=f"^{name}: expected"):
        make(**{name: value})


TOKENS: list[object] = [
    "",
    [],
    {},
    ["new", ""],
    ["new", None],
    [b"new"],
    b"token",
    bytearray(b"token"),
    5,
    True,
    {ACCOUNT: ""},
    {ACCOUNT: None},
    {ACCOUNT: []},
    {ACCOUNT: ["new", ""]},
    {ACCOUNT: {"new": "old"}},
    {ACCOUNT: b"token"},
    {"": "token"},
    {None: "token"},
]


@pytest.mark.parametrize("token", TOKENS, ids=repr)
def test_tokens(token: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)  # which an empty one doesn't fall back to
    for use in (lambda: make(auth_token=token), lambda: SignatureValidator(cast("Any", token))):
        with pytest.raises(InvalidValue, match=r"^auth_token: expected .* got \*\*\*$") as caught:
            use()
        assert "new" not in str(caught.value)


@pytest.mark.parametrize(
    "keys", [{"k": ""}, {"k": None}, {"k": b"s"}, {"": "s"}, {1: "s"}, "k", ["k"], {"k": ["s"]}]
)
@pytest.mark.parametrize("token", [TOKEN, None])
def test_shared_keys(keys: object, token: str | None) -> None:
    with pytest.raises(InvalidValue, match=r"^shared_keys: expected"):
        make(auth_token=token, shared_keys=keys)


@pytest.mark.parametrize("token", ["", None, b"token", 5])
def test_what_is_signed_with(token: object) -> None:
    with pytest.raises(InvalidValue, match=r"^auth_token: expected"):
        sign(URL, (), cast("Any", token))


async def test_an_empty_variable_counts_as_none(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "")
    app = make(auth_token=None)

    @app.on(CallEnded)
    def ended(event: CallEnded) -> None:
        raise AssertionError("nobody signed it")

    assert (await app.handle(request(ended.url, call_parameters("CA1")))).status == 403
    assert "no auth token" in caplog.text
