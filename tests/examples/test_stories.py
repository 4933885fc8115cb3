"""The examples of this project do what they say, as those who ring them hear; and twice the same."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from ringback.emulator import ACCOUNT_SID, AUTH_TOKEN, Emulator
from tests.examples.stories import STORIES, Story

# What a setting has to be where not just any text will do.
SETTINGS = {
    "PUBLIC_URL": "https://example.com/phone",
    "SEATS": "4711=kitchen,4712=kitchen:host",
    "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
    "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
}
EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.mark.in_turn
@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_a_story(emulator: Emulator, tmp_path: Path, story: Story) -> None:
    story(emulator, tmp_path)
    emulator.run_until_idle()


def transcript(story: Story, folder: Path, chaos: str) -> str:
    folder.mkdir()
    with Emulator(seed="the same", chaos=chaos) as emulator:
        story(emulator, folder)
        emulator.run_until_idle()
        return str(emulator.transcript.with_paths())


@pytest.mark.parametrize("chaos", ["", "doubled reordered", "late lost slow"])
@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_the_same_seed_gives_the_same_transcript(tmp_path: Path, story: Story, chaos: str) -> None:
    """Whatever goes wrong on purpose, no example minds it, and it goes wrong the same way again."""
    first, second = (transcript(story, tmp_path / name, chaos) for name in ("first", "second"))
    assert first == second
    assert len(first.splitlines()) > 3


def test_ten_examples_are_short_and_all_have_stories() -> None:
    names = {path.stem for path in EXAMPLES.glob("*.py")} - {"__init__", "demo"}
    assert {name for name in names if not any(told.startswith(name) for told in STORIES)} == set()
    short = [name for name in names if len((EXAMPLES / f"{name}.py").read_text().splitlines()) < 80]
    assert len(short) >= 10


SERVED = [path.stem for path in EXAMPLES.glob("*.py") if "def create()" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("example", sorted(SERVED))
def test_it_starts_with_the_settings_that_it_names(monkeypatch: pytest.MonkeyPatch, example: str) -> None:
    """And with no others: all that it reads from the environment is in its docstring."""
    module = importlib.import_module(f"examples.{example}")
    assert module.__doc__ is not None
    names: list[str] = re.findall(r"`([A-Z][A-Z_]+)`", module.__doc__)
    for name in names:
        monkeypatch.setenv(name, SETTINGS.get(name, name.lower()))
    assert callable(module.create())
