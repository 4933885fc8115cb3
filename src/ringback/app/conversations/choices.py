"""What may be chosen in a conversation, by number or word."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from ringback.webhooks import IncomingMessage

__all__ = ["Choices"]

T = TypeVar("T")

MOST: Final = 50
_NUMBER: Final = re.compile(r"#?\s*([0-9]{1,3})\s*[.)!]?")


class Choices(Generic[T]):
    """Some labels, and what each stands for.

    Args:
        options: Labels and what they stand for.

    Raises:
        InvalidValue: There are none or too many, one is empty, or two can't be told apart.
    """

    def __init__(self, options: Mapping[str, T]) -> None:
        self._options = options
        self._by_word: dict[str, T] = {}
        for label, value in options.items():
            word = _word(label)
            if not word or word in self._by_word:
                raise InvalidValue("options", label, "labels that can be told apart, none of them empty")
            self._by_word[word] = value
        if not 0 < len(options) <= MOST:
            raise InvalidValue("options", f"{len(options)} of them", f"1 to {MOST}")
        # A label that is a number means itself.
        self._numbered = not any(word.isdecimal() for word in self._by_word)

    @classmethod
    def of(cls, options: object) -> Choices[object]:
        """Those of a mapping, a sequence of labels, or an enum, whose members are called by their values
        where those are words, else by their names.

        Raises:
            InvalidValue: It is something else.
        """
        given: Mapping[object, object]
        shown = options
        if isinstance(options, type) and issubclass(options, Enum):
            given = {_label(member): member for member in options}
        elif isinstance(options, Mapping):
            given = cast("Mapping[object, object]", options)
        elif isinstance(options, Sequence) and not isinstance(options, str):
            listed = cast("Sequence[object]", options)
            given = dict(zip(listed, listed, strict=True))
            if len(given) < len(listed):
                raise InvalidValue("options", listed, "labels that can be told apart")
        else:
            raise InvalidValue("options", shown, "a list of labels, a dict of labels and values, or an enum")
        if not all(isinstance(label, str) for label in given):
            raise InvalidValue("options", shown, "labels that are texts")
        return Choices(cast("Mapping[str, object]", given))

    def menu(self, question: str) -> str:
        """The question, with what may be chosen."""
        labels = list(self._options)
        if not self._numbered:
            return "\n".join([question, *labels])
        return "\n".join([question, *(f"{number}. {label}" for number, label in enumerate(labels, 1))])

    def read(self, message: IncomingMessage) -> T:
        """What a message chooses, by what it says or which button it is.

        Raises:
            ValueError: Nothing.
        """
        said = (
            message.button_payload,
            message.button_text,
            message.list_id,
            message.list_title,
            message.body,
        )
        for text in said:
            word = _word(text or "")
            if word in self._by_word:
                return self._by_word[word]
        number = _NUMBER.fullmatch(message.body.strip())
        if self._numbered and number is not None and 0 < (place := int(number[1])) <= len(self._options):
            return list(self._options.values())[place - 1]
        raise ValueError("none of the options")


def _word(text: str) -> str:
    """A text as it is compared."""
    return " ".join(text.casefold().split()).strip("\"'.,!?;:()*")


def _label(member: Enum) -> str:
    value: object = member.value
    return value if isinstance(value, str) else member.name.replace("_", " ").lower()
