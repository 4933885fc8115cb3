"""Calls and messages whose webhooks come to another worker than the one that follows them."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs

import pytest

from ringback.app import Application, CallFlow
from ringback.app.flows.worker import TICK
from ringback.app.live import elsewhere, waits
from ringback.client import AsyncClient, Client
from ringback.errors import ApiError, CallHungUp
from ringback.stores import MemoryStore
from ringback.stores.store import Told
from ringback.transports.testing import FakeTransport, json_response
from ringback.transports.threaded import ThreadedTransport
from ringback.twiml import Gather, Say, VoiceResponse
from ringback.webhooks import (
    CallConnected,
    CallEnded,
    CallInitiated,
    CallRinging,
    CallStatusChanged,
    GatherResult,
    IncomingCall,
    MessageStatusChanged,
    OutgoingCall,
    RecordingStatusChanged,
)
from tests.app.twilio import (
    ACCOUNT,
    CALLER,
    NUMBER,
    TOKEN,
    call_parameters,
    eventually,
    link,
    message_parameters,
    new_sid,
    request,
    tags,
    until,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from ringback.http import Request, Response, WebhookResponse

URL = "https://example.com/phone"
HELLO = VoiceResponse(Say("Hello"))
LIFE = ("queued", "ringing", "in-progress", "completed")


class Network:
    """Twilio, in as far as it gives calls and messages a SID; `asked` is what it was told about the last."""

    def __init__(self) -> None:
        self.asked: dict[str, str] = {}
        self.sid = ""
        self.meanwhile: Callable[[], None] = lambda: None
        self.status = "queued"

    def answer(self, request: Request) -> Response:
        if request.method == "POST" and request.url.endswith(("/Calls.json", "/Messages.json")):
            self.asked = {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
            self.sid = new_sid("SM" if "/Messages" in request.url else "CA")
        self.meanwhile()
        if self.status == "refused":
            return json_response({"code": 20003, "message": "no", "status": 403}, status=403)
        return record(self.sid, self.status)

    def client(self) -> Client:
        return Client(ACCOUNT, TOKEN, transport=FakeTransport(self.answer))

    def async_client(self) -> AsyncClient:
        return AsyncClient(ACCOUNT, TOKEN, transport=ThreadedTransport(FakeTransport(self.answer)))


def record(sid: str, status: str) -> Response:
    return json_response(
        {
            "sid": sid,
            "account_sid": ACCOUNT,
            "body": "Hi",
            "to": CALLER,
            "from": NUMBER,
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


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
async def workers() -> AsyncGenerator[list[Application], None]:
    """Three of them: the first one places calls, the others get their webhooks."""
    store = MemoryStore(shared=True)
    made = [Application(public_url=URL, auth_token=TOKEN, store=store) for _ in range(3)]
    yield made
    for app in made:
        await app.aclose()


async def report(
    app: Application, network: Network, number: int, *, url: str | None = None, **more: str
) -> None:
    """Report a change of a call's status, as Twilio does."""
    status = LIFE[number]
    given = {"SequenceNumber": str(number), "CallbackSource": "call-progress-events"} | more
    if status == "completed":
        given["CallDuration"] = "7"
    url = url or network.asked["StatusCallback"]
    parameters = call_parameters(network.sid, status, **given)
    answer = await app.handle(request(url, parameters))
    assert answer.status == 204, answer


