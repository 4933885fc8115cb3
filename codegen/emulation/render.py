"""Planned records and tables into the text of two modules, through their templates."""

from __future__ import annotations

from typing import cast

from codegen.api.render import docstring, item_docs
from codegen.emit import BANNER, format_source, templates
from codegen.emulation.plan import EmulationPlan, RecordPlan


def render_modules(plan: EmulationPlan) -> dict[str, str]:
    """The modules of `_generated/emulation`."""
    environment = templates()
    filters = cast("dict[str, object]", environment.filters)
    filters["docstring"] = docstring
    filters["repr"] = repr
    files = {
        "emulation/__init__.py": '"""Records and tables of the emulator; see `ringback._core.emulation`."""\n'
    }
    for name in ("records", "tables"):
        path = f"emulation/{name}.py"
        template = environment.get_template(f"emulation_{name}.py.jinja")
        text = template.render(plan=plan, record_docs=record_docs)
        files[path] = format_source(BANNER + text, f"src/ringback/_generated/{path}")
    return files


def record_docs(record: RecordPlan) -> str:
    """The docstring of a record."""
    lines = [record.doc, "", "Attributes:"]
    for attribute in record.attributes:
        lines += item_docs(attribute.name, attribute.doc)
    return "\n".join(lines)
