"""Planned modules into Python text, through the templates."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import jinja2

from codegen import naming
from codegen.api import sids
from codegen.api.plan import Field, Module, Operation, Parameter, Plan, Resource, item_type
from codegen.emit import BANNER, format_source, templates

RAISES = (
    "InvalidValue: An argument can't be sent; nothing was.",
    "ApiError: Twilio refused.",
    "TransportError: No usable answer came.",
    "ResponseInvalid: The answer isn't what the API promises.",
)
_WIDTH = 110


def render_modules(plan: Plan) -> dict[str, str]:
    """Every module of the REST API: path below `_generated` -> text."""
    return {
        path: format_source(BANNER + text, f"src/ringback/_generated/{path}")
        for path, text in render_raw(plan).items()
    }


def render_raw(plan: Plan) -> dict[str, str]:
    """The same as the templates leave it, not laid out."""
    environment = _environment(plan)
    module_template = environment.get_template("api_module.py.jinja")
    files = {
        f"api/{module.name}.py": module_template.render(
            module=module,
            imports=sorted(_imports(plan, module).items()),
            any_sid=sids.ANY,
            wrong_sid=sids.WRONG,
        )
        for module in plan.modules
    }
    exports = {name: module.name for module in plan.modules for name in _public_names(module)}
    sid_types = [
        (name, " or ".join(f"`{prefix}…`" for prefix, owner in sids.TYPES.items() if owner == name))
        for name in sorted(set(sids.TYPES.values()))
    ]
    exports |= dict.fromkeys((sids.ANY, sids.WRONG, *(name for name, _ in sid_types)), "sids")
    roots = plan.resources["accounts"]
    others: dict[str, dict[str, object]] = {
        "roots": {"children": [plan.resources[key] for key in roots.instance_children], "accounts": roots},
        "operations": {"modules": plan.modules},
        "__init__": {"exports": sorted(exports.items())},
        "sids": {"any": sids.ANY, "wrong": sids.WRONG, "types": sid_types},
    }
    for name, context in others.items():
        files[f"api/{name}.py"] = environment.get_template(f"api_{name}.py.jinja").render(**context)
    return files


def _environment(plan: Plan) -> jinja2.Environment:
    environment = templates()
    helpers: dict[str, object] = {
        "resource_of": plan.resources.__getitem__,
        "signature": signature,
        "method_docs": method_docs,
        "model_docs": model_docs,
        "enum_docs": enum_docs,
        "field_default": field_default,
    }
    environment.globals.update(helpers)  # pyright: ignore[reportCallIssue, reportArgumentType]
    filters: dict[str, Callable[..., object]] = {
        "docstring": docstring,
        "repr": repr,
        "identifier": naming.parameter,
    }
    environment.filters.update(filters)
    return environment


def _imports(plan: Plan, module: Module) -> dict[str, list[str]]:
    """Enums and models that other modules define: module -> names."""
    wanted: set[str] = set()
    used: set[str | None] = {sids.ANY, sids.WRONG}
    for model in module.models:
        for item in model.fields:
            wanted |= {name for name in (item.entry.type.enum, item.entry.type.model) if name}
            used.add(item_type(item.entry.type).sid)
    for resource in module.resources:
        for operation in resource.operations:
            wanted |= {operation.model} if operation.model else set()
            for parameter in operation.parameters:
                enum = parameter.type.enum
                if enum is not None:
                    wanted |= {enum, parameter_constant(parameter)}
    used |= {resource.spec.key.type.sid for resource in module.resources if resource.spec.key}
    found = {"sids": sorted(name for name in used if name)}
    constants = {enum.constant: owner.name for owner in plan.modules for enum in owner.enums}
    for name in sorted(wanted):
        home = plan.homes.get(name) or constants.get(name)
        if home is not None and home != module.name:
            found.setdefault(home, []).append(name)
    return found


def parameter_constant(parameter: Parameter) -> str:
    """The runtime kind of the enum behind a parameter."""
    return item_type(parameter.type).kind


def _public_names(module: Module) -> list[str]:
    names = [enum.name for enum in module.enums] + [model.name for model in module.models]
    for resource in module.resources:
        for prefix in ("", "Async"):
            names.append(f"{prefix}{resource.collection_class}")
            if resource.spec.key is not None:
                names.append(f"{prefix}{resource.context_class}")
    return names


def field_default(item: Field) -> str:
    """What follows a field's annotation."""
    if item.secret:
        return " = field(repr=False)" if item.always else " = field(default=None, repr=False)"
    return "" if item.always else " = None"


