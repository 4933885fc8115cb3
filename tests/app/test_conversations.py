"""Conversations that several workers lead, at once or one after the other; thousands; on any channel."""

from __future__ import annotations

import asyncio
import sys
import time
import tracemalloc
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from examples import survey
from ringback import Application, ConversationOver, IncomingMessage, MessageFlow
from ringback.app.conversations.run import MessageRun
from ringback.app.flows.journal import Replied
from ringback.errors import ConfigurationError, InvalidValue
from ringback.stores import MemoryStore, SQLiteStore
from tests.app.conversing import Api, said, text, text_request
from tests.app.twilio import CALLER, NUMBER, TOKEN, eventually, link, new_sid, tags

if TYPE_CHECKING:
    from ringback.stores import RunStore

URL = "https://example.com/texts"

Register = Callable[[Application], object]


def application(store: RunStore | None, api: Api | None = None, *, deadline: float = 10.0) -> Application:
    client = None if api is None else api.client()
    return Application(public_url=URL, auth_token=TOKEN, store=store, client=client, deadline=deadline)


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], RunStore]:
    """Gives each worker its view of one store."""
    if request.param == "sqlite":
        return lambda: SQLiteStore(tmp_path / "runs.db")
    shared = MemoryStore(shared=True)
    return lambda: shared


@asynccontextmanager
async def workers(
    place: Callable[[], RunStore],
    register: Register,
    *,
    api: Api | None = None,
    count: int = 2,
    deadline: float = 10.0,
) -> AsyncGenerator[list[Application], None]:
    """Several workers of one application."""
    apps = [application(place(), api, deadline=deadline) for _ in range(count)]
    for app in apps:
        register(app)
        app.start()
    yield apps
    for app in apps:
        await app.aclose()


def counting(between: list[str], ends: list[str]) -> Register:
    """A flow that asks twice."""

    def register(app: Application) -> None:
        @app.flow(IncomingMessage)
        async def flow(chat: MessageFlow) -> None:
            try:
                between.append("begin")
                first = await chat.ask("First?")
                between.append(first.body)
                second = await chat.ask("Second?")
                between.append(second.body)
                chat.say(f"{first.body} {second.body}")
            finally:
                ends.append("end")

    return register


STORY = [
    ("hello", ["Thanks for dining at the Blue Door!", "What is your name?"]),
    ("Anna", ["How was it, Anna, in stars from 1 to 5?"]),
    ("good", ["How was it, Anna, in stars from 1 to 5?"]),
    ("6", ["That is off our scale: 1 to 5 stars, please."]),
    ("5", ["What did you have?\n1. Fish\n2. Pasta\n3. Soup"]),
    ("pasta", ["Thank you, Anna. See you soon!"]),
    ("hello", ["Thanks for dining at the Blue Door!", "What is your name?"]),
]


@pytest.mark.parametrize("restarts", [{number} for number in range(1, len(STORY))] + [set(range(len(STORY)))])
def test_the_survey_survives_a_restart_between_any_two_messages(tmp_path: Path, restarts: set[int]) -> None:
    saved: list[tuple[str, int, str | None]] = []
    start = 0

    def save(name: str, stars: int, dish: str | None) -> None:
        saved.append((name, stars, dish))

    for end in sorted({*restarts, len(STORY)} - {0}):

        async def process(part: list[tuple[str, list[str]]]) -> None:
            app = application(SQLiteStore(tmp_path / "survey.db"))
            survey.build(app, save)
            for body, answer in part:
                assert await text(app, body) == answer
            await app.aclose()

        asyncio.run(process(STORY[start:end]))
        start = end
    assert saved == [("Anna", 5, "Pasta")]


async def test_the_survey_survives_workers_that_are_killed(tmp_path: Path) -> None:
    for body, answer in STORY[:6]:
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.app.texts_worker",
            str(tmp_path),
            body,
            stdout=asyncio.subprocess.PIPE,
        )
        assert worker.stdout is not None
        told = (await asyncio.wait_for(worker.stdout.read(), 20)).decode()  # until it has killed itself
        assert await worker.wait() == -9
        assert eval(told) == answer  # noqa: S307 - it is our own
    assert (tmp_path / "saved").read_text() == "Anna 5 Pasta\n"


