"""Answers as JSON, XML and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import TypeAlias
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback._core.operations.operation import Operation
from ringback._generated.api.operations import OPERATIONS
from ringback._generated.emulation.tables import MODELS
from ringback.emulator.rest.formats import CONTENT_TYPES, FORMATS, write, write_error
from ringback.twiml import clean

BY_NAME = {operation.name: operation for operation in OPERATIONS}
RECORDS = [each for each in OPERATIONS if each.answer is not None and each.items is None]
LISTS = [each for each in OPERATIONS if each.items is not None]
DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Shape: TypeAlias = "str | list[Shape]"


def xml(name: str, body: dict[str, object]) -> str:
    text = write("xml", body, BY_NAME[name]).decode()
    assert text.startswith(f"{DECLARATION}<TwilioResponse>")
    assert text.endswith("</TwilioResponse>")
    return text.removeprefix(f"{DECLARATION}<TwilioResponse>").removesuffix("</TwilioResponse>")


PLACE = "/2010-04-01/Accounts/AC1/Messages"
MESSAGE: dict[str, object] = {
    "sid": "SM1",
    "date_sent": None,
    "body": "Fish & <chips>",
    "num_media": "0",
    "error_code": 30007,
    "uri": f"{PLACE}/SM1.json",
    "subresource_uris": {"media": f"{PLACE}/SM1/Media.json"},
}


def test_a_record() -> None:
    assert xml("messages.create", MESSAGE) == (
        "<Message><Sid>SM1</Sid><DateSent/><Body>Fish &amp; &lt;chips&gt;</Body><NumMedia>0</NumMedia>"
        f"<ErrorCode>30007</ErrorCode><Uri>{PLACE}/SM1</Uri>"
        f"<SubresourceUris><Media>{PLACE}/SM1/Media</Media></SubresourceUris></Message>"
    )


PAGE: dict[str, object] = {
    "end": 1,
    "first_page_uri": f"{PLACE}.json?PageSize=2&Page=0",
    "messages": [{"sid": "SM1"}, {"sid": "SM2"}],
    "next_page_uri": f"{PLACE}.json?PageSize=2&Page=1&PageToken=PASM2",
    "page": 0,
    "page_size": 2,
    "previous_page_uri": None,
    "start": 0,
    "uri": f"{PLACE}.json?PageSize=2",
}


def test_a_page_of_a_list() -> None:
    assert xml("messages.list", PAGE) == (
        f'<Messages page="0" pagesize="2" start="0" end="1" uri="{PLACE}?PageSize=2" '
        f'firstpageuri="{PLACE}?PageSize=2&amp;Page=0" previouspageuri="" '
        f'nextpageuri="{PLACE}?PageSize=2&amp;Page=1&amp;PageToken=PASM2">'
        "<Message><Sid>SM1</Sid></Message><Message><Sid>SM2</Sid></Message></Messages>"
    )


def test_an_empty_page_and_one_without_paging() -> None:
    assert xml("calls.list", {"calls": [], "page": 0, "page_size": 50}) == '<Calls page="0" pagesize="50"/>'
    numbers: dict[str, object] = {
        "available_phone_numbers": [{"phone_number": "+1"}],
        "uri": "/2010-04-01/Local.json?Contains=%22",
    }
    assert xml("available_phone_numbers(sid).local.list", numbers) == (
        '<AvailablePhoneNumbers uri="/2010-04-01/Local?Contains=%22">'
        "<AvailablePhoneNumber><PhoneNumber>+1</PhoneNumber></AvailablePhoneNumber></AvailablePhoneNumbers>"
    )


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("accounts.create", "Account"),
        ("addresses(sid).fetch", "Address"),
        ("available_phone_numbers(sid).fetch", "Country"),
        ("balance.fetch", "Balance"),
        ("calls(sid).recordings.create", "Recording"),
        ("incoming_phone_numbers.local.create", "IncomingPhoneNumber"),
        ("messages(sid).media(sid).fetch", "Media"),
        ("notifications(sid).fetch", "Notification"),
        ("queues(sid).members(sid).fetch", "QueueMember"),
        ("sip.ip_access_control_lists(sid).ip_addresses.create", "IpAddress"),
        ("tokens.create", "Token"),
        ("validation_requests.create", "ValidationRequest"),
    ],
)
def test_what_a_record_is_called(name: str, record: str) -> None:
    assert xml(name, {"a": 1}) == f"<{record}><A>1</A></{record}>"


def test_what_is_inside_a_record() -> None:
    body: dict[str, object] = {
        "capabilities": {"voice": True, "sms": False, "MMS": False},
        "permissions": ["get-all", "post-all"],
        "ice_servers": [{"url": "stun:a", "urls": None}],
        "addresses": [],
        "price": 1.5,
    }
    assert xml("tokens.create", body) == (
        "<Token><Capabilities><Voice>true</Voice><SMS>false</SMS><MMS>false</MMS></Capabilities>"
        "<Permissions><Permission>get-all</Permission><Permission>post-all</Permission></Permissions>"
        "<IceServers><IceServer><Url>stun:a</Url><Urls/></IceServer></IceServers><Addresses/>"
        "<Price>1.5</Price></Token>"
    )


def test_the_old_path_of_messages_has_other_names() -> None:
    uri = "/2010-04-01/Accounts/AC1/SMS/Messages/SM1.json"
    assert xml("messages(sid).fetch", {"uri": uri}) == (
        f"<SMSMessage><Uri>{uri.removesuffix('.json')}</Uri></SMSMessage>"
    )
    assert xml("messages.list", {"sms_messages": [{"sid": "SM1"}], "page": 0}) == (
        '<SMSMessages page="0"><SMSMessage><Sid>SM1</Sid></SMSMessage></SMSMessages>'
    )


REFUSED: dict[str, object] = {
    "code": 20404,
    "message": "The requested resource /x was not found",
    "more_info": "https://www.twilio.com/docs/errors/20404",
    "status": 404,
}


def test_a_refusal() -> None:
    exception = (
        f"{DECLARATION}<TwilioResponse><RestException><Code>20404</Code>"
        "<Message>The requested resource /x was not found</Message>"
        "<MoreInfo>https://www.twilio.com/docs/errors/20404</MoreInfo><Status>404</Status>"
        "</RestException></TwilioResponse>"
    )
    assert write_error("xml", REFUSED).decode() == exception
    assert write_error("csv", REFUSED).decode() == exception
    assert json.loads(write_error("json", REFUSED)) == REFUSED


def test_a_list_as_a_table() -> None:
    body: dict[str, object] = {
        "messages": [
            {**MESSAGE, "body": 'She said "hi",\nand left'},
            {"sid": "SM2", "date_sent": "Mon, 05 Jan 2026 09:00:00 +0000", "flags": ["a", "b"]},
        ],
        "page": 0,
    }
    text = write("csv", body, BY_NAME["messages.list"]).decode()
    media = f'"{{""media"": ""{PLACE}/SM1/Media""}}"'
    assert text == (
        "Sid,DateSent,Body,NumMedia,ErrorCode,Uri,SubresourceUris,Flags\r\n"
        f'SM1,,"She said ""hi"",\nand left",0,30007,{PLACE}/SM1,{media},\r\n'
        'SM2,"Mon, 05 Jan 2026 09:00:00 +0000",,,,,,"[""a"", ""b""]"\r\n'
    )


def test_a_record_as_a_table_of_one_row() -> None:
    assert (
        write("csv", {"sid": "CA1", "price": None}, BY_NAME["calls(sid).fetch"]) == b"Sid,Price\r\nCA1,\r\n"
    )


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.name)
def test_an_empty_table_has_the_columns_of_the_model(operation: Operation) -> None:
    assert operation.items is not None
    assert operation.answer is not None
    [header] = csv.reader(io.StringIO(write("csv", {operation.items: []}, operation).decode()))
    assert len(header) == len(MODELS[operation.answer].columns)


def test_every_suffix_has_a_format_and_every_format_a_content_type() -> None:
    assert FORMATS == {"": "xml", ".xml": "xml", ".json": "json", ".csv": "csv"}
    assert set(CONTENT_TYPES) == set(FORMATS.values())


# Links lose their suffix, which the tests above are about.
KEYS = st.text(max_size=12).filter(lambda key: not key.endswith("uri") and key != "subresource_uris")
TEXTS = st.text() | st.text("\x00\r\n\t \ud800\ufffe&<>\"']'x", max_size=12)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
BODIES = st.dictionaries(
    KEYS,
    st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=12),
    max_size=5,
)


def shape_of(value: Json) -> Shape:
    """What is left of a value in XML: texts in their places; nothing, and what holds nothing, is no text."""
    if isinstance(value, dict):
        return [shape_of(each) for each in value.values()] or ""
    if isinstance(value, list):
        return [shape_of(each) for each in value] or ""
    if value is None:
        return ""
    return clean(value) if isinstance(value, str) else json.dumps(value)


def shape_in(element: ElementTree.Element) -> Shape:
    return [shape_in(each) for each in element] or element.text or ""


def root(document: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(document)  # noqa: S314  (it is our own)


@given(BODIES, st.sampled_from(RECORDS))
def test_any_record_is_read_back_from_xml(body: dict[str, Json], operation: Operation) -> None:
    [record] = root(write("xml", dict(body), operation))
    assert shape_in(record) == shape_of(body)


@given(st.lists(BODIES, max_size=4), st.dictionaries(KEYS, SCALARS, max_size=4), st.sampled_from(LISTS))
def test_any_list_is_read_back_from_xml(
    records: list[dict[str, Json]], paging: dict[str, Json], operation: Operation
) -> None:
    assert operation.items is not None
    # Attributes of one name would be one.
    named = {"".join(key.split("_")): value for key, value in paging.items() if key.isidentifier()}
    named = {key: value for key, value in named.items() if key.isascii() and key != operation.items}
    [page] = root(write("xml", {operation.items: records, **named}, operation))
    assert [shape_in(record) for record in page] == [shape_of(record) for record in records]
    assert page.attrib == {key: shape_of(value) for key, value in named.items()}


@given(BODIES)
def test_any_refusal_is_read_back_from_xml(body: dict[str, Json]) -> None:
    [exception] = root(write_error("xml", dict(body)))
    assert exception.tag == "RestException"
    assert shape_in(exception) == shape_of(body)


@given(st.lists(BODIES, min_size=1, max_size=4), st.sampled_from(LISTS))
def test_any_list_is_read_back_from_csv(records: list[dict[str, Json]], operation: Operation) -> None:
    assert operation.items is not None
    text = write("csv", {operation.items: records}, operation).decode()
    keys = list(dict.fromkeys(key for record in records for key in record))
    if not keys:
        return
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert len(header) == len(keys)
    assert [[*row, *[""] * (len(keys) - len(row))] for row in rows] == [
        [cell(record.get(key)) for key in keys] for record in records
    ]


def cell(value: Json) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    text = shape_of(value)
    assert isinstance(text, str)
    return text


@given(BODIES, st.sampled_from(RECORDS))
def test_any_record_is_read_back_from_json(body: dict[str, Json], operation: Operation) -> None:
    assert json.loads(write("json", dict(body), operation)) == body
