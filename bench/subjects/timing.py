"""What the subjects measure themselves by: the CPU time of this process, all of its threads included."""

from __future__ import annotations

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager

__all__ = ["each", "measured", "repeated", "repeated_async"]


@contextmanager
def measured() -> Generator[list[float]]:
    """Give a list that holds the CPU seconds of the block, once it is over."""
    spent: list[float] = []
    gc.collect()
    start = time.process_time()
    yield spent
    spent.append(time.process_time() - start)


def each(work: Callable[[bytes], object], inputs: Iterable[bytes]) -> None:
    """Print the median CPU seconds of `work` over inputs that are all different; the first is for warming up.

    The result is let go of after the clock has stopped.
    """
    times: list[float] = []
    for item in inputs:
        with measured() as spent:
            result = work(item)
        del result
        times += spent
    print(statistics.median(times[1:]))


def repeated(work: Callable[[], object], times: int, *, warm_up: int = 50) -> None:
    """Print the CPU seconds of doing `work` so often."""
    for _ in range(warm_up):
        work()
    with measured() as spent:
        for _ in range(times):
            work()
    print(spent[0])


async def repeated_async(
    work: Callable[[], Awaitable[object]], times: int, *, tasks: int = 10, warm_up: int = 50
) -> None:
    """The same with some tasks at once."""

    async def some(count: int) -> None:
        for _ in range(count):
            await work()

    await some(warm_up)
    await asyncio.gather(*(some(2) for _ in range(tasks)))
    with measured() as spent:
        await asyncio.gather(*(some(times // tasks) for _ in range(tasks)))
    print(spent[0])