async def test_the_owner_reads_what_comes_to_others(place: Callable[[], RunStore]) -> None:
    between: list[str] = []
    ends: list[str] = []
    async with workers(place, counting(between, ends)) as (one, two):
        assert await text(one, "hello") == ["First?"]
        assert await text(two, "a") == ["Second?"]
        assert not ends
        assert await text(two, "b") == ["a b"]
        await eventually(lambda: ends == ["end"])
        assert await text(two, "hello") == ["First?"]
    assert between == ["begin", "a", "b", "begin"]


async def test_a_worker_that_leaves_is_followed_by_another(place: Callable[[], RunStore]) -> None:
    between: list[str] = []
    ends: list[str] = []
    register = counting(between, ends)
    async with workers(place, register) as (one, two):
        assert await text(one, "hello") == ["First?"]
        await one.aclose()
        assert await text(two, "a") == ["Second?"]
        assert not ends
        assert await text(two, "b") == ["a b"]
    assert between == ["begin", "begin", "a", "b"]
    assert ends == ["end"]


async def test_doubled_webhooks_are_one(place: Callable[[], RunStore]) -> None:
    between: list[str] = []
    async with workers(place, counting(between, [])) as apps:
        url = apps[0].message_url
        assert url is not None
        asked = text_request(url, "hello")
        for body, answer in [("hello", "First?"), ("a", "Second?"), ("b", "a b")]:
            asked = text_request(url, body)
            both = await asyncio.gather(*(app.handle(asked) for app in apps for _ in range(2)))
            assert [said(each) for each in both] == [[answer]] * 4
        late = await apps[1].handle(asked)
        assert said(late) == ["a b"]
    assert between == ["begin", "a", "b"]


async def test_messages_are_read_in_order(place: Callable[[], RunStore]) -> None:
    heard: list[str] = []

    def register(app: Application) -> None:
        @app.flow(IncomingMessage)
        async def flow(chat: MessageFlow) -> None:
            await chat.step(asyncio.sleep, 0.5)
            for _ in range(4):
                heard.append((await chat.ask("Go on.")).body)
            chat.say("Enough.")

    async with workers(place, register) as (one, two):
        answers = [asyncio.ensure_future(text(one, "hello"))]
        for number, app in enumerate((two, one, two, one)):
            await asyncio.sleep(0.05)
            answers.append(asyncio.ensure_future(text(app, str(number))))
        assert await asyncio.gather(*answers) == [["Go on."]] * 4 + [["Enough."]]
    assert heard == ["0", "1", "2", "3"]


async def test_who_writes_on_begins_anew(place: Callable[[], RunStore]) -> None:
    def register(app: Application) -> None:
        @app.flow(IncomingMessage)
        async def flow(chat: MessageFlow) -> None:
            await chat.step(asyncio.sleep, 0.3)
            assert chat.event is not None
            chat.say(f"You said {chat.event.body}.")

    async with workers(place, register) as (one, two):
        answers = [asyncio.ensure_future(text(one, "hello"))]
        for number, app in enumerate((two, one, two)):
            await asyncio.sleep(0.05)
            answers.append(asyncio.ensure_future(text(app, str(number))))
        told = [body for [body] in await asyncio.gather(*answers)]
    assert sorted(told) == ["You said 0.", "You said 1.", "You said 2.", "You said hello."]


async def test_who_floods_is_heard_later() -> None:
    app = application(None, deadline=30.0)
    heard: list[str] = []

    @app.flow(IncomingMessage)
    async def flow(chat: MessageFlow) -> None:
        await asyncio.sleep(0.5)
        heard.append((await chat.ask("Go on.")).body)

    answers = [asyncio.ensure_future(text(app, str(number))) for number in range(150)]
    await asyncio.sleep(0.2)
    run = next(iter(app._flows.by_id.values()))
    assert len(run.machine.untaken()) == 100
    await app.aclose()
    assert await asyncio.gather(*answers) == [[]] * 150
    assert not heard


