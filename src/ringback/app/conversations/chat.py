"""A conversation by text, as its flow sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeVar, cast, overload

from ringback._core.limits import check_count
from ringback.app.conversations.choices import Choices
from ringback.app.flows.besides import Besides
from ringback.errors import FlowError, InvalidValue
from ringback.twiml import Body, Media
from ringback.twiml import Message as Text

if TYPE_CHECKING:
    from ringback.app.conversations.run import MessageRun
    from ringback.webhooks import IncomingMessage

__all__ = ["AskAgain", "MessageFlow"]

T = TypeVar("T")
M = TypeVar("M", bound=Enum)

LONGEST: Final = 30 * 86_400.0  # seconds; stores keep nothing longer
MOST_TRIES: Final = 1_000


class AskAgain(ValueError):
    """Raised by the `check=` of `ask`, with what to say to an answer that can't be used."""


class MessageFlow(Besides["MessageRun"]):
    """A conversation by text, as its flow sees it: what two addresses write to each other.

    `say` adds a message to what is sent next; `ask` sends what was added so far and waits for an answer. What
    answers a message goes out as the reply to its webhook; everything else is sent by the REST API, with the
    `client=` of the application.

    Attributes:
        event: The message that began it; None where `Application.converse` did.
        other: Who is at the other end, such as `+15558675310` or `whatsapp:+15558675310`.
        number: The address that they write to, ours.
    """

    def __init__(self, run: MessageRun, /) -> None:
        self.event: IncomingMessage | None = run.first
        self.other = run.event.from_
        self.number = run.event.to
        self._run = run
        self._said: list[Text] = []

    def __repr__(self) -> str:
        return f"<MessageFlow {self._run.flow.name}>"

    def say(self, text: str = "", /, *, media: str | Sequence[str] = ()) -> None:
        """Add a message to what is sent with the next `ask`, or at the end.

        Args:
            text: What it says, at most 1,600 characters.
            media: URLs of up to ten pictures and the like.

        Raises:
            TwimlError: The text is too long, a URL is none, or there is neither.
        """
        self._said.append(_text(text, media))

    def append(self, *messages: Text) -> None:
        """Add messages as TwiML has them, for what `say` can't.

        What their attributes say is lost where they are sent by the REST API: they go to the other end from
        our address then.
        """
        self._said.extend(messages)

    @overload
    async def ask(
        self,
        text: str | None = None,
        /,
        *,
        media: str | Sequence[str] = (),
        timeout: None = None,
        reminders: Mapping[timedelta, str] | None = None,
    ) -> IncomingMessage: ...
    @overload
    async def ask(
        self,
        text: str | None = None,
        /,
        *,
        media: str | Sequence[str] = (),
        timeout: timedelta | float,
        reminders: Mapping[timedelta, str] | None = None,
    ) -> IncomingMessage | None: ...
    @overload
    async def ask(
        self,
        text: str | None = None,
        /,
        *,
        media: str | Sequence[str] = (),
        check: Callable[[IncomingMessage], T],
        again: str | None = None,
        tries: int = 3,
        timeout: timedelta | float | None = None,
        reminders: Mapping[timedelta, str] | None = None,
    ) -> T | None: ...
    async def ask(
        self,
        text: str | None = None,
        /,
        *,
        media: str | Sequence[str] = (),
        check: Callable[[IncomingMessage], object] | None = None,
        again: str | None = None,
        tries: int = 3,
        timeout: timedelta | float | None = None,
        reminders: Mapping[timedelta, str] | None = None,
    ) -> object:
        """Send what was said so far and a question, and wait for the answer.

        A message that came while the flow was doing something else is the answer to its next question.

        Args:
            text: The question; without one, only what was said before is sent.
            media: URLs of pictures that belong to it.
            check: Makes of an answer what is returned. Where it raises `ValueError`, the question is asked
                again; `AskAgain("…")`, which is one, says what to say then.
            again: What to say then otherwise; the question by default.
            tries: How often it is asked at most, 3 times by default.
            timeout: Seconds, or a `timedelta` of up to 30 days, to wait each time that it is asked. Without
                one it is the application's `conversation_idle_limit`, 7 days by default, after which the
                conversation is over.
            reminders: What to say where no answer has come after some time from the question on.

        Returns:
            The answer, or what `check` makes of it. None where none came in time, or none that `check` took.

        Raises:
            ConversationOver: Whoever is at the other end has opted out, or said nothing for too long.
            StepFailed: What had to be sent by the REST API was refused.
            FlowError: There is no `client=` to send it with; or another question is waiting for its answer.
            InvalidValue: A time or number is out of range, or a reminder would come after the timeout.
            TwimlError: A text is too long, or a URL is none.
        """
        seconds = None if timeout is None else _seconds("timeout", timeout)
        if reminders and self._run.client is None:
            raise FlowError(
                "reminders: no webhook waits for them, so they have to be sent by the REST API: "
                "Application(client=AsyncClient(…)) says with what"
            )
        reminding = _reminders(reminders, seconds)
        question = None if text is None else _text(text, media)
        if question is None and _urls(media):
            raise InvalidValue("media", media, "a question that it belongs to; say takes media alone")
        check_count("tries", tries, most=MOST_TRIES)
        if check is not None and not callable(cast("object", check)):
            raise InvalidValue("check", check, "a function of an answer")
        asked = question
        for _ in range(tries):
            if asked is not None:
                self._said.append(asked)
            said, self._said = self._said, []
            answer = await self._run.ask(said, seconds, reminding)
            if answer is None or check is None:
                return answer
            try:
                return check(answer)
            except AskAgain as wrong:
                asked = _text(str(wrong), ()) if str(wrong) else question
            except ValueError:
                asked = question if again is None else _text(again, ())
        return None

    @overload
    async def choose(
        self,
        question: str,
        options: type[M],
        /,
        *,
        again: str | None = None,
        tries: int = 3,
        timeout: timedelta | float | None = None,
        reminders: Mapping[timedelta, str] | None = None,
    ) -> M | None: ...
    @overload
    async def choose(
        self,
        question: str,
        options: Mapping[str, T],
        /,
        *,
        again: str | None = None,
        tries: int = 3,
        timeout: timedelta | float | None = None,
        reminders: Mapping[timedelta, str] | None = None,
    ) -> T | None: ...
    @overload
    async def choose(
        self,
        question: str,
        options: Sequence[str],
        /,
        *,
        again: str | None = None,
        tries: int = 3,
        timeout: timedelta | float | None = None,
        reminders: Mapping[timedelta, str] | None = None,
    ) -> str | None: ...
    async def choose(
        self,
        question: str,
        options: object,
        /,
        *,
        again: str | None = None,
        tries: int = 3,
        timeout: timedelta | float | None = None,
        reminders: Mapping[timedelta, str] | None = None,
    ) -> object:
        """Ask for one of some options, which are sent below the question, each with its number.

        They are chosen by number, by word in upper or lower case, or by a WhatsApp or RCS button of that
        text or payload. Where a label is a number, the options aren't numbered.

        Args:
            question: The question.
            options: Their labels; labels and what to return for each; or an enum, whose members are called by
                their values where those are texts, else by their names.
            again: As for `ask`; by default the question and the options.
            tries: As for `ask`.
            timeout: As for `ask`.
            reminders: As for `ask`.

        Returns:
            What was chosen; None where nothing was.

        Raises:
            InvalidValue: There are no options, more than 50, or two that can't be told apart.
            ConversationOver, StepFailed, FlowError, TwimlError: As for `ask`.
        """
        choices = Choices.of(options)
        return await self.ask(
            choices.menu(question),
            check=choices.read,
            again=again,
            tries=tries,
            timeout=timeout,
            reminders=reminders,
        )


