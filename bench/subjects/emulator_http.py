"""Requests to the emulator over HTTP, one after the other: `kept` on one connection, `new` on one each.

Prints the median seconds of one; for `start`, the seconds from the emulator's start to its first answer.
The emulator is a process of its own, as `ringback emulator` starts it.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import urllib3

from ringback.emulator import ACCOUNT_SID, AUTH_TOKEN

TIMES: Final = 200
WARM_UP: Final = 20


@contextmanager
def emulator() -> Generator[str]:
    """Its base URL; it ends with the block."""
    command = [sys.executable, "-m", "ringback.cli", "emulator", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


def ask(pool: urllib3.PoolManager, url: str, *, kept: bool = True) -> None:
    """Ask for the balance of the account."""
    headers = urllib3.make_headers(basic_auth=f"{ACCOUNT_SID}:{AUTH_TOKEN}")
    if not kept:
        headers["Connection"] = "close"
    answer = pool.request("GET", f"{url}/2010-04-01/Accounts/{ACCOUNT_SID}/Balance.json", headers=headers)
    if answer.status != 200:
        raise RuntimeError(f"the answer is wrong, so its time says nothing: {answer.data!r}")


def median(url: str, *, kept: bool) -> float:
    """Seconds of a request."""
    pool = urllib3.PoolManager()
    times: list[float] = []
    for _ in range(WARM_UP + TIMES):
        start = time.perf_counter()
        ask(pool, url, kept=kept)
        times.append(time.perf_counter() - start)
    return statistics.median(times[WARM_UP:])


if __name__ == "__main__":
    began = time.perf_counter()
    with emulator() as home:
        if sys.argv[1] == "start":
            ask(urllib3.PoolManager(), home)
            print(time.perf_counter() - began)
        else:
            print(median(home, kept=sys.argv[1] == "kept"))
