"""The snippets of the design, run: against the emulator over HTTP and as a caller."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timezone

import pytest

from ringback.emulator import Emulator
from ringback.emulator.server import serving
from tests.typing import design_client, design_flows, design_handlers


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator whose account is where a program looks for one; later than the date that is asked about."""
    with Emulator(start=datetime(2026, 11, 23, 9, 0, tzinfo=timezone.utc)) as emulator:
        emulator.number("+15017122661")
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", emulator.account_sid)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", emulator.auth_token)
        yield emulator


def test_the_rest_api_is_called(environment: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    environment.phone("+15558675310", on_call="answer")
    with environment.client() as client:
        ended = client.calls.create(
            to="+15558675310", from_="+15017122661", twiml="<Response><Say>Hello.</Say></Response>"
        )
        environment.run_until_idle()
        queued = client.calls.create(
            to="+15558675310", from_="+15017122661", twiml="<Response><Pause length='60'/></Response>"
        )
        environment.advance(10)
    with serving(environment) as url:
        monkeypatch.setenv("RINGBACK_BASE_URL", url)
        sent, listed = design_client.use_client(queued.sid)
        assert sent.endswith(" queued")
        assert listed.startswith(f"{ended.sid} 1 ")
        told = asyncio.run(design_client.use_async_client())
    with environment.client() as client:
        assert client.calls(queued.sid).fetch().status == "completed"
    assert told[0].startswith("SM")
    assert set(told[1:]) == {ended.sid, queued.sid}


def test_handlers_answer(environment: Emulator) -> None:
    environment.install(design_handlers.app, "+15017122662")
    call = environment.phone("+15558675310").dial("+15017122662")
    call.expect_say("Press 1 for the kitchen.")
    call.press("2")
    call.expect_say("Sorry, that is not an option.")
    call.expect_say("Press 1 for the kitchen.")
    call.expect_say("We heard nothing. Goodbye.")
    assert call.ended.status == "completed"


def test_a_flow_reads_top_down(environment: Emulator) -> None:
    environment.install(design_flows.app, "+15017122661")
    design_flows.test_reception(environment)


async def test_a_call_is_placed_followed_and_redirected(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Emulator(clock="real", speed=20) as emulator:
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", emulator.auth_token)
        emulator.mount(design_flows.app.public_url, design_flows.app)
        emulator.number("+15017122661")
        emulator.phone("+15558675310", on_call="answer")
        async with emulator.async_client() as client:
            ended = await design_flows.place(client)
        assert ended.status == "completed"
        assert "Something else." in str(emulator.transcript)
    assert "ringing +15558675310" in capsys.readouterr().out
