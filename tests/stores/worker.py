"""A worker in a process of its own: `python -m tests.stores.worker KIND URL PREFIX ME JOB`."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import aclosing
from typing import Final

from ringback.stores import Outcome, RunStore
from tests.docs.snippets import ROOT
from tests.stores.places import Place

__all__ = ["CALLS", "start"]

CALLS: Final = 20


def start(place: Place, me: str, job: str) -> subprocess.Popen[str]:
    """Such a process."""
    command = [sys.executable, "-m", "tests.stores.worker", place.kind, place.url, place.prefix, me, job]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, cwd=ROOT)


async def race(store: RunStore, me: str) -> None:
    """What every worker tries, and each succeeds in now and then."""
    begun, won, claimed = 0, 0, 0
    due: list[str] = []
    for number in range(CALLS):
        begun += (await store.begin(f"CA{number}", f"{me}-{number}", {}, owner=me, ttl=60)).created
        won += (await store.append("shared-1", f"in.{number}", b"", ttl=60)).outcome is Outcome.WON
        claimed += await store.claim("shared-1", number + 1, me, ttl=60) is not None
        due += await store.due(7, again=60)
    say([begun, won, claimed, due])


async def listen(store: RunStore, me: str) -> None:
    """Says when its mailbox is open, and what comes first."""
    async with aclosing(store.mail(me)) as mail:
        await anext(mail)
        say("open")
        say((await anext(mail)).decode())


async def listen_and_fork(store: RunStore, me: str) -> None:
    """Leaves a child that outlives it."""
    mail = store.mail(me)
    await anext(mail)
    if os.fork() == 0:
        sys.stdin.read()
        os._exit(0)
    say("open")
    await anext(mail)


def say(what: object) -> None:
    print(json.dumps(what), flush=True)


async def main(kind: str, url: str, prefix: str, me: str, job: str) -> None:
    jobs = {"race": race, "listen": listen, "listen and fork": listen_and_fork}
    async with Place(kind, url, prefix).opening() as view:
        await jobs[job](view(), me)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
