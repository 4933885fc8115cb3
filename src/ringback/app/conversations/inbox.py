"""Messages that come in: which conversation each is for, and what its webhook gets.

One conversation is under way for each pair of addresses. A message is handed to it, wherever it is led, or
begins a new one. Its webhook gets what the flow says next after it has read the message. Where that takes too
long the webhook gets nothing, and what is said is sent by the REST API.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from attrs import define

from ringback._core.webhooks.events import MessageRequest
from ringback.app.conversations.addresses import asks_for_help, key_of, opts_out
from ringback.app.conversations.run import PASSED_ON, ConversationStarted, MessageRun
from ringback.app.flows.durable import AFTERWARDS, keeper_of
from ringback.app.flows.journal import Arrived, Outcome, Replied, Served, Started, read_entry, write_entry
from ringback.app.flows.keeper import LOCAL
from ringback.app.flows.machine import Machine
from ringback.app.flows.reach import StoreAway
from ringback.app.flows.records import is_over
from ringback.app.flows.start import Start
from ringback.app.flows.worker import LEASE, TICK, write_note
from ringback.app.loops.portal import call_in
from ringback.app.webhooks.answers import empty, written_twiml
from ringback.app.webhooks.held import Answer
from ringback.app.webhooks.recognise import Identity
from ringback.errors import ConfigurationError, FlowError
from ringback.stores.store import Outcome as Appending
from ringback.stores.store import Told

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.app.conversations.route import AnyConversation
    from ringback.app.flows.runs import FlowRuns
    from ringback.app.flows.sharing import Sharing
    from ringback.client import AsyncClient, Client
    from ringback.http import WebhookResponse
    from ringback.stores.store import Record
    from ringback.webhooks import IncomingMessage

__all__ = ["Conversations", "Incoming"]

NOBODY: Final = Identity("", None)
"""What no request is told by: messages have SIDs."""

TRIES: Final = 10  # of beginning a conversation while others begin it, too


@define
class Incoming:
    """A message that has come in.

    Attributes:
        event: What it says.
        given: The same, as it came.
        url: The URL that was asked for.
        flow: What begins where no conversation is under way, with its arguments.
        otherwise: What answers then, where that is no flow.
        run: The run that has the message, once that is known.
    """

    event: IncomingMessage
    given: dict[str, str]
    url: str
    flow: AnyConversation | None
    arguments: dict[str, object]
    otherwise: Callable[[], Answer]
    run: str | None = None

    @property
    def sid(self) -> str:
        """The message."""
        return self.event.message_sid

    @property
    def key(self) -> str:
        """The conversation."""
        return key_of(self.event.to, self.event.from_)


class TextAnswer(Answer):
    """What answers a message, in the making. Others know it, too, by the run that has the message."""

    __slots__ = ("run",)

    def __init__(self, give_up: Callable[[], None]) -> None:
        super().__init__(give_up)
        self.run: str | None = None

    @property
    def again(self) -> tuple[str, ...]:
        """The tag by which a held request asks again."""
        return () if self.run is None else ("text", self.run)


class Conversations:
    """The conversations of one application.

    Args:
        runs: Its flows.
    """

    def __init__(self, runs: FlowRuns) -> None:
        self._runs = runs
        self._hub = runs.hub

    @property
    def _idle(self) -> float:
        return self._hub.settings.conversation_idle_limit + AFTERWARDS

    # --- messages that come in

    def receive(self, incoming: Incoming) -> Answer:
        """What the webhook of a message gets."""
        answer = TextAnswer(lambda: self._hub.in_loop(partial(self._give_up, incoming, answer)))
        self._point(incoming, answer, incoming.run)
        self._hub.spawn(self._bring(incoming, answer), "a message")
        return answer

    def _point(self, incoming: Incoming, answer: TextAnswer, run: str | None) -> None:
        """Say where others find the answer."""
        incoming.run = run
        if run is not None and self._runs.sharing is not None:
            answer.run = run

    async def _bring(self, incoming: Incoming, answer: TextAnswer) -> None:
        try:
            answer.set(await self._answer(incoming, answer))
        except Exception as error:
            name = "a conversation" if incoming.flow is None else incoming.flow.name
            self._hub.report(error, incoming.event, name)
        finally:
            if answer.response is None:  # or it was cancelled
                answer.set(self._hub.fallback(MessageRequest))

    async def _answer(self, incoming: Incoming, answer: TextAnswer) -> WebhookResponse:
        if opts_out(incoming.event):
            await self._runs.hang_up(incoming.key, "opted-out")
            return await self._otherwise(incoming)
        if asks_for_help(incoming.event):
            return await self._otherwise(incoming)
        bring = self._bring_here if self._runs.sharing is None else self._bring_anywhere
        response = PASSED_ON
        while response is PASSED_ON:
            response = await bring(incoming, answer)
        return response

    async def _otherwise(self, incoming: Incoming) -> WebhookResponse:
        """What a message gets that is for no conversation."""
        if incoming.flow is not None:
            return empty(MessageRequest)
        answer = incoming.otherwise()
        await answer.wait()
        return cast("WebhookResponse", answer.response)

    async def _bring_here(self, incoming: Incoming, answer: TextAnswer) -> WebhookResponse:
        """Hand a message to a conversation of this process."""
        run = self._leading(incoming.key)
        if run is not None:
            reply = run.reply(incoming.sid)
            call_in(run.loop, run.feed, f"msg.{incoming.sid}", Arrived(parameters=incoming.given))
        elif incoming.flow is None:
            return await self._otherwise(incoming)
        else:
            id = secrets.token_urlsafe(9)
            run = cast(
                "MessageRun",
                self._runs.lead(
                    incoming.flow, incoming.event, incoming.arguments, id, NOBODY, LOCAL, Machine(id)
                ),
            )
            reply = run.reply(incoming.sid)
        self._point(incoming, answer, run.id)
        await reply.wait()
        return cast("WebhookResponse", reply.response)

    def _leading(self, key: str) -> MessageRun | None:
        run = self._runs.leading(key)
        return run if isinstance(run, MessageRun) and not run.over else None

    # --- among workers that share a store

    async def _bring_anywhere(self, incoming: Incoming, answer: TextAnswer) -> WebhookResponse:
        """Hand a message to a conversation of any worker."""
        sharing = cast("Sharing", self._runs.sharing)
        await sharing.worker.join()
        told = Told.UNKNOWN
        if incoming.run is None or answer.run is None:
            try:
                run, told = await self._hand_over(sharing, incoming)
            except StoreAway:
                run = self._hand_over_here(sharing, incoming)
            if run is None:
                return await self._otherwise(incoming)
            self._point(incoming, answer, run)
        assert incoming.run is not None, "it has one now"  # noqa: S101
        response = await self._follow(sharing, incoming.run, incoming, told)
        if response is PASSED_ON:
            answer.run = None
        return response

    async def _hand_over(self, sharing: Sharing, incoming: Incoming) -> tuple[str | None, Told]:
        """Append a message to the record of its conversation, or begin one; the run that has it, None where
        there is none to begin.
        """
        passed = incoming.run
        for _ in range(TRIES):
            with sharing.reach.asking() as store:
                latest = await store.latest(incoming.key)
                record = None if latest is None else await store.read(latest)
            if record is not None and record.run != passed:
                if _step_of(record, incoming.sid) is not None:
                    return record.run, Told.UNKNOWN
                if not is_over(record):
                    name = f"msg.{incoming.sid}"
                    with sharing.reach.asking() as store:
                        done = await store.append(
                            record.run,
                            name,
                            write_entry(Arrived(parameters=incoming.given)),
                            note=write_note("run", record.run, name, sharing.worker.id),
                            due=LEASE,
                            ttl=self._idle,
                        )
                    if done.outcome is not Appending.MISSING:
                        return record.run, done.told
                    continue
            if incoming.flow is None:
                return None, Told.UNKNOWN
            begun = await self._begin(
                sharing,
                incoming.flow,
                incoming.event,
                incoming.given,
                incoming.url,
                incoming.arguments,
                before=None if record is None else record.run,
            )
            if begun is not None:
                return begun.id, Told.UNKNOWN
        raise StoreAway

    def _hand_over_here(self, sharing: Sharing, incoming: Incoming) -> str | None:
        """The same where the store is away, and nobody knows what the others do."""
        run = self._leading(incoming.key)
        if run is not None:
            name, arrived = f"msg.{incoming.sid}", Arrived(parameters=incoming.given)
            keeper = keeper_of(run)
            keeper.synced = False
            keeper.written.setdefault(name, write_entry(arrived))
            call_in(run.loop, run.feed, name, arrived)
            return run.id
        flow = incoming.flow
        if flow is None:
            return None
        event, given = incoming.event, incoming.given
        id, started, written = _started(sharing, flow, event, given, incoming.url)
        return sharing._lead(flow, event, incoming.arguments, id, started, written, synced=False).id

    async def _begin(
        self,
        sharing: Sharing,
        flow: AnyConversation,
        event: IncomingMessage | ConversationStarted,
        given: dict[str, str],
        url: str,
        arguments: dict[str, object],
        *,
        before: str | None,
    ) -> MessageRun | None:
        """Begin a conversation here; None where another worker was faster."""
        run, started, written = _started(sharing, flow, event, given, url)
        with sharing.reach.asking() as store:
            begun = await store.begin(
                flow.leads(event),
                run,
                written,
                owner=sharing.worker.id,
                before=before,
                due=LEASE,
                ttl=self._idle,
            )
        if not begun.created:
            return None
        return cast("MessageRun", sharing._lead(flow, event, arguments, run, started, written))

    async def _follow(self, sharing: Sharing, run: str, incoming: Incoming, told: Told) -> WebhookResponse:
        """What a message gets from a run, wherever that is led."""
        sid = incoming.sid
        with sharing.listening(run) as noted:
            while True:
                going: object = self._runs.by_id.get(run)
                try:
                    with sharing.reach.asking() as store:
                        record = await store.read(run)
                    if record is not None:
                        response = _reply_of(record, sid)
                        if response is not None:
                            return response
                        going = await sharing.progress(record, f"msg.{sid}", told)
                    elif going is None:
                        return self._hub.fallback(MessageRequest)
                except StoreAway:
                    pass
                if isinstance(going, MessageRun) and not going.done:
                    reply = going.reply(sid)
                    await reply.wait(TICK)
                    if reply.response is not None and reply.response is not PASSED_ON:
                        return reply.response
                    continue
                told = going if isinstance(going, Told) else Told.UNKNOWN
                await sharing.hears(noted)

    # --- webhooks that wait for too long

    def _give_up(self, incoming: Incoming, answer: Answer) -> None:
        if answer.response is None:
            self._hub.spawn(self._let_go(incoming, answer), "a message that nobody waits for any more")

    async def _let_go(self, incoming: Incoming, answer: Answer) -> None:
        """The webhook of a message gets nothing, unless it has just been answered."""
        run, sharing, entry = incoming.run, self._runs.sharing, Replied(how="late")
        name = f"re.{incoming.sid}"
        if run is not None and sharing is not None:
            record = None
            with suppress(StoreAway), sharing.reach.asking() as store:
                note = write_note("run", run, name)
                done = await store.append(run, name, write_entry(entry), note=note, ttl=self._idle)
                record = await store.read(run) if done.outcome is Appending.LOST else None
            if record is not None:
                response = _reply_of(record, incoming.sid)
                answer.set(response if response and response is not PASSED_ON else empty(MessageRequest))
                return
        led = self._runs.by_id.get(run or "")
        if led is not None:
            call_in(led.loop, led.feed, name, entry)
        answer.set(empty(MessageRequest))

    # --- conversations that we begin

    async def converse(
        self,
        flow: AnyConversation,
        url: str,
        client: Client | AsyncClient,
        *,
        to: str,
        from_: str,
    ) -> None:
        """Begin a conversation.

        Raises:
            FlowError: The two are in one already.
            ConfigurationError: It may outlive this process, and nobody else could send anything.
            StoreAway: The store is away.
        """
        event = ConversationStarted(from_=to, to=from_)
        asked = url.partition("#")[0]  # as in a request
        arguments = flow.arguments.read(asked.partition("?")[2])
        sharing = self._runs.sharing
        run: MessageRun | None = None
        if sharing is None:
            if self._leading(flow.leads(event)) is not None:
                raise _busy()
            id = secrets.token_urlsafe(9)
            run = cast("MessageRun", self._runs.lead(flow, event, arguments, id, NOBODY, LOCAL, Machine(id)))
        else:
            if self._hub.settings.client is None:
                raise ConfigurationError(
                    "client: this conversation may go on in another process, which has to send, too: "
                    "Application(client=AsyncClient(…))"
                )
            await sharing.worker.join()
            while run is None:
                with sharing.reach.asking() as store:
                    latest = await store.latest(flow.leads(event))
                    record = None if latest is None else await store.read(latest)
                if record is not None and not is_over(record):
                    raise _busy()
                given = {"From": to, "To": from_}
                before = None if record is None else record.run
                run = await self._begin(sharing, flow, event, given, asked, arguments, before=before)
        run.client = client


def _started(
    sharing: Sharing,
    flow: AnyConversation,
    event: IncomingMessage | ConversationStarted,
    given: dict[str, str],
    url: str,
) -> tuple[str, Started, dict[str, bytes]]:
    """The id of a new run, what it begins with, and how that is written."""
    start = Start(flow=flow, event=event, given=given, url=url, arguments={}, identity=NOBODY)
    started = start.started(secrets.token_urlsafe(12))
    run = sharing.worker.name(secrets.token_urlsafe(6))
    return run, started, {"start": write_entry(started)}


def _busy() -> FlowError:
    return FlowError("to: a conversation with them from this address is under way")


def _step_of(record: Record, sid: str) -> int | None:
    """The answer of a run that is the one to a message; -1 where the message waits to be read, None where the
    run doesn't have it.
    """
    for name, field in record.fields.items():
        if name != "start" and not name.startswith("in."):
            continue
        entry = read_entry(name, field.value)
        if isinstance(entry, Started | Outcome) and entry.parameters.get("MessageSid") == sid:
            return int(name.partition(".")[2] or 0)
    return -1 if f"msg.{sid}" in record.fields else None


def _reply_of(record: Record, sid: str) -> WebhookResponse | None:
    """What a message gets by a record; None where that isn't known yet."""
    step = _step_of(record, sid)
    reply = record.fields.get(f"re.{sid}")
    if reply is not None and cast("Replied", read_entry(f"re.{sid}", reply.value)).how != "reply":
        return empty(MessageRequest)
    if step is not None and step >= 0:
        out = record.fields.get(f"out.{step}")
        if out is not None and reply is not None:
            return written_twiml(cast("Served", read_entry(f"out.{step}", out.value)).body)
        return empty(MessageRequest) if is_over(record) else None
    return PASSED_ON if is_over(record) else None
