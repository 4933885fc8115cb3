"""The floor of a create without a network: `json.loads` of its answer."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.subjects import timing

_body = Path(sys.argv[1]).read_bytes()
timing.repeated(lambda: json.loads(_body), 4000)