async def test_a_record_that_cant_be_read_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    store = MemoryStore(shared=True)
    app = application(store)
    counting([], [])(app)
    assert await text(app, "hello") == ["First?"]
    [run] = app._flows.by_id
    await store.append(run, "in.7", b"{", ttl=60)
    assert await text(app, "a") == []
    assert "JournalUnreadable" in caplog.text
    assert CALLER not in caplog.text
    await app.aclose()


async def test_news_that_a_webhook_gets_the_answer_is_not_the_answer() -> None:
    app = application(None)
    counting([], [])(app)
    assert await text(app, "hello") == ["First?"]
    [run] = app._flows.by_id.values()
    assert isinstance(run, MessageRun)
    reply, late = run.reply("SM1"), run.reply("SM2")
    run.feed("re.SM1", Replied(how="reply"))
    run.feed("re.SM2", Replied(how="late"))
    assert reply.response is None
    assert late.response is not None
    assert said(late.response) == []
    await app.aclose()


async def test_a_timeout_fires_in_one_worker(place: Callable[[], RunStore]) -> None:
    api, over = Api(), list[Application]()

    def register(app: Application) -> None:
        @app.flow(IncomingMessage)
        async def flow(chat: MessageFlow) -> None:
            assert await chat.ask("Are you there?", timeout=timedelta(seconds=1.5)) is None
            over.append(app)
            chat.say("Goodbye.")

    async with workers(place, register, api=api, count=3) as (one, two, three):
        assert await text(one, "hello") == ["Are you there?"]
        await one.aclose()
        await eventually(lambda: bool(api.sent), 10)
        await asyncio.sleep(1)
        assert api.bodies == ["Goodbye."]
        assert len(over) == 1
        assert over[0] in (two, three)
        assert await text(two, "hello") == ["Are you there?"]
        await eventually(lambda: len(api.sent) > 1, 10)
        await asyncio.sleep(1)
    assert api.bodies == ["Goodbye."] * 2
    assert over[1] is two


async def test_reminders_go_out_once(place: Callable[[], RunStore]) -> None:
    api = Api()
    times = {timedelta(seconds=0.3): "One.", timedelta(seconds=2.5): "Two.", timedelta(seconds=3): "Three."}

    def register(app: Application) -> None:
        @app.flow(IncomingMessage)
        async def flow(chat: MessageFlow) -> None:
            await chat.ask("Are you there?", timeout=4, reminders=times)
            chat.say("Goodbye.")

    async with workers(place, register, api=api, count=3) as (one, two, _):
        assert await text(one, "hello") == ["Are you there?"]
        await eventually(lambda: api.bodies == ["One."])
        await asyncio.sleep(0.2)
        await one.aclose()
        await eventually(lambda: len(api.sent) > 1, 10)
        await two.aclose()
        await eventually(lambda: len(api.sent) > 3, 15)
    assert api.bodies == ["One.", "Two.", "Three.", "Goodbye."]


@pytest.mark.parametrize("went", [True, False])
async def test_what_may_have_been_sent_is_looked_for(place: Callable[[], RunStore], went: bool) -> None:
    api = Api()

    def register(app: Application) -> None:
        @app.flow(IncomingMessage)
        async def flow(chat: MessageFlow) -> None:
            await chat.ask("Are you there?", timeout=0.2)
            chat.say("Goodbye.")

    async with workers(place, register, api=api) as (one, two):
        api.stuck = True
        assert await text(one, "hello") == ["Are you there?"]
        await eventually(lambda: bool(api.sent))
        api.stuck = False
        if not went:
            api.sent.clear()
        sharing = one._flows.sharing
        assert sharing is not None
        sharing.worker.leave()  # as if it had died now
        for run in tuple(one._flows.by_id.values()):
            run.abandon()
        await eventually(lambda: bool(two._flows.by_id), 15)
        [taken] = two._flows.by_id.values()
        await eventually(lambda: taken.task.done(), 15)
        assert api.bodies == ["Goodbye."]


