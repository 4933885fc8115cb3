"""Conversations by text, as people have them on their phones: in one process, and with a fresh worker for
each webhook.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum
from typing import cast

import pytest

from ringback import (
    Application,
    AskAgain,
    ConversationOver,
    IncomingMessage,
    MessageFlow,
    OutgoingMessage,
)
from ringback.app import HandlerFailed
from ringback.emulator import Emulator
from ringback.emulator.phones import ExpectationFailed, Phone
from ringback.errors import FlowError, InvalidValue, StepFailed, TwimlError
from ringback.twiml import Body, Media, Message, MessagingResponse

OURS = "+15017122661"
SECOND = "+15017122662"
ANNA = "+15558675310"
BEN = "+15558675311"


@pytest.fixture(params=[0, 3], ids=["one worker", "three workers"])
def emulator_options(request: pytest.FixtureRequest) -> Mapping[str, object]:
    return {"workers": request.param}


@pytest.fixture
def app(emulator: Emulator) -> Application:
    return Application(public_url="https://example.com/texts", client=emulator.async_client())


@pytest.fixture
def anna(emulator: Emulator) -> Phone:
    return emulator.phone(ANNA)


def serve(emulator: Emulator, app: Application) -> None:
    emulator.install(app, OURS)


def sent(emulator: Emulator, kind: str) -> int:
    """How many messages went out as replies, or by the API."""
    with emulator.held() as network:
        return sum(each.direction == f"outbound-{kind}" for each in network.store.messages.values())


def test_questions_and_answers(emulator: Emulator, app: Application, anna: Phone) -> None:
    ends: list[str] = []

    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        assert chat.event is not None
        assert (chat.other, chat.number) == (ANNA, OURS)
        try:
            chat.say(f"You said {chat.event.body}.")
            name = await chat.ask("What is your name?")
            age = await chat.ask("How old are you?", timeout=timedelta(days=2))
            assert age is not None
            chat.say(f"Thank you, {name.body}, {age.body}.")
            chat.say("Goodbye.")
        finally:
            ends.append("end")

    serve(emulator, app)
    anna.text(OURS, "hello")
    anna.expect_text("You said hello.")
    anna.expect_text("What is your name?")
    anna.text(OURS, "Anna")
    anna.expect_text("How old")
    emulator.advance(47 * 3600)
    anna.text(OURS, "42")
    anna.expect_text("Thank you, Anna, 42.")
    anna.expect_text("Goodbye.")
    assert (len(anna.texts), sent(emulator, "reply"), ends) == (5, 5, ["end"])


def test_what_is_said_next_begins_anew(emulator: Emulator, app: Application, anna: Phone) -> None:
    @app.flow(IncomingMessage)
    async def parrot(chat: MessageFlow) -> None:
        assert chat.event is not None
        chat.say(chat.event.body)

    serve(emulator, app)
    for text in ("one", "two", "three"):
        anna.text(OURS, text)
        anna.expect_text(text)


def test_pictures_come_and_go(emulator: Emulator, app: Application, anna: Phone) -> None:
    @app.flow(IncomingMessage)
    async def pictures(chat: MessageFlow) -> None:
        answer = await chat.ask("A picture, please.", media="https://example.com/like-this.png")
        chat.say(media=[each.url for each in answer.media])
        chat.append(Message(Body("And"), Body(" this."), Media("https://example.com/b.png")))

    serve(emulator, app)
    anna.text(OURS, "hello")
    assert anna.expect_text("A picture").media == ("https://example.com/like-this.png",)
    anna.text(OURS, "", media=["https://example.com/a.png"])
    emulator.run_until_idle()
    back, this = anna.texts[1:]
    assert len(back.media) == 1
    assert back.body == ""
    assert (this.body, this.media) == ("And this.", ("https://example.com/b.png",))


def test_nobody_answers(emulator: Emulator, app: Application, anna: Phone) -> None:
    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        answer = await chat.ask(
            "Are you coming?",
            timeout=timedelta(hours=12),
            reminders={timedelta(hours=3): "Please let us know.", timedelta(hours=1): "Are you there?"},
        )
        chat.say("Another time, then." if answer is None else "Good.")

    serve(emulator, app)
    anna.text(OURS, "hello")
    anna.expect_text("Are you coming?")
    start = anna.texts[-1].at
    assert anna.expect_text("Are you there?", timeout=4_000).at - start == pytest.approx(3_600, abs=3)
    assert anna.expect_text("Please let us know.", timeout=8_000).at - start == pytest.approx(10_800, abs=3)
    assert anna.expect_text("Another time", timeout=40_000).at - start == pytest.approx(43_200, abs=3)
    assert (len(anna.texts), sent(emulator, "api")) == (4, 3)
    anna.text(OURS, "hello again")
    anna.expect_text("Are you coming?")
    anna.text(OURS, "yes")
    anna.expect_text("Good.")
    emulator.advance(100_000)
    assert len(anna.texts) == 6


def test_an_answer_after_the_reminder(emulator: Emulator, app: Application, anna: Phone) -> None:
    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        first = await chat.ask("Who?", reminders={timedelta(minutes=1): "Still there?"})
        second = await chat.ask("What?", reminders={timedelta(minutes=1): "And now?"})
        chat.say(f"{first.body} {second.body}")

    serve(emulator, app)
    anna.text(OURS, "hello")
    anna.expect_text("Still there?", timeout=100)
    anna.text(OURS, "me")
    anna.expect_text("And now?", timeout=100)
    anna.text(OURS, "this")
    anna.expect_text("me this")
    emulator.advance(1_000)
    assert [each.body for each in anna.texts] == ["Who?", "Still there?", "What?", "And now?", "me this"]


def test_silence_for_days_ends_it(emulator: Emulator, anna: Phone) -> None:
    over: list[str] = []
    app = Application(public_url="https://example.com/texts", conversation_idle_limit=86_400)

    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        try:
            await chat.ask("Who are you?")
        except ConversationOver as ended:
            over.append(ended.reason)
            with pytest.raises(ConversationOver):
                await chat.ask("Really?")
            raise

    serve(emulator, app)
    anna.text(OURS, "hello")
    anna.expect_text("Who are you?")
    emulator.advance(86_000)
    assert not over
    emulator.advance(1_000)
    assert over == ["silent"]
    assert len(anna.texts) == 1


class Colour(Enum):
    DARK_RED = 1
    GREEN = 2


def test_choices(emulator: Emulator, app: Application, anna: Phone) -> None:
    chosen: list[object] = []

    @app.flow(IncomingMessage)
    async def order(chat: MessageFlow) -> None:
        chosen.append(await chat.choose("Where?", ["Inside", "Outside, in the garden"]))
        chosen.append(await chat.choose("When?", {"Noon": 12, "Evening": 19}, again="Noon or evening?"))
        chosen.append(await chat.choose("Which?", Colour))
        chosen.append(await chat.choose("How many?", {"2": "two", "1": "one"}))
        chosen.append(await chat.choose("Sure?", ["yes", "no"], tries=2))
        chat.say("Done.")

    serve(emulator, app)
    anna.text(OURS, "hello")
    assert anna.expect_text("Where?").body == "Where?\n1. Inside\n2. Outside, in the garden"
    anna.text(OURS, "3")
    anna.expect_text("Where?")
    anna.text(OURS, " outside,  IN the garden! ")
    anna.expect_text("When?")
    anna.text(OURS, "midnight")
    assert anna.expect_text("Noon or evening?").body == "Noon or evening?"
    anna.text(OURS, "1.")
    anna.expect_text("Which?")
    anna.text(OURS, "dark red")
    assert anna.expect_text("How many?").body == "How many?\n2\n1"
    anna.text(OURS, "1")
    anna.expect_text("Sure?")
    anna.text(OURS, "perhaps")
    anna.expect_text("Sure?")
    anna.text(OURS, "perhaps not")
    anna.expect_text("Done.")
    assert chosen[-5:] == ["Outside, in the garden", 12, Colour.DARK_RED, "one", None]


def test_a_check_asks_again(emulator: Emulator, app: Application, anna: Phone) -> None:
    def guests(answer: IncomingMessage) -> int:
        number = int(answer.body)
        if number > 8:
            raise AskAgain("We have room for 8.")
        return number

    @app.flow(IncomingMessage)
    async def book(chat: MessageFlow) -> None:
        number = await chat.ask("How many?", check=guests, again="A number, please.", tries=4)
        again = await chat.ask("And children?", check=guests, tries=2)
        chat.say(f"{number} and {again}.")

    serve(emulator, app)
    anna.text(OURS, "hello")
    anna.expect_text("How many?")
    anna.text(OURS, "many")
    anna.expect_text("A number, please.")
    anna.text(OURS, "9")
    anna.expect_text("We have room for 8.")
    anna.text(OURS, "8")
    anna.expect_text("And children?")
    anna.text(OURS, "none")
    anna.expect_text("And children?")
    anna.text(OURS, "none!")
    anna.expect_text("8 and None.")


def test_opting_out_ends_it(emulator: Emulator, app: Application, anna: Phone) -> None:
    ends: list[object] = []

    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        try:
            await chat.ask("Who are you?")
        except ConversationOver as over:
            chat.say("You will never read this.")
            ends.append(over.reason)
        finally:
            ends.append("end")

    serve(emulator, app)
    anna.text(OURS, "hello")
    anna.expect_text("Who are you?")
    anna.text(OURS, " Stop ")
    emulator.run_until_idle()
    assert ends == ["opted-out", "end"]
    anna.text(OURS, "STOP")  # nothing begins with that
    emulator.run_until_idle()
    assert ends == ["opted-out", "end"]
    assert ["You will get no more" in each.body for each in anna.texts] == [False, True, True]


def test_many_talk_at_once(emulator: Emulator, app: Application, anna: Phone) -> None:
    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        name = await chat.ask("Name?")
        word = await chat.ask(f"{name.body}, a word?")
        chat.say(f"{name.body} on {chat.number} said {word.body}")

    serve(emulator, app)
    emulator.install(app, SECOND)
    ben = emulator.phone(BEN)
    for number in (OURS, SECOND):
        anna.text(number, "hello")
        anna.expect_text("Name?")
    ben.text(OURS, "hello")
    ben.expect_text("Name?")
    anna.text(OURS, "Anna")
    anna.expect_text("Anna, a word?")
    ben.text(OURS, "Ben")
    ben.expect_text("Ben, a word?")
    anna.text(SECOND, "Anne")
    anna.expect_text("Anne, a word?")
    anna.text(OURS, "yes")
    anna.expect_text(f"Anna on {OURS} said yes")
    ben.text(OURS, "no")
    ben.expect_text(f"Ben on {OURS} said no")
    anna.text(SECOND, "maybe")
    anna.expect_text(f"Anne on {SECOND} said maybe")


def test_messages_that_come_while_it_works_wait(emulator: Emulator, app: Application, anna: Phone) -> None:
    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        await chat.step(asyncio.sleep, 5)
        first = await chat.ask("First?")
        second = await chat.ask("Second?")
        third = await chat.ask("Third?")
        chat.say(f"{first.body} {second.body} {third.body}")

    serve(emulator, app)
    for text in ("hello", "one", "two", "three"):
        anna.text(OURS, text)
        emulator.advance(0.5)
    anna.expect_text("one two three")
    emulator.run_until_idle()
    assert sorted(each.body for each in anna.texts) == ["First?", "Second?", "Third?", "one two three"]


def test_who_waits_too_long_is_written_to(emulator: Emulator, app: Application, anna: Phone) -> None:
    @app.flow(IncomingMessage)
    async def slow(chat: MessageFlow) -> None:
        await chat.step(asyncio.sleep, 3_000)
        chat.say("That took a while.")
        answer = await chat.ask("Did you wait?")
        chat.say(f"{answer.body}, good.")

    serve(emulator, app)
    anna.text(OURS, "hello")
    anna.expect_text("That took a while.", timeout=4_000)
    anna.expect_text("Did you wait?")
    assert (sent(emulator, "api"), sent(emulator, "reply")) == (2, 0)
    anna.text(OURS, "yes")
    anna.expect_text("yes, good.")
    assert (sent(emulator, "api"), sent(emulator, "reply")) == (2, 1)


def test_without_a_client_webhooks_are_held(emulator: Emulator, anna: Phone) -> None:
    app = Application(public_url="https://example.com/texts", deadline=5)

    @app.flow(IncomingMessage)
    async def slow(chat: MessageFlow) -> None:
        await chat.step(asyncio.sleep, 12)
        answer = await chat.ask("Did you wait?")
        chat.say(f"{answer.body}, good.")

    serve(emulator, app)
    anna.text(OURS, "hello")
    anna.expect_text("Did you wait?")
    anna.text(OURS, "yes")
    anna.expect_text("yes, good.")
    assert sent(emulator, "reply") == 2


def test_without_a_client_nothing_can_be_sent(emulator: Emulator, anna: Phone) -> None:
    app = Application(public_url="https://example.com/texts")

    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        await chat.ask("Are you there?", timeout=60)
        chat.say("No.")

    @app.flow(IncomingMessage, path="/reminding")
    async def reminding(chat: MessageFlow) -> None:
        with pytest.raises(FlowError, match=r"^reminders: no webhook waits .* Application\(client="):
            await chat.ask("Are you there?", reminders={timedelta(hours=1): "Hello?"})

    serve(emulator, app)
    emulator.number(SECOND, sms_url=reminding.url)
    anna.text(SECOND, "hello")
    anna.text(OURS, "hello")
    anna.expect_text("Are you there?")
    with emulator.allow_problems(FlowError):
        emulator.advance(100)
    [failure] = emulator.failures
    assert "Application(client=AsyncClient(…))" in str(failure.error)


def test_we_begin(emulator: Emulator, app: Application, anna: Phone) -> None:
    announced: list[str | None] = []

    @app.on(OutgoingMessage)
    def went(message: OutgoingMessage) -> None:
        announced.append(message.body)

    @app.flow(IncomingMessage)
    async def remind(chat: MessageFlow, *, table: int = 0) -> None:
        assert chat.event is None
        assert (chat.other, chat.number) == (ANNA, OURS)
        coming = await chat.choose(f"Table {table} is yours. Coming?", ["yes", "no"], timeout=3_600)
        chat.say("Nobody told us." if coming is None else f"You said {coming}.")

    serve(emulator, app)
    app.converse(emulator.client(), to=ANNA, from_=OURS, flow=remind.bind(table=4))
    anna.expect_text("Table 4 is yours.")
    assert announced == ["Table 4 is yours. Coming?\n1. yes\n2. no"]
    with pytest.raises(FlowError, match="is under way"):
        app.converse(emulator.client(), to=ANNA, from_=OURS, flow=remind)
    anna.text(OURS, "1")
    anna.expect_text("You said yes.")
    app.converse(emulator.client(), to=ANNA, from_=OURS, flow=remind)
    anna.expect_text("Table 0 is yours.")
    anna.expect_text("Nobody told us.", timeout=4_000)


def test_what_we_begin_comes_before_handlers(emulator: Emulator, app: Application, anna: Phone) -> None:
    @app.on(IncomingMessage)
    def answer(message: IncomingMessage) -> MessagingResponse:
        return MessagingResponse(Message(f"A handler got {message.body}."))

    @app.flow(IncomingMessage, path="/survey")
    async def survey(chat: MessageFlow) -> None:
        word = await chat.ask("A word?")
        chat.say(f"The flow got {word.body}.")

    serve(emulator, app)
    anna.text(OURS, "hello")
    anna.expect_text("A handler got hello.")
    app.converse(emulator.client(), to=ANNA, from_=OURS, flow=survey)
    anna.expect_text("A word?")
    anna.text(OURS, "tree")
    anna.expect_text("The flow got tree.")
    anna.text(OURS, "hello")
    anna.expect_text("A handler got hello.")
    with emulator.allow_problems(21610):  # what it says to that is not sent
        anna.text(OURS, "stop")


def test_who_has_opted_out_is_not_written_to(emulator: Emulator, app: Application, anna: Phone) -> None:
    over: list[str] = []

    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        try:
            await chat.ask("A word?")
        except ConversationOver as ended:
            over.append(ended.reason)

    serve(emulator, app)
    anna.text(OURS, "unsubscribe")
    anna.expect_text("no more messages")
    app.converse(emulator.client(), to=ANNA, from_=OURS, flow=survey)
    emulator.run_until_idle()
    assert over == ["opted-out"]
    anna.text(OURS, "start")
    anna.expect_text("You will get messages from this number again.")
    anna.expect_text("A word?")


def test_what_is_refused_fails_the_flow(emulator: Emulator, app: Application) -> None:
    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        await chat.ask("A word?")

    serve(emulator, app)
    with emulator.allow_problems(StepFailed):
        app.converse(emulator.client(), to=ANNA, from_=SECOND, flow=survey)
        emulator.run_until_idle()
    [failure] = emulator.failures
    assert isinstance(failure, HandlerFailed)
    assert isinstance(failure.error, StepFailed)
    assert (failure.error.step, failure.error.kind) == ("send", "InvalidRequest")


def test_a_flow_that_fails_ends_its_conversation(emulator: Emulator, app: Application, anna: Phone) -> None:
    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        answer = await chat.ask("A number?")
        chat.say(f"{int(answer.body)} it is.")

    serve(emulator, app)
    with emulator.allow_problems(ValueError):
        anna.text(OURS, "hello")
        anna.expect_text("A number?")
        anna.text(OURS, "none")
        with pytest.raises(ExpectationFailed):
            anna.expect_text("it is")
        anna.text(OURS, "hello")
        anna.expect_text("A number?")
    assert len(emulator.failures) == 1


def test_mistakes_are_told(emulator: Emulator, app: Application, anna: Phone) -> None:
    told: list[Exception] = []
    hour = timedelta(hours=1)

    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        for work in (
            lambda: chat.ask("?", timeout=0),
            lambda: chat.ask("?", timeout=timedelta(days=31)),
            lambda: chat.ask("?", timeout=60, reminders={hour: "Hello?"}),
            lambda: chat.ask("?", reminders={-hour: "Hello?"}),
            lambda: chat.ask(media="https://example.com/a.png"),
            lambda: chat.ask("x" * 1_601),
            lambda: chat.ask("?", check=lambda _: 1, tries=0),
            lambda: chat.ask("?", check=lambda _: 1, tries=cast("int", "x")),
            lambda: chat.ask("?", check=cast("Callable[[IncomingMessage], int]", 3)),
            lambda: chat.ask("?", reminders=cast("dict[timedelta, str]", 3)),
            lambda: chat.choose("?", []),
            lambda: chat.choose("?", ["Yes", "yes!"]),
            lambda: chat.choose("?", [f"{number}." for number in range(51)]),
        ):
            with pytest.raises((InvalidValue, TwimlError)) as caught:
                await work()
            told.append(caught.value)
        with pytest.raises(TwimlError):
            chat.say("")
        chat.say("That's all.")

    serve(emulator, app)
    anna.text(OURS, "hello")
    anna.expect_text("that's all")
    fields = [each.field for each in told if isinstance(each, InvalidValue)]
    assert fields == [
        "timeout",
        "timeout",
        "reminders",
        "reminders",
        "media",
        "Body.text",
        "tries",
        "tries",
        "check",
        "reminders",
        "options",
        "options",
        "options",
    ]


@pytest.mark.ringback(workers=0)
def test_one_question_at_a_time(emulator: Emulator, app: Application, anna: Phone) -> None:
    @app.flow(IncomingMessage)
    async def survey(chat: MessageFlow) -> None:
        asking = asyncio.ensure_future(chat.ask("One thing?"))
        await asyncio.sleep(0)
        with pytest.raises(FlowError, match="one thing at a time"):
            await chat.ask("And another?")
        answer = await asking
        chat.say(f"{answer.body}, that's all.")

    serve(emulator, app)
    anna.text(OURS, "hello")
    anna.expect_text("One thing?")
    anna.text(OURS, "Yes")
    anna.expect_text("that's all")
