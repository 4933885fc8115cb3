"""The README's words are true: its Python runs on the emulator, its commands and pages exist."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import cast

import pytest

from ringback import Application, AsyncClient
from ringback.emulator import Emulator
from ringback.emulator.server import serving
from tests.docs.snippets import ROOT, run

README = ROOT / "README.md"


@pytest.fixture
def namespace(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """What the README's blocks leave behind, run against an emulator that serves HTTP."""
    with Emulator() as emulator:
        emulator.number("+15017122661")
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", emulator.account_sid)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", emulator.auth_token)
        names: dict[str, object] = {"__name__": "readme"}
        with serving(emulator) as url:
            monkeypatch.setenv("RINGBACK_BASE_URL", url)
            run(README, names)
        monkeypatch.delenv("RINGBACK_BASE_URL")
        assert re.match(r"SM[0-9a-f]{32} queued\n", capsys.readouterr().out)
    return names


def test_its_test_passes(namespace: dict[str, object]) -> None:
    test_reception = cast("Callable[[Emulator], None]", namespace["test_reception"])
    with Emulator() as emulator:
        test_reception(emulator)


async def test_its_call_is_placed_and_followed(
    namespace: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    remind = cast("Callable[[AsyncClient], Awaitable[str]]", namespace["remind"])
    with Emulator(clock="auto") as emulator:
        emulator.mount("https://example.com/reception", cast("Application", namespace["phone"]))
        emulator.number("+15017122661")
        emulator.phone("+15558675310", on_call="answer")
        async with emulator.async_client() as client:
            assert await remind(client) == "completed"
        assert "Your table is ready" in str(emulator.transcript)
    assert "ringing +15558675310" in capsys.readouterr().out


def test_its_call_is_tested_with_asyncio_run(namespace: dict[str, object], emulator: Emulator) -> None:
    remind = cast("Callable[[AsyncClient], Coroutine[object, object, str]]", namespace["remind"])
    emulator.install(cast("Application", namespace["phone"]), "+15017122661")
    assert asyncio.run(remind(emulator.async_client())) == "completed"


def test_its_menu_can_be_used(namespace: dict[str, object]) -> None:
    with Emulator() as emulator:
        emulator.install(cast("Application", namespace["app"]), "+15017122661")
        kitchen = emulator.phone("+15017122662")
        call = emulator.phone("+15558675310").dial("+15017122661")
        call.expect_say("Press 1")
        call.press("7")
        call.expect_say("not an option")
        call.expect_say("Press 1")
        call.press("1")
        assert kitchen.answer().other == "+15558675310"


def test_its_links_and_targets_exist() -> None:
    text = README.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / link).exists(), link
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"make ([a-z]+)", text)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
