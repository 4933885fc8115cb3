"""Errors in the log show where they come from, and nothing of what people wrote or are called by."""

from __future__ import annotations

import builtins
import gc
import io
import logging
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback import Application, CallFlow, HandlerFailed, IncomingCall, IncomingMessage
from ringback.app.reports import Heard, shown_sid, texts_of, without
from ringback.errors import InvalidValue, StepFailed
from ringback.stores.memory import MemoryStore
from ringback.twiml import Message, MessagingResponse
from ringback.webhooks import parse
from tests.app.twilio import (
    CALLER,
    TOKEN,
    call_parameters,
    eventually,
    link,
    message_parameters,
    new_sid,
    request,
)

URL = "https://example.com/phone"
BODY = "my diagnosis is\x0bsecret"


@contextmanager
def logged() -> Generator[io.StringIO, None, None]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("ringback")
    logger.addHandler(handler)
    try:
        yield stream
    finally:
        logger.removeHandler(handler)


def quotes(message: IncomingMessage) -> MessagingResponse:
    return MessagingResponse(Message(f"You said: {message.body}"))


def repeats(message: IncomingMessage) -> MessagingResponse:
    raise ValueError(f"no table for {message.body!r} of {message.from_}")


def chains(message: IncomingMessage) -> MessagingResponse:
    try:
        raise KeyError(message.body.split()[1].upper())
    except KeyError as error:
        raise LookupError("no such table") from error


def within(message: IncomingMessage) -> MessagingResponse:
    try:
        raise KeyError(message.from_.lstrip("+"))
    finally:
        raise OSError(message.unreadable["NumSegments"])


@pytest.mark.parametrize(
    ("handler", "kind"),
    [(quotes, "TwimlError"), (repeats, "ValueError"), (chains, "LookupError"), (within, "OSError")],
)
async def test_no_text_of_a_sender_gets_into_a_traceback(
    handler: Callable[[IncomingMessage], MessagingResponse], kind: str
) -> None:
    app = Application(public_url=URL, auth_token=TOKEN)
    failures: list[HandlerFailed] = []
    app.on(HandlerFailed, failures.append)
    reply = app.on(IncomingMessage, path="/reply")(handler)
    with logged() as stream:
        await app.handle(request(reply.url, message_parameters("SM1", Body=BODY, NumSegments="two pages")))
    text = stream.getvalue()
    assert f"{kind}: " in text
    assert f"in {handler.__name__}" in text
    for private in ("diagnosis", "DIAGNOSIS", "secret", CALLER.lstrip("+"), "two pages"):
        assert private not in text
    await eventually(lambda: bool(failures))
    assert type(failures[0].error).__name__ == kind


def message(body: str) -> IncomingMessage:
    return parse(IncomingMessage, message_parameters("SM1", Body=body))


def test_an_error_that_quotes_nothing_is_shown_as_it_is() -> None:
    error = KeyError("table")
    assert without(error, texts_of(message("hi"))) is error
    assert without(error, ()) is error


def test_an_error_in_a_circle() -> None:
    one, two = ValueError("secret words"), ValueError("more")
    one.__context__, two.__context__ = two, one
    shown = without(one, texts_of(message("secret words")))
    assert str(shown) == "***"
    assert shown.__context__ is not None
    assert shown.__context__.__context__ is shown


def test_an_error_that_cannot_say_what_it_is() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    error = Mute()
    assert without(error, texts_of(message("hello"))) is error


def test_notes_and_groups() -> None:
    error = ValueError("bad")
    error.__notes__ = ["it was my secret"]  # type: ignore[attr-defined,unused-ignore]
    assert "secret" not in str(without(error, texts_of(message("my secret"))))
    group_of = getattr(builtins, "ExceptionGroup", None)  # from Python 3.11 on
    if group_of is not None:
        shown = without(group_of("several", [ValueError("my secret")]), texts_of(message("my secret")))
        assert type(shown).__name__ == "ExceptionGroup"
        assert str(shown) == "several (1 sub-exception)"
        assert not hasattr(shown, "exceptions")


WRITTEN = st.text(min_size=4, max_size=60).filter(lambda text: text.strip("\0 *") != "")


@given(WRITTEN, st.sampled_from(["{}", "got {!r}", "'{}' of many", "({})"]))
def test_whatever_is_written_is_not_shown(body: str, template: str) -> None:
    shown = str(without(ValueError(template.format(body)), texts_of(message(body))))
    assert template.format(body) != shown or body not in template.format(body)


