"""A number whose website is a page away."""

from __future__ import annotations

import pytest

from ringback.emulator import Emulator
from tests.emulator.website import HOME, Website

OURS = "+15017122661"
ANNA = "+15558675310"
BEN = "+15558675311"


@pytest.fixture
def emulator_options(workers: int) -> dict[str, object]:
    """The emulators of tests marked `in_turn` lead flows by several workers, too."""
    return {"workers": workers}


@pytest.fixture
def website(emulator: Emulator) -> Website:
    """The website behind `OURS`, in this process."""
    website = Website()
    emulator.mount(HOME, website)
    emulator.number(
        OURS,
        voice_url=f"{HOME}/voice",
        voice_fallback_url=f"{HOME}/fallback",
        sms_url=f"{HOME}/sms",
        sms_fallback_url=f"{HOME}/sms-fallback",
        status_callback=f"{HOME}/status",
    )
    return website
