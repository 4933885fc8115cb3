"""What flows do with their calls, heard by people on the line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback import Application, CallFlow, CallHungUp, IncomingCall
from ringback.emulator import Emulator, PhoneCall
from ringback.errors import FlowError
from ringback.twiml import (
    Leave,
    Number,
    Pause,
    Queue,
    ReferSip,
    Say,
    StopStream,
    Stream,
    VoiceResponse,
)
from ringback.webhooks import (
    CalleeAnswered,
    DialResult,
    EnqueueResult,
    QueueConnect,
    QueueWait,
    ReferResult,
    SmsVerbResult,
)
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Page, Website

CARL = "+15558675312"

pytestmark = pytest.mark.in_turn


@pytest.fixture(params=[0, 3], ids=["one worker", "a fresh worker each time"])
def emulator_options(request: pytest.FixtureRequest) -> Mapping[str, object]:
    """Every flow is led to its end in one process, and by another one for each webhook."""
    return {"workers": cast("int", request.param)}


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


class TestQueues:
    """Two flows meet: one waits in a queue, the other takes it out."""

    @pytest.fixture
    def results(self, app: Application) -> list[EnqueueResult | DialResult]:
        """What came of the flows that `line` and `desk` are."""
        results: list[EnqueueResult | DialResult] = []

        @app.on(QueueWait)
        def music(waiting: QueueWait) -> VoiceResponse:
            if waiting.queue_time and waiting.queue_time > 60:
                return VoiceResponse(Say("We give up."), Leave())
            return VoiceResponse(Say(f"You are number {waiting.queue_position}."), Pause(length=20))

        @app.on(QueueConnect)
        def hello(found: QueueConnect) -> VoiceResponse:
            return VoiceResponse(Say(f"It took {found.queue_time} seconds."))

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            if call.from_ == CARL:
                results.append(await call.dial(Queue("tables", url=hello), timeout=30, hangup_on_star=True))
            else:
                results.append(await call.enqueue("tables", wait_url=music))
            call.say("Goodbye.")

        return results

    @pytest.fixture
    def anna(self, emulator: Emulator, app: Application, results: object) -> PhoneCall:
        emulator.install(app, OURS)
        anna = emulator.phone(ANNA).dial(OURS)
        anna.expect_say("You are number 1")
        return anna

    @pytest.mark.parametrize("first", ["guest", "waiter", "star"])
    def test_they_talk(
        self,
        emulator: Emulator,
        results: list[EnqueueResult | DialResult],
        anna: PhoneCall,
        first: str,
    ) -> None:
        emulator.advance(8)
        ben = emulator.phone(BEN).dial(OURS)
        ben.expect_say("You are number 2")
        carl = emulator.phone(CARL).dial(OURS)
        anna.expect_say("It took 10 seconds")
        anna.speak("A table, please")
        carl.expect_say("A table, please")
        carl.speak("For how many?")
        anna.expect_say("For how many")
        if first == "guest":
            anna.hangup()
            carl.expect_say("Goodbye")
        elif first == "waiter":
            carl.hangup()
            anna.expect_say("Goodbye")
        else:
            carl.press("*")
            anna.expect_say("Goodbye")
            carl.expect_say("Goodbye")
        ben.expect_say("You are number 1")
        emulator.advance(2)
        taken = next(each for each in results if isinstance(each, DialResult))
        waited = next(each for each in results if isinstance(each, EnqueueResult))
        assert (taken.dial_call_status, taken.dial_bridged, taken.queue_time) == ("completed", True, 10)
        assert (taken.dial_call_sid, taken.dequeing_call_sid) == (anna.sid, carl.sid)
        assert (waited.queue_result, waited.queue_time) == ("bridged", 10)
        assert waited.queue_sid == taken.queue_sid
        ben.hangup()

    def test_one_leaves(self, results: list[EnqueueResult | DialResult], anna: PhoneCall) -> None:
        anna.expect_say("We give up", timeout=120)
        anna.expect_say("Goodbye")
        (result,) = results
        assert isinstance(result, EnqueueResult)
        assert result.queue_result == "leave"
        assert result.queue_time is not None
        assert 60 < result.queue_time < 90

    def test_one_hangs_up(
        self, emulator: Emulator, results: list[EnqueueResult | DialResult], anna: PhoneCall
    ) -> None:
        """The result is still told, as the recording of somebody who hangs up is."""
        anna.hangup()
        emulator.run_until_idle()
        (result,) = results
        assert isinstance(result, EnqueueResult)
        assert result.queue_result == "hangup"

    def test_one_is_moved(
        self, emulator: Emulator, app: Application, results: list[object], anna: PhoneCall
    ) -> None:
        with emulator.client() as client:
            client.calls(anna.sid).update(twiml=VoiceResponse(Say("Come here."), Pause(length=5)))
        anna.expect_say("Come here")
        asked = [each.what for each in emulator.transcript.of(anna.sid) if each.did == "asks"]
        assert "reception" in asked[-1]  # its action was told, and nobody hears the answer
        anna.expect_hangup()

    def test_nobody_is_there(
        self, emulator: Emulator, app: Application, results: list[EnqueueResult | DialResult]
    ) -> None:
        emulator.install(app, OURS)
        carl = emulator.phone(CARL).dial(OURS)
        assert carl.expect_say("Goodbye").at >= 30
        (result,) = results
        assert isinstance(result, DialResult)
        assert (result.dial_call_status, result.dial_bridged) == ("no-answer", False)

    def test_who_comes_later_is_taken_at_once(
        self, emulator: Emulator, app: Application, results: list[EnqueueResult | DialResult]
    ) -> None:
        emulator.install(app, OURS)
        carl = emulator.phone(CARL).dial(OURS)
        emulator.advance(5)
        anna = emulator.phone(ANNA).dial(OURS)
        anna.expect_say("It took 0 seconds")
        carl.speak("Hello")
        anna.expect_say("Hello")
        anna.hangup()
        carl.expect_say("Goodbye")

    def test_a_full_one(self, emulator: Emulator, app: Application) -> None:
        emulator.allow_problems(14207)
        results: list[EnqueueResult] = []

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            results.append(await call.enqueue("tables", max_queue_size=1))

        emulator.allow_problems(14207)
        emulator.install(app, OURS)
        anna = emulator.phone(ANNA).dial(OURS)
        emulator.advance(1)
        emulator.phone(BEN).dial(OURS).expect_hangup()
        assert [(each.code, each.level) for each in emulator.problems] == [(14207, "warning")]
        (result,) = results
        assert (result.queue_result, result.queue_sid, result.queue_time) == ("queue-full", None, None)
        assert [heard.kind for heard in anna.heard] == ["music"]
        anna.hangup()


class TestBeside:
    def test_a_message_in_the_middle_of_a_call(self, emulator: Emulator, app: Application) -> None:
        results: list[SmsVerbResult] = []

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            results.append(await call.sms("See you at seven."))
            call.say("Sent.")

        emulator.install(app, OURS)
        emulator.phone(ANNA).dial(OURS).expect_say("Sent")
        assert emulator.phone(ANNA).expect_text("See you at seven").from_ == OURS
        (result,) = results
        assert result.sms_status == "sending"
        with emulator.client() as client:
            assert client.messages(result.sms_sid).fetch().direction == "outbound-call"

    def test_streams_are_noted(self, emulator: Emulator, app: Application) -> None:
        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            call.start(Stream(url="wss://example.com/listen", name="ears"))
            call.say("Hello.")
            call.stop(StopStream(name="ears"))

        emulator.install(app, OURS)
        anna = emulator.phone(ANNA).dial(OURS)
        anna.expect_hangup()
        noted = [(each.did, each.what) for each in anna.transcript if each.did in {"starts", "stops"}]
        assert noted == [("starts", "stream ears"), ("stops", "stream ears")]

    def test_an_echo(self, emulator: Emulator, app: Application) -> None:
        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            call.echo()

        emulator.install(app, OURS)
        anna = emulator.phone(ANNA).dial(OURS)
        anna.speak("Hello?")
        anna.expect_say("Hello?")
        anna.hangup()

    def test_a_call_is_handed_back(self, emulator: Emulator, app: Application) -> None:
        results: list[ReferResult] = []

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            results.append(await call.refer(ReferSip("sip:kitchen@example.com")))

        emulator.install(app, OURS)
        emulator.phone("sip:anna@example.com").dial(OURS).expect_hangup()
        (result,) = results
        assert (result.refer_sip_response_code, result.notify_sip_response_code) == (202, 200)

    def test_which_takes_a_sip_phone(self, emulator: Emulator, app: Application) -> None:
        emulator.allow_problems(13801, FlowError)

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            await call.refer(ReferSip("sip:kitchen@example.com"))

        emulator.install(app, OURS)
        emulator.phone(ANNA).dial(OURS).expect_say("something went wrong")


WAYS = st.tuples(
    st.sampled_from([ANNA, BEN, CARL]),
    st.sampled_from(["wait", "take", "hang up", "*", "speak", "move", "let time pass", "let much time pass"]),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WAYS, max_size=14))
def test_every_queue_is_empty_in_the_end(ways: list[tuple[str, str]]) -> None:
    """Whoever comes, takes, leaves or hangs up, in whatever order: nobody is left in a queue or a bridge."""
    pages: dict[str, Page] = {
        "/wait": '<Response><Enqueue action="/on" waitUrl="/music">tables</Enqueue></Response>',
        "/take": '<Response><Dial action="/on" timeout="9" hangupOnStar="true">'
        '<Queue url="/whisper">tables</Queue></Dial></Response>',
        "/music": '<Response><Say>Wait</Say><Gather timeout="3"/></Response>',
        "/whisper": "<Response><Say>Found</Say></Response>",
        "/on": '<Response><Pause length="2"/></Response>',
    }
    with Emulator() as emulator, emulator.client() as client:
        emulator.mount(HOME, website := Website(pages))
        emulator.number(OURS, voice_url=f"{HOME}/voice", status_callback=f"{HOME}/status")
        for number, way in ways:
            line = next((each for each in emulator.phone(number).calls if each.state != "over"), None)
            if line is None:
                website.pages["/voice"] = pages["/take" if way == "take" else "/wait"]
                emulator.phone(number).dial(OURS)
                emulator.advance(0.5)
            elif way == "hang up":
                line.hangup()
            elif way == "move":
                client.calls(line.sid).update(twiml="<Response><Pause length='2'/></Response>")
            elif way in {"*", "speak"} and line.state == "talking":
                with emulator.held() as network:
                    person = network.legs[line.sid].line
                    if way == "*":
                        person.press("*")
                    else:
                        person.speak("Hello", 0.5)
            emulator.advance(20 if way == "let much time pass" else 0.7)
        emulator.advance(60)
        with emulator.held() as network:
            queues = list(network.queues.values())
            assert all(not queue.takers for queue in queues)
            inside = {each.leg.call.sid for queue in queues for each in queue.members}
            live = {call.sid for call in network.store.calls.values() if call.live}
            assert inside <= live
        for number in (ANNA, BEN, CARL):
            for line in emulator.phone(number).calls:
                if line.state != "over":
                    line.hangup()
        emulator.run_until_idle()
        with emulator.held() as network:
            assert not any(queue.members or queue.takers for queue in network.queues.values())
            assert not [call.sid for call in network.store.calls.values() if call.live]
            assert not any(tuple(leg.audience()) for leg in network.legs.values())
        assert not [problem for problem in emulator.problems if problem.code != 21220]
