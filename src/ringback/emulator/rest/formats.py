"""The forms of an answer, told by the path's suffix: JSON, XML and CSV. XML is what comes without one.

    <TwilioResponse><Call><Sid>CA…</Sid><Price/>…</Call></TwilioResponse>
    <TwilioResponse><Calls page="0" pagesize="50" …><Call>…</Call>…</Calls></TwilioResponse>
    <TwilioResponse><RestException><Code>20404</Code>…</RestException></TwilioResponse>

https://www.twilio.com/docs/usage/troubleshooting/data-types tells of them. Links have a suffix in JSON alone.
In CSV each record is a row and each element a column; what is inside others is JSON there, an assumption.
"""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from ringback._core.twiml.elements import escape
from ringback._generated.api.operations import OPERATIONS
from ringback._generated.emulation.tables import MODELS
from ringback.twiml import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ringback._core.operations.operation import Operation
    from ringback.emulator.rest.writing import Body

__all__ = ["CONTENT_TYPES", "FORMATS", "Format", "write", "write_error"]

Format: TypeAlias = Literal["json", "xml", "csv"]

FORMATS: Final[Mapping[str, Format]] = {"": "xml", ".xml": "xml", ".json": "json", ".csv": "csv"}
"""Suffix of the path -> format."""

CONTENT_TYPES: Final[Mapping[Format, str]] = {
    "json": "application/json;charset=utf-8",
    "xml": "application/xml",
    "csv": "text/csv;charset=utf-8",
}

_DECLARATION: Final = "<?xml version='1.0' encoding='UTF-8'?>\n"
# Names that aren't their words in capitals.
_NAMES: Final = {"mms": "MMS", "sms": "SMS", "sms_message": "SMSMessage", "sms_messages": "SMSMessages"}
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_.-]")
_OLD_MESSAGE: Final = re.compile(r"/SMS/Messages/[^/]+\Z")
_SUFFIX: Final = re.compile(r"\.json(?=\?|\Z)")
_PLURALS: Final = (("_list", ""), ("ies", "y"), ("sses", "ss"), ("ss", "ss"), ("s", ""))
# In this order; what else a page says comes behind it.
_PAGE: Final = (
    "page",
    "page_size",
    "start",
    "end",
    "uri",
    "first_page_uri",
    "previous_page_uri",
    "next_page_uri",
)
_RECORDS: Final = {
    operation.answer: operation.items
    for operation in OPERATIONS
    if operation.answer is not None and operation.items is not None
}


def write(form: Format, body: Body, operation: Operation) -> bytes:
    """A good answer.

    Args:
        form: What to write it as.
        body: The record, or the page of a list, as JSON has it.
        operation: What was done.
    """
    if form == "json":
        return json.dumps(body).encode()
    items = _items(body, operation)
    if form == "csv":
        return _csv(_rows(body, items), operation)
    if items is None:
        return _xml(_element(_record_name(body, operation), body))
    records = "".join([_element(_singular(items), record) for record in _rows(body, items)])
    name = _name(items)
    paging = "".join([f' {key}="{value}"' for key, value in _paging(body, items)])
    return _xml(f"<{name}{paging}>{records}</{name}>" if records else f"<{name}{paging}/>")


def write_error(form: Format, body: Body) -> bytes:
    """A refusal; as XML where CSV was asked for, since it is no table."""
    return json.dumps(body).encode() if form == "json" else _xml(_element("RestException", body))


def _items(body: Body, operation: Operation) -> str | None:
    """The key of the records, where the answer is a list: another one on the old path of messages."""
    if operation.items is None:
        return None
    return "sms_messages" if "sms_messages" in body else operation.items


def _rows(body: Body, items: str | None) -> list[Body]:
    return [body] if items is None else cast("list[Body]", body[items])


def _record_name(body: Body, operation: Operation) -> str:
    """What a record alone is called: as in its list, or as its path."""
    uri = body.get("uri")
    if isinstance(uri, str) and _OLD_MESSAGE.search(uri):
        return _NAMES["sms_message"]
    items = _RECORDS.get(operation.answer or "")
    if items is not None:
        return _name(_singular(items))
    if operation.answer == "ValidationRequest":
        return "ValidationRequest"
    parts = [part for part in operation.path.removesuffix(".json").split("/") if not part.startswith("{")]
    return _singular(parts[-1])


def _paging(body: Body, items: str) -> Iterator[tuple[str, str]]:
    """The attributes of a list."""
    told = [key for key in (*_PAGE, *sorted(body.keys() - {items, *_PAGE})) if key in body]
    for key in told:
        text = escape(_text(_linked(key, body[key], ""))).replace('"', "&quot;")
        yield _legal(key.replace("_", "")), text.replace("\n", "&#10;").replace("\t", "&#9;")


def _element(key: str, value: object, around: str = "") -> str:
    name = _name(key)
    if isinstance(value, dict):
        fields = cast("Body", value).items()
        inner = "".join([_element(inner_key, each, key) for inner_key, each in fields])
    elif isinstance(value, (list, tuple)):
        inner = "".join([_element(_singular(key), each, key) for each in cast("list[object]", value)])
    else:
        inner = escape(_text(_linked(key, value, around)))
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def _csv(rows: list[Body], operation: Operation) -> bytes:
    # Without a row, the model tells what the columns would be.
    keys = dict.fromkeys(key for row in rows for key in row) or dict.fromkeys(
        column.wire for column in MODELS[operation.answer or ""].columns
    )
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow([_name(key) for key in keys])
    table.writerows([[_cell(key, row.get(key)) for key in keys] for row in rows])
    return text.getvalue().encode()


def _cell(key: str, value: object) -> str:
    if isinstance(value, dict):
        inner = {each: _linked(each, link, key) for each, link in cast("Body", value).items()}
        return json.dumps(inner)
    if isinstance(value, (list, tuple)):
        return json.dumps(value)
    return _text(_linked(key, value, ""))


def _xml(root: str) -> bytes:
    return f"{_DECLARATION}<TwilioResponse>{root}</TwilioResponse>".encode()


def _text(value: object) -> str:
    """A value, without what can't be written; nothing for null."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    return text if text.isprintable() else clean(text)


def _linked(key: str, value: object, around: str) -> object:
    """A value; a link without the suffix that it has in JSON."""
    link = key == "uri" or key.endswith("_uri") or around == "subresource_uris"
    return _SUFFIX.sub("", value) if link and isinstance(value, str) else value


def _name(key: str) -> str:
    """An element's name: `DateCreated` for `date_created`."""
    return _NAMES.get(key) or _legal("".join([part[:1].upper() + part[1:] for part in key.split("_")]))


def _legal(name: str) -> str:
    """A name that XML can have: keys that others chose may hold anything."""
    name = _NOT_IN_NAMES.sub("_", name)
    return name if name[:1].isalpha() or name[:1] == "_" else f"_{name}"


def _singular(plural: str) -> str:
    for ending, single in _PLURALS:
        if plural.endswith(ending):
            return plural.removesuffix(ending) + single
    return plural
