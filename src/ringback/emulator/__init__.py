"""A Twilio of your own: a phone and messaging network that speaks Twilio's API, webhooks and TwiML.

Emulator            everything together, for tests and servers
├── engine/         the network itself: records, virtual clock, phones, TwiML; no I/O
├── rest/           the REST API
├── driver.py       time and requests: moves the clock, sends webhooks, brings their answers
├── courier.py      how webhooks are carried: by a call in process, or over HTTP
├── transport.py    the API as a transport of `Client` and `AsyncClient`
├── phones.py       phones as tests hold them
├── server.py       the API over HTTP, and `/_emulator/`, to drive it from outside
├── cli.py          `ringback emulator`
└── pytest_plugin.py
"""

from ringback.emulator.emulator import ACCOUNT_SID, AUTH_TOKEN, Emulator
from ringback.emulator.engine.network import Settings
from ringback.emulator.engine.people import HangUp, Hear, Heard, Line, Pause, Press, Speak, Step, Text
from ringback.emulator.engine.transcript import Entry, Transcript
from ringback.emulator.phones import CallOver, ExpectationFailed, Phone, PhoneCall

__all__ = [
    "ACCOUNT_SID",
    "AUTH_TOKEN",
    "CallOver",
    "Emulator",
    "Entry",
    "ExpectationFailed",
    "HangUp",
    "Hear",
    "Heard",
    "Line",
    "Pause",
    "Phone",
    "PhoneCall",
    "Press",
    "Settings",
    "Speak",
    "Step",
    "Text",
    "Transcript",
]
