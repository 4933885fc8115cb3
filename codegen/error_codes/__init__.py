"""`spec/error_codes.yaml` -> `_generated/error_codes.py`: Twilio's codes and what they mean.

load.py       the file -> records, mistakes with file and line
check.py      the places that they name: operations and parameters of `spec/api`, elements of `spec/twiml`
render.py     their source, through codegen/templates/error_codes.py.jinja
"""

from __future__ import annotations

from pathlib import Path

from codegen import api, twiml
from codegen.error_codes.check import check
from codegen.error_codes.load import load
from codegen.error_codes.render import render_module
from codegen.problems import SpecError


def render(spec: Path) -> dict[str, str]:
    """The module.

    Raises:
        SpecError: With every mistake in the specification.
    """
    codes, source = load(spec / "error_codes.yaml", f"{spec.name}/error_codes.yaml")
    documents = [twiml.document(spec, name) for name in ("voice", "messaging")]
    if problems := list(check(codes, source, api.planned(spec), documents)):
        raise SpecError(problems)
    return {"error_codes.py": render_module(codes)}
