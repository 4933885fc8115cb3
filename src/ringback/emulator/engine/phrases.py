"""Whether somebody heard, or read, what they waited for: whole words, one after the other."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["has_phrase"]

# Letters and digits that spaces set apart from the next word; Thai, Chinese, Japanese and their like have
# none, and Korean words carry their endings.
_SPACED: Final = r"[^\W_\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u9fff\uac00-\ud7af]"
_INSIDE_A_WORD: Final = re.compile(rf"(?<={_SPACED})(?={_SPACED})")


def has_phrase(text: str, phrase: str) -> bool:
    """Whether `phrase` is somewhere in `text`, whole words of it: `hi` is not in `something`, and `1` not in
    `12`.

    Upper and lower case are alike, and so is all white space. An empty phrase is in every text.
    """
    text, phrase = (" ".join(each.split()).casefold() for each in (text, phrase))
    start = text.find(phrase)
    while phrase and start >= 0:
        if not any(_INSIDE_A_WORD.match(text, edge) for edge in (start, start + len(phrase))):
            return True
        start = text.find(phrase, start + 1)
    return not phrase