def _text(text: str, media: str | Sequence[str]) -> Text:
    parts = [Media(url) for url in _urls(media)]
    return Text(*([Body(text)] if text or not parts else []), *parts)


def _urls(media: str | Sequence[str]) -> Sequence[str]:
    return (media,) if isinstance(media, str) else media


def _seconds(field: str, given: timedelta | float) -> float:
    value = cast("object", given)
    if isinstance(given, timedelta):
        seconds = given.total_seconds()
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value)
    else:
        seconds = -1.0
    if not 0 < seconds <= LONGEST:
        raise InvalidValue(field, given, "seconds, or a timedelta, above 0 and up to 30 days")
    return seconds


def _reminders(
    reminders: Mapping[timedelta, str] | None, timeout: float | None
) -> Sequence[tuple[float, Text]]:
    if reminders is not None and not isinstance(cast("object", reminders), Mapping):
        raise InvalidValue("reminders", reminders, "a dict of times and what to say then")
    found = sorted(
        ((_seconds("reminders", after), _text(text, ())) for after, text in (reminders or {}).items()),
        key=lambda each: each[0],
    )
    if found and timeout is not None and found[-1][0] >= timeout:
        raise InvalidValue("reminders", timedelta(seconds=found[-1][0]), "times before the timeout")
    return found
