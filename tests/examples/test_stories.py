"""The examples of this project do what they say, as those who ring them hear; and twice the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringback.emulator import Emulator
from tests.examples.stories import STORIES, Story

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


@pytest.mark.parametrize("chaos", ["", "doubled reordered"])
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
