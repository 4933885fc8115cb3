"""Editors complete what was generated: resources after `client.`, and the parameters of every method."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jedi
import pytest

from codegen.api import plan
from tests.rest.samples import planned

ROOT = Path(__file__).parent.parent.parent
PREAMBLE = "from ringback import AsyncClient, Client\nclient = Client()\nother = AsyncClient()\n"


@cache
def project() -> Any:
    return jedi.Project(ROOT, added_sys_path=[str(ROOT / "src")])


def script(code: str) -> Any:
    return jedi.Script(code, path=ROOT / "example.py", project=project())


def completed(code: str) -> set[str]:
    """What is offered at the end of the last line."""
    lines = code.split("\n")
    return {str(item.name) for item in script(code).complete(len(lines), len(lines[-1]))}


@pytest.mark.parametrize("module", [module.name for module in planned().modules])
def test_parameters_of_every_method(module: str) -> None:
    """One script for each module: jedi keeps what it has inferred."""
    lines: list[str] = []
    wanted: list[plan.Operation] = []
    for resource in planned().resources.values():
        if resource.module != module:
            continue
        chain = resource.key.replace("()", "('x')")
        for operation in resource.operations:
            instance = "" if resource.on_collection(operation) else "('x')"
            for client in ("client", "other"):
                lines.append(f"{client}.{chain}{instance}.{operation.action}(")
                wanted.append(operation)
    # Each call on its own line, closed, so that one doesn't swallow the next.
    code = script(PREAMBLE + "".join(f"{line})\n" for line in lines))
    for number, (line, operation) in enumerate(zip(lines, wanted, strict=True), start=4):
        signatures = code.get_signatures(number, len(line))
        assert signatures, line
        expected = {parameter.name for parameter in operation.parameters} | {"options"}
        if operation.action == "list":
            expected |= {"limit", "page_size", "from_page"}
        for signature in signatures:
            assert {parameter.name for parameter in signature.params} == expected, line
        assert operation.spec.doc.split()[0] in signatures[0].docstring()


@pytest.mark.parametrize("client", ["client", "other"])
@pytest.mark.parametrize(
    ("chain", "resource"),
    [
        ("", "accounts"),
        (".accounts('x')", "accounts"),
        (".calls('x')", "calls"),
        (".sip.domains('x').auth.calls", "sip.domains().auth.calls"),
    ],
)
def test_resources_after_a_client(client: str, chain: str, resource: str) -> None:
    found = planned().resources[resource]
    children = found.instance_children or found.collection_children
    assert {planned().resources[key].attribute for key in children} <= completed(
        f"{PREAMBLE}{client}{chain}."
    )


@pytest.mark.parametrize("client", ["client", "other"])
def test_keywords_and_conveniences(client: str) -> None:
    assert "status_callback=" in completed(f"{PREAMBLE}{client}.messages.create(to='+1', status_c")
    assert {"download", "fetch", "add_on_results"} <= completed(f"{PREAMBLE}{client}.recordings('x').")
    assert {"suspend", "activate", "close"} <= completed(f"{PREAMBLE}{client}.account.")
    assert "buy" in completed(f"{PREAMBLE}{client}.incoming_phone_numbers.")


def test_fields() -> None:
    assert completed(f"{PREAMBLE}client.calls('x').fetch().dur") == {"duration"}
    assert completed(f"{PREAMBLE}client.recordings('x').download('a').si") == {"size"}


@pytest.mark.parametrize("client", ["client", "other"])
def test_downloads(client: str) -> None:
    """What is written by hand is completed like the rest."""
    assert "download" in completed(f"{PREAMBLE}{client}.down")
    common = {"to", "format", "wait", "progress", "options"}
    for call, own in ((f"{client}.download(", "source"), (f"{client}.recordings('x').download(", "channels")):
        (signature,) = script(PREAMBLE + call).get_signatures(4, len(call))
        assert {parameter.name for parameter in signature.params} == common | {own}
