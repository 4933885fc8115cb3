"""A mailbox: messages are kept in a folder of ours, and what they say is texted to their owner.

Run it with `uvicorn --factory examples.voicemail:create`.

Environment: `PUBLIC_URL`, where Twilio reaches it; `TWILIO_ACCOUNT_SID` and `TWILIO_AUTH_TOKEN`; `OWNER`, the
owner's number; `FOLDER`, where messages are kept.
"""

from __future__ import annotations

import os
from pathlib import Path

from ringback import Application, AsyncClient, CallFlow, IncomingCall, TranscriptionReady
from ringback.adapters.asgi import ASGIAdapter
from ringback.webhooks import RecordingStatusChanged


def build(app: Application, client: AsyncClient, *, owner: str, folder: Path) -> None:
    """The flow of callers, and what becomes of their messages."""

    @app.on(RecordingStatusChanged)
    async def keep(recording: RecordingStatusChanged) -> None:
        await client.download(recording, folder / f"{recording.recording_sid}.wav", format="wav", wait=60)

    @app.on(TranscriptionReady)
    async def tell(message: TranscriptionReady) -> None:
        said = message.text if message.status == "completed" else "could not be read"
        body = f"Message of {message.from_}: {said}\n{message.recording_sid}.wav"
        await app.text(client, to=owner, from_=message.to, body=body)

    @app.flow(IncomingCall)
    async def mailbox(call: CallFlow) -> None:
        call.say("Nobody is here right now. Please speak after the beep, and press star when you are done.")
        # Who hangs up instead is heard as well: what follows a message doesn't depend on this flow.
        recording = await call.record(
            max_length=120,
            timeout=5,
            finish_on_key="*",
            transcribe=True,
            transcribe_callback=tell,
            recording_status_callback=keep,
        )
        if recording is None:
            call.say("I heard nothing. Goodbye.")
        else:
            call.say(f"Thank you for {recording.duration} seconds. Goodbye.")


def create() -> ASGIAdapter:
    """The application with its settings from the environment."""
    app = Application(public_url=os.environ["PUBLIC_URL"])
    build(app, AsyncClient(), owner=os.environ["OWNER"], folder=Path(os.environ["FOLDER"]))
    return ASGIAdapter(app)
