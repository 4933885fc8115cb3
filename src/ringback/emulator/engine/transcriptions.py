"""Transcriptions of what Record verbs recorded.

https://www.twilio.com/docs/voice/api/recording-transcription
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Final, cast

from ringback._generated.emulation.records import TranscriptionRecord
from ringback.emulator.engine.ledger import Figures
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.usage import used
from ringback.webhooks import TranscriptionReady

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import CallStatus, TranscriptionStatus
    from ringback.emulator.engine.exchange import Session
    from ringback.emulator.engine.records import Call, Recording
    from ringback.emulator.engine.world import World

__all__ = ["LONGEST", "transcribe"]

# Seconds: no longer recordings are transcribed.
LONGEST: Final = 120
_WRONG_LENGTH: Final = 13617
_GONE: Final = 13618
_NOTHING: Final = "(blank)"
# What a minute costs, in US dollars.
_MINUTE: Final = Decimal("0.05")


def transcribe(world: World, session: Session, call: Call, recording: Recording, callback: str) -> None:
    """Write down what was said; `callback`, or "", is told when that is done."""
    sid, now, account = world.sids.new("TR"), world.clock.date, call.account_sid
    record = TranscriptionRecord(
        sid=sid,
        account_sid=account,
        recording_sid=recording.sid,
        status="in-progress",
        type="fast",
        duration=recording.duration,
        price_unit="USD",
        api_version=API_VERSION,
        date_created=now,
        date_updated=now,
        uri=f"/{API_VERSION}/Accounts/{account}/Transcriptions/{sid}.json",
    )
    world.store.transcriptions[sid] = record
    world.clock.after(
        world.settings.transcription, lambda: _transcribed(world, session, call, recording, record, callback)
    )


def _transcribed(
    world: World,
    session: Session,
    call: Call,
    recording: Recording,
    record: TranscriptionRecord,
    callback: str,
) -> None:
    trouble = _trouble(recording)
    status: TranscriptionStatus = "completed" if trouble is None else "failed"
    record.status, record.date_updated = status, world.clock.date
    record.transcription_text = (recording.words if trouble is None else "") or _NOTHING
    if trouble is not None:
        world.problem(session.account, call.sid, trouble)
    else:
        minutes = Decimal(math.ceil((recording.duration or 0) / 60))
        record.price = -minutes * _MINUTE
        used(world, session.account, ["transcriptions"], Figures(Decimal(1), minutes, minutes * _MINUTE))
    if callback:
        world.tell(
            session,
            call.sid,
            url=callback,
            method="POST",
            event=TranscriptionReady(
                call_sid=call.sid,
                account_sid=call.account_sid,
                from_=call.from_,
                to=call.to,
                call_status=cast("CallStatus", call.status),
                direction=call.direction,
                transcription_sid=record.sid,
                text=record.transcription_text,
                status=status,
                transcription_url=f"{recording.url(world.home)}/Transcriptions/{record.sid}",
                recording_sid=recording.sid,
                recording_url=recording.url(world.home),
            ),
            about=f"transcription {status}",
        )


def _trouble(recording: Recording) -> Trouble | None:
    """Why there is no text."""
    if recording.status == "deleted":
        return Trouble(_GONE, f"recording {recording.sid} was deleted before it was transcribed", "")
    if (recording.duration or 0) > LONGEST:
        message = f"recording {recording.sid} has {recording.duration} s: {LONGEST} s are transcribed at most"
        return Trouble(_WRONG_LENGTH, message, "")
    return None
