"""A worker that leads a conversation dies at each of the operations by which it asks the store, before or
after it: the next worker goes on, and everybody who texts is answered, once.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

import pytest

from ringback import Application, IncomingMessage, MessageFlow
from ringback.stores import MemoryStore
from tests.app.conversing import Api, said, text_request
from tests.app.twilio import TOKEN, eventually, new_sid

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

AT_ONCE = 12
OPERATIONS = ("add", "get", "put", "latest", "read", "begin", "append", "claim")


class Dying(MemoryStore):
    """A store of one worker, which dies at some operation.

    Args:
        shared: What it shows of.
        at: The operation, counted from 0; None where it lives on.
        after: Whether it dies after it.
    """

    def __init__(self, shared: MemoryStore, at: int | None, *, after: bool = False) -> None:
        super().__init__(shared=True)
        self.inner = shared
        self.at = at
        self.after = after
        self.count = 0
        self.dead = asyncio.Event()
        for name in OPERATIONS:
            setattr(self, name, self._counted(getattr(shared, name)))
        for name in ("due", "pulse", "pulse_of", "leave", "tell", "mail"):
            setattr(self, name, getattr(shared, name))

    def _counted(
        self, operation: Callable[..., Coroutine[object, object, object]]
    ) -> Callable[..., Coroutine[object, object, object]]:
        async def counted(*args: object, **kwargs: object) -> object:
            number = self.count
            self.count += 1
            dies = number == self.at
            if self.dead.is_set() or (dies and not self.after):
                await self._die()
            value = await operation(*args, **kwargs)
            if dies:
                await self._die()
            return value

        return counted

    async def _die(self) -> None:
        self.dead.set()
        await asyncio.get_running_loop().create_future()


def application(store: MemoryStore, api: Api) -> Application:
    app = Application(
        public_url="https://example.com/texts", auth_token=TOKEN, store=store, client=api.client()
    )

    @app.flow(IncomingMessage)
    async def flow(chat: MessageFlow) -> None:
        first = await chat.ask("First?")
        number = await chat.step(counted)
        second = await chat.ask(f"Second {number}?", timeout=0.3)
        third = await chat.ask("Third?")
        chat.say(f"{first.body} {second and second.body} {third.body}")

    return app


def counted() -> int:
    return 1


@pytest.mark.parametrize("after", [False, True])
async def test_killed_at_each_operation(after: bool) -> None:
    right = ["First?", "Second 1?", "a None b"], ["Third?"]
    first = 0
    for first in itertools.count(0, AT_ONCE):
        places = range(first, first + AT_ONCE)
        told = await asyncio.gather(*(story(at, after=after) for at in places))
        for at, (heard, sent, _) in zip(places, told, strict=True):
            assert (heard, sent) == right, at
        if not all(died for *_, died in told):
            break
    assert first > AT_ONCE


async def story(at: int, *, after: bool) -> tuple[list[str], list[str], bool]:
    """What is answered, what is sent, and whether the worker has died."""
    shared, api = MemoryStore(shared=True), Api()
    store = Dying(shared, at, after=after)
    one, two = application(store, api), application(Dying(shared, None), api)
    for app in (one, two):
        app.start()
    heard = await delivered(one, two, store, "hello")
    heard += await delivered(one, two, store, "a")

    def timed_out() -> bool:
        if store.dead.is_set():
            kill(one)
        return "Third?" in api.bodies

    await eventually(timed_out, 20)
    await asyncio.sleep(0.05)
    heard += await delivered(one, two, store, "b")
    kill(one)
    await asyncio.sleep(0.05)
    await two.aclose()
    return heard, api.bodies, store.dead.is_set()


async def delivered(one: Application, two: Application, store: Dying, body: str) -> list[str]:
    """What a text is answered with. Twilio asks again where a worker dies."""
    assert one.message_url is not None
    asked = text_request(one.message_url, body, sid=new_sid("SM"))
    if not store.dead.is_set():
        answering = asyncio.ensure_future(one.handle(asked))
        dying = asyncio.ensure_future(store.dead.wait())
        await asyncio.wait({answering, dying}, return_when=asyncio.FIRST_COMPLETED)
        dying.cancel()
        if answering.done():
            return said(answering.result())
        answering.cancel()
    kill(one)
    return said(await two.handle(asked))


def kill(app: Application) -> None:
    """Nothing of a worker runs any more, and everybody knows."""
    sharing = app._flows.sharing
    assert sharing is not None
    sharing.worker.leave()
    for run in tuple(app._flows.by_id.values()):
        run.abandon()
        app._flows.forget(run)
