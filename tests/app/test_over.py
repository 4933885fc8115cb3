"""What is asked of calls and messages that are over, or that are on their way elsewhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ringback import RetryPolicy
from ringback.app import Application, AsyncLiveCall, CallFlow, LiveCall, LiveMessage
from ringback.client import AsyncClient, Client
from ringback.errors import ApiError, CallHungUp, InvalidValue, NotFound
from ringback.transports.testing import AsyncFakeTransport, FakeTransport, json_response
from ringback.twiml import Pause, Say, VoiceResponse
from ringback.webhooks import (
    CallConnected,
    CallEnded,
    CallRedirected,
    CallStatusChanged,
    DialResult,
    IncomingCall,
    RecordingStatusChanged,
)
from tests.app.twilio import ACCOUNT, TOKEN, call_parameters, eventually, link, new_sid, request, tags

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.http import Request, Response

URL = "https://example.com/phone"
CALL = new_sid("CA")
TEXT = new_sid("SM")
GONE = json_response({"code": 20404, "message": "not found", "status": 404}, status=404)
NOT_LIVE = json_response({"code": 21220, "message": "not in-progress", "status": 400}, status=400)
NOT_SCHEDULED = json_response({"code": 30409, "message": "not scheduled", "status": 409}, status=409)
REFUSED = json_response({"code": 20003, "message": "no", "status": 403}, status=403)
MOVED = VoiceResponse(Say("You are moved."))


def record(status: str) -> Response:
    return json_response(
        {
            "sid": CALL,
            "account_sid": ACCOUNT,
            "to": "+15017122661",
            "from": "+15558675310",
            "status": status,
            "direction": "inbound",
            "api_version": "2010-04-01",
            "uri": "/x",
        }
    )


def text(status: str) -> Response:
    return json_response(
        {
            "sid": TEXT,
            "account_sid": ACCOUNT,
            "body": "See you!",
            "to": "+15558675310",
            "status": status,
            "direction": "outbound-api",
            "num_segments": "1",
            "num_media": "0",
            "date_created": "Fri, 20 Aug 2010 01:13:42 +0000",
            "date_updated": "Fri, 20 Aug 2010 01:13:42 +0000",
            "api_version": "2010-04-01",
            "uri": "/x",
        }
    )


def application() -> Application:
    return Application(public_url=URL, auth_token=TOKEN, deadline=2.0)


def api(*answers: Response) -> Client:
    return Client(ACCOUNT, TOKEN, transport=FakeTransport(answers), retry=RetryPolicy(attempts=1))


def async_api(*answers: Response) -> AsyncClient:
    return AsyncClient(ACCOUNT, TOKEN, transport=AsyncFakeTransport(answers), retry=RetryPolicy(attempts=1))


def live(*answers: Response) -> LiveCall:
    return application().follow_call(api(record("in-progress"), *answers), CALL)


async def async_live(*answers: Response) -> AsyncLiveCall:
    return await application().follow_call(async_api(record("in-progress"), *answers), CALL)


@pytest.mark.parametrize("refused", [GONE, NOT_LIVE])
class TestCallsThatAreOver:
    @pytest.mark.parametrize("end", [LiveCall.hangup, LiveCall.cancel])
    def test_ending_them_is_no_error(self, refused: Response, end: Callable[[LiveCall], object]) -> None:
        call = live(refused, record("completed"))
        assert end(call) is call.record
        assert call.status == "completed"

    @pytest.mark.parametrize("end", [AsyncLiveCall.hangup, AsyncLiveCall.cancel])
    async def test_nor_asynchronously(
        self, refused: Response, end: Callable[[AsyncLiveCall], asyncio.Future[object]]
    ) -> None:
        call = await async_live(refused, record("busy"))
        assert await end(call) is call.record
        assert call.status == "busy"

    @pytest.mark.parametrize("after", [GONE, REFUSED])
    def test_even_where_nothing_more_is_known(self, refused: Response, after: Response) -> None:
        assert live(refused, after).hangup().sid == CALL

    def test_they_can_t_be_moved(self, refused: Response) -> None:
        with pytest.raises(CallHungUp) as over:
            live(refused, record("no-answer")).redirect(MOVED)
        assert over.value.status == "no-answer"
        assert isinstance(over.value.__cause__, ApiError)

    async def test_nor_asynchronously_moved(self, refused: Response) -> None:
        call = await async_live(refused, record("completed"))
        with pytest.raises(CallHungUp):
            await call.redirect(URL)

    def test_what_lives_and_can_t_be_moved_is_another_matter(self, refused: Response) -> None:
        with pytest.raises(ApiError) as still:
            live(refused, record("ringing")).redirect(MOVED)
        assert still.value.status == refused.status

    def test_nor_is_a_deleted_record_an_end_that_we_know(self, refused: Response) -> None:
        with pytest.raises(ApiError) as unknown:
            live(refused, GONE).redirect(MOVED)
        assert unknown.value.status == refused.status


@pytest.mark.parametrize("end", [LiveCall.hangup, LiveCall.cancel])
def test_other_refusals_stay_errors(end: Callable[[LiveCall], object]) -> None:
    with pytest.raises(ApiError) as refused:
        end(live(REFUSED))
    assert refused.value.code == 20003


def test_nothing_is_told_of_a_call_that_was_over_when_it_was_followed() -> None:
    call = application().follow_call(api(record("busy")), CALL)
    for event in (CallEnded, CallConnected, CallStatusChanged, DialResult):
        with pytest.raises(CallHungUp) as over:
            call.wait_for(event)
        assert over.value.status == "busy"
    with pytest.raises(TimeoutError):  # a recording may take its time
        call.wait_for(RecordingStatusChanged, timeout=0.01)


class TestMessages:
    def followed(self, *answers: Response) -> LiveMessage:
        return application().follow_message(api(text("scheduled"), *answers), TEXT)

    def test_called_off(self) -> None:
        assert self.followed(text("canceled")).cancel().status == "canceled"

    def test_twice(self) -> None:
        message = self.followed(NOT_SCHEDULED, text("canceled"))
        assert message.cancel().status == message.status == "canceled"

    def test_too_late(self) -> None:
        message = self.followed(NOT_SCHEDULED, text("sent"))
        with pytest.raises(ApiError) as refused:
            message.cancel()
        assert refused.value.code == 30409
        assert message.status == "sent"

    def test_one_that_is_unknown(self) -> None:
        with pytest.raises(NotFound):
            self.followed(GONE).cancel()

    async def test_asynchronously(self) -> None:
        client = async_api(text("scheduled"), NOT_SCHEDULED, text("canceled"))
        message = await application().follow_message(client, TEXT)
        assert (await message.cancel()).status == "canceled"


class TestMovingACallOutOfItsFlow:
    """Twilio reports the Dial that a move interrupts as completed, often before it answers the move."""

    def setup_method(self) -> None:
        self.app = application()
        self.log: list[object] = []
        self.results: list[DialResult] = []
        self.app.on(DialResult, self.results.append)

        @self.app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            try:
                self.log.append((await call.dial("+15557654321")).dial_call_status)
                await call.gather()
            finally:
                self.log.append("left")

        self.flow = reception

    async def started(self) -> str:
        first = await self.app.handle(request(self.flow.url, call_parameters(CALL, "ringing")))
        return link(first, "Dial")

    async def interrupted(self, action: str) -> list[str]:
        asked = request(
            action, call_parameters(CALL, DialCallStatus="completed", DialCallDuration="7"), token=TOKEN
        )
        return tags(await self.app.handle(asked))

    def client(self, action: str, answer: Response) -> tuple[AsyncClient, list[asyncio.Task[list[str]]]]:
        reports: list[asyncio.Task[list[str]]] = []

        def twilio(asked: Request) -> Response:
            if asked.method == "GET":
                return record("in-progress")
            reports.append(asyncio.get_running_loop().create_task(self.interrupted(action)))
            return answer

        class Slow(AsyncFakeTransport):
            async def send(self, request: Request, /) -> Response:
                response = await super().send(request)
                await asyncio.sleep(0.05)  # the report overtakes the answer
                return response

        return AsyncClient(ACCOUNT, TOKEN, transport=Slow(twilio), retry=RetryPolicy(attempts=1)), reports

    async def test_the_flow_does_not_go_on(self) -> None:
        client, reports = self.client(await self.started(), record("in-progress"))
        call = await self.app.follow_call(client, CALL)
        await call.redirect(MOVED)
        assert await asyncio.wait_for(reports[0], 1) == []
        assert self.log == ["left"]
        await eventually(lambda: len(self.results) == 1)  # whoever listens hears of it all the same

    async def test_a_report_that_comes_later_finds_nobody(self) -> None:
        action = await self.started()
        call = await self.app.follow_call(async_api(record("in-progress"), record("in-progress")), CALL)
        await call.redirect(MOVED)
        assert await self.interrupted(action) == []
        assert self.log == ["left"]

    async def test_it_does_where_the_call_was_not_moved(self) -> None:
        client, reports = self.client(await self.started(), REFUSED)
        call = await self.app.follow_call(client, CALL)
        with pytest.raises(ApiError):
            await call.redirect(MOVED)
        assert await asyncio.wait_for(reports[0], 1) == ["Gather", "Redirect"]
        assert self.log == ["completed"]
        assert len(self.results) == 1
        await self.app.aclose()

    async def test_a_caller_who_hangs_up_meanwhile_ends_it(self) -> None:
        action = await self.started()

        def twilio(asked: Request) -> Response:
            if asked.method == "POST":
                ended = request(self.app.callback(CallEnded).url, call_parameters(CALL, "completed"))
                asyncio.get_running_loop().create_task(self.app.handle(ended))
                report = call_parameters(CALL, "completed", DialCallStatus="completed")
                asyncio.get_running_loop().create_task(self.app.handle(request(action, report)))
            return record("in-progress")

        client = AsyncClient(ACCOUNT, TOKEN, transport=AsyncFakeTransport(twilio))
        call = await self.app.follow_call(client, CALL)
        await call.redirect(MOVED)
        await eventually(lambda: self.log[-1:] == ["left"])


class TestHowTheNewPlaceIsAsked:
    def sent(self, target: object, **how: str) -> dict[str, str]:
        fake = FakeTransport([record("in-progress"), record("in-progress")])
        client = Client(ACCOUNT, TOKEN, transport=fake)
        application().follow_call(client, CALL).redirect(target, **how)  # type: ignore[arg-type]
        return dict(fake.recorded[1].form)

    def test_by_post(self) -> None:
        assert self.sent(URL) == {"Url": URL}

    def test_by_a_method(self) -> None:
        assert self.sent(URL, method="GET") == {"Url": URL, "Method": "GET"}

    def test_as_the_handler_of_an_adopted_application_says(self) -> None:
        app = application()

        @app.on(CallRedirected)
        def moved(call: CallRedirected) -> VoiceResponse:
            return VoiceResponse(Pause())

        assert "Method" not in self.sent(moved)

    def test_a_document_is_not_asked_for(self) -> None:
        with pytest.raises(InvalidValue, match="method: expected None"):
            self.sent(MOVED, method="GET")
