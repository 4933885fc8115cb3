"""`python -m codegen drift FILE`: every kind of difference is found, in both directions, and nothing else."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codegen import api
from codegen.__main__ import main
from codegen.api.drift import DocumentError, compare, read_document, read_file
from tests.codegen.specs import SMALL

OURS = api.openapi_document(SMALL)
READ = read_document(OURS)
LETTERS = "/2010-04-01/Accounts/{AccountSid}/Letters.json"
LETTER = "/2010-04-01/Accounts/{AccountSid}/Letters/{Sid}.json"

# The small spec as Twilio would publish it: named otherwise, every field nullable, enums apart, less said.
SID = {"type": "string", "minLength": 34, "maxLength": 34, "pattern": "^AC[0-9a-fA-F]{32}$"}
PUBLISHED: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "Small"},
    "x-anything": 1,
    "paths": {
        LETTERS.replace("AccountSid", "OwnerSid"): {
            "servers": [{"url": "https://api.twilio.com"}],
            "x-twilio": {"defaultOutputProperties": ["sid"], "pathType": "list"},
            "get": {
                "parameters": [
                    {"name": "OwnerSid", "in": "path", "required": True, "schema": SID},
                    {"name": "DateSent", "in": "query", "schema": {"type": "string", "format": "date-time"}},
                    {"name": "DateSent<", "in": "query", "schema": {"type": "string"}},
                    {"name": "Country", "in": "query", "schema": {"type": "string"}},
                    {"name": "PageSize", "in": "query",
                     "schema": {"type": "integer", "format": "int64", "minimum": 1, "maximum": 1000}},
                    {"name": "Page", "in": "query", "schema": {"type": "integer", "minimum": 0}},
                    {"name": "PageToken", "in": "query", "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {"content": {"application/json": {"schema": {
                        "type": "object",
                        "properties": {
                            "letters": {"type": "array", "items": {"$ref": "#/components/schemas/v.letter"}},
                            "end": {"type": "integer"},
                        },
                    }}}},
                    "408": {"description": "Too slow."},
                },
            },
            "post": {
                "x-twilio": {"conditional": [["from", "post_office_sid"], ["page_url", "body"]]},
                "parameters": [{"name": "OwnerSid", "in": "path", "required": True, "schema": SID}],
                "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": {
                    "type": "object",
                    "required": ["To"],
                    "properties": {
                        **{name: {"type": "string"} for name in (
                            "To", "From", "Body", "SendAt", "Key", "Cover", "Attributes", "Method", "Class")},
                        "PostOfficeSid": {"type": "string", "pattern": "^MG[0-9a-fA-F]{32}$"},
                        "PageUrl": {"type": "array", "items": {"type": "string", "format": "uri"}},
                        "Validity": {"type": "integer"},
                        "Price": {"type": "number"},
                        **{f"Line{n}.{part}": {"type": "string"}
                           for n in range(1, 10) for part in ("Name", "Value")},
                    },
                }}}},
                "responses": {
                    "201": {"content": {"application/json": {
                        "schema": {"$ref": "#/components/schemas/v.letter"}}}}
                },
            },
        },
    },
    "components": {"schemas": {
        "letter_enum_status": {"type": "string", "enum": ["sent", "queued"]},
        "v.letter": {"type": "object", "properties": {
            **{name: {"type": "string", "nullable": True} for name in (
                "sid", "date_created", "date_sent", "from", "class", "weight", "day", "seal")},
            "status": {"$ref": "#/components/schemas/letter_enum_status"},
            "pages": {"type": "integer", "nullable": True, "default": 0},
            "urgent": {"type": "boolean", "nullable": True},
            "stamp": {"type": "object", "properties": {"price": {"type": "string"}}},
            "stamps": {"type": "array", "items": {
                "type": "object", "properties": {"price": {"type": "string"}}}},
            "extras": {"nullable": True, "description": "Anything."},
            "subresource_uris": {"type": "object", "format": "uri-map", "nullable": True},
        }},
    }},
}  # fmt: skip


def told(theirs: object, ours: object = OURS) -> list[str]:
    """The differences, one line each."""
    found = compare(READ if ours is OURS else read_document(ours), read_document(theirs))
    parts = [(item.change, item.kind, item.where, item.name, item.ours, item.theirs) for item in found]
    return [" ".join(filter(None, words)) for words in parts]


def only(paths: object) -> dict[str, Any]:
    """Our document, with the paths of another one."""
    wanted = {path.replace("OwnerSid", "AccountSid") for path in PUBLISHED["paths"]}
    ours = cast("dict[str, object]", paths)
    return {**OURS, "paths": {path: item for path, item in ours.items() if path in wanted}}


def test_our_own_document_has_no_difference() -> None:
    assert told(OURS) == []


def test_what_twilio_leaves_unsaid_is_no_difference() -> None:
    assert told(PUBLISHED, only(OURS["paths"])) == []


Change = Callable[[dict[str, Any]], object]


def form(document: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = document["paths"][LETTERS]["post"]["requestBody"]["content"][
        "application/x-www-form-urlencoded"
    ]["schema"]
    return schema


def query(document: dict[str, Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = document["paths"][LETTERS]["get"]["parameters"]
    return parameters


def schemas(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"]
    return found


CHANGES: dict[str, tuple[Change, list[str]]] = {
    "a path more": (
        lambda d: d["paths"].update({"/2010-04-01/Stamps.json": {"get": {}}}),
        ["added path /2010-04-01/Stamps.json"],
    ),
    "a path less": (lambda d: d["paths"].pop(LETTERS), [f"removed path {LETTERS}"]),
    "a path without operations": (lambda d: d["paths"].update({"/2010-04-01/Stamps.json": {}}), []),
    "an operation more": (
        lambda d: d["paths"][LETTERS].update(delete={"responses": {"204": {}}}),
        [f"added operation DELETE {LETTERS}"],
    ),
    "an operation less": (
        lambda d: d["paths"][LETTER].pop("delete"),
        [f"removed operation DELETE {LETTER}"],
    ),
    "a query parameter more": (
        lambda d: query(d).append({"name": "Colour", "in": "query", "schema": {"type": "string"}}),
        [f"added parameter GET {LETTERS} Colour string"],
    ),
    "a query parameter less": (
        lambda d: query(d).pop(1),
        [f"removed parameter GET {LETTERS} DateSent string"],
    ),
    "a query parameter required": (
        lambda d: query(d)[1].update(required=True),
        [f"changed parameter GET {LETTERS} DateSent optional required"],
    ),
    "a form parameter more": (
        lambda d: form(d)["properties"].update(Colour={"type": "integer"}),
        [f"added parameter POST {LETTERS} Colour integer"],
    ),
    "a form parameter less": (
        lambda d: form(d)["properties"].pop("Body"),
        [f"removed parameter POST {LETTERS} Body string"],
    ),
    "a form parameter optional": (
        lambda d: form(d).pop("required"),
        [f"changed parameter POST {LETTERS} To required optional"],
    ),
    "another type": (
        lambda d: form(d)["properties"].update(Body={"type": "boolean"}),
        [f"changed parameter POST {LETTERS} Body string boolean"],
    ),
    "one where there was a list": (
        lambda d: form(d)["properties"].update(PageUrl={"type": "string"}),
        [f"changed parameter POST {LETTERS} PageUrl array string"],
    ),
    "another range": (
        lambda d: form(d)["properties"]["Validity"].update(minimum=2, maximum=None),
        [f"changed parameter POST {LETTERS} Validity minimum 1 minimum 2"],
    ),
    "another length": (
        lambda d: form(d)["properties"]["Body"].update(maxLength=1700),
        [f"changed parameter POST {LETTERS} Body longest 1600 longest 1700"],
    ),
    "another SID": (
        lambda d: form(d)["properties"]["PostOfficeSid"]["anyOf"][0].update(pattern="^PO[0-9a-fA-F]{32}$"),
        [f"changed parameter POST {LETTERS} PostOfficeSid MG PO"],
    ),
    "another SID in the path": (
        lambda d: d["paths"][LETTER]["get"]["parameters"][1]["schema"].update(pattern="^LE[0-9a-fA-F]{32}$"),
        [f"changed parameter GET {LETTER} {{2}} MM SM LE"],
    ),
    "other conditions": (
        lambda d: form(d).update({"x-ringback-one-of": [["From", "Body"]]}),
        [f"changed rule POST {LETTERS} one of body | pageurl; from | postofficesid body | from"],
    ),
    "another status": (
        lambda d: d["paths"][LETTERS]["post"]["responses"].update({"202": {}}),
        [f"changed rule POST {LETTERS} status 200, 201 200, 201, 202"],
    ),
    "another name": (
        lambda d: d["paths"][LETTERS]["post"].update({"x-twilio": {"mountName": "new_letters"}}),
        [f"changed rule POST {LETTERS} name of the resource letters new_letters"],
    ),
    "a field more": (
        lambda d: schemas(d)["Page"]["properties"].update(number={"type": "integer"}),
        [
            f"added field GET {LETTER.replace('{Sid}', '{LetterSid}/Pages')} page_list[].number integer",
            f"added field GET {LETTER.replace('{Sid}', '{LetterSid}/Pages/{Sid}')} number integer",
        ],
    ),
    "a field less": (
        lambda d: schemas(d)["Account"]["properties"].pop("sid"),
        ["removed field GET /2010-04-01/Accounts/{Sid}.json sid string"],
    ),
    "a field of a field less": (
        lambda d: schemas(d)["Stamp"]["properties"].clear(),
        ["removed field GET /2010-04-01/Accounts/{AccountSid}/Post/Opening.json price number"],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_theirs_is_told(change: str) -> None:
    make, expected = CHANGES[change]
    theirs = copy.deepcopy(OURS)
    make(theirs)
    found = told(theirs)
    assert found == expected


def test_enum_values_are_told_one_by_one() -> None:
    theirs = copy.deepcopy(OURS)
    schemas(theirs)["LetterStatus"]["enum"] = ["queued", "lost", "burnt"]
    values = {line.partition(f" POST {LETTERS} ")[2] for line in told(theirs) if f" POST {LETTERS} " in line}
    assert values == {"status burnt", "status lost", "status sent"}
    changes = {(*line.split()[:2], line.split()[-1]) for line in told(theirs)}
    assert changes == {
        ("added", "enum", "burnt"),
        ("added", "enum", "lost"),
        ("removed", "enum", "sent"),
    }


def test_values_that_an_open_enum_knows_besides_are_no_difference() -> None:
    theirs = copy.deepcopy(OURS)
    schemas(theirs)["LetterClass"] = {"type": "string", "enum": ["slow"]}
    assert told(theirs) == []
    schemas(theirs)["LetterClass"] = {"type": "string", "enum": ["slow", "faster"]}
    assert {line.split()[-1] for line in told(theirs)} == {"faster"}


def test_an_enum_where_we_take_any_text() -> None:
    theirs = copy.deepcopy(OURS)
    form(theirs)["properties"]["Body"] = {"type": "string", "enum": ["a", "b"]}
    assert told(theirs) == [f"changed enum value POST {LETTERS} Body any text a, b"]


def test_a_model_that_several_answers_share_may_have_the_fields_of_all() -> None:
    theirs = copy.deepcopy(OURS)
    less = copy.deepcopy(schemas(theirs)["Letter"])
    less["properties"].pop("seal")
    schemas(theirs)["Less"] = less
    answer = theirs["paths"][LETTER]["get"]["responses"]["200"]  # type: ignore[index]
    answer["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/Less"}
    assert told(theirs) == []


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("codegen.__main__.SPEC", SMALL)
    file = tmp_path / "theirs.json"
    file.write_text(json.dumps(OURS))
    assert main(["drift", str(file)]) == 0
    assert capsys.readouterr().out == "no difference: 0 added, 0 removed, 0 changed\n"

    theirs = copy.deepcopy(OURS)
    form(theirs)["properties"].update(Colour={"type": "integer"}, Body={"type": "boolean"})
    query(theirs).pop(1)
    file.write_text(json.dumps(theirs))
    assert main(["drift", str(file)]) == 1
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["GET", LETTERS],
        ["removed", "parameter", "DateSent", "string"],
        [],
        ["POST", LETTERS],
        ["changed", "parameter", "Body", "string", "->", "boolean"],
        ["added", "parameter", "Colour", "integer"],
        [],
        ["3", "differences:", "1", "added,", "1", "removed,", "1", "changed"],
    ]
    assert main(["drift", str(file), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)[1] == {
        "change": "changed",
        "kind": "parameter",
        "where": f"POST {LETTERS}",
        "name": "Body",
        "ours": "string",
        "theirs": "boolean",
    }


def test_half_a_character_of_theirs_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "theirs.json"
    file.write_text('{"paths": {"/2010-04-01/\\ud800": {"get": {}}}}')
    # A process of its own: its output is encoded, unlike the captured one.
    command = [sys.executable, "-m", "codegen", "drift", str(file)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stderr
    assert "/2010-04-01/\\ud800" in run.stdout


POINTING = """
{
  "paths": {"/a": {"get": {"parameters": [{"name": "A", "in": "query", "schema": {"$ref": "%s"}}]}}},
  "components": {"schemas": {"a": {"$ref": "%s"}}}
}
"""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "can't be read: No such file"),
        ("{", "not JSON"),
        ("[" * 100_000, "nested too deep"),
        ("[]", "expected Mapping @ $.paths"),
        ("{}", "required field missing @ $.paths"),
        ('{"paths": {"/a": {"get": {"parameters": [{"in": "query"}]}}}}', "required field missing"),
        ('{"paths": {"/a": {"get": {"parameters": 7}}}}', "parameters"),
        (POINTING % ("#/x", "#/x"), "#/x leads nowhere"),
        (POINTING % (("#/components/schemas/a",) * 2), "#/components/schemas/a leads nowhere"),
    ],
)  # fmt: skip
def test_files_that_can_not_be_compared(
    content: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "theirs.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(DocumentError, match=r"^.*theirs\.json: ") as caught:
        read_file(file)
    assert message in str(caught.value)
    assert main(["drift", str(file)]) == 2
    assert message in capsys.readouterr().err


SHAPES: list[object] = [[], {}, [{}], [1], ["a"]]
ODD: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.sampled_from(SHAPES)
)


def places(node: object) -> list[tuple[Any, Any]]:
    """Every container in a document, with each of its keys."""
    if not isinstance(node, (dict, list)):
        return []
    container = cast("Any", node)
    keys: list[Any] = [*container] if isinstance(node, dict) else [*range(len(container))]
    return [(container, key) for key in keys] + [place for key in keys for place in places(container[key])]


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_node_may_be_wrong(data: st.DataObject) -> None:
    theirs = copy.deepcopy(PUBLISHED)
    container, key = data.draw(st.sampled_from(places(theirs)))
    container[key] = data.draw(ODD)
    try:
        read = read_document(theirs)
    except DocumentError:
        return
    compare(READ, read)
