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
    """

    __slots__ = ("_brings", "run", "step")

    def __init__(self, give_up: Callable[[], None], run: str, step: int) -> None:
        super().__init__(give_up)
        self.run = run
        self.step = step
        self._brings: tuple[str, Mapping[str, str]] | None = None

    def written(self) -> None:
        """The store has what the webhook brought that waits for this."""
        self._brings = None

    def unwritten(self, outcome: Outcome) -> None:
        """The store could not be told what a webhook brought: it is brought again, where a URL has room for
        what it says besides what every request of a call says.
        """
        sent: Mapping[str, str] = {}
        if outcome.kind != NONE:
            sent = parse(CallRedirected, outcome.parameters).unknown_parameters
        if len(quote(urlencode(sent))) <= LONGEST:
            self._brings = outcome.kind, sent

    @property
    def again(self) -> tuple[str, ...]:
        """The tag by which a held request asks again: for the answer, or as it asked at first."""
        return "flow", self.run, str(self.step), "held" if self._brings is None else self._brings[0]

    @property
    def sent(self) -> Mapping[str, str]:
        """What has to be brought again then."""
        return {} if self._brings is None else self._brings[1]


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