class TestCalls:
    async def test_what_others_are_told_is_heard(self, workers: list[Application], network: Network) -> None:
        mine, *others = workers
        heard: list[str] = []
        by_all: list[str] = []
        for app in workers:
            app.on(CallStatusChanged, lambda event: by_all.append(event.status))
        call = await mine.dial(network.async_client(), to=CALLER, from_=NUMBER, answer=HELLO)
        call.on(CallStatusChanged, lambda event: heard.append(event.status))
        waiting = asyncio.ensure_future(call.wait_for(CallEnded, timeout=10))
        for number in range(4):
            await report(others[number % 2], network, number)
        ended = await waiting
        assert (ended.call_sid, ended.status, ended.duration) == (call.sid, "completed", 7)
        assert call.status == "completed"
        for kind in (CallInitiated, CallRinging, CallConnected):
            assert isinstance(await call.wait_for(kind, timeout=5), kind)
        statuses = [(await call.wait_for(CallStatusChanged, timeout=5)).status for _ in range(4)]
        assert statuses == list(LIFE)
        await eventually(lambda: sorted(heard) == sorted(LIFE))
        # The application's own listeners are called by the worker that got the request, and by it alone.
        assert by_all == list(LIFE)

    async def test_a_listener_may_be_async_and_runs_where_the_call_was_placed(
        self, workers: list[Application], network: Network
    ) -> None:
        loops: list[asyncio.AbstractEventLoop] = []
        call = await workers[0].dial(network.async_client(), to=CALLER, from_=NUMBER, answer=HELLO)

        async def ringing(event: CallRinging) -> None:
            loops.append(asyncio.get_running_loop())

        call.on(CallRinging, ringing)
        await report(workers[1], network, 1)
        await eventually(lambda: loops == [asyncio.get_running_loop()])

    def test_synchronously(self, network: Network) -> None:
        store = MemoryStore(shared=True)
        mine, other = (Application(public_url=URL, auth_token=TOKEN, store=store) for _ in range(2))
        call = mine.dial(network.client(), to=CALLER, from_=NUMBER, answer=HELLO)
        parameters = call_parameters(network.sid, "completed", CallDuration="3", SequenceNumber="3")
        assert other.handle_sync(request(network.asked["StatusCallback"], parameters)).status == 204
        assert call.wait_for(CallEnded, timeout=10).duration == 3
        for app in (mine, other):
            app.close()

    async def test_a_webhook_that_overtakes_the_rest_answer(
        self, workers: list[Application], network: Network
    ) -> None:
        mine, other, third = workers
        loop = asyncio.get_running_loop()

        def meanwhile() -> None:
            for number, app in enumerate((other, third, other)):
                asyncio.run_coroutine_threadsafe(report(app, network, number), loop).result(10)

        network.meanwhile = meanwhile
        call = await mine.dial(network.async_client(), to=CALLER, from_=NUMBER, answer=HELLO)
        await report(third, network, 3)
        assert (await call.wait_for(CallEnded, timeout=10)).call_sid == call.sid
        statuses = [(await call.wait_for(CallStatusChanged, timeout=5)).status for _ in range(4)]
        assert sorted(statuses) == sorted(LIFE)

    async def test_repetitions_are_one(self, workers: list[Application], network: Network) -> None:
        mine, *others = workers
        heard: list[str] = []
        call = await mine.dial(network.async_client(), to=CALLER, from_=NUMBER, answer=HELLO)
        call.on(CallRinging, lambda event: heard.append(event.status))
        await asyncio.gather(*(report(app, network, 1) for app in (*workers, *others)))
        await report(others[0], network, 3)
        await call.wait_for(CallEnded, timeout=10)
        await call.wait_for(CallRinging, timeout=10)
        await asyncio.sleep(2 * TICK)  # nothing comes later
        assert heard == ["ringing"]

    async def test_what_other_urls_are_told(self, workers: list[Application], network: Network) -> None:
        """Webhooks whose URLs don't carry the token: they are known by their SID."""
        mine, other, _ = workers

        @other.on(GatherResult)
        def choose(pressed: GatherResult) -> VoiceResponse:
            return VoiceResponse()

        call = await mine.dial(network.async_client(), to=CALLER, from_=NUMBER, answer=HELLO)
        await call_is_known(mine)
        pressed = call_parameters(network.sid, Digits="4")
        for _ in range(2):  # somebody who presses the same key again presses it twice
            assert (await other.handle(request(choose.url, pressed))).status == 200
        for _ in range(2):
            assert (await call.wait_for(GatherResult, timeout=10)).digits == "4"
        recording = call_parameters(
            network.sid, RecordingSid=new_sid("RE"), RecordingStatus="completed", RecordingDuration="5"
        )
        url = other.callback(RecordingStatusChanged).url
        assert (await other.handle(request(url, recording))).status == 204
        assert (await call.wait_for(RecordingStatusChanged, timeout=10)).recording_sid

    async def test_what_can_t_come_any_more(self, workers: list[Application], network: Network) -> None:
        call = await workers[0].dial(network.async_client(), to=CALLER, from_=NUMBER, answer=HELLO)
        waiting = asyncio.ensure_future(call.wait_for(CallConnected, timeout=10))
        parameters = call_parameters(network.sid, "busy", SequenceNumber="2")
        await workers[1].handle(request(network.asked["StatusCallback"], parameters))
        with pytest.raises(CallHungUp):
            await waiting

    async def test_the_answer_is_asked_of_another_worker(
        self, workers: list[Application], network: Network
    ) -> None:
        def remind(call: OutgoingCall) -> VoiceResponse:
            return VoiceResponse(Gather(Say("Press 1")))

        answer, *_ = [app.on(OutgoingCall)(remind) for app in workers]
        call = await workers[0].dial(network.async_client(), to=CALLER, from_=NUMBER, answer=answer)
        asked = request(network.asked["Url"], call_parameters(network.sid, Direction="outbound-api"))
        assert (await workers[2].handle(asked)).status == 200
        assert (await call.wait_for(OutgoingCall, timeout=10)).call_sid == call.sid


