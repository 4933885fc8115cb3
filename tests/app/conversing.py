"""People who text, and an API that remembers what was sent to them: for tests of conversations."""

from __future__ import annotations

import asyncio
import itertools
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from attrs import frozen

from ringback import AsyncClient
from ringback.transports import AsyncTransport
from ringback.transports.testing import json_response
from ringback.twiml import Message, parse
from tests.app.made_up import MESSAGE, OPTIONAL
from tests.app.twilio import ACCOUNT, TOKEN, message_parameters, new_sid, request

if TYPE_CHECKING:
    from ringback.app import Application
    from ringback.http import Request, Response, WebhookRequest, WebhookResponse


@frozen
class Sent:
    """A message that went out by the API."""

    to: str
    from_: str
    body: str
    at: datetime
    sid: str


class Api(AsyncTransport):
    """An API that sends nothing.

    Attributes:
        sent: What it was asked to send.
        stuck: Whether it never answers a request to send, though it does send.
    """

    _numbers = itertools.count(1)

    def __init__(self) -> None:
        self.sent: list[Sent] = []
        self.stuck = False

    def client(self) -> AsyncClient:
        return AsyncClient(ACCOUNT, TOKEN, transport=self)

    @property
    def bodies(self) -> list[str]:
        return [each.body for each in self.sent]

    async def send(self, request: Request, /) -> Response:
        if request.method == "GET":
            asked = dict(parse_qsl(urlsplit(request.url).query))
            ends = asked["To"], asked["From"]
            found = [_record(each) for each in reversed(self.sent) if (each.to, each.from_) == ends]
            page = {"messages": found, "page": 0, "page_size": 20, "next_page_uri": None, "uri": "/x"}
            return json_response({**page, "start": 0, "end": 0, "first_page_uri": "/x"})
        form = dict(parse_qsl(request.body.decode()))
        sid = f"SM{next(self._numbers):032x}"
        now = datetime.now(timezone.utc)
        sent = Sent(form["To"], form["From"], form.get("Body", ""), now, sid)
        self.sent.append(sent)
        if self.stuck:
            await asyncio.get_running_loop().create_future()
        return json_response(_record(sent), status=201)

    async def aclose(self) -> None:
        """Nothing is open."""


def _record(sent: Sent) -> dict[str, object]:
    ends = {"sid": sent.sid, "to": sent.to, "from": sent.from_, "body": sent.body}
    return {**dict.fromkeys(OPTIONAL), **MESSAGE, **ends, "date_created": format_datetime(sent.at)}


def text_request(url: str, body: str, *, sid: str = "", **more: str) -> WebhookRequest:
    """A text that comes in."""
    return request(url, message_parameters(sid or new_sid("SM"), Body=body, **more))


async def text(app: Application, body: str, *, sid: str = "", **more: str) -> list[str]:
    """What a text is answered with at once."""
    url = app.message_url
    assert url is not None
    return said(await app.handle(text_request(url, body, sid=sid, **more)))


def said(response: WebhookResponse) -> list[str]:
    """The bodies of the messages in an answer."""
    assert response.status == 200, response
    document = parse(response.body, document="messaging")
    return [
        "".join(str(getattr(child, "text", child)) for child in each.children)
        for each in document.children
        if isinstance(each, Message)
    ]
