"""An application places calls through the emulator and follows them, while time runs by itself."""

from __future__ import annotations

import pytest

from ringback import Application, CallEnded, CallFlow, CallRinging, OutgoingCall
from ringback.emulator import AUTH_TOKEN, Emulator, HangUp, Hear
from ringback.twiml import Pause, Say, VoiceResponse
from tests.emulator.conftest import ANNA, BEN, OURS


async def test_place_a_call_and_wait_for_its_end() -> None:
    app = Application(public_url="https://example.com/phone", auth_token=AUTH_TOKEN)
    seen: list[str] = []

    @app.flow(OutgoingCall)
    async def reception(call: CallFlow) -> None:
        call.say("Your table is ready.")

    with Emulator(clock="auto", applications=[app]) as emulator:
        emulator.number(OURS)
        async with emulator.async_client() as client:
            call = await app.dial(client, to=ANNA, from_=OURS, answer=reception)
            call.on(CallRinging, lambda _event: seen.append("ringing"))
            ended = await call.wait_for(CallEnded, timeout=10)
    assert (ended.status, ended.duration) == ("completed", 1)
    assert seen == ["ringing"]
    await app.aclose()


@pytest.mark.parametrize("policy", ["busy", "no-answer"])
async def test_how_calls_end_that_nobody_answers(policy: str) -> None:
    app = Application(public_url="https://example.com/phone", auth_token=AUTH_TOKEN)
    with Emulator(clock="auto", applications=[app]) as emulator:
        emulator.number(OURS)
        emulator.phone(BEN).behave(policy)  # type: ignore[arg-type]
        async with emulator.async_client() as client:
            call = await app.dial(client, to=BEN, from_=OURS, answer=VoiceResponse(Say("Hi")))
            assert (await call.wait_for(CallEnded, timeout=10)).status == policy
    await app.aclose()


def test_a_live_call_is_redirected_and_hung_up_on() -> None:
    app = Application(public_url="https://example.com/phone", auth_token=AUTH_TOKEN)
    with Emulator(clock="real", speed=20, applications=[app]) as emulator, emulator.client() as client:
        emulator.number(OURS)
        emulator.phone(ANNA, script=lambda _line: [Hear("elsewhere"), HangUp()])
        call = app.dial(client, to=ANNA, from_=OURS, answer=VoiceResponse(Say("Wait"), Pause(length=600)))
        person = emulator.phone(ANNA).answer()
        person.expect_say("Wait")
        call.redirect(VoiceResponse(Say("Come elsewhere"), Pause(length=60)))
        ended = call.wait_for(CallEnded, timeout=10)
        assert ended.status == "completed"
        assert person.ended.by == "me"
    app.close()
