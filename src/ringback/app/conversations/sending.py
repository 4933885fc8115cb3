"""What no webhook waits for, sent by the REST API.

Each message is a step: its SID is recorded, so that another worker doesn't send it again. Where a worker died
between sending and recording, what was sent lately is looked at first.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from ringback._generated.runtime.messages import send
from ringback.app.checks import is_sync
from ringback.app.flows.steps import Opened, run_step
from ringback.app.live.messages import send_async
from ringback.errors import ApiError, FlowError
from ringback.twiml import Body, Media

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback._generated.app import TextParameters
    from ringback.app.conversations.run import MessageRun
    from ringback.client import AsyncClient, Client
    from ringback.rest import Message
    from ringback.twiml import Message as Text

__all__ = ["OPTED_OUT", "send_step"]

OPTED_OUT: Final = "opted-out"
"""What a step comes to that sends nothing, as the other side has opted out."""

REFUSED: Final = 21610  # Twilio's code for that
LOOKED_AT: Final = 20  # messages
MARGIN: Final = timedelta(seconds=2)  # between the clocks of a worker and of Twilio


async def send_step(run: MessageRun, key: str, message: Text) -> str:
    """Send a message, unless that is recorded; its SID, or `OPTED_OUT`.

    Raises:
        FlowError: There is no client to send it with.
        StepFailed: Twilio refused it, or could not be asked.
    """
    begun, known, client = run.machine.begun(key), run.machine.value(key), run.client
    if known is None:
        if client is None:
            raise FlowError(
                "no webhook waits for what is said now, so it has to be sent by the REST API: "
                "Application(client=AsyncClient(…)) says with what"
            )
        run.machine.check_step(key)
    opened = Opened("send", key, known)
    work = _nothing if client is None else _sender(run, client, message, begun=begun)
    return cast("str", await run_step(run, opened, work, (), retry=0, converter=None))


def _sender(
    run: MessageRun, client: Client | AsyncClient, message: Text, *, begun: bool
) -> Callable[[], object]:
    """What sends a message; where that was `begun` before, it looks first whether it was done."""
    parameters = _parameters(run, message)
    since = datetime.fromtimestamp(run.asked_at, timezone.utc) - MARGIN

    def is_it(sent: Message) -> bool:
        return (
            sent.date_created >= since
            and sent.direction != "inbound"
            and sent.body == (parameters.get("body") or "")
        )

    to, from_ = run.event.from_, run.event.to

    def text(client: Client) -> str:
        if begun:
            for sent in client.messages.list(to=to, from_=from_, limit=LOOKED_AT):
                if is_it(sent):
                    return sent.sid
        try:
            return send(run.hub, run.routes, client, parameters, None).sid
        except ApiError as refused:
            return _opted_out(refused)

    async def text_async(client: AsyncClient) -> str:
        if begun:
            async for sent in client.messages.list(to=to, from_=from_, limit=LOOKED_AT):
                if is_it(sent):
                    return sent.sid
        try:
            return (await send_async(run.hub, run.routes, client, parameters, None)).sid
        except ApiError as refused:
            return _opted_out(refused)

    return partial(text, client) if is_sync(client) else partial(text_async, client)


def _nothing() -> None:
    """Stands for what is recorded, and won't be called."""


def _opted_out(refused: ApiError) -> str:
    if refused.code != REFUSED:
        raise refused
    return OPTED_OUT


def _parameters(run: MessageRun, message: Text) -> TextParameters:
    """What the REST API takes for a message of TwiML."""
    text = "".join(
        child if isinstance(child, str) else child.text
        for child in message.children
        if isinstance(child, (str, Body))
    )
    media = [child.text for child in message.children if isinstance(child, Media)]
    parameters: TextParameters = {"to": run.event.from_, "from_": run.event.to}
    if text:
        parameters["body"] = text
    if media:
        parameters["media_url"] = media
    return parameters
