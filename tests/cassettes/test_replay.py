"""Every recorded conversation, replayed against api.twilio.com through the default transport, offline."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML
from vcr.errors import CannotOverwriteExistingCassetteException

from ringback import AsyncClient, Client
from ringback._core.operations.operation import Operation
from ringback._generated import api
from tests.cassettes import tape
from tests.cassettes.registry import OURS, THEIRS, WRONG_TOKEN, Scenario
from tests.cassettes.scenarios import SCENARIOS
from tests.official.world import operation_at


def _passed(_seconds: float) -> None:
    """What was recorded has gone on long ago."""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.module}-{scenario.name}")
def test_replay(scenario: Scenario) -> None:
    token = WRONG_TOKEN if scenario.wrong_token else tape.AUTH_TOKEN
    with tape.open_tape(scenario, "none") as cassette, Client(tape.ACCOUNT_SID, token) as client:
        scenario.act(client, _passed)
        assert cassette.all_played


async def test_replay_through_the_async_default() -> None:
    scenario = next(item for item in SCENARIOS if item.name == "send_and_look_up")
    with tape.open_tape(scenario, "none") as cassette:
        async with AsyncClient(tape.ACCOUNT_SID, tape.AUTH_TOKEN) as client:
            sent = await client.messages.create(to=THEIRS, from_=OURS, body="Your table is ready: café, 7 €.")
            assert (await client.messages(sent.sid).fetch()).sid == sent.sid
        assert cassette.all_played


def test_what_was_not_recorded_is_refused() -> None:
    scenario = next(item for item in SCENARIOS if item.name == "send_and_look_up")
    with (
        tape.open_tape(scenario, "none"),
        Client(tape.ACCOUNT_SID, tape.AUTH_TOKEN) as client,
        pytest.raises(CannotOverwriteExistingCassetteException),
    ):
        client.messages.create(to=THEIRS, from_=OURS, body="Something else.")


def test_no_cassette_without_scenario() -> None:
    assert set(tape.FOLDER.glob("*/*")) == {tape.path_of(scenario) for scenario in SCENARIOS}


def test_every_family_of_the_specification_is_on_tape() -> None:
    asked = {
        operation_at(request["method"], urlsplit(request["uri"]).path)
        for scenario in SCENARIOS
        for request in requests_of(scenario)
    }
    missing = {
        module.name
        for module in pkgutil.iter_modules(api.__path__)
        if (defined := operations_of(module.name)) and not asked & defined
    }
    assert missing == set()


def requests_of(scenario: Scenario) -> list[dict[str, str]]:
    text = tape.path_of(scenario).read_text(encoding="utf-8")
    recorded: Any = YAML(typ="safe").load(text)  # pyright: ignore[reportUnknownMemberType]
    return [each["request"] for each in recorded["interactions"]]


def operations_of(family: str) -> set[Operation | None]:
    module = importlib.import_module(f"{api.__name__}.{family}")
    return {each for each in vars(module).values() if isinstance(each, Operation)}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.module}-{scenario.name}")
def test_nothing_private_is_on_tape(scenario: Scenario) -> None:
    text = tape.path_of(scenario).read_text(encoding="utf-8")
    for word in ("uthorization", "Basic ", "emulated" * 4, "127.0.0.1", "Str0ng", WRONG_TOKEN):
        assert word not in text


def test_scrubbing_reaches_plain_and_encoded_text() -> None:
    scrub: Callable[[str], str] = tape.scrubber({"+15550001111": OURS, "http://127.0.0.1:8080": tape.HOST})
    assert scrub("To=%2B15550001111&X=1") == "To=%2B15017122661&X=1"
    assert scrub("http%3A%2F%2F127.0.0.1%3A8080 http://127.0.0.1:8080/a") == (
        "https%3A%2F%2Fapi.twilio.com https://api.twilio.com/a"
    )
