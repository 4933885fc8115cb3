"""A family of records as the emulator knows it: how they are kept, written, found and refused.

Everything here comes from `spec/api`: the fields of models say what a record holds and how its JSON is
written, the tree of resources says where it lives, and `service` what the real service does besides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

__all__ = ["Column", "Errors", "Family", "Form", "Model", "Reason"]

# How a field's value is written: as it is; a number as text; a
# decimal as a number; a moment as RFC 2822 has it; a day; another
# record; several of them.
Form = Literal["plain", "text", "number", "moment", "day", "record", "records"]
Reason = Literal["missing", "invalid", "long", "given"]
# Parameter -> why it is refused -> the code.
Errors = Mapping[str, Mapping[Reason, int]]


@frozen
class Column:
    """One field of a model.

    Attributes:
        name: Its Python name.
        wire: Its key in JSON.
        form: How its value is written.
        model: The name of the model of what is in it, where that is a record or several.
    """

    name: str
    wire: str
    form: Form = "plain"
    model: str | None = None


@frozen
class Model:
    """What a resource answers with."""

    name: str
    columns: tuple[Column, ...]


@frozen
class Family:
    """One collection of records.

    Attributes:
        key: As a user would write it, `sip.domains().credential_list_mappings`.
        record: The name of the class of its records.
        prefix: The first two letters of their SIDs, or "" where they have none.
        hole: The path's hole that says which record is meant, or "" where there is but one.
        key_field: The field of a record that the hole holds.
        parents: The holes above it, the account's aside: each with the family whose record it names, and
            the field that holds its SID, or "".
        links: What `subresource_uris` lists: name -> the part of the path.
        unique: Field -> the code that refuses a value twice.
        refers: Parameter -> the family that its SID has to be in, and the code where it isn't.
        named_by: The parameter whose SID a new record has, or "".
        filters: Parameter of the list -> field.
        most: How many records a collection holds; None is any number.
        full: The code that refuses one more.
        errors: Operation -> parameter -> reason -> code.
    """

    key: str
    record: str
    prefix: str = ""
    hole: str = ""
    key_field: str = "sid"
    parents: tuple[tuple[str, str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    unique: Mapping[str, int] = field(factory=dict[str, int])
    refers: Mapping[str, tuple[str, int]] = field(factory=dict[str, "tuple[str, int]"])
    named_by: str = ""
    filters: Mapping[str, str] = field(factory=dict[str, str])
    most: int | None = None
    full: int = 20001
    errors: Mapping[str, Errors] = field(factory=dict[str, Errors])
