"""JSON answers into models: one cattrs converter, strict about types, exact about where something is wrong.

    read_model, read_models     records -> models
    └── converter               cattrs: picks a reader for each annotation
        ├── record_reader       a record that is as it should be: straight and fast
        ├── scalars             text, numbers, dates
        └── cattrs.gen          a record that isn't: what is wrong, and where

Twilio writes numbers as text in many places, so a whole number may come as `12` or `"12"`. A value of the
wrong type raises `Malformed` with its path; a field that no model knows is kept in `unknown_fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import NoneType
from typing import Any, Final, Literal, NewType, TypeVar, Union, cast, get_args, get_origin

import attrs
from cattrs import BaseValidationError, Converter
from cattrs.gen import make_dict_structure_fn, override
from cattrs.v import transform_error

from ringback._core.records.record_reader import Column, Shape, write_reader
from ringback._core.records.scalars import READERS, read_text, read_text_mapping, show

__all__ = ["Malformed", "read_model", "read_models", "record_hook", "wire_name"]

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]

# Faster to look up than cattrs' own: each record that comes alone asks.
_hooks: Final[dict[type, Hook]] = {}

# A model with fewer fields could be mistaken for a part of another.
_DISTINCT: Final = 4


class Malformed(Exception):
    """A record that isn't what its model says.

    Attributes:
        path: Where, below the record; empty for the record itself.
        problem: What was expected and what was there.
    """

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path}: {problem}")


def read_model(record: object, model: type[T]) -> T:
    """`record` as a model.

    Raises:
        Malformed: It doesn't fit.
    """
    structure = _hooks.get(model)
    if structure is None:
        structure = _hooks[model] = _converter().get_structure_hook(model)
    try:
        read: T = structure(record, model)
    except (BaseValidationError, ValueError, TypeError, KeyError) as error:
        raise Malformed(*_first_problem(error)) from error
    return read


def read_models(records: Iterable[object], model: type[T]) -> list[T]:
    """A list of records as models; those that `record_hook` has read already stay as they are.

    Raises:
        Malformed: One doesn't fit; the path begins with its index, `[3].duration`.
    """
    models: list[T] = []
    for index, record in enumerate(records):
        try:
            models.append(record if isinstance(record, model) else read_model(record, model))
        except Malformed as error:
            dot = "." if error.path else ""
            raise Malformed(f"[{index}]{dot}{error.path}", error.problem) from error
    return models


def record_hook(model: type[object]) -> Callable[[dict[str, object]], object] | None:
    """An `object_hook` for `json.loads` that makes a model of each record while its parts are in the cache.

    What isn't a record, or not as it should be, stays as it is: that is for `read_models`.
    """
    reader = cast("_ModelReader", _converter().get_structure_hook(model))
    read, size = reader.read, len(reader.shape)
    if size < _DISTINCT:
        return None

    def hook(value: dict[str, object]) -> object:
        if len(value) < size:
            return value
        try:
            return read(value)
        except Exception:
            return value

    return hook


def wire_name(name: str) -> str:
    """The wire name of a model's field: `from_` is `from`."""
    return name.removesuffix("_")


def _first_problem(error: Exception) -> tuple[str, str]:
    if not isinstance(error, BaseValidationError):
        return "", str(error)
    text = transform_error(error, format_exception=_describe)[0]
    problem, _, path = text.partition(" @ ")
    steps = path.removeprefix("$").removeprefix(".").split(".")
    return ".".join(map(wire_name, steps)), problem


def _describe(error: BaseException, _: type | None) -> str:
    if isinstance(error, KeyError):
        return f"the field {error.args[0]!r} is missing"
    return str(error)


@cache
def _converter() -> Converter:
    converter = Converter()
    for cls, read in READERS.items():
        converter.register_structure_hook(cls, read)
    converter.register_structure_hook_func(_is_text_mapping, read_text_mapping)
    converter.register_structure_hook_func(_is_json, _keep)
    converter.register_structure_hook_func(_is_text, read_text)
    converter.register_structure_hook_factory(_is_list, _list_hook)
    converter.register_structure_hook_factory(_is_nullable, _nullable_hook)
    converter.register_structure_hook_factory(attrs.has, _model_reader)
    return converter


def _nullable_hook(annotation: object) -> Hook:
    """None, or what the annotation holds besides; empty text is no value where a number or a date is due."""
    inner = _without_none(annotation)
    structure = _converter().get_structure_hook(inner)
    nothing = (None,) if _is_text(inner) else (None, "")

    def read(value: object, _: object) -> object:
        return None if value in nothing else structure(value, inner)

    return read


def _list_hook(annotation: object) -> Hook:
    """A tuple of what a JSON list holds, and of nothing else that could be iterated over."""
    several: Any = cast("Any", list)[get_args(annotation)[0]]
    structure = _converter().get_structure_hook(several)

    def read(value: object, _: object) -> object:
        if not isinstance(value, list):
            raise ValueError(f"expected a list, got {show(value)}")
        return tuple(cast("list[object]", structure(cast("Any", value), several)))

    return read


@attrs.frozen
class _ModelReader:
    """What cattrs calls to make a model of a record."""

    model: type[Any]
    shape: Shape
    read: Callable[[object], object]
    find_problem: Hook

    def __call__(self, value: object, _: object) -> object:
        try:
            return self.read(value)
        except Exception:
            if not isinstance(value, dict):
                raise ValueError(f"expected an object, got {show(value)}") from None
        record = self.shape.complete(cast("dict[str, object]", value))
        model = self.find_problem(record, self.model)
        return attrs.evolve(model, unknown_fields=self.shape.unknown(record))


def _model_reader(model: type[Any]) -> _ModelReader:
    attrs.resolve_types(model)
    columns = [_column(field) for field in attrs.fields(model) if field.name != "unknown_fields"]
    shape = Shape(
        [column.wire for column in columns], [column.wire for column in columns if not column.required]
    )
    find_problem = cast("Callable[..., Hook]", make_dict_structure_fn)(
        model,
        _converter(),
        unknown_fields=override(omit=True),
        **{column.name: override(rename=column.wire) for column in columns},
    )
    return _ModelReader(model, shape, write_reader(model, columns, shape), find_problem)


def _column(field: attrs.Attribute[Any]) -> Column:
    inner = _without_none(field.type)
    return Column(
        name=field.name,
        wire=wire_name(field.name),
        required=field.default is attrs.NOTHING,
        nullable=_is_nullable(field.type),
        hook=None if _is_text(inner) else _converter().get_structure_hook(inner),
        annotation=inner,
    )


def _without_none(annotation: object) -> object:
    parts = tuple(part for part in get_args(annotation) if part is not NoneType)
    return Union[parts] if _is_nullable(annotation) else annotation  # noqa: UP007 (of parts known here alone)


def _is_nullable(annotation: object) -> bool:
    return NoneType in get_args(annotation)


def _is_text(annotation: object) -> bool:
    """Whether it is text, a kind of SID, or words with or without others: `Literal[...] | str`."""
    if isinstance(annotation, NewType):
        return _is_text(annotation.__supertype__)
    origin: object = get_origin(annotation)
    return annotation is str or origin is Literal or (origin is Union and str in get_args(annotation))


def _is_list(annotation: object) -> bool:
    return get_origin(annotation) is tuple


def _is_text_mapping(annotation: object) -> bool:
    return get_origin(annotation) is Mapping


def _is_json(annotation: object) -> bool:
    return annotation is object


def _keep(value: object, _: object) -> object:
    return value
