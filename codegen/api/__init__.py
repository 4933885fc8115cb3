"""The REST API: `spec/api/*.yaml` -> `_generated/api`, and the same as OpenAPI.

load.py       files -> records; ir.py what those are; types.py, sids.py wire types and kinds of SIDs
check.py      references, flags, names: every mistake, with its line
plan.py       families -> modules: Python names, the tree of resources
render.py     modules -> text, through codegen/templates/api_*
openapi.py    the same as OpenAPI 3.1; drift.py against Twilio's own document
"""

from __future__ import annotations

from pathlib import Path

from codegen.api.check import check, check_names
from codegen.api.load import load
from codegen.api.openapi import document
from codegen.api.plan import Plan, make_plan
from codegen.api.render import render_modules
from codegen.problems import SpecError

__all__ = ["openapi_document", "planned", "render"]


def render(spec: Path) -> dict[str, str]:
    """Every generated file of the REST API."""
    return render_modules(planned(spec))


def openapi_document(spec: Path) -> dict[str, object]:
    """The REST API as an OpenAPI 3.1 document."""
    return document(planned(spec))


def planned(spec: Path) -> Plan:
    """The REST API, checked and complete.

    Raises:
        SpecError: With every mistake of the first pass that found any: shape, references, names.
    """
    families = load(spec / "api")
    if problems := check(families):
        raise SpecError(problems)
    made = make_plan(families)
    if problems := check_names(made, families):
        raise SpecError(problems)
    return made