def signature(operation: Operation, given: frozenset[str] | None = None, *, listing: bool = False) -> str:
    """The keyword parameters; `given` are the ones that an overload insists on."""
    insisted = given or frozenset[str]()
    required: list[str] = []
    optional: list[str] = []
    for parameter in operation.parameters:
        annotation = parameter.type.parameter
        if parameter.required or parameter.name in insisted:
            required.append(f"{parameter.name}: {annotation}")
        else:
            nullable = annotation if annotation == "object" else f"{annotation} | None"
            optional.append(f"{parameter.name}: {nullable} = None")
    if listing:
        optional += [
            "limit: int | None = None",
            "page_size: int | None = None",
            "from_page: str | None = None",
        ]
    optional.append("options: RequestOptions | None = None")
    return ", ".join(["self", "*", *required, *optional])


def method_docs(operation: Operation, resource: Resource) -> str:
    """The docstring of a generated method."""
    lines = [operation.spec.doc, ""]
    if operation.groups:
        for group in operation.groups:
            names = " or ".join(f"`{name}`" for name in group)
            lines.append(f"At least one of {names} must be given.")
        lines.append("")
    lines.append("Args:")
    for parameter in operation.parameters:
        lines += argument_docs(parameter)
    if operation.action == "list":
        lines += item_docs("limit", "Records at most; None is all of them.")
        lines += item_docs(
            "page_size", "Records a request asks for, 1 to 1000; None leaves it to Twilio, or to `limit`."
        )
        lines += item_docs(
            "from_page",
            "The `next_uri` of a page of this list, kept from an earlier run: goes on there, with the "
            "filters of then. None begins at the beginning.",
        )
    lines += item_docs("options", "Settings of this request alone.")
    lines += ["", "Raises:"]
    for text in RAISES:
        lines += wrapped(text, 4)
    docs = resource.spec.docs
    if docs:
        lines += ["", f"See {docs}"]
    return "\n".join(lines)


def argument_docs(parameter: Parameter) -> list[str]:
    words = [parameter.entry.doc]
    if parameter.type.says:
        words.append(parameter.type.says)
    if parameter.entry.default is not None:
        words.append(f"Default: {parameter.entry.default}.")
    return item_docs(parameter.name, " ".join(words))


def item_docs(name: str, text: str) -> list[str]:
    return wrapped(f"{name}: {text}", 4)


def wrapped(text: str, indent: int, hanging: int = 4) -> list[str]:
    # 8 columns go to the place of a method's docstring in its class.
    return textwrap.wrap(
        text,
        _WIDTH - 8,
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hanging),
        break_long_words=False,
        break_on_hyphens=False,
    )


def model_docs(doc: str, fields: tuple[Field, ...], link: str | None) -> str:
    """The docstring of a model."""
    lines = [doc, "", "Attributes:"]
    for item in fields:
        words = [item.entry.doc]
        if item.entry.type.says:
            words.append(item.entry.type.says)
        lines += item_docs(item.name, " ".join(words))
    lines += item_docs("unknown_fields", "What Twilio sent and no specification names, as it came.")
    if link:
        lines += ["", f"See {link}"]
    return "\n".join(lines)


def enum_docs(doc: str, values: dict[str, str | None]) -> str:
    """The docstring below an enum's alias."""
    lines = [doc]
    told = [f"- `{value}`: {meaning}" for value, meaning in values.items() if meaning]
    if told:
        lines.append("")
        for text in told:
            lines += textwrap.wrap(
                text, _WIDTH - 4, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
            )
    return "\n".join(lines)


def docstring(text: str, indent: int) -> str:
    """`text` as a docstring, its lines moved to the right."""
    margin = " " * indent
    text = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    if "\n" not in text and len(text) + indent + 6 <= _WIDTH:
        return f'"""{text}"""'
    first, *rest = text.split("\n")
    head = textwrap.wrap(first, _WIDTH - indent - 3, break_long_words=False, break_on_hyphens=False) or [""]
    lines = [*head, *rest]
    body = "\n".join(f"{margin}{line}" if line and number else line for number, line in enumerate(lines))
    return f'"""{body}\n{margin}"""'