async def test_a_held_message_is_answered_by_any_worker(place: Callable[[], RunStore]) -> None:
    def register(app: Application) -> None:
        @app.flow(IncomingMessage)
        async def flow(chat: MessageFlow) -> None:
            await chat.step(asyncio.sleep, 0.8)
            await chat.ask("That took a while.")

    async with workers(place, register, deadline=0.2) as (one, two):
        url, sid = one.message_url, new_sid("SM")
        assert url is not None
        held = await one.handle(text_request(url, "hello", sid=sid))
        times = 0
        while tags(held) == ["Redirect"]:
            held = await two.handle(text_request(link(held, "Redirect"), "hello", sid=sid))
            times += 1
        assert said(held) == ["That took a while."]
        assert times >= 1


async def test_a_message_that_waited_too_long_is_answered_by_the_api(place: Callable[[], RunStore]) -> None:
    api = Api()

    def register(app: Application) -> None:
        @app.flow(IncomingMessage)
        async def flow(chat: MessageFlow) -> None:
            await chat.step(asyncio.sleep, 0.6)
            answer = await chat.ask("That took a while.")
            chat.say(answer.body)

    async with workers(place, register, api=api, deadline=0.3) as (one, two):
        url, sid = one.message_url, new_sid("SM")
        assert url is not None
        assert said(await one.handle(text_request(url, "hello", sid=sid))) == []
        assert said(await two.handle(text_request(url, "hello", sid=sid))) == []
        await eventually(lambda: api.bodies == ["That took a while."])
        assert (api.sent[0].to, api.sent[0].from_) == (CALLER, NUMBER)
        assert await text(two, "yes") == ["yes"]
        assert len(api.sent) == 1


async def test_we_begin_and_another_worker_goes_on(place: Callable[[], RunStore]) -> None:
    api = Api()

    def register(app: Application) -> None:
        @app.flow(IncomingMessage)
        async def flow(chat: MessageFlow, *, table: int = 1) -> None:
            answer = await chat.ask(f"Table {table}?", timeout=60)
            chat.say(f"{chat.other} {answer and answer.body} {table}")

    async with workers(place, register, api=api) as (one, two):
        flow = next(iter(one._registry.routes))
        await one.converse(api.client(), to=CALLER, from_=NUMBER, flow=flow.bind(table=4))  # type: ignore[attr-defined]
        await eventually(lambda: api.bodies == ["Table 4?"])
        await asyncio.sleep(0.1)
        await one.aclose()
        assert await text(two, "yes") == [f"{CALLER} yes 4"]


async def test_who_begins_needs_others_to_send() -> None:
    app = application(MemoryStore(shared=True))

    @app.flow(IncomingMessage)
    async def flow(chat: MessageFlow) -> None:
        await chat.ask("Yes?")

    with pytest.raises(ConfigurationError, match=r"^client: .* another process"):
        await app.converse(Api().client(), to=CALLER, from_=NUMBER, flow=flow)
    await app.aclose()


async def test_ends_are_checked() -> None:
    app = application(None)

    @app.flow(IncomingMessage)
    async def flow(chat: MessageFlow, *, table: int) -> None:
        await chat.ask(f"Table {table}?")

    link = flow.bind(table=1)
    for to, from_, field in [
        ("", NUMBER, "to"),
        (CALLER, "a b", "from_"),
        (f"whatsapp:{CALLER}", NUMBER, "from_"),
        (CALLER, CALLER, "from_"),
    ]:
        with pytest.raises(InvalidValue) as caught:
            await app.converse(Api().client(), to=to, from_=from_, flow=link)
        assert caught.value.field == field
    with pytest.raises(InvalidValue, match="table"):
        await app.converse(Api().client(), to=CALLER, from_=NUMBER, flow=flow)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="30 days"):
        Application(public_url=URL, auth_token=TOKEN, conversation_idle_limit=31 * 86_400)
    with pytest.raises(InvalidValue, match="AsyncClient"):
        Application(public_url=URL, auth_token=TOKEN, client="AC1")  # type: ignore[arg-type]


