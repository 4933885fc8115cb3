"""What flows do with their calls, heard by people on the line."""

from __future__ import annotations

import pytest

from ringback import Application, CallFlow, CallHungUp, IncomingCall
from ringback.emulator import Emulator
from ringback.twiml import Number, Say, VoiceResponse
from ringback.webhooks import CalleeAnswered, DialResult
from tests.emulator.conftest import ANNA, BEN, OURS

CARL = "+15558675312"


@pytest.fixture
def app(emulator: Emulator) -> Application:
    """An application; `emulator.install` makes it answer at our number once its flows are there."""
    return Application(public_url="https://example.com/phone")


class TestWhispers:
    """A flow, or a handler, speaks to the callee before the two are connected."""

    @pytest.mark.parametrize("accepts", [True, False])
    def test_a_callee_is_asked(self, emulator: Emulator, app: Application, accepts: bool) -> None:
        results: list[DialResult] = []
        asked: list[CalleeAnswered] = []

        @app.flow(CalleeAnswered)
        async def ask_first(callee: CallFlow) -> None:
            assert isinstance(callee.event, CalleeAnswered)
            asked.append(callee.event)
            if (
                await callee.gather(Say("A guest is calling. Press 1 to talk."), num_digits=1, timeout=5)
                is None
            ):
                callee.hangup()

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            results.append(await call.dial(Number(BEN, url=ask_first), timeout=20))
            call.say("Bye.")

        emulator.install(app, OURS)
        anna = emulator.phone(ANNA).dial(OURS)
        ben = emulator.phone(BEN).answer()
        ben.expect_say("Press 1")
        if accepts:
            ben.press("1")
            anna.speak("Hello Ben")
            ben.expect_say("Hello Ben")
            ben.hangup()
        anna.expect_say("Bye")
        (result,) = results
        assert (result.dial_call_status, result.dial_bridged) == (
            ("completed", True) if accepts else ("no-answer", False)
        )
        assert result.dial_call_sid == ben.sid == asked[0].call_sid
        assert asked[0].parent_call_sid == anna.sid

    def test_a_callee_who_hangs_up_meanwhile(self, emulator: Emulator, app: Application) -> None:
        ended: list[str] = []

        @app.flow(CalleeAnswered)
        async def ask_first(callee: CallFlow) -> None:
            try:
                await callee.gather(Say("Press 1 to talk."), num_digits=1, timeout=60)
            except CallHungUp as hung_up:
                ended.append(hung_up.call_sid)
                raise

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            result = await call.dial(Number(BEN, url=ask_first), Number(CARL), timeout=20)
            call.say(f"It was {result.dial_call_status}.")

        emulator.phone(CARL).behave("no-answer")
        emulator.install(app, OURS)
        anna = emulator.phone(ANNA).dial(OURS)
        ben = emulator.phone(BEN).answer()
        ben.expect_say("Press 1")
        ben.hangup()
        anna.expect_say("It was no-answer")
        anna.expect_hangup()
        assert ended == [ben.sid]

    def test_a_handler_will_do(self, emulator: Emulator, app: Application) -> None:
        @app.on(CalleeAnswered)
        def whisper(callee: CalleeAnswered) -> VoiceResponse:
            return VoiceResponse(Say(f"A call from {callee.from_}."))

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            await call.dial(Number(BEN, url=whisper), timeout=20)

        emulator.install(app, OURS)
        anna = emulator.phone(ANNA).dial(OURS)
        emulator.phone(BEN).answer().expect_say(f"A call from {ANNA}")
        anna.hangup()
