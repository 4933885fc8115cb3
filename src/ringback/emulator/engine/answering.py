"""What happens between a callee's "hello" and the first TwiML: keys to press, answering machine detection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.process import Steps
from ringback.emulator.engine.verbs.sound import keys_length, listen, nothing

if TYPE_CHECKING:
    from ringback.emulator.engine.legs import Leg

__all__ = ["Detection", "prepare"]


@frozen
class Detection:
    """Answering machine detection. https://www.twilio.com/docs/voice/answering-machine-detection

    Attributes:
        mode: `Enable` or `DetectMessageEnd`.
        url: Where to tell when it runs beside the call.
        method: How.
        beside: Whether the call goes on while it runs.
    """

    mode: str
    url: str = ""
    method: str = "POST"
    beside: bool = False


def prepare(leg: Leg) -> Steps[tuple[tuple[str, str], ...]]:
    """Press the keys, wait for the detection; what the first request then carries about it.

    Both are done once: a callee who is moved to other TwiML was called before.
    """
    keys, leg.answer_keys = leg.answer_keys, ""
    detection, leg.detection = leg.detection, None
    if keys:
        settings = leg.network.settings
        seconds = keys_length(keys, settings.key)
        now = leg.network.clock.now
        leg.line.hear(Heard(now, "tone", f"keys {keys}", until=now + seconds, seconds=seconds))
        yield from listen(leg, seconds, nothing)
    if detection is None:
        return ()
    if detection.beside:
        leg.network.clock.after(leg.network.settings.amd, lambda: _tell(leg, detection))
        return ()
    yield from listen(leg, leg.network.settings.amd, nothing)
    leg.call.answered_by = _verdict(leg, detection)
    return (("AnsweredBy", leg.call.answered_by), ("MachineDetectionDuration", _milliseconds(leg)))


def _verdict(leg: Leg, detection: Detection) -> str:
    found = leg.line.phone.behaviour.answered_by
    if not found.startswith("machine"):
        return found
    if detection.mode == "Enable":
        return "machine_start"
    return "machine_end_beep" if found == "machine_start" else found


def _milliseconds(leg: Leg) -> str:
    return str(round(leg.network.settings.amd * 1000))


def _tell(leg: Leg, detection: Detection) -> None:
    if not leg.call.live:
        return
    leg.call.answered_by = _verdict(leg, detection)
    if detection.url:
        leg.network.tell(
            leg.session,
            leg.call.sid,
            url=detection.url,
            method=detection.method,
            pairs=[
                ("CallSid", leg.call.sid),
                ("AccountSid", leg.call.account_sid),
                ("AnsweredBy", leg.call.answered_by),
                ("MachineDetectionDuration", _milliseconds(leg)),
            ],
            about=f"answered by {leg.call.answered_by}",
        )
