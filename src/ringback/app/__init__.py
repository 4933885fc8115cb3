"""The runtime: answering webhooks, leading calls, following what becomes of calls and messages.

application.py   Application: the public face
switchboard.py   several applications behind one adapter
registry.py      what is registered under which URL; routes.py what a URL is; tags.py what we write into it
dispatch.py      a webhook -> its answer; signatures.py who may ask; budget.py how long it may take
answers.py       TwiML, and answers that take long; answered.py those that were given
stores.py        where they are
handler_runs.py  handlers at work
flows.py         flows as their authors see them; flow_runs.py flows under way
live.py          calls and messages that we started; followed.py which webhook is about which
emitter.py       listeners; events.py events of our own
hub.py           what all of them share
identity.py      what tells that two requests are one webhook; refusals.py what the log says of refused ones
reports.py       errors as the log may show them
settings.py      what an application is given, looked at at once; checks.py what it is given by mistake
installing.py    telling Twilio about an application, and taking over what it was told
live_calls.py    calls; live_messages.py messages; ready.py nothing to await
background.py    coroutines that can be ended; failures.py what they raise; watchdog.py loops that are blocked
portal.py        from synchronous code into a loop; threads.py the other way; forks.py what a child makes anew
"""

from __future__ import annotations

from ringback.app.application import Application
from ringback.app.events import HandlerFailed, LocalEvent, OutgoingMessage
from ringback.app.flows import CallFlow, ConferenceResult, Flow
from ringback.app.live_calls import AsyncLiveCall, LiveCall
from ringback.app.live_messages import AsyncLiveMessage, LiveMessage
from ringback.app.routes import Callback, Handler, Route
from ringback.app.stores import MemoryStore, Store
from ringback.app.switchboard import Switchboard

__all__ = [
    "AsyncLiveCall",
    "AsyncLiveMessage",
    "LiveCall",
    "LiveMessage",
    "Application",
    "CallFlow",
    "Callback",
    "ConferenceResult",
    "Flow",
    "Handler",
    "HandlerFailed",
    "LocalEvent",
    "MemoryStore",
    "OutgoingMessage",
    "Route",
    "Store",
    "Switchboard",
]