class TestFollowing:
    """`follow_call` and `follow_message`, from any worker."""

    async def test_by_several_workers(self, workers: list[Application], network: Network) -> None:
        network.sid, network.status = new_sid("CA"), "in-progress"
        client = network.async_client()
        calls = [await app.follow_call(client, network.sid) for app in workers]
        for app in workers:
            await call_is_known(app)
        url = workers[1].callback(CallStatusChanged).url
        await report(workers[1], network, 3, url=url)
        for call in calls:
            assert (await call.wait_for(CallEnded, timeout=10)).call_sid == network.sid

    async def test_nothing_is_told_of_before(self, workers: list[Application], network: Network) -> None:
        mine, other, third = workers
        network.sid, network.status = new_sid("CA"), "in-progress"
        client = network.async_client()
        first = await mine.follow_call(client, network.sid)
        await call_is_known(mine)
        url = third.callback(CallStatusChanged).url
        await report(third, network, 1, url=url)
        await first.wait_for(CallRinging, timeout=10)
        late = await other.follow_call(client, network.sid)
        await call_is_known(other)
        again = await mine.follow_call(client, network.sid)
        await report(third, network, 3, url=url)
        for call in (late, again):
            assert (await call.wait_for(CallStatusChanged, timeout=10)).status == "completed"

    async def test_nor_where_it_was_followed_before_and_let_go(
        self, workers: list[Application], network: Network
    ) -> None:
        mine, other, _ = workers
        network.sid, network.status = new_sid("CA"), "in-progress"
        url = other.callback(CallStatusChanged).url
        call = await mine.follow_call(network.async_client(), network.sid)
        await call_is_known(mine)
        await report(other, network, 1, url=url)
        await eventually(lambda: bool(call._unseen))
        del call
        await report(other, network, 2, url=url)
        await eventually(lambda: not followed(mine))
        call = await mine.follow_call(network.async_client(), network.sid)
        await call_is_known(mine)
        await report(other, network, 3, url=url)
        assert (await call.wait_for(CallStatusChanged, timeout=10)).status == "completed"

    async def test_messages(self, workers: list[Application], network: Network) -> None:
        mine, *others = workers
        text = await mine.text(network.async_client(), to=CALLER, from_=NUMBER, body="Hi")
        for number, status in enumerate(("sending", "sent", "delivered")):
            parameters = message_parameters(network.sid, MessageStatus=status)
            told = await others[number % 2].handle(request(network.asked["StatusCallback"], parameters))
            assert told.status == 204
        delivered = await text.wait_for(
            MessageStatusChanged, where=lambda event: event.status == "delivered", timeout=10
        )
        assert delivered.message_sid == text.sid
        assert text.status == "delivered"


