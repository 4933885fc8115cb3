"""Flows over stores: `at-hand PLACE`, `elsewhere PLACE` or `workers PLACE COUNT`.

A flow that asks for a key, for ever. Requests go to the application within its process: what a server and
sockets take is no part of it. Where two workers are asked, the other one is a process of its own that takes
SIDs of calls from its stdin, begins them, and tells their first answer by its stdout.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import statistics
import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlencode

from attrs import frozen

from ringback import Application, CallFlow, GatherResult, IncomingCall
from ringback.http import WebhookRequest, WebhookResponse
from ringback.stores import MemoryStore, RedisStore, SQLiteStore, Store
from ringback.webhooks import CallEnded, sign

TOKEN: Final = "0123456789abcdef0123456789abcdef"  # noqa: S105 - nobody's
CALLS: Final = 15  # that are led at once, in turn, where steps are measured
STEPS: Final = 20  # of each, the first of which is for warming up
KEYS: Final = 2  # that a caller presses, where whole calls are measured
AT_ONCE: Final = 10  # of those
WHOLE: Final = 200  # of those, in each worker
MINE: Final = secrets.token_hex(8)


@frozen
class Made:
    """An application with a flow: the URLs of that, and of reports that a call has ended."""

    app: Application
    url: str
    ended: str


def ends(pressed: GatherResult | None) -> bool:
    """Whether the caller wants no more."""
    return pressed is not None and pressed.digits == "0"


def make(store: Store) -> Made:
    """Make one."""
    app = Application(public_url="https://example.com/phone", auth_token=TOKEN, store=store)

    @app.flow(IncomingCall)
    async def menu(call: CallFlow) -> None:
        while True:
            if ends(await call.gather(num_digits=1)):  # nothing of its own is kept while it waits
                return
            call.say("And the next?")

    return Made(app, menu.url, app.callback(CallEnded).url)


@contextmanager
def store_at(place: str) -> Generator[Store]:
    """The store that a word or URL says."""
    match place.partition(":"):
        case "memory", _, _:
            yield MemoryStore()
        case "sqlite", _, path:
            yield SQLiteStore(path)
        case _:
            yield RedisStore(place)


def asked(url: str, call: str, **more: str) -> WebhookRequest:
    """A signed request with what Twilio says of a call."""
    url = url.partition("#")[0]
    parameters = {
        "AccountSid": f"AC{'1' * 32}",
        "ApiVersion": "2010-04-01",
        "CallSid": call,
        "CallStatus": "in-progress",
        "Direction": "inbound",
        "From": "+15558675310",
        "To": "+15017122661",
    } | more
    headers = {
        "Host": "example.com",
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": sign(url, list(parameters.items()), TOKEN),
    }
    return WebhookRequest("POST", url, headers, urlencode(parameters).encode())


def sid(number: int) -> str:
    """A call's, another one in each process: the store may know those of others."""
    return f"CA{MINE}{number:016x}"


class Steps:
    """The requests of one call for its steps, each after the other, from its first answer."""

    def __init__(self, call: str, answer: str) -> None:
        self._call = call
        found = re.search(r'action="([^"]+)\.1\.GatherResult', answer)
        if found is None:
            raise RuntimeError(f"the answer is wrong, so its time says nothing: {answer}")
        self._url = found[1]
        self._number = 0

    def key(self, key: str = "1") -> WebhookRequest:
        """The next one: the caller presses a key."""
        self._number += 1
        return asked(f"{self._url}.{self._number}.GatherResult", self._call, Digits=key)


def right(response: WebhookResponse) -> None:
    """See to it that what was measured is what it should be."""
    if b"<Gather" not in response.body:
        raise RuntimeError(f"the answer is wrong, so its time says nothing: {response.body!r}")


async def begun(made: Made, calls: Iterable[str]) -> list[Steps]:
    """Calls under way."""
    return [Steps(call, (await made.app.handle(asked(made.url, call))).body.decode()) for call in calls]