@pytest.mark.parametrize("channel", ["", "whatsapp:", "rcs:"])
async def test_every_channel(channel: str) -> None:
    api = Api()
    app = application(None, api)
    over: list[object] = []

    @app.flow(IncomingMessage)
    async def flow(chat: MessageFlow) -> None:
        assert (chat.other, chat.number) == (ends["From"], ends["To"])
        try:
            word = await chat.choose("Stop or go?", ["stop", "go"], timeout=0.3)
            chat.say(f"{word}!")
        except ConversationOver as ended:
            over.append(ended.reason)

    ends = {"From": f"{channel}{CALLER}", "To": f"{channel}{NUMBER}"}
    question = "Stop or go?\n1. stop\n2. go"
    assert await text(app, "hello", **ends) == [question]
    assert await text(app, "Go!", **ends) == ["go!"]
    assert await text(app, "hello", **ends) == [question]
    await eventually(lambda: api.bodies == ["None!"])
    assert (api.sent[0].to, api.sent[0].from_) == (ends["From"], ends["To"])
    assert await text(app, "hello", **ends) == [question]
    if channel == "whatsapp:":  # where Twilio does nothing about the word
        assert await text(app, "stop", **ends) == ["stop!"]
        assert await text(app, "hello", **ends) == [question]
        assert await text(app, "ARRET", OptOutType="STOP", **ends) == []
    else:
        assert await text(app, "stop", **ends) == []
    await eventually(lambda: over == ["opted-out"])
    assert await text(app, "HELP", OptOutType="HELP", **ends) == []
    assert await text(app, "hello", ButtonText="x", **ends) == [question]
    assert await text(app, "", ButtonPayload="go", **ends) == ["go!"]
    await app.aclose()


async def test_what_a_service_hears_of_help_and_start() -> None:
    app = application(None)

    @app.flow(IncomingMessage)
    async def flow(chat: MessageFlow) -> None:
        answer = await chat.ask("Coming?")
        chat.say(answer.body)

    assert await text(app, "hello") == ["Coming?"]
    assert await text(app, "help", OptOutType="HELP") == []
    assert await text(app, "YES", OptOutType="START") == ["YES"]  # which may well be an answer
    await app.aclose()


async def test_ten_thousand_that_never_answer() -> None:
    count, ends, each = 10_000, 0, 0.0
    app = application(None)

    @app.flow(IncomingMessage)
    async def flow(chat: MessageFlow) -> None:
        nonlocal ends
        limit = 86_400.0 if chat.other == CALLER else 3.0
        try:
            answer = await chat.ask("Are you there?", timeout=limit)
            if answer is not None:
                chat.say(answer.body)
        finally:
            ends += 1

    url = app.message_url
    assert url is not None
    assert await text(app, "hello") == ["Are you there?"]
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(count):
        if number == 500:
            each = (tracemalloc.get_traced_memory()[0] - before) / number
            tracemalloc.stop()
        await app.handle(text_request(url, "hello", From=f"+1555{number:07d}"))
    start = time.perf_counter()
    assert await text(app, "I am.") == ["I am."]
    assert time.perf_counter() - start < 0.5
    await eventually(lambda: ends == count + 1, 60)
    await eventually(lambda: len(app._flows) == 0)
    await app.aclose()
    assert 0 < each < 20_000, each  # of which what is remembered of the webhook for an hour is a part


async def test_a_store_that_is_away_stops_nobody() -> None:
    store = _Away()
    between: list[str] = []
    app = application(store)
    counting(between, [])(app)
    assert await text(app, "hello") == ["First?"]
    store.away = True
    assert await text(app, "a") == ["Second?"]
    assert await text(app, "hello", From="+15558675311") == ["First?"]
    store.away = False
    await asyncio.sleep(1.5)
    other = application(store)
    counting(between, [])(other)
    await app.aclose()
    assert await text(other, "b") == ["a b"]
    assert await text(other, "b", From="+15558675311") == ["Second?"]
    await other.aclose()


class _Away(MemoryStore):
    """A store that can be away."""

    away = False

    def __init__(self) -> None:
        super().__init__(shared=True)

    def __getattribute__(self, name: str) -> object:
        operations = {"begin", "append", "read", "latest", "claim", "add", "get", "put", "pulse", "due"}
        if name in operations and object.__getattribute__(self, "away"):
            raise ConnectionError("away")
        return super().__getattribute__(name)
