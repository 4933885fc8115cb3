"""The page about conversations is true: its Python runs, and does what it says on the emulator."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, cast

import pytest

from ringback.emulator import Emulator
from tests.docs.snippets import ROOT, run

if TYPE_CHECKING:
    from ringback import Application, Client
    from ringback.app import Conversation
    from ringback.emulator.phones import Phone

GUEST = "+15558675310"
OURS = "+15017122661"
OTHER = "+15017122662"


@pytest.fixture(params=[0, 3], ids=["one worker", "three workers"])
def network(request: pytest.FixtureRequest) -> Generator[Emulator, None, None]:
    with Emulator(workers=request.param, strict=True) as emulator:
        yield emulator
    emulator.check_problems()


@pytest.fixture
def names(network: Emulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", network.account_sid)
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", network.auth_token)
    names: dict[str, object] = {"__name__": "page"}
    run(ROOT / "docs" / "conversations.md", names)
    app = cast("Application", names["app"])
    monkeypatch.setattr(app._hub.settings, "client", network.async_client())
    network.install(app, OURS)
    return names


def texting(network: Emulator, names: dict[str, object], flow: str) -> Phone:
    """Somebody who texts a number that a flow of the page answers."""
    network.number(OTHER, sms_url=cast("Conversation[...]", names[flow]).url)
    guest = network.phone(GUEST)
    guest.text(OTHER, "hello")
    return guest


def test_the_survey(network: Emulator, names: dict[str, object]) -> None:
    cast("Callable[[Emulator], None]", names["test_tables"])(network)
    guest = network.phone(GUEST)
    assert [each.body for each in guest.texts] == [
        "Thanks for dining at the Blue Door!",
        "What is your name?",
        "Never mind. Text us any time.",
    ]
    guest.text(OURS, "hello")
    guest.expect_text("What is your name?")
    guest.text(OURS, "Anna")
    guest.expect_text("Thank you, Anna.")


def test_tables(network: Emulator, names: dict[str, object]) -> None:
    guest = texting(network, names, "tables")
    guest.expect_text("A table for how many?")
    guest.text(OTHER, "a few")
    guest.expect_text("A number, please.")
    guest.text(OTHER, "12")
    guest.expect_text("We have room for eight at most.")
    guest.text(OTHER, "4")
    assert guest.expect_text("When?").body == "When?\n1. At noon\n2. At seven"
    guest.text(OTHER, "at seven")
    assert guest.expect_text("A table for 4 at 19:00.").media == ("https://example.com/map.png",)


def test_opting_out(network: Emulator, names: dict[str, object]) -> None:
    guest = texting(network, names, "feedback")
    guest.expect_text("How was it?")
    guest.text(OTHER, "Stop")
    guest.expect_text("no more messages")
    assert names["gone"] == ["opted-out"]


def test_silence(network: Emulator, names: dict[str, object]) -> None:
    texting(network, names, "feedback").expect_text("How was it?")
    network.advance(7 * 86_400 + 60)
    assert names["gone"] == ["silent"]


def test_we_begin(network: Emulator, names: dict[str, object]) -> None:
    guest = network.phone(GUEST)
    cast("Callable[[Client, str], None]", names["remind_guest"])(network.client(), GUEST)
    guest.expect_text("Table 4 is yours at seven.")
    guest.expect_text("Please let us know.", timeout=4_000)
    guest.text(OURS, "1")
    guest.expect_text("See you then!")
