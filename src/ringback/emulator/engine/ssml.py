"""What SSML does to the length of what is said. https://www.twilio.com/docs/voice/twiml/say/text-speech"""

from __future__ import annotations

import re
from typing import Final

from ringback.twiml import Break, P, S

__all__ = ["pauses"]

_TIME: Final = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(ms|s)\s*\Z")
_LONGEST: Final = 10.0
_SENTENCE: Final = 0.75
_PARAGRAPH: Final = 1.25
# As long as the pause behind a comma, a sentence, a paragraph.
_STRENGTHS: Final = {
    "none": 0.0,
    "x-weak": 0.0,
    "weak": 0.25,
    "medium": 0.25,
    "strong": _SENTENCE,
    "x-strong": _PARAGRAPH,
}


def pauses(element: object) -> float:
    """Seconds of silence in an element: its breaks, and what stands behind sentences and paragraphs."""
    children: tuple[object, ...] = getattr(element, "children", ())
    inside = sum(map(pauses, children))
    match element:
        case Break():
            return _length(element)
        case S():
            return inside + _SENTENCE
        case P():
            return inside + _PARAGRAPH
        case _:
            return inside


def _length(element: Break) -> float:
    found = _TIME.match(element.time or "")
    if found is None:
        return _STRENGTHS[element.strength or "medium"]
    return min(float(found[1]) / (1000 if found[2] == "ms" else 1), _LONGEST)
