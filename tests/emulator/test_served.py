"""The same flow gives the same transcript: in process, under ASGI (uvicorn), under WSGI (waitress)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
import uvicorn
from waitress.server import create_server

from ringback import (
    Application,
    CallEnded,
    CallFlow,
    GatherResult,
    IncomingCall,
    IncomingMessage,
    OutgoingCall,
    TranscriptionReady,
)
from ringback._core.webhooks.events import Target
from ringback.adapters.asgi import ASGIAdapter
from ringback.adapters.wsgi import WSGIAdapter
from ringback.app import Switchboard
from ringback.emulator import AUTH_TOKEN, Emulator
from ringback.twiml import Dial, Gather, Message, MessagingResponse, Say, VoiceResponse
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import until

if TYPE_CHECKING:
    from ringback.emulator import Transcript


class Told:
    """What the application was told."""

    def __init__(self) -> None:
        self.ends: list[tuple[str, int | None]] = []
        self.transcriptions: list[str | None] = []
        self.remind: Target[OutgoingCall]


def build(public_url: str) -> tuple[Application, Told]:
    app = Application(public_url=public_url, auth_token=AUTH_TOKEN)
    told = Told()

    @app.flow(IncomingCall)
    async def reception(call: CallFlow) -> None:
        call.say("Thanks for calling.")
        for _ in range(3):
            pressed = await call.gather(Say("Press 1 to leave a message."), num_digits=1, timeout=5)
            if pressed is not None:
                break
            call.say("I did not hear you.")
        else:
            call.hangup()
            return
        recording = await call.record(max_length=60, transcribe=True)
        if recording is None:
            call.say("I heard nothing.")
            return
        call.say(f"Got it, {recording.duration} seconds. Goodbye.")

    @app.on(GatherResult)
    def choose(pressed: GatherResult) -> VoiceResponse:
        if pressed.digits == "1":
            return VoiceResponse(Dial(BEN))
        return VoiceResponse(Say("Sorry, that is not an option."))

    @app.on(OutgoingCall)
    def remind(call: OutgoingCall) -> VoiceResponse:
        return VoiceResponse(Gather(Say("Press 1 to be connected."), num_digits=1, action=choose))

    told.remind = remind

    @app.on(IncomingMessage)
    async def text(message: IncomingMessage) -> MessagingResponse:
        return MessagingResponse(Message(f"You said {message.body}"))

    @app.on(CallEnded)
    def ended(event: CallEnded) -> None:
        told.ends.append((event.status, event.duration))

    @app.on(TranscriptionReady)
    async def read(event: TranscriptionReady) -> None:
        told.transcriptions.append(event.text)

    return app, told


def story(emulator: Emulator, app: Application, told: Told) -> None:
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say("I did not hear you")
    call.expect_say("Press 1 to leave")
    call.press("1")
    call.speak("Hello, it's me", seconds=4)
    call.expect_say("Got it, 4 seconds")
    assert call.ended.status == "completed"
    emulator.phone(BEN).text(OURS, "hello")
    emulator.phone(BEN).expect_text("You said hello")
    emulator.phone(BEN).busy()
    with emulator.client() as client:
        for keys in ("3", "1"):
            app.dial(client, to=ANNA, from_=OURS, answer=told.remind)
            call = emulator.phone(ANNA).answer()
            call.expect_say("connected")
            call.press(keys)
            call.expect_hangup()
    emulator.run_until_idle()
    assert [status for status, _ in told.ends] == ["completed", "completed", "completed"]
    assert told.transcriptions == ["Hello, it's me"]


@contextmanager
def asgi(app: Application, listener: socket.socket) -> Generator[None]:
    # As it is on a socket that uvicorn makes itself; connections inherit it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = uvicorn.Server(uvicorn.Config(ASGIAdapter(app), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        until(lambda: server.started)
        yield
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def wsgi(app: Application, listener: socket.socket) -> Generator[None]:
    server = create_server(WSGIAdapter(app), sockets=[listener])
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield
    finally:
        server.close()
        thread.join()


def run(serve: Callable[[Application, socket.socket], AbstractContextManager[None]] | None) -> Transcript:
    """The story's transcript, without hosts; without a server the application is called in process."""
    with socket.create_server(("127.0.0.1", 0)) as listener, Emulator() as emulator:
        app, told = build(f"http://127.0.0.1:{listener.getsockname()[1]}/phone")
        with ExitStack() as stack:
            stack.callback(app.close)
            if serve is None:
                emulator.install(app, OURS)
                story(emulator, app, told)
            else:
                stack.enter_context(serve(app, listener))
                # The same as `emulator.install`, with nothing in process.
                emulator.number(OURS)
                app.install(stack.enter_context(emulator.client()), friendly_name="x", phone_number=OURS)
                story(emulator, app, told)
        assert not emulator.problems
        return emulator.transcript.with_paths()


@pytest.mark.parametrize("serve", [asgi, wsgi])
def test_every_server_gives_the_same_transcript(
    serve: Callable[[Application, socket.socket], AbstractContextManager[None]],
) -> None:
    served, called = run(serve), run(None)
    assert str(served) == str(called)
    assert served == called
    assert len(called) > 50


def test_a_switchboard_hands_webhooks_on() -> None:
    desk, _ = build("https://example.com/desk")
    kitchen, _ = build("https://example.com/kitchen")
    board = Switchboard(desk, kitchen)
    with Emulator(applications=[board]) as emulator:
        emulator.number(OURS, voice_url=str(kitchen.voice_url))
        emulator.phone(ANNA).dial(OURS).expect_say("Press 1")
        assert {entry.document for entry in emulator.transcript if entry.document} == {kitchen.voice_url}
    board.close()
