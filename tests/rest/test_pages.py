"""docs/rest.md is true: its Python runs on the emulator, its table is complete."""

from __future__ import annotations

import re

import pytest

from codegen.api.check import CLIENT_NAMES
from ringback import AsyncClient, Client
from ringback.emulator import Emulator
from ringback.emulator.server import serving
from tests.docs.snippets import ROOT, run
from tests.rest.samples import ACCOUNT, planned
from tests.rest.test_operations import reach

PAGE = ROOT / "docs" / "rest.md"


def test_its_python_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with Emulator() as emulator:
        emulator.number("+15017122661")
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", emulator.account_sid)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", emulator.auth_token)
        with serving(emulator) as url:
            monkeypatch.setenv("RINGBACK_BASE_URL", url)
            run(PAGE, {"__name__": "rest"})
    assert re.match(r"SM[0-9a-f]{32} \w+\n", capsys.readouterr().out)


def test_its_table_has_every_resource_and_what_can_be_done() -> None:
    rows = re.finditer(
        r"^\| `([\w.()]+)` \| (.*?) \| (.*?) ?\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    told = {str(row[1]): (str(row[2]), str(row[3])) for row in rows}
    with_operations = {key: resource for key, resource in planned().resources.items() if resource.operations}
    assert set(told) == set(with_operations)
    assert list(told) == sorted(told, key=lambda key: key.replace("()", ""))
    client = Client(ACCOUNT, "secret")
    for key, resource in with_operations.items():
        for cell, operations, target in zip(
            told[key],
            (resource.collection_operations, resource.instance_operations),
            (reach(client, key), reach(client, f"{key}()") if resource.spec.key else None),
            strict=True,
        ):
            words = cell.split(", ") if cell else []
            assert [word for word in words if "*" not in word] == [item.action for item in operations], key
            by_hand = {word.strip("*") for word in words if "*" in word}
            generated = {item.action for item in operations}
            if target is None:
                assert not by_hand
                continue
            children = resource.instance_children + resource.collection_children
            methods = {
                name
                for name in set(dir(target)) - {planned().resources[child].attribute for child in children}
                if not name.startswith("_") and callable(getattr(target, name))
            }
            assert methods - generated == by_hand, key


def test_names_of_the_client_are_reserved() -> None:
    """No resource may be called like something that a client has besides."""
    resources = {
        planned().resources[key].attribute for key in planned().resources["accounts"].instance_children
    }
    for client in (Client(ACCOUNT, "secret"), AsyncClient(ACCOUNT, "secret")):
        for target in (client, client.account):
            assert {name for name in dir(target) if not name.startswith("_")} - resources <= CLIENT_NAMES | {
                "fetch",
                "sid",
                "update",
            }
