"""Records as the JSON that Twilio would send, by the models. https://www.twilio.com/docs/usage/twilios-response"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias, cast

from ringback._generated.emulation.tables import MODELS
from ringback.emulator.engine.parameters import rfc2822

if TYPE_CHECKING:
    from ringback._core.emulation.families import Column

__all__ = ["Body", "written"]

Body: TypeAlias = "dict[str, object]"


def written(model: str, record: object, **given: object) -> Body:
    """A record as a model has it: exactly its keys.

    Args:
        model: The name of the model.
        record: Has an attribute for each field, but for those that are `given`.
        given: Fields that the record doesn't have, or that say something else.
    """
    body: Body = {}
    for column in MODELS[model].columns:
        value = given[column.name] if column.name in given else getattr(record, column.name)
        body[column.wire] = None if value is None else _value(column, value)
    return body


def _value(column: Column, value: object) -> object:
    match column.form:
        case "plain":
            return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value
        case "text":
            return f"{value:f}" if isinstance(value, Decimal) else str(value)
        case "number":
            return float(cast("Decimal", value))
        case "moment":
            return rfc2822(cast("datetime", value))
        case "day":
            return cast("date", value).isoformat()
        case "record":
            if isinstance(value, dict):
                return cast("Body", value)
            return written(column.model or "", value)
        case "records":
            return [written(column.model or "", each) for each in cast("Sequence[object]", value)]
