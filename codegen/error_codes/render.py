"""Codes into the text of one module, through its template."""

from __future__ import annotations

from collections.abc import Sequence

from codegen.emit import BANNER, format_source, templates
from codegen.error_codes.load import ErrorCode


def render_module(codes: Sequence[ErrorCode]) -> str:
    """The text of `_generated/error_codes.py`."""
    text = templates().get_template("error_codes.py.jinja").render(codes=codes)
    return format_source(BANNER + text, "src/ringback/_generated/error_codes.py")
