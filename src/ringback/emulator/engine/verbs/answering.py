"""What happens between a callee's "hello" and the first TwiML: keys to press, answering machine detection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.behaviours import PICK_UP
from ringback.emulator.engine.kernel.process import Steps
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.scripts import length_of
from ringback.emulator.engine.verbs.sounds import keys_length, listen, nothing
from ringback.webhooks import MachineDetectionResult, OutgoingCall

if TYPE_CHECKING:
    from ringback.emulator.engine.detection import Detection
    from ringback.emulator.engine.events import VoiceQuestion
    from ringback.emulator.engine.legs import Leg

__all__ = ["prepare"]


def prepare(leg: Leg) -> Steps[VoiceQuestion | None]:
    """Press the keys, wait for the detection; what the first document is asked with where it is told of it.

    Both are done once: a callee who is moved to other TwiML was called before.
    """
    keys, leg.answer_keys = leg.answer_keys, ""
    detection, leg.detection = leg.detection, None
    if keys:
        settings = leg.world.settings
        seconds = keys_length(keys, settings.key)
        now = leg.world.clock.now
        leg.line.hear(Heard(now, "tone", f"keys {keys}", until=round(now + seconds, 3), seconds=seconds))
        yield from listen(leg, seconds, nothing)
    if detection is None:
        return None
    seconds = _length(leg, detection)
    if detection.beside:
        leg.world.clock.after(seconds, lambda: _tell(leg, detection, seconds))
        return None
    yield from listen(leg, seconds, nothing)
    leg.call.answered_by = _verdict(leg, detection)
    return lambda facts: OutgoingCall(
        **facts, answered_by=leg.call.answered_by, machine_detection_duration=round(seconds * 1000)
    )


def _verdict(leg: Leg, detection: Detection) -> str:
    found = leg.line.phone.behaviour.answered_by
    if not found.startswith("machine"):
        return found
    if detection.mode == "Enable":
        return "machine_start"
    return "machine_end_beep" if found == "machine_start" else found


def _length(leg: Leg, detection: Detection) -> float:
    """How long it takes: to the end of a machine's message where that is asked for."""
    settings, greeting = leg.world.settings, leg.line.phone.behaviour.greeting
    if not greeting or detection.mode != "DetectMessageEnd":
        return settings.amd
    return max(settings.amd, PICK_UP + length_of(greeting, settings.characters) + settings.beep)


def _tell(leg: Leg, detection: Detection, seconds: float) -> None:
    if not leg.call.live:
        return
    leg.call.answered_by = _verdict(leg, detection)
    if detection.url:
        leg.world.tell(
            leg.session,
            leg.call.sid,
            url=detection.url,
            method=detection.method,
            event=MachineDetectionResult(
                call_sid=leg.call.sid,
                account_sid=leg.call.account_sid,
                answered_by=leg.call.answered_by,
                machine_detection_duration=round(seconds * 1000),
            ),
            about=f"answered by {leg.call.answered_by}",
        )