# --- time over a store


async def at_hand(place: str) -> None:
    """Print the median seconds of a step in the worker that has the flow."""
    with store_at(place) as store:
        made = make(store)
        await in_turn(made, await begun(made, map(sid, range(CALLS))))
        await made.app.aclose()


async def elsewhere(place: str) -> None:
    """Print the median seconds of a step in a worker while the other has the flow."""
    command = [sys.executable, "-m", "bench.subjects.flow_stores", "owner", place]
    owner = await asyncio.create_subprocess_exec(*command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert owner.stdin is not None and owner.stdout is not None  # noqa: S101, PT018 (they were asked for)
    with store_at(place) as store:
        made = make(store)
        calls: list[Steps] = []
        for call in map(sid, range(CALLS)):
            owner.stdin.write(f"{call}\n".encode())
            calls.append(Steps(call, json.loads(await owner.stdout.readline())))
        await in_turn(made, calls)
        owner.stdin.close()
        await made.app.aclose()
    await owner.wait()


async def own(place: str) -> None:
    """Lead the calls that stdin tells of."""
    with store_at(place) as store:
        made = make(store)
        loop = asyncio.get_running_loop()
        while call := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
            response = await made.app.handle(asked(made.url, call))
            print(json.dumps(response.body.decode()), flush=True)
        await made.app.aclose()


async def in_turn(made: Made, calls: list[Steps]) -> None:
    times: list[float] = []
    for _ in range(STEPS):
        for call in calls:
            request = call.key()
            start = time.perf_counter()
            response = await made.app.handle(request)
            times.append(time.perf_counter() - start)
            right(response)
    print(statistics.median(times[CALLS:]))


# --- whole calls


async def whole(place: str) -> None:
    """Wait for a line on stdin, lead whole calls, ten at once, and print the seconds of that and the CPU
    seconds.
    """
    with store_at(place) as store:
        made = make(store)

        async def some(numbers: Iterator[int]) -> None:
            for number in numbers:
                await lead(made, sid(number))

        await some(iter(range(WHOLE, WHOLE + AT_ONCE)))
        print(flush=True)
        sys.stdin.readline()
        numbers = iter(range(WHOLE))
        start, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(some(numbers) for _ in range(AT_ONCE)))
        print(json.dumps([time.perf_counter() - start, time.process_time() - cpu]), flush=True)
        await made.app.aclose()


async def lead(made: Made, call: str) -> None:
    [steps] = await begun(made, [call])
    for _ in range(KEYS - 1):
        right(await made.app.handle(steps.key()))
    await made.app.handle(steps.key("0"))
    said = {"CallStatus": "completed", "CallDuration": "9", "SequenceNumber": "3"}
    await made.app.handle(asked(made.ended, call, **said))


def workers(place: str, count: int) -> None:
    """Print the calls a second that so many workers lead, all at once, and those for each CPU second of
    theirs, and how many they are.
    """
    command = [sys.executable, "-m", "bench.subjects.flow_stores", "whole", place]
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(count)
    ]
    for worker in started:
        assert worker.stdout is not None  # noqa: S101 (it was asked for)
        worker.stdout.readline()
    for worker in started:
        assert worker.stdin is not None  # noqa: S101
        print(file=worker.stdin, flush=True)
    outputs = [worker.communicate()[0] for worker in started]
    spent = [json.loads(output) for output in outputs]
    rate = sum(WHOLE / wall for wall, _ in spent)
    print(json.dumps([rate, WHOLE * count / sum(cpu for _, cpu in spent), count]))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["at-hand", place]:
            asyncio.run(at_hand(place))
        case ["elsewhere", place]:
            asyncio.run(elsewhere(place))
        case ["owner", place]:
            asyncio.run(own(place))
        case ["whole", place]:
            asyncio.run(whole(place))
        case ["workers", place, count]:
            workers(place, int(count))
        case _:
            sys.exit("what?")
