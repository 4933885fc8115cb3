"""What a webhook for a step of a flow says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlencode

from ringback import webhooks
from ringback._core.webhooks.events import VoiceRequest
from ringback.app.flows.journal import NONE, Outcome
from ringback.app.webhooks.held import Answer
from ringback.errors import WebhookInvalid
from ringback.webhooks import CallRedirected, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ringback.app.tags import Tag

__all__ = ["Step", "StepAnswer", "result_class"]

LONGEST: Final = 1_500  # characters that a URL takes besides what is in it already
MOST_DIGITS: Final = 9
PARTS: Final = 2  # number and kind


class StepAnswer(Answer):
    """The answer of a step: any worker can be asked again for it.

    Args:
        give_up: As for `Answer`.
        run: The run's id.
        step: The step's number.

    Attributes:
        run: The run's id.
        step: The step's number.
        unwritten: What a webhook brought for the step, where the store could not be told.
    """

    __slots__ = ("run", "step", "unwritten")

    def __init__(self, give_up: Callable[[], None], run: str, step: int) -> None:
        super().__init__(give_up)
        self.run = run
        self.step = step
        self.unwritten: Outcome | None = None

    @property
    def again(self) -> tuple[str, ...]:
        """The tag by which a held request asks again: for the answer, or as it asked at first."""
        kind = "held" if self.unwritten is None or self._too_long else self.unwritten.kind
        return "flow", self.run, str(self.step), kind

    @property
    def sent(self) -> Mapping[str, str]:
        """What the webhook brought besides what every request of a call says."""
        return {} if self._too_long else self._brought

    @property
    def _brought(self) -> Mapping[str, str]:
        if self.unwritten is None or self.unwritten.kind == NONE:
            return {}
        return parse(CallRedirected, self.unwritten.parameters).unknown_parameters

    @property
    def _too_long(self) -> bool:
        return len(quote(urlencode(self._brought))) > LONGEST


class Step:
    """What a webhook for a step of a flow says.

    Attributes:
        run: The run's id.
        number: The step's number.
        kind: What it brings: the class of an event, `none`, or `held` where it asks again for the answer.
        given: Its parameters.
        call_sid: The call.
        status: The call's.
    """

    __slots__ = ("call_sid", "given", "kind", "number", "run", "status")

    def __init__(self, run: str, number: int, kind: str, given: dict[str, str]) -> None:
        self.run = run
        self.number = number
        self.kind = kind
        self.given = given
        self.call_sid = given.get("CallSid", "")
        self.status = given.get("CallStatus", "")

    @classmethod
    def read(cls, tag: Tag, given: dict[str, str]) -> Step | None:
        """The step that a tag names; None where that isn't one."""
        if len(tag.rest) != PARTS:
            return None
        number, kind = tag.rest
        if not (number.isascii() and number.isdecimal()) or len(number) > MOST_DIGITS:
            return None
        return cls(tag.id, int(number), kind, given)

    @property
    def held(self) -> bool:
        """Whether it only asks again."""
        return self.kind == "held"

    @property
    def name(self) -> str:
        """The field of its outcome."""
        return f"in.{self.number}"

    def outcome(self) -> tuple[VoiceRequest | None, Outcome]:
        """What it brings: the event, if any, and what the record keeps of it.

        Raises:
            WebhookInvalid: It can't be read.
        """
        if self.kind == NONE:
            return None, Outcome(kind=NONE, status=self.status or None)
        event = parse(result_class(self.kind), self.given)
        return event, Outcome(kind=self.kind, parameters=self.given, status=self.status or None)


def result_class(kind: str) -> type[VoiceRequest]:
    """The class of an event, by its name in a tag or journal.

    Raises:
        WebhookInvalid: There is none of that name, or it isn't a voice request.
    """
    found: object = getattr(webhooks, kind, None)
    if isinstance(found, type) and issubclass(found, VoiceRequest):
        return found
    raise WebhookInvalid(f"ringback: {kind!r} is not the class of a result")
