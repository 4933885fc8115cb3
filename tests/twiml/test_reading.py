"""Reading documents that mean no good, in every encoding, and what is kept of those that are odd."""

from __future__ import annotations

import socket
import sys
import time
import tracemalloc
from collections.abc import Callable

import pytest

from ringback.errors import ConfigurationError, InvalidValue, TwimlError
from ringback.twiml import (
    Dial,
    Gather,
    MessagingResponse,
    Number,
    Problem,
    Raw,
    Redirect,
    Say,
    VoiceResponse,
    lint,
    messaging,
    parse,
    validate,
)
from ringback.twiml.schema import _schema

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE Response [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><Response><Say>&j;</Say></Response>"
)
HOSTILE = {
    "bomb": BOMB,
    "external entity": '<!DOCTYPE Response [<!ENTITY x SYSTEM "file:///etc/passwd">]><Response>&x;</Response>',
    "remote entity": '<!DOCTYPE Response [<!ENTITY x SYSTEM "http://127.0.0.1:9/">]><Response>&x;</Response>',
    "external DTD": '<!DOCTYPE Response SYSTEM "http://127.0.0.1:9/x.dtd"><Response/>',
    "parameter entity": '<!DOCTYPE Response [<!ENTITY % x SYSTEM "http://127.0.0.1:9/"> %x;]><Response/>',
    "attribute default": "<!DOCTYPE Response [<!ATTLIST Say voice CDATA 'man'>]><Response><Say/></Response>",
    "100 MB": b"<Response>" + b" " * 100_000_000,
    "100 MB of text": "<Response>" + " " * 100_000_000,
    "deep": "<Response>" + "<Say>" * 100_000,
    "deep and closed": "<Response>" + "<p>" * 5_000 + "</p>" * 5_000 + "</Response>",
    "unclosed": "<Response><Say>",
    "endless comment": "<Response><!--" + "x" * 250_000,
    "endless attribute": '<Response a="' + "x" * 250_000,
    "10,000 attributes": "<Response " + " ".join([f'a{n}=""' for n in range(10_000)]) + "/>",
    "NUL": "<Response>\x00</Response>",
    "half a character": "<Response>\ud83d</Response>",
    "nothing": "",
    "spaces": "  \n ",
    "declared wrongly": b'<?xml version="1.0" encoding="UTF-16"?><Response/>',
    "unknown encoding": b'<?xml version="1.0" encoding="klingon"?><Response/>',
    "no encoding": b'<?xml version="1.0" encoding="zlib"?><Response/>',
    "escapes as encoding": b'<?xml version="1.0" encoding="unicode_escape"?><Response>\\u003c</Response>',
    "cut UTF-16": "<Response/>".encode("utf-16")[:-1],
    "broken UTF-8": b"<Response>\xff</Response>",
    "overlong UTF-8": b"<Response>\xc0\xbc</Response>",
    "two roots": "<Response/><Response/>",
    "undeclared prefix": "<Response><a:b/></Response>",
}


