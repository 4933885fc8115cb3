"""The REST API: `spec/api/*.yaml` -> `_generated/api`, and the same as OpenAPI."""

from __future__ import annotations

from pathlib import Path

from codegen.api.load import load
from codegen.api.openapi import document
from codegen.api.plan import plan
from codegen.api.render import render_modules

__all__ = ["openapi_document", "render"]


def render(spec: Path) -> dict[str, str]:
    """Every generated file of the REST API."""
    return render_modules(plan(load(spec / "api")))


def openapi_document(spec: Path) -> dict[str, object]:
    """The REST API as an OpenAPI 3.1 document."""
    return document(plan(load(spec / "api")))
