"""The telephone of a restaurant: a menu, a mailbox, answers by text, and calls when a table is ready.

Run it on its own with `uvicorn --factory examples.reception:create`, or on the emulator with `make demo`.

Environment: `PUBLIC_URL`, where Twilio reaches it; `TWILIO_ACCOUNT_SID` and `TWILIO_AUTH_TOKEN`;
`RECEPTION_NUMBER`, the number that it calls and writes from.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ringback import Application, AsyncClient, CallEnded, CallFlow, CallRinging, IncomingCall, IncomingMessage
from ringback.adapters.asgi import ASGIAdapter
from ringback.twiml import Message, MessagingResponse, Say, VoiceResponse
from ringback.webhooks import MessageStatusChanged, TranscriptionReady

log = logging.getLogger("reception")


def build(app: Application, client: AsyncClient, number: str) -> FastAPI:
    """The whole site: Twilio's requests under `/phone`, and two buttons for the staff."""

    @app.flow(IncomingCall)
    async def reception(call: CallFlow) -> None:
        call.say("Thanks for calling the Blue Door.")
        for _ in range(3):
            pressed = await call.gather(
                Say("Press 1 to leave a message. Press 2 for our hours."), num_digits=1, timeout=5
            )
            if pressed is None:
                call.say("I did not hear you.")
            elif pressed.digits == "1":
                await take_message(call)
                return
            elif pressed.digits == "2":
                call.say("We are open from five to eleven, every day but Monday.")
            else:
                call.say("Sorry, that is not an option.")
        call.hangup()

    async def take_message(call: CallFlow) -> None:
        call.say("Please speak after the beep.")
        recording = await call.record(max_length=60, timeout=3, transcribe=True)
        if recording is None:
            call.say("I heard nothing. Goodbye.")
            return
        log.info("a message of %s seconds: %s", recording.duration, recording.recording_url)
        call.say(f"Got it, {recording.duration} seconds. Goodbye.")

    @app.on(IncomingMessage)
    def answer_text(message: IncomingMessage) -> MessagingResponse:
        if "hours" in (message.body or "").lower():
            return MessagingResponse(Message("We are open from five to eleven, every day but Monday."))
        return MessagingResponse(Message("Thanks! We will write back soon."))

    def note_transcription(event: TranscriptionReady) -> None:
        log.info("it says: %s", event.text)

    app.on(TranscriptionReady, note_transcription)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        # Twilio learns our URLs: point a number at this TwiML application, once, in the console.
        await app.install(client, friendly_name="The Blue Door")
        yield
        await client.aclose()

    site = FastAPI(lifespan=lifespan)

    @site.post("/table-ready")
    async def table_ready(to: str) -> dict[str, str | int | None]:
        """Call a guest; tells how the call ended."""
        call = await app.dial(
            client,
            to=to,
            from_=number,
            timeout=20,
            answer=VoiceResponse(Say("This is the Blue Door. Your table is ready.")),
        )
        call.on(CallRinging, lambda event: log.info("ringing %s", event.to))
        ended = await call.wait_for(CallEnded, timeout=120)
        return {"status": ended.status, "seconds": ended.duration}

    @site.post("/confirm")
    async def confirm(to: str) -> dict[str, list[str]]:
        """Text a guest; tells what the message went through."""
        message = await app.text(client, to=to, from_=number, body="See you at seven!")
        statuses: list[str] = []
        while not statuses or statuses[-1] not in {"delivered", "undelivered", "failed"}:
            changed = await message.wait_for(MessageStatusChanged, timeout=60)
            statuses.append(changed.status)
        return {"statuses": statuses}

    site.mount("/phone", ASGIAdapter(app))
    return site


def create() -> FastAPI:
    """The site with its settings from the environment."""
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    app = Application(public_url=f"{os.environ['PUBLIC_URL']}/phone")
    client = AsyncClient()
    return build(app, client, os.environ["RECEPTION_NUMBER"])
