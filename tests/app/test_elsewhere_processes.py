"""Calls that are placed in one process, while their webhooks come to others: over each store, as it is."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import threading
import urllib.request
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ringback import CallConnected, CallEnded, CallInitiated, CallRinging
from ringback.app import Application
from ringback.app.loops.portal import start_in_portal
from ringback.twiml import Say, VoiceResponse
from tests.app.elsewhere_worker import application
from tests.app.test_elsewhere import LIFE, Network, joined, store_of
from tests.app.twilio import CALLER, NUMBER, call_parameters, eventually, new_sid, request
from tests.stores import servers
from tests.stores.places import PROCESSES, Place
from tests.stores.test_runs import closed

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(__file__).parents[2]
HELLO = VoiceResponse(Say("Hello"))
OTHERS = 2
CALLS = 25


@pytest.fixture(params=PROCESSES, scope="module")
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Place, None, None]:
    kind = str(request.param)
    with ExitStack() as stack:
        if kind in {"redis", "postgres"}:
            url = stack.enter_context(servers.redis() if kind == "redis" else servers.postgres())
            yield Place(kind, url, "live:")
        else:
            yield Place(kind, str(tmp_path_factory.mktemp("live") / "store.db"))


@contextmanager
def worker(place: Place) -> Generator[int, None, None]:
    """Another process; its port."""
    command = [sys.executable, "-m", "tests.app.elsewhere_worker", place.kind, place.url, place.prefix]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.communicate(timeout=30)


@pytest.fixture(scope="module")
def ports(place: Place) -> Generator[list[int], None, None]:
    with ExitStack() as stack:
        yield [stack.enter_context(worker(place)) for _ in range(OTHERS)]


@pytest.fixture
def app(place: Place) -> Generator[Application, None, None]:
    store = place.view()
    app = application(store)
    yield app
    app.close()
    start_in_portal(partial(closed, store)).result(10)


def report(port: int, sid: str, url: str, number: int) -> None:
    """Tell a process of a change of a call's status."""
    more = {"SequenceNumber": str(number), "Direction": "outbound-api"}
    if LIFE[number] == "completed":
        more["CallDuration"] = "7"
    told = request(url, call_parameters(sid, LIFE[number], **more))
    seen = told.url.replace("https://example.com", f"http://127.0.0.1:{port}")
    headers = dict(told.headers.multi_items()) | {"Host": "example.com"}
    asked = urllib.request.Request(seen, told.body, headers)  # noqa: S310
    with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310
        assert answer.status == 204


async def test_every_call_is_followed_to_its_end(app: Application, ports: list[int]) -> None:
    dice = random.Random(7)  # noqa: S311
    ended = 0
    for number in range(CALLS):
        network = Network()
        early = number % 3  # webhooks that overtake the answer that tells the SID

        def tell(first: int, end: int, network: Network = network) -> None:
            for each in range(first, end):
                report(dice.choice(ports), network.sid, network.asked["StatusCallback"], each)

        network.meanwhile = partial(tell, 0, early)
        call = await app.dial(network.async_client(), to=CALLER, from_=NUMBER, answer=HELLO)
        rest = threading.Thread(target=tell, args=(early, len(LIFE)))
        rest.start()
        done = await call.wait_for(CallEnded, timeout=20)
        ended += (done.call_sid, done.duration) == (call.sid, 7)
        for kind in (CallInitiated, CallRinging, CallConnected):
            await call.wait_for(kind, timeout=20)
        await asyncio.to_thread(rest.join)
    assert ended == CALLS
    await closed(store_of(app))


async def test_what_the_application_waits_for(app: Application, ports: list[int]) -> None:
    url = app.callback(CallEnded).url
    for number in range(5):
        sid = new_sid("CA")
        waiting = asyncio.ensure_future(
            app.wait_for(CallEnded, where=lambda event, sid=sid: event.call_sid == sid, timeout=20)  # type: ignore[misc]
        )
        await eventually(partial(joined, app))
        await asyncio.to_thread(report, ports[number % OTHERS], sid, url, 3)
        assert (await waiting).call_sid == sid
    await closed(store_of(app))


def test_synchronously(app: Application, ports: list[int]) -> None:
    network = Network()
    call = app.dial(network.client(), to=CALLER, from_=NUMBER, answer=HELLO)
    for number in range(len(LIFE)):
        report(ports[number % OTHERS], network.sid, network.asked["StatusCallback"], number)
    assert call.wait_for(CallEnded, timeout=20).duration == 7
