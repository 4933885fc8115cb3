"""A session once more: people do at their virtual times what they did, and what they notice is compared."""

from __future__ import annotations

from collections import defaultdict, deque
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, cast

from ringback.emulator.engine.transcript import without_hosts
from ringback.emulator.sessions.reading import DONE, Event
from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ringback.emulator.driver import Driver
    from ringback.emulator.engine.acts import Act
    from ringback.emulator.engine.behaviours import Behaviour
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.people import Line
    from ringback.emulator.phones import Phone

__all__ = ["SessionDiffers", "replay"]

# What phones do by themselves in a replay as they did; whatever else they did is done when its time comes.
_BY_THEMSELVES: Final = frozenset({"busy", "unreachable"})
# Seconds after the last thing that was recorded in which something may still happen.
_AFTERWARDS: Final = 1.0


class SessionDiffers(EmulatorError, AssertionError):
    """Something else was noticed than when the session was recorded; the message shows what."""


def replay(
    driver: Driver, network: Network, phone_of: Callable[[str], Phone], events: tuple[Event, ...]
) -> None:
    """Do again what people did, and compare what they notice.

    Raises:
        SessionDiffers: They notice something else.
        EmulatorError: The clock runs by itself: nobody could do anything at its very moment.
    """
    if not driver.moves_on_purpose:
        raise EmulatorError("replay: expected an emulator with a manual clock")
    noticed = _Noticed(network)
    network.witnesses.append(noticed.add)
    base = network.clock.now
    phones = {number: phone_of(number) for number in {event.phone: None for event in events}}
    rings: dict[str, deque[str]] = defaultdict(deque)
    for event in events:
        if event.did == "rings":
            rings[event.phone].append(event.what)
    for number, phone in phones.items():
        noticed.before[number] = len(network.phones[number].lines)
        _prepare(phone, rings[number])
    failed: list[str] = []
    noticed_then = 0
    try:
        for event in events:
            noticed_then += event.did not in DONE
            _pass_until(driver, network, base + event.at, noticed, noticed_then)
            if event.did == "rings":
                rings[event.phone].popleft()
                _prepare(phones[event.phone], rings[event.phone])
            elif event.did in DONE:
                try:
                    _do(event, driver, network, phones[event.phone], noticed.before[event.phone])
                except EmulatorError as error:
                    failed.append(f"{_moment(event)} can't be done again: {error}")
        driver.let_pass(_AFTERWARDS)
    finally:
        network.witnesses.remove(noticed.add)
    told = [*failed, *_differences(events, noticed.events)]
    if told:
        differences = "\n".join(told)
        raise SessionDiffers(f"the session goes otherwise than it did\n{differences}\n\n{network.transcript}")


def _pass_until(driver: Driver, network: Network, at: float, noticed: _Noticed, count: int) -> None:
    """Let time pass to the place in a moment in which something was done: other things that happened in the
    same moment came before it, or after it.
    """
    clock = network.clock
    at = max(round(at, 3), clock.now)
    driver.wait_until(lambda: clock.now >= at and len(noticed.events) >= count, seconds=at - clock.now)


def _prepare(phone: Phone, rings: deque[str]) -> None:
    coming = rings[0] if rings else ""
    phone.behave(cast("Behaviour", coming) if coming in _BY_THEMSELVES else "wait")


def _do(event: Event, driver: Driver, network: Network, phone: Phone, before: int) -> None:
    if event.did == "dial":
        phone.dial(event.to)
        return
    if event.did == "text":
        phone.text(event.to, event.what, media=event.media)
        return
    with driver.touch():
        line = _line(network, event, before)
        match event.did:
            case "answer":
                line.pick_up()
            case "decline":
                line.decline()
            case "press":
                line.press(event.what)
            case "speak":
                line.speak(event.what, event.seconds)
            case "beep":
                line.beep()
            case _:
                line.hang_up()


def _line(network: Network, event: Event, before: int) -> Line:
    lines = network.phones[event.phone].lines[before:]
    if event.call > len(lines):
        raise EmulatorError(f"{event.phone} has no such call")
    return lines[event.call - 1]


class _Noticed:
    """What people notice now.

    Attributes:
        before: How many calls each phone had before.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self.before: dict[str, int] = {}
        self.events: list[Event] = []

    def add(self, act: Act) -> None:
        if act.did in DONE or act.number not in self.before:
            return
        lines = self._network.phones[act.number].lines[self.before[act.number] :]
        call = next((n for n, each in enumerate(lines, start=1) if each.leg.call.sid == act.subject), 0)
        if call or act.did == "reads":
            self.events.append(
                Event(act.at, act.number, call, act.did, act.what, act.kind, act.seconds, "", ())
            )


def _differences(then: Iterable[Event], now: Iterable[Event]) -> list[str]:
    """What is noticed no more, with a minus, and what is noticed instead, with a plus."""
    told: list[str] = []
    before, after = _by_subject(then), _by_subject(now)
    for subject in dict.fromkeys((*before, *after)):
        one, other = before.get(subject, []), after.get(subject, [])
        if one == other:
            continue
        told += ["", subject]
        for tag, i, j, k, m in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
            if tag == "equal":
                told += [f"    {line}" for line in one[i:j]]
                continue
            told += [f"  - {line}" for line in one[i:j]]
            told += [f"  + {line}" for line in other[k:m]]
    return told


def _by_subject(events: Iterable[Event]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in events:
        if event.did in DONE:
            continue
        subject = f"{event.phone}, call {event.call}" if event.call else f"{event.phone}, texts"
        found.setdefault(subject, []).append(_told(event))
    return found


def _told(event: Event) -> str:
    match event.did:
        case "hears":
            what = f'"{event.what}"' if event.kind in {"say", "speech"} else f"{event.kind} {event.what}"
            return f"hears {without_hosts(what)}"
        case "reads":
            return f'reads "{event.what}"'
        case "rings":
            return "rings"
        case _:
            return f"is over: ended by {event.what}"


def _moment(event: Event) -> str:
    what = f" {event.what}" if event.what else ""
    return f"{event.phone} at {event.at:.1f} s: {event.did}{what}"
