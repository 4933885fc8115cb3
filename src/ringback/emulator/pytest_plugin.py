"""For pytest: the fixture `emulator`, and its transcript below every test that fails.

def test_reception(emulator: Emulator) -> None:
    call = emulator.phone("+15558675310").dial("+15017122661")
    call.expect_say("Press 1")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from ringback.emulator.emulator import Emulator

__all__ = ["emulator"]


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator with a manual clock: time moves only while the test waits for something.

    For the test, `TWILIO_AUTH_TOKEN` is what its webhooks are signed with, so that applications without a
    token of their own take them.
    """
    from ringback.emulator.emulator import AUTH_TOKEN, Emulator

    monkeypatch.setenv("TWILIO_AUTH_TOKEN", AUTH_TOKEN)
    with Emulator() as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    arguments = cast("dict[str, object]", getattr(item, "funcargs", {}))
    if report.when == "call" and report.failed and "emulator" in arguments:
        transcript = str(cast("Emulator", arguments["emulator"]).transcript)
        if transcript:
            report.sections.append(("What happened in the emulator", transcript))
    return report
