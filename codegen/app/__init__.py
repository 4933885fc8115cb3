"""`spec/app.yaml`, with the operations of `spec/api` -> `_generated/app.py`: what applications start by REST.

load.py       the file -> records, mistakes with file and line
plan.py       with their operations: which method takes which parameters
render.py     their source, through codegen/templates/app.py.jinja
"""

from __future__ import annotations

from pathlib import Path

from codegen import api
from codegen.app.load import load
from codegen.app.plan import plan
from codegen.app.render import render_module
from codegen.webhooks.load import load as load_webhooks


def render(spec: Path) -> dict[str, str]:
    """The module.

    Raises:
        SpecError: With every mistake in the specification.
    """
    webhooks, _ = load_webhooks(spec / "webhooks.yaml", f"{spec.name}/webhooks.yaml")
    loaded, source = load(spec / "app.yaml", f"{spec.name}/app.yaml")
    return {"app.py": render_module(plan(loaded, source, api.planned(spec), webhooks))}
