"""In how many segments a text message is sent, counted as the networks do.

A message of only GSM 03.38 characters takes 7 bits each, two septets for those of the extension table. Any
other character makes all of it UCS-2, 16 bits each, two units for those beyond the first 65,536. More than
one segment leaves each some room for the header that puts them together again.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from attrs import frozen

from ringback._core.parameters.kinds import TEXT
from ringback.errors import InvalidValue

__all__ = ["SegmentEncoding", "Segments", "segments"]

SegmentEncoding: TypeAlias = Literal["GSM-7", "UCS-2"]
"""How the characters of a message are sent."""

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
_GSM: Final = _BASIC | _EXTENSION
# Units in the only segment, and in each of several.
_ROOM: Final[dict[SegmentEncoding, tuple[int, int]]] = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


@frozen
class Segments:
    """How a text is cut.

    Attributes:
        encoding: `GSM-7`, or `UCS-2` where a character is in no GSM table.
        parts: The text of each segment; none where the text is empty.
        units: Septets or 16-bit units of the whole text.
        left: Units that still fit into the last segment.
    """

    encoding: SegmentEncoding
    parts: tuple[str, ...]
    units: int
    left: int

    @property
    def count(self) -> int:
        """The number of segments, for each of which a text message is charged."""
        return len(self.parts)


def segments(body: str) -> Segments:
    """Count the segments of a text message before it is sent.

    ```python
    segments("Your table is ready.").count  # 1
    segments("Your table is ready. 🍽️").encoding  # "UCS-2"
    ```

    With `smart_encoded=True` Twilio replaces some characters when it sends, which may save segments that are
    counted here. Messages with media are not cut.

    Args:
        body: The text.

    Raises:
        InvalidValue: It is no text that can be sent: half of a surrogate pair is in it.

    See https://www.twilio.com/docs/glossary/what-is-an-sms-segment
    """
    TEXT.encode("body", body)
    for position, character in enumerate(body):
        if "\ud800" <= character <= "\udfff":
            raise InvalidValue(
                "body", character, f"text without half surrogate pairs, one of which is at {position}"
            )
    encoding: SegmentEncoding = "GSM-7" if _GSM.issuperset(body) else "UCS-2"
    sizes = [_size(character, encoding) for character in body]
    units = sum(sizes)
    single, several = _ROOM[encoding]
    room = single if units <= single else several
    parts: list[str] = []
    start = used = 0
    for position, size in enumerate(sizes):
        if used + size > room:
            parts.append(body[start:position])
            start, used = position, 0
        used += size
    if body:
        parts.append(body[start:])
    return Segments(encoding, tuple(parts), units, room - used)


def _size(character: str, encoding: SegmentEncoding) -> int:
    if encoding == "GSM-7":
        return 2 if character in _EXTENSION else 1
    return 2 if character > "\uffff" else 1
