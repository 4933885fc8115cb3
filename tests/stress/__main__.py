"""`make stress`: the proofs at full length, with their figures; about an hour on two cores.

python -m tests.stress              all of them
python -m tests.stress requests     hostile requests for all operations
python -m tests.stress calls        calls of which nothing is left in one process
python -m tests.stress kills redis  one of the proofs over many workers, over one store
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time

from tests.stress.calls import dialling, hanging_up
from tests.stress.requests import hostile
from tests.stress.workers import SECTIONS

REQUESTS = 500_000
CALLS, DIALLED, ANSWERS = 2_000, 20_000, 10_000
STORES = ("sqlite", "redis", "postgres")


def main(chosen: list[str]) -> None:
    logging.getLogger("ringback").setLevel(logging.CRITICAL)
    if not chosen or "requests" in chosen:
        _requests()
    if not chosen or "calls" in chosen:
        _calls()
    alone = {"requests", "calls"}.intersection(chosen)
    sections = [each for each in SECTIONS if each in chosen] or ([] if alone else list(SECTIONS))
    stores = [each for each in STORES if each in chosen] or STORES
    for name in sections:
        print(f"{name}: {SECTIONS[name].__doc__}", flush=True)
        for store in stores:
            SECTIONS[name](store)


def _requests() -> None:
    began = time.monotonic()
    statuses = hostile(REQUESTS)
    told = ", ".join(f"{number} of {status}" for status, number in sorted(statuses.items()))
    print(f"{REQUESTS} hostile requests in {time.monotonic() - began:.0f} s: {told}", flush=True)


def _calls() -> None:
    began = time.monotonic()
    left = hanging_up(CALLS)
    told = ", ".join(f"{number} {name}" for name, number in left.items())
    print(f"{CALLS} calls with random hang-ups in {time.monotonic() - began:.0f} s; left: {told}", flush=True)
    assert not any(left.values()), left
    began = time.monotonic()
    used = asyncio.run(dialling(DIALLED, 10, answers=ANSWERS))
    print(f"{DIALLED} calls dialled in {time.monotonic() - began:.0f} s; MB in use after each tenth:")
    print(" ".join(f"{size / 1e6:.2f}" for size in used))
    full = -(-ANSWERS // (2 * DIALLED // 10))  # each call has two webhooks
    assert max(used[full:]) < 1.05 * used[full], used


main(sys.argv[1:])
