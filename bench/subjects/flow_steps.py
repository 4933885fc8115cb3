"""Flows of one process: `handler`, `step LIVE` or `memory STEPS`."""

from __future__ import annotations

import asyncio
import gc
import logging
import statistics
import sys
import time
import tracemalloc
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode
from xml.etree.ElementTree import fromstring

from ringback import Application, CallFlow, IncomingCall
from ringback.http import WebhookRequest
from ringback.twiml import Gather, Say, VoiceResponse
from ringback.webhooks import GatherResult, sign

TOKEN: Final = "0123456789abcdef0123456789abcdef"  # noqa: S105 - nobody's
COUNT: Final = 3_000
SAID: Final = "Press 1 for the kitchen."

app = Application(public_url="https://example.com/phone", auth_token=TOKEN)


@app.flow(IncomingCall)
async def reception(call: CallFlow) -> None:
    while True:
        await call.gather(Say(SAID), num_digits=1)


@app.on(GatherResult)
async def choose(_: GatherResult) -> VoiceResponse:
    return VoiceResponse(Gather(Say(SAID), num_digits=1, action=choose))


def asked(url: str, call: int, **more: str) -> WebhookRequest:
    """A call's request, signed."""
    parameters = {
        "CallSid": f"CA{call:032x}",
        "AccountSid": "AC" + "1" * 32,
        "From": "+15558675310",
        "To": "+15017122661",
        "CallStatus": "in-progress",
        "Direction": "inbound",
        "ApiVersion": "2010-04-01",
        **more,
    }
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": sign(url, list(parameters.items()), TOKEN),
    }
    return WebhookRequest("POST", url, headers, urlencode(parameters).encode())


async def begun(live: int) -> list[str]:
    """Begin as many flows; where each of them waits."""
    return [await step(reception.url, call) for call in range(live)]


async def step(url: str, call: int, times: list[float] | None = None) -> str:
    """Ask for a call's next document; where that wants to be asked."""
    request = asked(url, call, Digits="1")
    start = time.thread_time()  # what other processes do meanwhile is nobody's fault here
    response = await app.handle(request)
    spent = time.thread_time() - start
    if times is not None:
        times.append(spent)
    gather = fromstring(response.body).find("Gather")  # noqa: S314 - our own
    if gather is None:
        raise RuntimeError("the answer is wrong, so its time says nothing")
    return gather.attrib["action"]


async def steps(live: int) -> list[float]:
    """The times of steps, of one flow after the other; what follows in the loop is the next one's."""
    urls = await begun(live)
    gc.collect()
    times: list[float] = []
    for number in range(COUNT):
        call = number * 7919 % live
        urls[call] = await step(urls[call], call, times)
    return times


async def handled() -> list[float]:
    """The times of a handler that does the same."""
    times: list[float] = []
    for number in range(COUNT):
        await step(choose.url, number % 10, times)
    return times


async def memory(count: int, live: int = 250) -> float:
    """Bytes that a flow takes that has taken so many steps."""
    await begun(50)
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for call in range(1_000, 1_000 + live):
        url = reception.url
        for _ in range(count):
            url = await step(url, call)
    await asyncio.sleep(0.01)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / live


def show(times: Sequence[float]) -> None:
    """Print the median and the 99th percentile."""
    percentiles = statistics.quantiles(times[100:], n=100)
    print(percentiles[49], percentiles[98])


logging.getLogger("ringback").setLevel(logging.ERROR)  # which tells of flows that the end of the loop cancels
match sys.argv[1:]:
    case ["step", live]:
        show(asyncio.run(steps(int(live))))
    case ["memory", count]:
        print(asyncio.run(memory(int(count))))
    case _:
        show(asyncio.run(handled()))
