"""The floor of reading a page: `json.loads`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bench.subjects import timing

timing.each(json.loads, [Path(name).read_bytes() for name in sys.argv[1:]])