class TestMoving:
    """A call that is moved by one worker, while its flow is led by another one."""

    async def led(self, workers: list[Application], network: Network) -> tuple[list[str], WebhookResponse]:
        """A call whose flow the second worker leads, in a Dial; what it does, and what was served."""
        log: list[str] = []

        async def reception(call: CallFlow) -> None:
            try:
                await call.dial("+15017122662")
                log.append("dialled")
                await call.gather(timeout=60)
                log.append("gathered")
            except asyncio.CancelledError:
                log.append("moved")
                raise

        flow, *_ = [app.flow(IncomingCall)(reception) for app in workers]
        network.sid, network.status = new_sid("CA"), "in-progress"
        served = await workers[1].handle(request(flow.url, call_parameters(network.sid)))
        assert tags(served) == ["Dial"]
        return log, served

    async def interrupted(self, workers: list[Application], network: Network, url: str) -> WebhookResponse:
        """Twilio reports a Dial that is interrupted as completed, before the call is moved."""
        return await workers[1].handle(request(url, call_parameters(network.sid, DialCallStatus="completed")))

    async def test_the_flow_ends(self, workers: list[Application], network: Network) -> None:
        log, served = await self.led(workers, network)
        call = await workers[0].follow_call(network.async_client(), network.sid)
        loop = asyncio.get_running_loop()
        answers: list[asyncio.Task[WebhookResponse]] = []

        def meanwhile() -> None:
            time.sleep(0.3)  # which is how long Twilio takes at least
            work = self.interrupted(workers, network, link(served, "Dial"))
            loop.call_soon_threadsafe(lambda: answers.append(loop.create_task(work)))
            time.sleep(0.3)

        network.meanwhile = meanwhile
        await call.redirect(VoiceResponse(Say("You are moved.")))
        await eventually(lambda: log == ["moved"])
        await answers[0]
        assert log == ["moved"]

    async def test_by_a_client_in_an_event_loop(self, workers: list[Application], network: Network) -> None:
        """Which blocks it; the flow hears of it all the same."""
        log, _ = await self.led(workers, network)
        workers[0].follow_call(network.client(), network.sid).redirect(VoiceResponse(Say("You are moved.")))
        await eventually(lambda: log == ["moved"])

    async def test_the_flow_goes_on_where_it_was_not_moved(
        self, workers: list[Application], network: Network
    ) -> None:
        log, served = await self.led(workers, network)
        call = await workers[0].follow_call(network.async_client(), network.sid)
        loop = asyncio.get_running_loop()
        answers: list[asyncio.Task[WebhookResponse]] = []

        def refuse() -> None:
            time.sleep(0.3)
            work = self.interrupted(workers, network, link(served, "Dial"))
            loop.call_soon_threadsafe(lambda: answers.append(loop.create_task(work)))
            time.sleep(0.3)
            assert log == []
            network.status = "refused"

        network.meanwhile = refuse
        with pytest.raises(ApiError):
            await call.redirect(VoiceResponse(Say("You are moved.")))
        await eventually(lambda: log == ["dialled"])
        assert tags(await answers[0]) == ["Gather", "Redirect"]


