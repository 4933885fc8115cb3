"""What an operation of the REST API is: tables that the client encodes by and the emulator decodes by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from ringback._core.parameters.kinds import Kind, Spread
from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Operation", "Param"]

Action = Literal["list", "create", "fetch", "update", "delete"]


@frozen
class Param:
    """One query or form parameter.

    Attributes:
        name: Its Python name, e.g. `from_` or `start_time_after`.
        wire: Its name on the wire, e.g. `From` or `StartTime>`.
        kind: How it is written.
        required: Whether the operation can't be asked for without it.
        secret: Whether its value must never be shown.
    """

    name: str
    wire: str
    kind: Kind
    required: bool = False
    secret: bool = False


@frozen
class Operation:
    """One operation.

    Attributes:
        name: Resource and action, e.g. `calls.create`, as a user would write them.
        action: What it does to the resource.
        method: `GET`, `POST` or `DELETE`.
        path: The whole path with named holes, e.g. `/2010-04-01/Accounts/{AccountSid}/Calls.json`.
        path_kinds: A kind for each hole, in order.
        params: Query parameters where the method is GET, form parameters otherwise.
        success: The status of a good answer.
        answer: The name of the model in `ringback.rest`, or None where there is no body.
        items: For a list, the key that holds the records.
        one_of: Groups of Python parameter names of which at least one must be given.
    """

    name: str
    action: Action
    method: Literal["GET", "POST", "DELETE"]
    path: str
    path_kinds: tuple[Kind, ...]
    params: tuple[Param, ...] = ()
    success: int = 200
    answer: str | None = None
    items: str | None = None
    one_of: tuple[tuple[str, ...], ...] = ()
    _required: frozenset[str] = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        required = frozenset(param.name for param in self.params if param.required)
        object.__setattr__(self, "_required", required)

    def encode(self, values: Sequence[object]) -> list[tuple[str, str]]:
        """The wire pairs of `values`, which are in the order of `params`; None is left out.

        Raises:
            InvalidValue: A required value or a whole group is missing, or a value is not of its kind.
        """
        pairs: list[tuple[str, str]] = []
        given: set[str] = set()
        for param, value in zip(self.params, values, strict=True):
            if value is None:
                continue
            given.add(param.name)
            kind = param.kind
            if isinstance(kind, Spread):
                pairs += kind.spread(param.name, param.wire, value, secret=param.secret)
            else:
                pairs.append((param.wire, kind.encode(param.name, value, secret=param.secret)))
        if not self._required <= given:
            missing = next(param for param in self.params if param.required and param.name not in given)
            raise missing.kind.refuse(missing.name, None)
        for group in self.one_of:
            if given.isdisjoint(group):
                raise InvalidValue(
                    " | ".join(group), None, f"at least one of {', '.join(group)} in {self.name}"
                )
        return pairs
