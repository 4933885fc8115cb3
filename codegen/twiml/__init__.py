"""`spec/twiml/*.xsd` -> `_generated/twiml`: one class an element, and the types of their attributes.

load.py       the schemas, read with xmlschema -> records, mistakes with file and line
records.py    what the schemas say
kinds.py      a simple type -> its annotation and its run-time check; one class a kind
render.py     records -> source
"""

from __future__ import annotations

from pathlib import Path

from codegen.twiml.load import load
from codegen.twiml.render import render_modules
from codegen.webhooks.load import load as load_webhooks


def render(spec: Path) -> dict[str, str]:
    """Every file below `_generated/twiml`.

    Raises:
        SpecError: With every mistake in the schemas.
    """
    webhooks, _ = load_webhooks(spec / "webhooks.yaml", f"{spec.name}/webhooks.yaml")
    known = webhooks.events().keys()
    return render_modules([load(spec / "twiml", name, known) for name in ("voice", "messaging")])
