"""`spec/webhooks.yaml` -> `_generated/webhooks`: event classes, enums and the tables to parse by.

load.py       the file -> records, mistakes with file and line
records.py    what the file says
plan.py       which classes with which fields come of it
render.py     their source, through codegen/templates/webhooks_*
"""

from __future__ import annotations

from pathlib import Path

from codegen.webhooks.load import load
from codegen.webhooks.plan import plan
from codegen.webhooks.render import render_modules


def render(spec: Path) -> dict[str, str]:
    """Every file below `_generated/webhooks`.

    Raises:
        SpecError: With every mistake in the specification.
    """
    path = spec / "webhooks.yaml"
    loaded, source = load(path, f"{spec.name}/webhooks.yaml")
    return render_modules(loaded, plan(loaded, source))
