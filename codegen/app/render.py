"""Planned methods into the text of one module, through its template."""

from __future__ import annotations

from typing import cast

from codegen.api.render import RAISES, argument_docs, docstring, item_docs, wrapped
from codegen.app.plan import AppPlan, Argument, MethodPlan
from codegen.emit import BANNER, format_source, templates

_CLIENT = "What to do it with; with an `AsyncClient` the result has to be awaited."


def render_module(plan: AppPlan) -> str:
    """The text of `_generated/app.py`."""
    environment = templates()
    cast("dict[str, object]", environment.filters)["docstring"] = docstring
    text = environment.get_template("app.py.jinja").render(
        methods=plan.methods,
        enums=sorted({(enum, plan.homes[enum]) for method in plan.methods for enum in _enums(method)}),
        events=sorted(
            {argument.event for method in plan.methods for argument in method.arguments if argument.event}
        ),
        signature=signature,
        passed=passed,
        stored=stored,
        method_docs=method_docs,
    )
    return format_source(BANNER + text, "src/ringback/_generated/app.py")


def _enums(method: MethodPlan) -> set[str]:
    found: set[str] = set()
    for argument in method.arguments:
        kind = argument.parameter.type
        found |= {name for name in (kind.enum,) if name}
    return found


def signature(method: MethodPlan, given: frozenset[str] = frozenset()) -> str:
    """The parameters behind `self` or the client; `given` are the ones that an overload insists on."""
    return ", ".join(text for _, text in _parameters(method, given))


def _parameters(method: MethodPlan, given: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """The same as names and texts, in order."""
    ahead: list[tuple[str, str]] = []
    required: list[tuple[str, str]] = []
    optional: list[tuple[str, str]] = []
    for argument in method.arguments:
        must = argument.parameter.required or argument.name in given
        nullable = f"{argument.annotation} | None" if argument.annotation != "object" else "object"
        text = f"{argument.name}: {argument.annotation}" if must else f"{argument.name}: {nullable} = None"
        part = ahead if argument.name == method.first else required if must else optional
        part.append((argument.name, text))
    for name, instead in reversed(method.instead):
        if instead.required:
            required.append((name, f"{name}: {instead.type}"))
        else:
            optional.insert(0, (name, f"{name}: {instead.type} | None = None"))
    options = ("options", "options: RequestOptions | None = None")
    return [*ahead, ("", "*"), *required, *optional, options]


def stored(argument: Argument) -> str:
    """The annotation of what is handed on."""
    plain = argument.parameter.type.parameter
    return plain if argument.parameter.required or plain == "object" else f"{plain} | None"


def passed(argument: Argument, method: MethodPlan) -> str:
    """What is handed on for an argument."""
    if argument.event is not None:
        return f"self._address({argument.name!r}, {argument.name}, {argument.event})"
    of = next((other for other in method.arguments if argument.name == f"{other.name}_method"), None)
    if of is not None and of.event is not None:
        return f"self._way({of.name}, {argument.name})"
    return argument.name


def method_docs(method: MethodPlan) -> str:
    """The docstring of a method."""
    lines = [method.spec.doc, ""]
    for group in method.groups:
        names = " or ".join(f"`{name}`" for name in group)
        lines += [f"At least one of {names} must be given.", ""]
    lines.append("Args:")
    if method.spec.of == "Application":
        lines += item_docs("client", _CLIENT)
    documented = {argument.name: argument_docs(argument.parameter) for argument in method.arguments}
    documented |= {name: item_docs(name, instead.doc) for name, instead in method.instead}
    documented |= {
        argument.name: item_docs(
            argument.name, f"{argument.parameter.entry.doc} A URL, or a handler of `{argument.event}`."
        )
        for argument in method.arguments
        if argument.event
    }
    documented["options"] = item_docs("options", "Settings of this request alone.")
    for name, _ in _parameters(method):
        lines += documented.get(name, [])
    lines += ["", "Raises:"]
    for text in RAISES:
        lines += wrapped(text, 4)
    return "\n".join(lines)
