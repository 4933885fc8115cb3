"""`make bench`: print a table, write it down, exit 1 where a limit is missed."""

from __future__ import annotations

import compileall
import json
import os
import platform
import sys
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Final

from attrs import asdict

from bench import emulator, flows, rest, stores, twiml, webhooks
from bench.processes import ROOT
from bench.rows import Row, table

RESULTS: Final = ROOT / "bench" / "results"


def main() -> int:
    """Measure everything."""
    # Where Python may write no bytecode, ours would be compiled in each run, and what is installed not.
    compileall.compile_dir(str(ROOT / "src" / "ringback"), quiet=1)
    rows = [*rest.run(), *twiml.run(), *webhooks.run(), *flows.run(), *stores.run(), *emulator.run()]
    print(table(rows))
    _write(rows)
    misses = [miss for row in rows for miss in row.misses]
    if misses:
        print("\nabove the limit:", *misses, sep="\n  ", file=sys.stderr)
    return 1 if misses else 0


def _write(rows: list[Row]) -> None:
    now = datetime.now(timezone.utc)
    result = {
        "at": now.isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "versions": {
            name: version(name) for name in ("ringback", "twilio", "attrs", "cattrs", "urllib3", "aiohttp")
        },
        "rows": [asdict(row) for row in rows],
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(result, indent=2) + "\n")
    print(f"\nwritten to {path.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.exit(main())