@pytest.mark.parametrize(
    "quoted", ["Body=my%20secret", r"'hello\nsecret'", "M%C3%BCller", r"M\u00fcller", "Müller", "%2Bsecret"]
)
def test_however_it_is_escaped(quoted: str) -> None:
    shown = str(without(ValueError(quoted), texts_of(message("hello\nmy secret Müller"))))
    assert "***" in shown
    assert not {"secret", "ller", "hello"} & set(re.findall("secret|ller|hello", shown))


def test_a_word_that_is_cut() -> None:
    body = "my name is Mallorykowski"
    error = InvalidValue("text", body + "\0", "what XML can hold")
    assert "Mallo" in str(error)
    assert "Mallo" not in str(without(error, texts_of(message(body))))


@pytest.mark.parametrize("told", ["The 'To' number +4915112345678 is not valid", "To=%2B4915112345678&x=1"])
def test_the_number_of_somebody_else(told: str) -> None:
    assert "4915112345678" not in str(without(ValueError(told), ()))


def test_what_a_flow_heard_has_a_bound() -> None:
    first = message("hello")
    heard = Heard(first)
    for number in range(1_000):
        heard.note(message(f"text {number}"))
    texts = list(heard)
    assert len(texts) <= 200
    assert "text 999" in texts
    assert CALLER in texts_of(first)  # so that it isn't kept once more
    assert CALLER not in texts


async def test_what_a_caller_said_to_a_flow() -> None:
    app = Application(public_url=URL, auth_token=TOKEN)

    @app.flow(IncomingCall, path="/reception")
    async def reception(call: CallFlow) -> None:
        await call.gather(input=["speech"])
        second = await call.gather(input=["speech"])
        raise LookupError(f"nobody is called {second.speech_result if second else None}")

    sid = new_sid("CA")
    heard = await app.handle(request(f"{URL}/reception", call_parameters(sid)))
    with logged() as stream:
        for speech in ("hello there", "my diagnosis"):
            asked = request(link(heard, "Gather"), call_parameters(sid, "in-progress", SpeechResult=speech))
            heard = await app.handle(asked)
    text = stream.getvalue()
    assert "LookupError: nobody is called ***" in text
    assert "diagnosis" not in text
    await app.aclose()


def refuse(caller: str) -> None:
    raise LookupError(f"nobody has the number {caller}")


@pytest.mark.parametrize("awaited", [False, True])
async def test_what_a_step_in_the_background_raises(awaited: bool, caplog: pytest.LogCaptureFixture) -> None:
    app = Application(public_url=URL, auth_token=TOKEN)
    failures: list[HandlerFailed] = []
    app.on(HandlerFailed, failures.append)

    @app.flow(IncomingCall, path="/reception")
    async def reception(call: CallFlow) -> None:
        refused = call.background(refuse, call.from_)
        await call.gather(num_digits=1)
        try:
            if awaited:
                await refused
        except StepFailed as failed:
            call.say(failed.kind)

    sid = new_sid("CA")
    with logged() as stream:
        heard = await app.handle(request(f"{URL}/reception", call_parameters(sid)))
        asked = request(link(heard, "Gather"), call_parameters(sid, "in-progress", Digits="1"))
        last = await app.handle(asked)
        await eventually(lambda: len(failures) == (not awaited))
    await app.aclose()
    gc.collect()  # what asyncio knows of it, it tells now, unmasked
    assert (b"LookupError" in last.body) is awaited
    assert ("LookupError: nobody has the number ***" in stream.getvalue()) is not awaited
    assert CALLER not in stream.getvalue()
    assert [record.name for record in caplog.records if record.name != "ringback"] == []
    assert [str(failed.error) for failed in failures] == (
        [] if awaited else [f"step refuse raised LookupError: nobody has the number {CALLER}"]
    )


class Picky(MemoryStore):
    async def put(self, key: str, value: bytes, ttl: float) -> None:
        raise RuntimeError(f"Failing row contains ({key}, {value!r})")


async def test_what_a_store_will_not_keep() -> None:
    app = Application(public_url=URL, auth_token=TOKEN, store=Picky())

    @app.on(IncomingMessage, path="/reply")
    def reply(message: IncomingMessage) -> MessagingResponse:
        return MessagingResponse(Message("Dear Mallory, we are sorry"))

    with logged() as stream:
        answer = await app.handle(request(reply.url, message_parameters("SM1")))
        await eventually(lambda: "RuntimeError" in stream.getvalue())
    assert b"Mallory" in answer.body
    assert "the store failed" in stream.getvalue()
    assert "Mallory" not in stream.getvalue()


def test_a_sid_is_shown_if_it_looks_like_one() -> None:
    assert shown_sid(None) == "no call"
    assert shown_sid("CA1") == "CA1"
    assert shown_sid("CA1\nERROR all is lost").isprintable()
    assert len(shown_sid("\n" * 1_000)) < 300
