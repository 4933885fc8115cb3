"""`make stress`: the proofs at full length, with their figures."""

from __future__ import annotations

import asyncio
import logging
import time

from tests.stress.calls import dialling, hanging_up

CALLS, DIALLED, ANSWERS = 2_000, 20_000, 10_000


def main() -> None:
    logging.getLogger("ringback").setLevel(logging.CRITICAL)
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


main()
