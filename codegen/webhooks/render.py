"""Planned classes -> Python source, through the templates beside this module."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from typing import cast

import jinja2

from codegen.emit import BANNER, format_source, templates
from codegen.webhooks.plan import ROOTS, ClassPlan, ModulePlan
from codegen.webhooks.records import Spec, Webhook

_WIDTH = 108
_FOLDER = "webhooks"


def render_modules(spec: Spec, modules: Sequence[ModulePlan]) -> dict[str, str]:
    """POSIX path below `_generated` -> text."""
    environment = _environment()
    homes = {made.name: module.name for module in modules for made in module.classes}
    private = sorted(
        {each.name for module in modules for made in module.classes for each in made.fields if each.private}
    )
    files = {
        "__init__.py": environment.get_template("webhooks_package.py.jinja").render(
            homes=homes, enums=sorted(spec.enums), modules=modules
        ),
        "enums.py": environment.get_template("webhooks_enums.py.jinja").render(enums=spec.enums),
        "tables.py": environment.get_template("webhooks_tables.py.jinja").render(
            modules=modules, private=private
        ),
    }
    for module in modules:
        files[f"{module.name}.py"] = environment.get_template("webhooks_events.py.jinja").render(
            module=module, imports=_imports(module, homes, spec)
        )
    return {
        f"{_FOLDER}/{name}": format_source(BANNER + text, f"src/ringback/_generated/{_FOLDER}/{name}")
        for name, text in sorted(files.items())
    }


def _environment() -> jinja2.Environment:
    environment = templates()
    filters = cast("dict[str, Callable[..., object]]", environment.filters)
    filters.update(docstring=_docstring, wrap=_wrap)
    return environment


def _imports(module: ModulePlan, homes: dict[str, str], spec: Spec) -> list[str]:
    """Every import that the module may need; the formatter drops those it doesn't."""
    annotations = " ".join(made.annotation for each in module.classes for made in each.fields)
    used = set(re.findall(r"[A-Za-z]+", annotations))
    lines = [
        f"from ringback._core.webhooks.events import {', '.join([*ROOTS, 'ReceivedMedia'])}",
        *(
            f"from ringback._generated.webhooks.enums import {name}"
            for name in sorted(used & set(spec.enums))
        ),
    ]
    for base in sorted({each.base for each in module.classes} - set(ROOTS)):
        if homes[base] != module.name:
            lines.append(f"from ringback._generated.webhooks.{homes[base]} import {base}")
    return lines


def _docstring(made: ClassPlan) -> str:
    """The text of a class's docstring, indented as its body."""
    parts = [_wrap(made.doc, 4)]
    parts += [_wrap(note, 4) for note in made.notes]
    if len(made.requests) == 1:
        parts.append(_wrap(f"Sent {_request(made.requests[0])}.", 4))
    elif made.requests:
        items = "\n".join(_wrap(f"- {_request(each)}", 4, hanging="  ") for each in made.requests)
        parts.append(f"    Sent\n\n{items}")
    if made.docs:
        parts.append(
            "\n".join(f"    {'See' if not index else 'and'} {url}" for index, url in enumerate(made.docs))
        )
    if made.fields:
        lines = "\n".join(_wrap(f"{each.name}: {each.doc}", 8, hanging="    ") for each in made.fields)
        parts.append(f"    Attributes:\n{lines}")
    text = "\n\n".join(parts).strip()
    return text if len(parts) == 1 else f"{text}\n    "


def _request(webhook: Webhook) -> str:
    where = ", ".join(f"`{place}`" for place in webhook.set_by)
    method = f" by {webhook.methods[0]}" if len(webhook.methods) == 1 else ""
    answer = "; the answer may be audio" if webhook.answer == "twiml-or-audio" else ""
    doubt = {"observed": " (seen, not documented)", "unconfirmed": " (not confirmed)"}.get(
        webhook.confidence, ""
    )
    return f"when {webhook.trigger}{doubt}, to the URL of {where}{method}{answer}"


def _wrap(text: str, indent: int, hanging: str = "") -> str:
    return textwrap.fill(
        text,
        width=_WIDTH,
        initial_indent=" " * indent,
        subsequent_indent=" " * indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
