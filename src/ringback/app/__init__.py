"""The runtime: answering webhooks, leading calls, following what becomes of calls and messages.

application.py   Application: the public face; starting.py what it starts and follows by the REST API
switchboard.py   several applications behind one adapter
registry.py      what is registered under which URL; routes.py what a URL is; tags.py what we write into it
arguments.py     what links carry to handlers and flows; carried.py how each kind of value is written
cookies.py       cookies that an answer sets
webhooks/        a webhook's way to its answer
flows/           coroutine functions that lead a whole call
conversations/   and those that lead a conversation by text
live/            calls, messages and conferences that we started or follow
loops/           where code runs, how long it may, and how it ends
emitter.py       listeners; events.py events of our own
hub.py           what all of them share
reports.py       errors as the log may show them
settings.py      what an application is given, defined and looked at; checks.py what it is given by mistake
overrides.py     what Twilio is told about asking our URLs
installing.py    telling Twilio about an application, and taking over what it was told
stores.py        the stores' names as they were before `ringback.stores` had them
"""

from __future__ import annotations

from ringback._core.webhooks.events import Target
from ringback._generated.runtime.calls import LiveCall
from ringback._generated.runtime.messages import LiveMessage
from ringback._generated.runtime.rooms import LiveRoom
from ringback.app.application import Application
from ringback.app.conversations.chat import AskAgain, MessageFlow
from ringback.app.conversations.route import Conversation
from ringback.app.cookies import WithCookies
from ringback.app.events import HandlerFailed, LocalEvent, OutgoingMessage
from ringback.app.flows.call import CallFlow, ConferenceResult, Flow
from ringback.app.flows.journal import Journal
from ringback.app.flows.replay import replay
from ringback.app.flows.steps import step_key
from ringback.app.live.calls import AsyncLiveCall
from ringback.app.live.messages import AsyncLiveMessage
from ringback.app.live.rooms import AsyncLiveRoom
from ringback.app.routes import Callback, Handler, Link, Route
from ringback.app.switchboard import Switchboard
from ringback.stores.memory import MemoryStore
from ringback.stores.store import Store

__all__ = [
    "AsyncLiveCall",
    "AsyncLiveMessage",
    "AsyncLiveRoom",
    "LiveCall",
    "LiveMessage",
    "LiveRoom",
    "Application",
    "AskAgain",
    "CallFlow",
    "Callback",
    "ConferenceResult",
    "Conversation",
    "Flow",
    "Handler",
    "Journal",
    "HandlerFailed",
    "Link",
    "LocalEvent",
    "MemoryStore",
    "MessageFlow",
    "OutgoingMessage",
    "Route",
    "Store",
    "Switchboard",
    "Target",
    "replay",
    "step_key",
    "WithCookies",
]
