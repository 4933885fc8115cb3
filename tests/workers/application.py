"""The application that the workers serve: flows that tell the ledger what they do.

RINGBACK_PROOF   what a test says about it, as JSON; see `Setting`
"""

from __future__ import annotations

import json
import os
import time
import uuid
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qs

from attrs import asdict, frozen

from ringback import Application, CallEnded, CallFlow, CallHungUp, IncomingCall
from ringback.adapters.asgi import ASGIAdapter
from ringback.adapters.wsgi import WSGIAdapter
from ringback.stores import PostgresStore, RedisStore, RunStore, SQLiteStore
from ringback.twiml import Say
from tests.app.made_up import Twilio
from tests.workers.caller import AUTH_TOKEN
from tests.workers.ledger import Ledger
from tests.workers.pranks import PrankedStore, Pranks

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ringback.adapters.asgi import Receive, Scope, Send

__all__ = ["Setting", "Worker", "main", "store_of"]


@frozen
class Setting:
    """What a test says about its workers.

    Attributes:
        folder: Where ledger, pranks and a SQLite file are.
        public_url: Where the proxy is.
        store: `sqlite`, or the URL of a Redis or PostgreSQL server, or nothing for the default store.
        ttl: Seconds for which the store keeps anything.
        deadline: Seconds after which an answer is held.
        overrides: What Twilio is told about asking the application's URLs; None leaves that to the library.
    """

    folder: str
    public_url: str
    store: str = ""
    ttl: float = 3600.0
    deadline: float = 10.0
    overrides: str | None = None

    def environment(self) -> dict[str, str]:
        """What workers are started with."""
        return {"RINGBACK_PROOF": json.dumps(asdict(self))}

    @property
    def ledger(self) -> Ledger:
        return Ledger(Path(self.folder) / "ledger")

    def pranks(self, slot: int = 0) -> Pranks:
        return Pranks(Path(self.folder) / "pranks", self.ledger, slot)


class Worker:
    """One process's application.

    Args:
        setting: What the test says.
        slot: Which of the workers that requests can be sent to one by one this is.
    """

    def __init__(self, setting: Setting, slot: int = 0) -> None:
        self.setting = setting
        self.ledger = setting.ledger
        self.pranks = setting.pranks(slot)

    @cached_property
    def app(self) -> Application:
        store = store_of(self.setting)
        app = Application(
            public_url=self.setting.public_url,
            auth_token=AUTH_TOKEN,
            deadline=self.setting.deadline,
            connection_overrides=self.setting.overrides,
            store=None if store is None else PrankedStore(store, self.pranks, self.setting.ttl),
        )
        self._answer(app)
        return app

    def _answer(self, app: Application) -> None:
        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            def note(what: str, value: object = "") -> None:
                self.ledger.note(call.sid, what, value)

            note("begun")
            try:
                first = await call.gather(Say(f"First key? {os.getpid()}"), num_digits=1)
                if first is None:
                    call.say("Bye.")
                    return
                note("first", first.digits)
                booked = (
                    await call.step(self._book, call.sid) if hasattr(call, "step") else self._book(call.sid)
                )
                second = await call.gather(Say(f"Second key? {os.getpid()}"), num_digits=1)
                note("second", second and second.digits)
                recording = await call.record(max_length=60)
                note("recording", recording and recording.duration)
                call.say(
                    f"{first.digits} {second and second.digits} {recording and recording.duration} {booked}"
                )
            except CallHungUp:
                note("hung up")
                raise
            finally:
                note("finally")

        @app.flow(IncomingCall, path="/again")
        async def again(call: CallFlow) -> None:
            self.ledger.note(call.sid, "visit")
            try:
                pressed = await call.gather(Say(f"Once more? {os.getpid()}"), num_digits=1)
                self.ledger.note(call.sid, "pressed", pressed and pressed.digits)
                if self.ledger.counts(call.sid)["pressed"] < 4:
                    call.redirect(again)
                else:
                    call.say("Enough.")
            finally:
                self.ledger.note(call.sid, "left")

        @app.on(CallEnded)
        def ended(event: CallEnded) -> None:
            self.ledger.note(event.call_sid, "callback")

    def _book(self, sid: str) -> str:
        """An effect that had better happen once; the value says which of its tries was recorded."""
        mine = os.urandom(4).hex()
        self.ledger.note(sid, "step begins", mine)
        self.pranks.at("step begun", sid)
        self.ledger.note(sid, "effect", mine)
        self.pranks.at("effect", sid)
        return mine

    # --- served, each with a place where all is done but the answer

    @cached_property
    def _wsgi(self) -> WSGIAdapter:
        return WSGIAdapter(self.app)

    @cached_property
    def _asgi(self) -> ASGIAdapter:
        return ASGIAdapter(self.app)

    def wsgi(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == "/who":
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [str(os.getpid()).encode()]
        answer = self._wsgi(environ, start_response)
        self.pranks.at(*_reply(str(environ.get("QUERY_STRING", ""))))
        return answer

    async def asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = cast("bytes", scope.get("query_string", b"")).decode()

        async def last(message: MutableMapping[str, object]) -> None:
            if message["type"] == "http.response.start":
                self.pranks.at(*_reply(query))
            await send(message)

        match scope.get("path"):
            case "/who":
                await _say(send, str(os.getpid()))
            case "/block":
                time.sleep(float(query))  # noqa: ASYNC251 - the loop shall be blocked
                await _say(send, "over")
            case "/dial":
                await _say(send, await self._dialled(query))
            case _:
                await self._asgi(scope, receive, last)

    async def _dialled(self, key: str) -> str:
        """Place a call, whose callbacks the test sends, and wait for its end."""
        twilio = Twilio(self.app, first=uuid.uuid4().int)
        call = await twilio.call()
        self.ledger.note(key, "dialled", f"{call.sid} {twilio.callbacks[call.sid]}")
        ended = await call.wait_for(CallEnded, timeout=20)
        return f"{ended.status} {ended.call_sid}"


async def _say(send: Send, text: str) -> None:
    body = text.encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _reply(query: str) -> tuple[str, str]:
    """The place before a reply, and its key: which run's step was asked for."""
    tag = parse_qs(query).get("ringback", [""])[0]
    parts = tag.split(".")
    return (f"reply {'.'.join(parts[2:3])}", ".".join(parts[:2]))


def store_of(setting: Setting) -> RunStore | None:
    """The store that the setting says, without pranks."""
    kind = setting.store.partition(":")[0]
    match kind:
        case "":
            return None
        case "sqlite":
            return SQLiteStore(Path(setting.folder) / "store.sqlite")
        case "redis":
            return RedisStore(setting.store)
        case _:
            return PostgresStore(setting.store)


def main() -> Worker:
    """The worker that the environment asks for."""
    return Worker(Setting(**json.loads(os.environ["RINGBACK_PROOF"])))


if "RINGBACK_PROOF" in os.environ:
    _worker: Final = main()
    wsgi: Final = _worker.wsgi

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        """What ASGI servers load; some tell by its being a function how it wants to be called."""
        await _worker.asgi(scope, receive, send)
