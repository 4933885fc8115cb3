"""The REST client: start, reading, creating, size."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Final

from bench import size
from bench.pages import calls_page, message
from bench.processes import SUBJECTS, Finished, Rounds, interleaved, number, ratio
from bench.rows import Row
from bench.server import serving

__all__ = ["run"]

_PAGES: Final = 8
_PEAK: Final = "\nprint(open('/proc/self/status').read())\n"


def run() -> list[Row]:
    """Measure all of it; takes a minute and a half."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pages = [folder / f"page{seed}.json" for seed in range(_PAGES)]
        for seed, page in enumerate(pages):
            page.write_bytes(calls_page(seed))
        answer = folder / "message.json"
        answer.write_bytes(message())
        rows = [*_start(), _parse(pages), _create(answer)]
        with serving(answer) as url:
            rows += [_http(url), _async_http(url)]
    return [*rows, _size()]


def _start() -> list[Row]:
    # As text and not as files, so that it can end with a look at the memory: the parent is told of the larger
    # of the peaks before and after the exec.
    sources = {name: (SUBJECTS / f"start_{name}.py").read_text() for name in ("ringback", "twilio", "bare")}
    rounds = interleaved({name: ["-c", source + _PEAK] for name, source in sources.items()}, 21)
    return [
        Row(
            name="wall time of a process that imports, builds a client, touches client.messages",
            ratio=ratio(rounds, "ringback", "twilio", _wall),
            limit=0.5,
            floor="bare interpreter",
            floor_ratio=ratio(rounds, "ringback", "bare", _wall),
        ),
        Row(
            name="its peak memory",
            ratio=ratio(rounds, "ringback", "twilio", _peak),
            limit=0.6,
            floor="bare interpreter",
            floor_ratio=ratio(rounds, "ringback", "bare", _peak),
        ),
    ]


def _parse(pages: list[Path]) -> Row:
    rounds = _measured("parse", [str(page) for page in pages], 15, floor="json")
    return Row(
        name="parse a page of 1,000 calls into models",
        ratio=ratio(rounds, "ringback", "twilio", number),
        limit=0.5,
        floor="json.loads",
        floor_ratio=ratio(rounds, "ringback", "json", number),
        floor_limit=2,
    )


def _create(answer: Path) -> Row:
    rounds = _measured("create", [str(answer)], 15, floor="json")
    return Row(
        name="create a message over a fake transport",
        ratio=ratio(rounds, "ringback", "twilio", number),
        limit=0.8,
        floor="json.loads",
        floor_ratio=ratio(rounds, "ringback", "json", number),
    )


def _http(url: str) -> Row:
    rounds = _measured("http", [url], 11, floor="bare")
    return Row(
        name="CPU time of 1,000 creates over HTTP on loopback, sync",
        ratio=ratio(rounds, "ringback", "twilio", number),
        limit=0.6,
        floor="bare urllib3",
        floor_ratio=ratio(rounds, "ringback", "bare", number),
    )


def _async_http(url: str) -> Row:
    rounds = _measured("async", [url], 11, floor="bare")
    return Row(
        name="CPU time of 1,000 creates over HTTP on loopback, async",
        ratio=ratio(rounds, "ringback", "twilio", number),
        limit=0.8,
        floor="bare aiohttp",
        floor_ratio=ratio(rounds, "ringback", "bare", number),
    )


def _size() -> Row:
    return Row(
        name="installed size without dependencies, no bytecode",
        ratio=size.wheel() / size.installed("twilio"),
        limit=0.2,
    )


def _measured(task: str, arguments: list[str], rounds: int, *, floor: str) -> Rounds:
    """Run the subjects of a task, `subjects/<task>_<who>.py`."""
    names = ("ringback", "twilio", floor)
    return interleaved({name: ["-m", f"bench.subjects.{task}_{name}", *arguments] for name in names}, rounds)


def _wall(run: Finished) -> float:
    return run.wall


def _peak(run: Finished) -> float:
    found = re.search(r"VmHWM:\s*(\d+) kB", run.output)
    if found is None:
        raise RuntimeError("the peak of the memory can be read on Linux alone")
    return float(found[1])
