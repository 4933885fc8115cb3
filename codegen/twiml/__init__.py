"""`spec/twiml/*.xsd` -> `_generated/twiml`: one class an element, and the types of their attributes.

load.py       the schemas, read with xmlschema -> records, mistakes with file and line
records.py    what the schemas say
kinds.py      a simple type -> its annotation and its run-time check; one class a kind
render.py     records -> source
"""

from __future__ import annotations

from pathlib import Path

from codegen.twiml.load import load
from codegen.twiml.records import Document
from codegen.twiml.render import render_modules
from codegen.webhooks.load import load as load_webhooks


def document(spec: Path, name: str) -> Document:
    """One schema: `voice` or `messaging`.

    Raises:
        SpecError: With every mistake in it.
    """
    webhooks, _ = load_webhooks(spec / "webhooks.yaml", f"{spec.name}/webhooks.yaml")
    return load(spec / "twiml", name, webhooks.events().keys())


def render(spec: Path) -> dict[str, str]:
    """Every file below `_generated/twiml`.

    Raises:
        SpecError: With every mistake in the schemas.
    """
    return render_modules([document(spec, name) for name in ("voice", "messaging")])