class TestWaitsOfTheApplication:
    """`app.wait_for`: the event may come to any worker."""

    async def test_whichever_worker_it_comes_to(self, workers: list[Application], network: Network) -> None:
        network.sid = new_sid("CA")
        heard: list[int] = []
        for number, app in enumerate(workers):
            app.on(CallEnded, lambda _, number=number: heard.append(number))  # type: ignore[misc]
        waits = [asyncio.ensure_future(app.wait_for(CallEnded, timeout=10)) for app in workers]
        await eventually(lambda: all(joined(app) for app in workers))
        await report(workers[1], network, 3, url=workers[1].callback(CallEnded).url)
        for wait in waits:
            assert (await wait).call_sid == network.sid
        assert heard == [1]

    async def test_a_condition_and_several_events(self, workers: list[Application], network: Network) -> None:
        mine, other, _ = workers
        sids = [new_sid("CA") for _ in range(120)]
        waiting = asyncio.ensure_future(
            mine.wait_for(CallEnded, where=lambda event: event.call_sid == sids[-1], timeout=10)
        )
        await eventually(lambda: joined(mine))
        for network.sid in sids:
            await report(other, network, 3, url=other.callback(CallEnded).url)
        assert (await waiting).call_sid == sids[-1]

    async def test_not_what_came_before(self, workers: list[Application], network: Network) -> None:
        mine, other, _ = workers
        url = other.callback(CallEnded).url
        network.sid = new_sid("CA")
        await report(other, network, 3, url=url)
        await asyncio.sleep(2 * waits.SLACK)
        waiting = asyncio.ensure_future(mine.wait_for(CallEnded, timeout=10))
        await eventually(lambda: joined(mine))
        await asyncio.sleep(2 * TICK)
        assert not waiting.done()
        network.sid = new_sid("CA")
        await report(other, network, 3, url=url)
        assert (await waiting).call_sid == network.sid

    async def test_it_may_take_long(
        self, workers: list[Application], network: Network, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(waits, "KEPT", 0.6)
        monkeypatch.setattr(waits, "LOOK", 0.1)
        monkeypatch.setattr(waits, "RENEWAL", 0.2)
        mine, other, _ = workers
        waiting = asyncio.ensure_future(mine.wait_for(CallEnded, timeout=10))
        await asyncio.sleep(1.5)
        network.sid = new_sid("CA")
        await report(other, network, 3, url=other.callback(CallEnded).url)
        await waiting

    async def test_a_record_that_is_full(self, workers: list[Application], network: Network) -> None:
        mine, other, _ = workers
        names = {each: f"gone-{each[3:]}".encode() for each in waits.FOLLOWERS}
        name = elsewhere_of(mine).waits.name
        await store_of(mine).begin(name, "live/waits/old", names, owner="gone", ttl=60)
        waiting = asyncio.ensure_future(mine.wait_for(CallEnded, timeout=10))
        await eventually(lambda: joined(mine))
        network.sid = new_sid("CA")
        await report(other, network, 3, url=other.callback(CallEnded).url)
        await waiting

    async def test_a_mailbox_that_is_opened_later(
        self, workers: list[Application], network: Network, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mine, other, _ = workers
        store, tell = store_of(mine), store_of(mine).tell
        told: list[bytes] = []

        async def not_yet(worker: str, note: bytes) -> Told:
            told.append(note)
            return Told.NOT_REACHED if len(told) < 3 else await tell(worker, note)

        monkeypatch.setattr(store, "tell", not_yet)
        waiting = asyncio.ensure_future(mine.wait_for(CallEnded, timeout=10))
        await eventually(lambda: joined(mine))
        network.sid = new_sid("CA")
        await report(other, network, 3, url=other.callback(CallEnded).url)
        await waiting
        assert len(told) == 3

    async def test_without_the_store_it_hears_what_comes_here(
        self, workers: list[Application], network: Network, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: object, **__: object) -> object:
            raise ConnectionError("gone")

        mine = workers[0]
        for operation in ("latest", "begin", "append", "read", "pulse"):
            monkeypatch.setattr(store_of(mine), operation, away)
        waiting = asyncio.ensure_future(mine.wait_for(CallEnded, timeout=10))
        await asyncio.sleep(0.05)
        network.sid = new_sid("CA")
        await report(mine, network, 3, url=mine.callback(CallEnded).url)
        assert (await waiting).call_sid == network.sid

    async def test_notes_that_make_no_sense(
        self, workers: list[Application], network: Network, caplog: pytest.LogCaptureFixture
    ) -> None:
        mine, other, _ = workers
        waiting = asyncio.ensure_future(mine.wait_for(CallEnded, timeout=10))
        await eventually(lambda: joined(mine))
        there = elsewhere_of(mine)
        for number, sent in enumerate((b"{", b"1", b'["{}", 1]', b"\xff")):
            await store_of(mine).put(f"{there.waits.name}/{number}", sent, 60)
            there.hear(["heard", f"{there.waits.name}/{number}"])
        for note in (["heard", "x" * 600], ["heard", ""], ["heard"], ["live", "nobody"], ["live"], ["else"]):
            there.hear(note)
        network.sid = new_sid("CA")
        await report(other, network, 3, url=other.callback(CallEnded).url)
        assert (await waiting).call_sid == network.sid
        assert "store is away" not in caplog.text

    async def test_who_gives_up_waits_no_more(self, workers: list[Application]) -> None:
        mine = workers[0]
        with pytest.raises(TimeoutError):
            await mine.wait_for(CallEnded, timeout=0.01)
        waiting = asyncio.ensure_future(mine.wait_for(CallEnded))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not mine._hub.listeners.waited


class TestTrouble:
    async def test_another_application_of_the_same_store(
        self, workers: list[Application], network: Network
    ) -> None:
        """Each hears of what is reported to itself, although both may know the same call."""
        mine = workers[0]
        theirs = Application(public_url="https://example.com/b", auth_token=TOKEN, store=store_of(mine))
        network.sid, network.status = new_sid("CA"), "in-progress"
        call = await mine.follow_call(network.async_client(), network.sid)
        waiting = asyncio.ensure_future(mine.wait_for(CallStatusChanged, timeout=10))
        await eventually(lambda: joined(mine))
        await call_is_known(mine)
        await report(theirs, network, 2, url=theirs.callback(CallStatusChanged).url)
        await asyncio.sleep(2 * TICK)
        await report(workers[1], network, 3, url=workers[1].callback(CallStatusChanged).url)
        assert (await waiting).status == "completed"
        assert (await call.wait_for(CallStatusChanged, timeout=10)).status == "completed"
        await theirs.aclose()

    async def test_a_worker_that_was_closed_and_goes_on(
        self, workers: list[Application], network: Network
    ) -> None:
        mine, other, _ = workers
        network.sid, network.status = new_sid("CA"), "in-progress"
        call = await mine.follow_call(network.async_client(), network.sid)
        await call_is_known(mine)
        before = elsewhere_of(mine)._worker.id
        await mine.aclose()
        waiting = asyncio.ensure_future(call.wait_for(CallEnded, timeout=10))
        again = await mine.follow_call(network.async_client(), network.sid)
        there = elsewhere_of(mine)
        await eventually(lambda: there._followed[call.sid].registered == there._worker.id != before)
        await report(other, network, 3, url=other.callback(CallEnded).url)
        assert (await waiting).call_sid == (await again.wait_for(CallEnded, timeout=10)).call_sid

    async def test_a_sid_that_becomes_another_call_s(
        self, workers: list[Application], network: Network
    ) -> None:
        """As where an emulator is closed, and the next one gives the same SIDs."""
        mine, other, _ = workers
        for _ in range(2):
            network.sid, network.status = f"CA{'f' * 32}", "in-progress"
            call = await mine.follow_call(network.async_client(), network.sid)
            await call_is_known(mine)
            await report(other, network, 3, url=other.callback(CallEnded).url)
            await call.wait_for(CallEnded, timeout=10)
            store_of(mine).clear()
            for app in workers:
                app._forget([network.sid])

    async def test_notes_that_are_lost(
        self, workers: list[Application], network: Network, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The record is the truth: whoever waits finds what nobody told."""
        monkeypatch.setattr(elsewhere.Elsewhere, "hear", deaf)
        call = await workers[0].dial(network.async_client(), to=CALLER, from_=NUMBER, answer=HELLO)
        for number in range(4):
            await report(workers[1], network, number)
        assert (await call.wait_for(CallEnded, timeout=10)).call_sid == call.sid

    async def test_listeners_are_told_when_the_mailbox_is_opened_again(
        self, workers: list[Application], network: Network, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        hear, heard = elsewhere.Elsewhere.hear, list[str]()
        call = await workers[0].dial(network.async_client(), to=CALLER, from_=NUMBER, answer=HELLO)
        call.on(CallStatusChanged, lambda event: heard.append(event.status))
        await call_is_known(workers[0])
        with monkeypatch.context() as patch:
            patch.setattr(elsewhere.Elsewhere, "hear", deaf)
            for number in range(4):
                await report(workers[1], network, number)
            await asyncio.sleep(2 * TICK)
        assert heard == []
        hear(elsewhere_of(workers[0]), [])
        await eventually(lambda: heard == list(LIFE))

    async def test_a_store_that_was_emptied(self, workers: list[Application], network: Network) -> None:
        call = await workers[0].dial(network.async_client(), to=CALLER, from_=NUMBER, answer=HELLO)
        await call_is_known(workers[0])
        store_of(workers[0]).clear()
        waiting = asyncio.ensure_future(call.wait_for(CallEnded, timeout=10))
        await eventually(lambda: len(store_of(workers[0])) > 0)
        await asyncio.sleep(2 * TICK)  # registered anew by whoever waits
        await report(workers[1], network, 3)
        await waiting

    async def test_a_store_that_is_away(
        self, workers: list[Application], network: Network, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each worker tells what it was told; what was placed meanwhile is known when the store is back."""
        mine, other, _ = workers

        async def away(*_: object, **__: object) -> object:
            raise ConnectionError("gone")

        with monkeypatch.context() as patch:
            for operation in ("begin", "append", "read", "pulse"):
                patch.setattr(store_of(mine), operation, away)
            call = await mine.dial(network.async_client(), to=CALLER, from_=NUMBER, answer=HELLO)
            await report(mine, network, 1)
            assert isinstance(await call.wait_for(CallRinging, timeout=10), CallRinging)
            await report(other, network, 2)
        waiting = asyncio.ensure_future(call.wait_for(CallEnded, timeout=20))
        await call_is_known(mine)
        await report(other, network, 3)
        await waiting

    async def test_more_than_is_kept(
        self, workers: list[Application], network: Network, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(elsewhere, "MOST", 5)
        monkeypatch.setattr(elsewhere.Elsewhere, "_KNOWN", 2)
        call = await workers[0].dial(network.async_client(), to=CALLER, from_=NUMBER, answer=HELLO)
        await call_is_known(workers[0])
        for number in range(9):
            await report(workers[1], network, 1, SequenceNumber=str(number))
        heard = [await call.wait_for(CallStatusChanged, timeout=10) for _ in range(5)]
        assert len(heard) == 5
        with pytest.raises(TimeoutError):
            await call.wait_for(CallStatusChanged, timeout=3 * TICK)

    @pytest.mark.parametrize("sid", ["CA/../x", "ü" * 34, "C" * 65, "live#1"])
    async def test_sids_that_are_none(self, sid: str) -> None:
        """Where nothing is verified, anybody may say anything."""
        app = Application(public_url=URL, validate_signatures=False, store=MemoryStore(shared=True))
        heard: list[str] = []
        app.on(CallEnded, lambda event: heard.append(event.call_sid))
        url = f"{URL}/_ringback/CallStatusChanged?ringback=call.{sid}"
        assert (await app.handle(request(url, call_parameters(sid, "completed")))).status == 204
        await eventually(lambda: heard == [sid])
        await app.aclose()

    async def test_an_event_of_a_later_version(self, workers: list[Application], network: Network) -> None:
        call = await workers[0].dial(network.async_client(), to=CALLER, from_=NUMBER, answer=HELLO)
        await call_is_known(workers[0])
        record = elsewhere_of(workers[0])._record_of(call.sid)
        values = (b"{}", b"[", b'{"kind":"Later","given":{}}', b'{"kind":"parse","given":1}')
        for number, value in enumerate((*values, b'{"kind":"CallEnded","given":1}')):
            await store_of(workers[0]).append(record, f"ev.{number}", value, ttl=60)
        await report(workers[1], network, 3)
        await call.wait_for(CallEnded, timeout=10)

    async def test_nothing_is_kept_of_what_nobody_follows(self, workers: list[Application]) -> None:
        app = workers[0]

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse()

        sid = new_sid("CA")
        assert (await app.handle(request(greet.url, call_parameters(sid)))).status == 200
        ended = call_parameters(sid, "completed", SequenceNumber="0")
        assert (await app.handle(request(app.callback(CallEnded).url, ended))).status == 204
        assert await store_of(app).read(elsewhere_of(app)._record_of(sid)) is None


def deaf(*_: object) -> None:
    """Hears nothing."""


def elsewhere_of(app: Application) -> elsewhere.Elsewhere:
    there = app._hub.live.elsewhere
    assert there is not None
    return there


def joined(app: Application) -> bool:
    """Whether the store knows that a worker waits."""
    there = app._hub.live.elsewhere
    return there is not None and there.waits._joined is not None


def followed(app: Application) -> dict[str, object]:
    there = app._hub.live.elsewhere
    assert there is not None
    there._look_at_all()
    for sid in tuple(there._followed):
        there._look(sid)
    return cast("dict[str, object]", there._followed)


async def call_is_known(app: Application) -> None:
    """Once the store knows that this worker follows what it follows."""
    there = app._hub.live.elsewhere
    assert there is not None
    await eventually(lambda: all(each.registered for each in there._followed.values()), seconds=10)


def store_of(app: Application) -> MemoryStore:
    return cast("MemoryStore", app._hub.settings.store)


def test_waiting_ends_with_the_call(network: Network) -> None:
    """Nobody looks for anything once nobody waits or listens."""
    store = MemoryStore(shared=True)
    app = Application(public_url=URL, auth_token=TOKEN, store=store)
    call = app.dial(network.client(), to=CALLER, from_=NUMBER, answer=HELLO)
    parameters = call_parameters(network.sid, "completed", CallDuration="3", SequenceNumber="3")
    app.handle_sync(request(network.asked["StatusCallback"], parameters))
    call.wait_for(CallEnded, timeout=10)
    there = app._hub.live.elsewhere
    assert there is not None
    until(lambda: there._ticking is None or there._ticking.done())
    app.close()


def test_what_was_let_go_is_forgotten(network: Network) -> None:
    app = Application(public_url=URL, auth_token=TOKEN, store=MemoryStore(shared=True))
    there = app._hub.live.elsewhere
    assert there is not None
    for _ in range(300):
        app.dial(network.client(), to=CALLER, from_=NUMBER, answer=HELLO)
    assert len(there._followed) <= there._FEW
    app.close()
