"""`spec/flows.yaml`, with the elements of `spec/twiml` -> `_generated/flows.py`: the verbs of a call's flow.

load.py       the file -> records, mistakes with file and line
plan.py       with their elements and events: which verb takes what, and what comes of it
render.py     their source, through codegen/templates/flows.py.jinja
"""

from __future__ import annotations

from pathlib import Path

from codegen import twiml
from codegen.flows.load import load
from codegen.flows.plan import plan
from codegen.flows.render import render_module
from codegen.webhooks.load import load as load_webhooks


def render(spec: Path) -> dict[str, str]:
    """The module.

    Raises:
        SpecError: With every mistake in the specification.
    """
    webhooks, _ = load_webhooks(spec / "webhooks.yaml", f"{spec.name}/webhooks.yaml")
    loaded, source = load(spec / "flows.yaml", f"{spec.name}/flows.yaml")
    document = twiml.document(spec, "voice")
    return {"flows.py": render_module(plan(loaded, source, document, webhooks), document)}
