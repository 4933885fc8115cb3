"""Decoded parameters, as a form or a query has them: names may come twice."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping
from typing import Literal, TypeVar, cast, overload

__all__ = ["ParameterSource", "Parameters"]

ParameterSource = Literal["form", "query", "json"]

T = TypeVar("T")


class Parameters(Mapping[str, str]):
    """Decoded parameters in the order they came, repeated names included.

    As a mapping it gives one value for a name: the first, or of a query the last, since Twilio's parameters
    stand behind those of the configured URL. `repr` shows names alone: values are people's numbers and words.

    Attributes:
        source: Where they stood. Only those of a form are signed one by one.
    """

    __slots__ = ("_pairs", "_values", "source")

    def __init__(
        self, pairs: Mapping[str, str] | Iterable[tuple[str, str]] = (), *, source: ParameterSource = "form"
    ) -> None:
        if not isinstance(pairs, list) and isinstance(pairs, Mapping):  # lists are told from those at once
            # A mapping is an iterable as well, of its names, and type checkers think of that.
            pairs = cast("Mapping[str, str]", pairs).items()
        self._pairs: tuple[tuple[str, str], ...] = tuple(pairs)
        self._values = dict(self._pairs)
        if source != "query" and len(self._values) != len(self._pairs):
            self._values.update(reversed(self._pairs))
        self.source: ParameterSource = source

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    # A mapping has these already, and takes ten times as long for them.

    def __contains__(self, name: object) -> bool:
        return name in self._values

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, /, default: str) -> str: ...
    @overload
    def get(self, name: str, /, default: T) -> str | T: ...
    def get(self, name: str, /, default: object = None) -> object:
        """The value of a name, or `default`."""
        return self._values.get(name, default)

    def items(self) -> ItemsView[str, str]:
        """Each name with its one value."""
        return self._values.items()

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Parameters({', '.join(self)})"

    def multi_items(self) -> tuple[tuple[str, str], ...]:
        """All pairs, repeated names included, in order."""
        return self._pairs

    def get_all(self, name: str) -> tuple[str, ...]:
        """Every value of a name, in order; empty where there is none."""
        return tuple(value for key, value in self._pairs if key == name)
