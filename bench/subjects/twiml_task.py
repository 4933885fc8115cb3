"""What the programs `twiml_*.py` do with their documents: print the seconds, or bytes, that a task takes."""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable

__all__ = ["measure"]

LOOPS = {"small": 4000, "large": 40, "write": 8000}


def measure(small: Callable[[], object], large: Callable[[int], object]) -> None:
    """Print what the task on the command line takes.

    Args:
        small: Builds a document of 6 elements.
        large: Builds one of about so many.
    """
    task = sys.argv[1]
    if task == "memory":
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        kept = large(10_000)
        print(tracemalloc.get_traced_memory()[0] - before)
        del kept
        return
    document = small()

    def build_small() -> None:
        str(small())

    def build_large() -> None:
        str(large(500))

    def write() -> None:
        str(document)

    run = {"small": build_small, "large": build_large, "write": write}[task]
    for _ in range(LOOPS[task] // 10):
        run()
    start = time.process_time()
    for _ in range(LOOPS[task]):
        run()
    print(time.process_time() - start)
