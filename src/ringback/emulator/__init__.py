"""A Twilio of your own: a phone and messaging network that speaks Twilio's API, webhooks and TwiML.

    Emulator              everything together, for tests and servers
    ├── engine/           the network itself: records, virtual clock, phones, TwiML; no I/O
    ├── numbering/        the numbers that there are to buy: a plan, and searches of it
    ├── rest/             the REST API
    ├── numbering/        numbers for sale
    ├── audio/            what recordings sound like; how long files play
    ├── driver.py         time and requests: moves the clock, sends webhooks, brings their answers
    ├── webhook_sender.py sends webhooks: by a call in process, or over HTTP
    ├── webhook_http.py   those over HTTP; webhook_connection (one connection)
    ├── apploop.py        the event loop of applications in this process, by the emulator's clock
    ├── waits.py          time passes for tests that wait for events of their application
    ├── problems.py       what went wrong, and what of it a test expects
    ├── transport.py      the API as a transport of `Client` and `AsyncClient`
    ├── phones.py         phones as tests hold them
    ├── phone_book/       what phones do, read from YAML or a mapping
    ├── sessions/         what people did, recorded, and done again as a test
    ├── state/            what outlives the process: snapshots, a file
    ├── server.py         the API over HTTP
    ├── live.py           an emulator over HTTP, as tests hold it
    ├── printing.py       what happens, as lines on a terminal
    ├── control.py        `/_emulator/`: phones, numbers, clock and transcript over HTTP
    ├── cli.py            `ringback emulator`
    └── pytest_plugin.py

The names below are imported when they are first used: pytest loads this package in every run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ringback.emulator.emulator import (
        ACCOUNT_SID,
        AUTH_TOKEN,
        TEST_ACCOUNT_SID,
        TEST_AUTH_TOKEN,
        Emulator,
    )
    from ringback.emulator.engine.chaos import Chaos
    from ringback.emulator.engine.people import (
        Attachment,
        Beep,
        Greet,
        HangUp,
        Hear,
        Heard,
        Line,
        Pause,
        Press,
        Script,
        Speak,
        Step,
        Text,
    )
    from ringback.emulator.engine.settings import Settings
    from ringback.emulator.engine.transcript import Entry, Transcript
    from ringback.emulator.live import LiveEmulator
    from ringback.emulator.phones import CallOver, ExpectationFailed, Phone, PhoneCall
    from ringback.emulator.server import serving
    from ringback.emulator.sessions.replaying import SessionDiffers

__all__ = [
    "ACCOUNT_SID",
    "AUTH_TOKEN",
    "TEST_ACCOUNT_SID",
    "TEST_AUTH_TOKEN",
    "Attachment",
    "Beep",
    "CallOver",
    "Chaos",
    "Emulator",
    "Entry",
    "ExpectationFailed",
    "Greet",
    "HangUp",
    "Hear",
    "Heard",
    "Line",
    "LiveEmulator",
    "Pause",
    "Phone",
    "PhoneCall",
    "Press",
    "Script",
    "SessionDiffers",
    "Settings",
    "Speak",
    "Step",
    "Text",
    "Transcript",
    "serving",
]

_HOMES: Final = {
    "ACCOUNT_SID": "emulator",
    "AUTH_TOKEN": "emulator",
    "TEST_ACCOUNT_SID": "emulator",
    "TEST_AUTH_TOKEN": "emulator",
    "Attachment": "engine.people",
    "Beep": "engine.people",
    "CallOver": "phones",
    "Chaos": "engine.chaos",
    "Emulator": "emulator",
    "Entry": "engine.transcript",
    "ExpectationFailed": "phones",
    "Greet": "engine.people",
    "HangUp": "engine.people",
    "Hear": "engine.people",
    "Heard": "engine.people",
    "Line": "engine.people",
    "LiveEmulator": "live",
    "Pause": "engine.people",
    "Phone": "phones",
    "PhoneCall": "phones",
    "Press": "engine.people",
    "Script": "engine.people",
    "SessionDiffers": "sessions.replaying",
    "Settings": "engine.settings",
    "Speak": "engine.people",
    "Step": "engine.people",
    "Text": "engine.people",
    "Transcript": "engine.transcript",
    "serving": "server",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
