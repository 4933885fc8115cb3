"""The settings of `ringback.app.settings` -> the constructors of `Application`.

They are defined once, as the parameters of `Settings`; editors and type checkers see each of them wherever an
application is made.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path

from codegen.emit import templates

__all__ = ["constructors", "render"]


def render(sources: Path) -> dict[str, str]:
    """The module; `sources` is the folder of `ringback.app`."""
    return {"constructors.py": constructors((sources / "settings.py").read_text(encoding="utf-8"))}


def constructors(source: str) -> str:
    """The module's text, not yet laid out."""
    tree = ast.parse(source)
    [settings] = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings"]
    [init] = [node for node in settings.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
    docs = ast.get_docstring(settings) or ""
    environment = templates()
    return environment.get_template("constructors.py.jinja").render(
        imports=list(_imports(tree)),
        parameters=_parameters(init, source),
        sections=[textwrap.indent(_section(docs, title), " " * 8).strip() for title in ("Args", "Raises")],
    )


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        for each in node.body if isinstance(node, ast.If) else [node]:
            if isinstance(each, ast.ImportFrom) and each.module not in ("__future__", "typing"):
                yield ast.unparse(each)


def _parameters(function: ast.FunctionDef, source: str) -> list[tuple[str, str]]:
    """The names of keyword parameters, and how they are written."""
    given = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    return [
        (
            each.arg,
            ast.unparse(each) + ("" if default is None else f" = {ast.get_source_segment(source, default)}"),
        )
        for each, default in given
    ]


def _section(docs: str, title: str) -> str:
    """A section of a docstring."""
    return next(part for part in docs.split("\n\n") if part.startswith(f"{title}:"))