@pytest.mark.parametrize("xml", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_documents_are_refused_in_bounded_time_and_memory(
    xml: str | bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object) -> None:
        raise AssertionError("nothing may be fetched")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    tracemalloc.start()
    started = time.perf_counter()
    try:
        for check in (validate, lint):
            problems = check(xml)
            assert [problem.code for problem in problems] == ["12100"]
        with pytest.raises(TwimlError):
            parse(xml)
        with pytest.raises(TwimlError):
            parse(xml, strict=False)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.perf_counter() - started < 5
    assert peak < 50_000_000


@pytest.mark.parametrize(
    "xml",
    [
        "<Response>" + "<Say>x</Say>" * 6_000 + "</Response>",
        "<Response>" + "<Nope/>" * 15_000 + "</Response>",
        f"<Response><{'a' * 200_000}/></Response>",
        "<Response><Say " + " ".join([f'a{n}=""' for n in range(100)]) + ">x</Say></Response>",
        f'<Response><Gather numDigits="{"9" * 200_000}"/></Response>',
        f'<Response><Dial><Number statusCallbackEvent="{"x " * 40_000}">1</Number></Dial></Response>',
        f'<Response><Pay chargeAmount="{"1" * 200_000}"/></Response>',
        f"<Response><Say>{'x<!---->' * 30_000}</Say></Response>",
        "<Response><Say>" + "<prosody>" * 97 + "x" + "</prosody>" * 97 + "</Say></Response>",
    ],
    ids=["verbs", "unknown", "name", "attributes", "digits", "list", "amount", "comments", "nesting"],
)
def test_large_documents_are_checked_in_bounded_time(xml: str) -> None:
    started = time.perf_counter()
    validate(xml)
    lint(xml)
    parse(xml, strict=False)
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize(
    "encoding",
    [
        "utf-8",
        "utf-8-sig",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "utf-32-be",
        "iso-8859-15",
        "cp1252",
        "cp037",
    ],
)
def test_encodings(encoding: str) -> None:
    text = "Grüße" if encoding in ("iso-8859-15", "cp1252", "cp037") else "Grüße, Ελλάδα, 日本 📞"
    name = encoding.removesuffix("-sig").removesuffix("-le").removesuffix("-be")
    xml = f'<?xml version="1.0" encoding="{name}"?>\n<Response><Say>{text}</Say></Response>'
    assert parse(xml.encode(encoding)) == VoiceResponse(Say(text))
    assert parse(xml) == VoiceResponse(Say(text))
    assert validate(xml.encode(encoding)) == []


def test_multibyte_encodings_that_expat_lacks() -> None:
    xml = '<?xml version="1.0" encoding="Shift_JIS"?><Response><Say>こんにちは</Say></Response>'
    assert parse(xml.encode("shift_jis")) == VoiceResponse(Say("こんにちは"))


@pytest.mark.parametrize(
    ("xml", "line", "column", "part"),
    [
        ("<Response>\n  <Say>a & b</Say>\n</Response>", 2, 11, "invalid token"),
        ("<Response>\r\n<Say>&nbsp;</Say></Response>", 2, 6, "undefined entity"),
        ('{"say": "x"}', 1, 1, "JSON"),
        ("<!DOCTYPE html><html></html>", 1, 15, "HTML"),
        ("", 1, 1, "<Response/>"),
    ],
)
def test_where_and_what(xml: str, line: int, column: int, part: str) -> None:
    [problem] = validate(xml)
    assert (problem.line, problem.code) == (line, "12100")
    assert problem.column == column
    assert part in str(problem)


def test_problems_name_the_place_and_what_was_meant() -> None:
    xml = """<?xml version="1.0"?>
<Response>
  <Gather finishOnKey="#"
          numdigits="1">
    <say>x</say>
  </Gather>
  <Dial record='always'>+1</Dial>
</Response>"""
    assert validate(xml) == [
        Problem(
            4,
            11,
            "/Response/Gather[1]/@numdigits",
            "12200",
            "<Gather> has no attribute 'numdigits'",
            "did you mean numDigits?",
        ),
        Problem(
            5,
            5,
            "/Response/Gather[1]/say[1]",
            "12200",
            "<say> can't stand inside <Gather>, which holds Pause, Play, Say",
            "did you mean Say?",
        ),
        Problem(
            7,
            9,
            "/Response/Dial[1]/@record",
            "12200",
            "record: expected one of 'true', 'false', 'do-not-record', 'record-from-answer', "
            "'record-from-ringing', 'record-from-answer-dual', 'record-from-ringing-dual', got 'always'",
        ),
    ]


def test_misplaced_elements_are_told_where_they_belong() -> None:
    [noun] = validate("<Response><Number>+1</Number></Response>")
    assert noun.suggestion == "<Number> belongs inside <Dial>"
    [verb] = validate("<Response><Message>x</Message><Say>x</Say></Response>", document="messaging")
    assert verb.suggestion == "<Say> belongs in a voice document"
    [text] = validate("<Response><Gather>Press 1</Gather></Response>")
    assert text.suggestion == "put it into <Say>Press 1</Say>"


@pytest.mark.parametrize(
    ("xml", "line", "column"),
    [
        ("<Response>\n <Say>x</Say>\n\n  stray <!-- c -->\n</Response>", 4, 3),
        ("<Response>\r\n<!-- x --><Pause length='1'/> <![CDATA[stray]]></Response>", 2, 31),
        ("<Response><Gather hints='a > b'><Say>x</Say>\n\tstray</Gather></Response>", 2, 2),
        ("<Response><Say>x</Say><?pi <?>stray</Response>", 1, 31),
    ],
)
def test_stray_text_is_told_where_it_stands(xml: str, line: int, column: int) -> None:
    [problem] = validate(xml)
    assert (problem.line, problem.column) == (line, column)
    assert "text can't stand inside" in problem.message


def test_a_suggestion_stands_alone() -> None:
    [problem] = validate("<Response><say>x</say></Response>")
    assert problem.message == "<say> can't stand inside <Response>"
    with pytest.raises(TwimlError) as caught:
        parse("<Response><say>x</say></Response>")
    assert "Hangup" not in str(caught.value)
    [problem] = validate("<Response><Unheard>x</Unheard></Response>")
    assert "Hangup" in problem.message


def test_a_document_is_not_flooded_with_problems() -> None:
    assert len(validate("<Response>" + "<Nope/>" * 500 + "</Response>")) == 100


def test_strict_reading_says_where() -> None:
    with pytest.raises(TwimlError, match=r"^line 2, column 3: Gather\.num_digits: expected an integer"):
        parse("<Response>\n  <Gather numDigits='x'/></Response>")
    with pytest.raises(TwimlError, match=r"^line 1, column 11: Say: .*did you mean voice\?"):
        parse("<Response><Say voise='man'>x</Say></Response>")
    with pytest.raises(TwimlError, match="root element Response"):
        parse("<response/>", strict=False)


def test_lenient_reading_keeps_what_it_does_not_know() -> None:
    xml = (
        "<Response new='1'><Say voice='man' x='&lt;'>a<New b='&amp;'>c</New></Say>stray &amp; text"
        "<Gather numDigits='x'/><Connect/><Dial><Number/></Dial></Response>"
    )
    document = parse(xml, strict=False)
    assert document == VoiceResponse(
        Say("a", Raw('<New b="&amp;">c</New>'), voice="man", extra_attributes={"x": "<"}),
        Raw("stray &amp; text"),
        Gather(extra_attributes={"numDigits": "x"}),
        Raw("<Connect/>"),
        Dial(Raw("<Number/>")),
        extra_attributes={"new": "1"},
    )
    assert parse(str(document), strict=False) == document


def test_layout_is_left_out_and_prose_is_kept() -> None:
    xml = """<Response>
      <Dial>
        <Number>+15017122661</Number>
      </Dial>
      <Say>one <break/> two<!-- not said --> three</Say>
      <!-- nothing --><?pi x?>
      <Redirect>
        /next
      </Redirect>
    </Response>"""
    document = parse(xml, document="voice")
    assert document.children[0] == Dial(Number("+15017122661"))
    assert str(document.children[1]) == "<Say>one <break/> two three</Say>"
    assert document.children[2] == Redirect("/next")


def test_the_document_can_be_named() -> None:
    xml = "<Response><Redirect>/x</Redirect></Response>"
    assert parse(xml) == VoiceResponse(Redirect("/x"))
    assert parse(xml, document="messaging") == MessagingResponse(messaging.Redirect("/x"))


def test_hints_for_xml_tools_are_not_followed() -> None:
    xml = (
        '<Response xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:noNamespaceSchemaLocation="http://127.0.0.1:9/voice.xsd"><Hangup/></Response>'
    )
    assert validate(xml) == []
    assert str(parse(xml)).endswith("<Response><Hangup/></Response>")


def test_a_default_namespace_is_no_twiml() -> None:
    assert validate('<Response xmlns="urn:x"><Hangup/></Response>') != []
    with pytest.raises(TwimlError):
        parse('<Response xmlns="urn:x"><Hangup/></Response>')


def test_without_xmlschema_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xmlschema", None)
    _schema.cache_clear()
    try:
        with pytest.raises(ConfigurationError, match=r"pip install 'ringback\[validate\]'"):
            validate("<Response/>")
    finally:
        _schema.cache_clear()
    assert lint("<Response/>") == []


CALLS: list[Callable[[str], object]] = [parse, validate, lint]


@pytest.mark.parametrize("call", CALLS)
def test_nothing_else_than_its_own_errors_comes_out(call: Callable[[str], object]) -> None:
    for xml in (
        "<",
        "<>",
        "<Response",
        "</Response>",
        "<?xml?>",
        "<a/>" * 3,
        "\ufeff",
        "<Response xmlns:='x'/>",
    ):
        try:
            call(xml)
        except TwimlError:
            assert call is parse


def test_what_cannot_be_read_is_told_by_line_and_column() -> None:
    with pytest.raises(
        TwimlError, match=r"^line 1, column 16: xml: expected a document that can be read \(not well-"
    ):
        parse("<Response><Say>")


@pytest.mark.parametrize("read", [parse, validate, lint])
def test_wrong_arguments_are_named(read: Callable[..., object]) -> None:
    with pytest.raises(InvalidValue, match="xml: expected text or bytes, got 5"):
        read(5)
    with pytest.raises(InvalidValue, match="document: expected 'voice' or 'messaging', got 'fax'"):
        read("<Response/>", document="fax")
