"""Every generated method and model is documented to the last parameter, once."""

from __future__ import annotations

import inspect
import re
from typing import cast

import pytest

from codegen.api import ir, types
from ringback import AsyncClient, Client, rest
from tests.rest.samples import ACCOUNT, enums, models, planned
from tests.rest.test_operations import BY_MODULE

LINK = "https://www.twilio.com/docs/"


def entries(docs: str, section: str) -> dict[str, str]:
    """What a section of a docstring says of each name, white space made one."""
    match = re.search(rf"^{section}:\n((?:    .*\n|\n(?=    ))*)", docs + "\n", re.MULTILINE)
    assert match is not None, docs
    found: dict[str, str] = {}
    name = ""
    for line in match[1].splitlines():
        start = re.match(r"    (\w+): (.*)", line)
        if start is not None:
            name = start[1]
            found[name] = start[2]
        else:
            found[name] += f" {line.strip()}"
    return found


@pytest.mark.parametrize("module", BY_MODULE)
def test_methods_document_each_of_their_parameters(module: str) -> None:
    for case in BY_MODULE[module]:
        for client in (Client(ACCOUNT, "secret"), AsyncClient(ACCOUNT, "secret")):
            method = case.method(client)
            docs = inspect.getdoc(method)
            assert docs is not None
            assert " ".join(docs.split()).startswith(" ".join(case.operation.spec.doc.split()))
            told = entries(docs, "Args")
            assert set(told) == set(inspect.signature(method).parameters)
            for parameter in case.operation.parameters:
                assert told[parameter.name].startswith(parameter.entry.doc)
                assert told[parameter.name].endswith(".")
                if parameter.entry.default is not None:
                    assert told[parameter.name].endswith(f"Default: {parameter.entry.default}.")
            for group in case.operation.groups:
                names = " or ".join(f"`{name}`" for name in group)
                assert f"At least one of {names} must be given." in docs
            assert {"InvalidValue", "ApiError", "TransportError"} <= set(entries(docs, "Raises"))
            assert LINK in docs


@pytest.mark.parametrize("name", sorted(models()))
def test_a_model_documents_each_of_its_fields(name: str) -> None:
    docs = inspect.getdoc(getattr(rest, name))
    assert docs is not None
    told = entries(docs, "Attributes")
    assert set(told) == {item.name for item in models()[name].fields} | {"unknown_fields"}
    for item in models()[name].fields:
        assert told[item.name].startswith(item.entry.doc)


def test_clients_are_documented() -> None:
    for resource in planned().resources.values():
        names = [resource.collection_class, *([resource.context_class] if resource.spec.key else [])]
        for name in [prefix + name for name in names for prefix in ("", "Async")]:
            cls = cast("type", getattr(rest, name))
            assert inspect.getdoc(cls)
            for member, value in vars(cls).items():
                if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                    assert inspect.getdoc(value), f"{name}.{member}"


# What the generator says behind a description: bounds and units from the type, the default.
UNITS = re.compile(r"\bwhole seconds\b|\bin (?:milli)?seconds\b|\bin minutes\b", re.IGNORECASE)
BOUNDS = re.compile(
    r"\b(?:at most|up to|no more than|maximum(?: of)?|longest|limited to|at least|minimum(?: of)?) ([\d,]+)\b"
    r"|\b([\d,]+) (?:characters\b|to [\d,]+)",
    re.IGNORECASE,
)


def repeats(entry: ir.Entry) -> bool:
    """Whether a description says what the generator adds to it."""
    if entry.default is not None and re.search(r"\bdefaults?\b", entry.doc, re.IGNORECASE):
        return True
    if isinstance(entry.type, types.Whole) and entry.type.unit != "integer" and UNITS.search(entry.doc):
        return True
    said = {number.replace(",", "") for groups in BOUNDS.findall(entry.doc) for number in groups if number}
    return bool(said & set(re.findall(r"\d+", entry.type.says)))


def test_limits_are_said_once() -> None:
    assert [(where, entry.doc) for where, entry in every_entry() if repeats(entry)] == []


@pytest.mark.parametrize(
    ("wire_type", "doc", "expected"),
    [
        ("text <= 50", "Up to 50 characters.", True),
        ("text <= 50", "Its 50 characters long name.", True),
        ("text <= 1600", "Sent in segments of 160 characters.", False),
        ("seconds 1..600", "How long, 1 to 600.", True),
        ("seconds", "How long, in seconds.", True),
        ("method = POST", "How it is asked, by default POST.", True),
        ("list url max 10", "At most 10 of them.", True),
    ],
)
def test_the_test_would_find_one(wire_type: str, doc: str, expected: bool) -> None:
    parsed, default = types.parse(wire_type)
    assert repeats(ir.Entry(parsed, doc, default)) == expected


def test_descriptions_have_no_filler() -> None:
    """They say what it is, not that it is one; and they stand on their own."""
    texts = [entry.doc for _, entry in every_entry()] + [enum.doc for enum in enums().values()]
    for text in texts:
        assert not re.search(
            r"\bof (?:the|this) resource\b|\bThe (?:SID|unique string) (?:of|that)\b", text
        ), text
        assert "  " not in text


def every_entry() -> list[tuple[str, ir.Entry]]:
    found = [(name, item.entry) for name, model in models().items() for item in model.fields]
    for resource in planned().resources.values():
        for operation in resource.operations:
            found += [(operation.title, parameter.entry) for parameter in operation.parameters]
    return found
