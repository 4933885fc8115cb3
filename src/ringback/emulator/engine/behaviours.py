"""What phones do when they ring, by name: what telephony knows, and whole people, ready-made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast, get_args

from attrs import evolve

from ringback.emulator.engine import arguments
from ringback.emulator.engine.people import Beep, Greet, HangUp, OnCall, Pause, Policy
from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from ringback.emulator.engine.people import AnsweredBy, Line, Script, Step

__all__ = ["BEHAVIOURS", "PICK_UP", "Behaviour", "behaviour"]

Ready: TypeAlias = Literal["voicemail", "wrong-language", "hangs-up", "fax"]
Behaviour: TypeAlias = Literal[Policy, Ready]
BEHAVIOURS: Final[tuple[str, ...]] = (*get_args(Policy), *get_args(Ready))

GREETING: Final = "Hi, I can't come to the phone right now. Please leave a message after the tone."
# A machine answers when a person hasn't for four or five rings.
_RINGS: Final = 20.0
# From picking up to a machine's first word.
PICK_UP: Final = 0.5
_TAPE: Final = 60.0


def _voicemail(line: Line) -> tuple[Step, ...]:
    return (Pause(PICK_UP), Greet(line.phone.behaviour.greeting), Beep(), Pause(_TAPE), HangUp())


def _wrong_language(_: Line) -> tuple[Step, ...]:
    return (
        Pause(1),
        Greet("¿Bueno? No le entiendo. ¿Habla usted español?"),
        Pause(8),
        Greet("No entiendo nada. Hasta luego."),
        HangUp(),
    )


def _hangs_up(_: Line) -> tuple[Step, ...]:
    return (Pause(1), HangUp())


def _fax(_: Line) -> tuple[Step, ...]:
    return (Pause(PICK_UP), Beep(), Pause(3), Beep(), Pause(3), Beep(), Pause(30), HangUp())


_READY: Final[Mapping[str, Callable[[], OnCall]]] = {
    "voicemail": lambda: OnCall("answer", _RINGS, "machine_end_beep", _voicemail, GREETING),
    "wrong-language": lambda: OnCall("answer", script=_wrong_language),
    "hangs-up": lambda: OnCall("answer", script=_hangs_up),
    "fax": lambda: OnCall("answer", answered_by="fax", script=_fax),
}


def behaviour(
    name: Behaviour,
    *,
    after: float | None = None,
    answered_by: AnsweredBy | None = None,
    script: Script | None = None,
    greeting: str | None = None,
) -> OnCall:
    """What a phone does that is said to do this; None leaves something as it is with the name.

    Raises:
        EmulatorError: A value is none that is allowed.
    """
    arguments.one_of("on_call", name, BEHAVIOURS)
    ready = _READY.get(name)
    made = ready() if ready is not None else OnCall(cast("Policy", name))
    if greeting is not None:
        if name != "voicemail":
            raise EmulatorError(f"greeting: expected with voicemail alone, got it with {name}")
        arguments.text("greeting", greeting)
        made = evolve(made, greeting=greeting)
    if after is not None:
        made = evolve(made, after=after)
    if answered_by is not None:
        made = evolve(made, answered_by=answered_by)
    return made if script is None else evolve(made, script=script)
