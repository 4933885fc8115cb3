"""A request to the REST API, understood: whose it is, what it is about, and what it says."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from attrs import field, frozen

from ringback.emulator.rest.errors import Refused

if TYPE_CHECKING:
    from ringback._core.emulation.families import Family
    from ringback._core.operations.operation import Operation
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.records import Account

__all__ = ["Parameters", "RestRequest"]


@frozen
class Parameters:
    """The parameters of a request, by wire name."""

    values: dict[str, object] = field(factory=dict[str, object], repr=False)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        value = self.values.get(name)
        return value if isinstance(value, str) else default

    def number(self, name: str) -> int | None:
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str, default: bool = False) -> bool:
        value = self.values.get(name)
        return value if isinstance(value, bool) else default

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name)
        return tuple(map(str, cast("tuple[object, ...]", value))) if isinstance(value, tuple) else ()

    def pairs(self, name: str) -> dict[str, str]:
        value = self.values.get(name)
        return cast("dict[str, str]", value) if isinstance(value, dict) else {}

    def decimal(self, name: str) -> Decimal | None:
        value = self.values.get(name)
        return value if isinstance(value, Decimal) else None

    def day(self, name: str) -> date | datetime | None:
        value = self.values.get(name)
        return value if isinstance(value, date) else None


@frozen
class RestRequest:
    """One request.

    Attributes:
        network: What it is about.
        caller: Whose credentials it came with.
        account: Whose resources, from the path.
        operation: What is to be done.
        family: To which records.
        holes: What fills the path's other holes, by their names.
        parameters: What it says.
        query: For lists: the raw query.
        path: The path it was sent to.
        suffix: What the path ends with: `.json`, `.xml`, `.csv`, `.wav`, …, or "".
    """

    network: Network
    caller: Account
    account: Account
    operation: Operation
    family: Family
    holes: dict[str, str]
    parameters: Parameters
    query: tuple[tuple[str, str], ...] = field(repr=False)
    path: str
    suffix: str

    @property
    def sid(self) -> str:
        """The path's last SID."""
        return self.holes["Sid"]

    @property
    def place(self) -> str:
        """The path without its suffix."""
        return self.path.removesuffix(self.suffix)

    def missing(self) -> Refused:
        """The answer for what isn't there."""
        return Refused(404, 20404, f"The requested resource {self.path} was not found")
