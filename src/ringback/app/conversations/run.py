"""A conversation under way: what its flow asks, what answers that, and what is sent when nobody does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import frozen

from ringback._core.webhooks.events import MessageRequest
from ringback.app.conversations.sending import OPTED_OUT, send_step
from ringback.app.events import LocalEvent
from ringback.app.flows.journal import (
    HUNG_UP,
    NONE,
    Arrived,
    Done,
    Ended,
    Moved,
    Outcome,
    Replied,
    Served,
    Waits,
)
from ringback.app.flows.run import Run
from ringback.app.loops.failures import as_exception, from_outside
from ringback.app.reports import Heard
from ringback.app.webhooks.answers import empty, nothing, twiml, written_twiml
from ringback.app.webhooks.held import Answer
from ringback.errors import ConversationOver, FlowError
from ringback.stores.store import NEVER
from ringback.twiml import Message as Text
from ringback.twiml import MessagingResponse
from ringback.twiml import parse as parse_document
from ringback.webhooks import IncomingMessage, parse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from ringback._core.webhooks.events import Event
    from ringback.app.conversations.route import AnyConversation
    from ringback.app.flows.journal import Entry
    from ringback.client import AsyncClient, Client
    from ringback.http import WebhookResponse

__all__ = ["PASSED_ON", "Beginning", "ConversationStarted", "MessageRun"]

log = logging.getLogger("ringback")

PASSED_ON: Final = nothing()
"""What the webhook of a message gets that the conversation ended without reading: it is for the next one."""

ASK: Final = "ask"
SILENT: Final = "silent"


@frozen(kw_only=True)
class ConversationStarted(LocalEvent):
    """We begin a conversation.

    Attributes:
        from_: Who is at the other end, as in their messages.
        to: Our address.
    """

    from_: str
    to: str


Beginning: TypeAlias = IncomingMessage | ConversationStarted


class MessageRun(Run[Beginning, "AnyConversation"]):
    """One flow leading one conversation, in the worker that owns it.

    Attributes:
        client: What sends that no webhook waits for.
        asked_at: When what is sent now was said, in seconds since 1970.
    """

    __slots__ = ("_answering", "_replies", "asked_at", "client")

    event: Beginning
    flow: AnyConversation

    _ASKED = MessageRequest
    _ENDS = ConversationOver

    def _set_up(self) -> None:
        self.client: Client | AsyncClient | None = self.hub.settings.client
        self.asked_at = 0.0
        self._replies: dict[str, Answer] | None = None
        self._answering: str | None = None
        if self.first is not None:
            self._take(self.first)

    @property
    def first(self) -> IncomingMessage | None:
        """The message that began it, if one did."""
        return self.event if isinstance(self.event, IncomingMessage) else None

    # --- what the flow does, through its MessageFlow

    async def ask(
        self, said: Sequence[Text], timeout: float | None, reminders: Sequence[tuple[float, Text]]
    ) -> IncomingMessage | None:
        """Say something, and wait for an answer; None where there is none in time.

        Args:
            said: What is said.
            timeout: Seconds.
            reminders: What is said after some seconds, in order.

        Raises:
            ConversationOver: The other side has ended it, or never answered.
            FlowError: The flow already waits for something else, or nothing can be sent.
            StepFailed: Something could not be sent.
        """
        if self._serving:
            raise FlowError("a flow can ask one thing at a time")
        self._serving = True
        try:
            machine = self.machine
            if machine.ended is not None:
                raise ConversationOver(machine.ended)
            machine.check(ASK)
            response = twiml(MessagingResponse(*said))
            self.asked_at = self.now()
            ended = await self._ends_unserved() if machine.served() is None else None
            if ended is not None:
                raise ConversationOver(ended)
            limit = self.flow.patience(self.hub.settings) if timeout is None else timeout
            await self._serve(ASK, response, reminders[0][0] if reminders else limit)
            return await self._answer(limit, reminders, silence=timeout is None)
        finally:
            self._serving = False

    async def _serve(self, verb: str, response: WebhookResponse, due: float) -> None:
        """Make an answer and have it delivered, by the webhook that waits for it or by the REST API."""
        machine = self.machine
        step = machine.step
        served = machine.served()
        if served is None and self.keeper.records:
            gave_up = machine.waiting is not None
            entry = Served(verb=verb, body=response.body.decode(), times=machine.times(), gave_up=gave_up)
            served = await self.keeper.decide(f"out.{step}", entry)
        machine.times()  # those of the next answer are counted from here on
        machine.wait(verb)
        await self._deliver(step, response if served is None else written_twiml(served.body), due)

    async def _deliver(self, step: int, response: WebhookResponse, due: float) -> None:
        sid, self._answering = self._answering, None
        if sid is not None and await self._is_waited_for(sid, due):
            self._tell(sid, response)
            return
        document = parse_document(response.body, document="messaging")
        for number, message in enumerate(document.children):
            if isinstance(message, Text):
                await self._send(f"send.{step}.{number}", message)
        await self._wait_until(f"w.{step}", due)

    async def _is_waited_for(self, sid: str, due: float) -> bool:
        """Whether the webhook of a message gets its answer."""
        how = self.machine.replied(sid)
        if how is None:
            waking, self._waking = self._waking, None
            entry = Replied(how="reply")
            decided = await self.keeper.decide(f"re.{sid}", entry, wake=waking or (), settles=True, due=due)
            self.machine.feed(f"re.{sid}", decided)
            how = decided.how
        return how == "reply"

    async def _send(self, key: str, message: Text) -> None:
        if self.machine.end is None and await send_step(self, key, message) == OPTED_OUT:
            self.machine.feed("end", Ended(status=OPTED_OUT))

    async def _wait_until(self, name: str, due: float) -> None:
        """Say when somebody has to look after the run."""
        if self.keeper.durable:
            await self.keeper.decide(name, Waits(), settles=True, due=due)

    # --- waiting

    async def _answer(
        self, limit: float, reminders: Sequence[tuple[float, Text]], *, silence: bool
    ) -> IncomingMessage | None:
        """What is answered. Reminds, and gives up in the end."""
        machine = self.machine
        step = machine.step
        due = [*((after, text) for after, text in reminders), (limit, None)]
        number = 0
        while (outcome := await self._outcome(self.asked_at + due[number][0])) is None:
            text = due[number][1]
            if text is not None:
                await self._send(f"remind.{step}.{number}", text)
                number += 1
                await self._wait_until(f"w.{step}.{number}", self._remaining(due[number][0]))
            elif silence:
                machine.feed("end", Ended(status=SILENT))
            else:
                decided = await self.keeper.decide(f"in.{step}", Outcome(kind=NONE))
                machine.feed(f"in.{step}", decided)
        for each in range(len(reminders)):
            machine.pass_over(f"remind.{step}.{each}")
        if outcome.kind == HUNG_UP:
            raise ConversationOver(outcome.status or SILENT)
        if outcome.kind == NONE:
            return None
        message = parse(IncomingMessage, dict(outcome.parameters))
        self._take(message)
        return message

    def _remaining(self, after: float) -> float:
        """Seconds until some time after the question."""
        return max(0.0, self.asked_at + after - self._now())

    async def _outcome(self, until: float) -> Outcome | None:
        """What comes of a question; None where nothing does until then."""
        machine = self.machine
        while True:
            if machine.outcome() is not None:
                return machine.take()
            if machine.given_up:  # and what made it give up comes again
                await self.loop.create_future()
            name = f"in.{machine.step}"
            message = machine.message()
            if machine.end is not None:
                machine.feed(name, await self.keeper.decide(name, machine.hang_up()))
            elif message is not None:
                outcome = Outcome(kind=IncomingMessage.__name__, parameters=message.parameters)
                machine.feed(name, await self.keeper.decide(name, outcome))
            elif self._now() >= until:
                return None
            else:
                await self._sleep(until - self._now())

    async def _sleep(self, seconds: float) -> None:
        """Wait until something happens, or so many seconds have passed."""
        inbox = self._inbox = self.loop.create_future()
        timer = self.loop.call_later(seconds, self._wake)
        try:
            if self.machine.moved:
                self.loop.call_soon(self.dismiss)
            await inbox
        finally:
            timer.cancel()
            self._inbox = None

    def _wake(self) -> None:
        if self._inbox is not None and not self._inbox.done():
            self._inbox.set_result(None)

    def _take(self, message: IncomingMessage) -> None:
        """The flow is given a message, which it answers with what it says next."""
        self.machine.took(message.message_sid)
        self._answering = message.message_sid
        self._heard = self._heard or Heard(self.event)
        self._heard.note(message)

    # --- what webhooks do

    def feed(self, name: str, entry: Entry | None, event: Event | None = None) -> None:  # noqa: ARG002
        """Learn of an entry of the record. To be called in the loop."""
        machine = self.machine
        if entry is not None and self.keeper.records:
            self.keeper.heard(name, entry)
        machine.feed(name, entry)
        if isinstance(entry, Moved):
            self.dismiss()
        elif isinstance(entry, Replied) and entry.how == "late":
            self._tell(name.partition(".")[2], empty(MessageRequest))
        elif isinstance(entry, Outcome | Arrived | Ended):
            self._wake()

    def reply(self, sid: str) -> Answer:
        """What the webhook of a message gets, or `PASSED_ON`."""
        self._replies = self._replies or {}
        reply = self._replies.get(sid)
        if reply is None:
            reply = self._replies[sid] = Answer(lambda: None)
        if self.done:
            self._left()
        return reply

    def _tell(self, sid: str, response: WebhookResponse) -> None:
        reply = None if self._replies is None else self._replies.pop(sid, None)
        if reply is not None:
            reply.set(response)

    def answer(self, step: int) -> None:
        """Nobody asks for the answer of a step: they ask for what answers their message."""

    @property
    def awaited(self) -> bool:
        """Nobody comes back for its last answer."""
        return False

    # --- its life

    def _led(self) -> Awaitable[MessagingResponse]:
        return self.flow.lead(self)

    async def _end(self, how: str, response: WebhookResponse) -> None:
        try:
            self.asked_at = self.now()
            await self._serve("", response, NEVER)
        except BaseException as raised:
            if from_outside(raised, self.task):
                raise
            how = "failed"
            error = as_exception(raised, "the flow")
            self.hub.report(error, self.event, self.flow.name, heard=self._said())
        self.done = True
        if self.keeper.records:
            await self.keeper.decide("done", Done(how=how), settles=True)

    def _left(self) -> None:
        cut_off = self.task.cancelled() and not self._dismissed
        untaken = () if cut_off else self.machine.untaken()
        rest = self.hub.fallback(MessageRequest) if cut_off else empty(MessageRequest)
        for sid in tuple(self._replies or ()):
            self._tell(sid, PASSED_ON if sid in untaken else rest)
