"""`spec/api/*.yaml` -> `_generated/emulation`: the emulator's records, and the tables to serve them by.

plan.py       resources that share a path are one family: its records, and what the service does besides
render.py     records and tables, through codegen/templates/emulation_*.py.jinja
"""

from __future__ import annotations

from pathlib import Path

from codegen.api import planned
from codegen.emulation.plan import plan
from codegen.emulation.render import render_modules


def render(spec: Path) -> dict[str, str]:
    """Both modules.

    Raises:
        SpecError: With every mistake in the specification.
    """
    return render_modules(plan(planned(spec)))
