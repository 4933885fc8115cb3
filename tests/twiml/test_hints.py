"""What is said of documents that are no XML fits the cause, and stands at the right line."""

from __future__ import annotations

import pytest

from ringback.twiml import validate

CASES = {
    "a missing quote": (
        '<Response>\n  <Say voice="alice>Hello</Say>\n</Response>',
        (2, "a quote is missing: the value of an attribute of the tag in line 2 has no end"),
    ),
    "a missing quote before the next attribute": (
        '<Response>\n  <Say voice="alice language="en">Hello</Say>\n</Response>',
        (2, "a quote or a space is missing between the attributes of the tag in line 2"),
    ),
    "no quotes": (
        "<Response><Gather timeout=5/></Response>",
        (1, "values of attributes stand in quotes"),
    ),
    "no value": (
        "<Response><Gather numDigits></Gather></Response>",
        (1, 'numDigits needs a value: numDigits="…"'),
    ),
    "smart quotes": (
        "<Response>\n<Say voice=\u201calice\u201d>Hello</Say></Response>",
        (2, "straight quotes"),
    ),
    "two hyphens in a comment": (
        "<Response>\n<!-- greet -- politely -->\n<Say>Hello</Say></Response>",
        (2, "a comment can't have -- inside"),
    ),
    "a comment without an end": (
        "<Response>\n<!-- greet\n<Say>Hello</Say></Response>",
        (2, "the comment that begins here isn't closed: --> is missing"),
    ),
    "cut off between tags": (
        "<Response>\n  <Gather>\n    <Say>Hello</Say>\n",
        (4, "the document ends inside <Gather>, which begins in line 2"),
    ),
    "cut off in a text": (
        "<Response>\n  <Say>Hel",
        (2, "the document ends inside <Say>, which begins in line 2"),
    ),
    "cut off in a tag": ("<Response>\n  <Say voice", (2, "the document ends inside this tag")),
    "cut off in a value": ('<Response>\n  <Say voice="al', (2, "inside the value of an attribute")),
    "another tag closed": (
        "<Response>\n<Gather>\n<Say>Hello</Gather></Response>",
        (3, "<Say>, which begins in line 3, is still open: close it with </Say> first"),
    ),
    "a blank line before the declaration": (
        '\n<?xml version="1.0" encoding="UTF-8"?>\n<Response/>',
        (2, "a blank line or spaces before <?xml"),
    ),
    "a text before the declaration": (
        'OK<?xml version="1.0"?><Response/>',
        (1, "remove the text before the document"),
    ),
    "two roots": ("<Response/>\n<Response/>", (2, "put both into one <Response>")),
    "a text behind the end": ("<Response/>\nOK", (2, "remove what stands behind the end")),
    "HTML": ("<!DOCTYPE html>\n<html><body>Not found</body></html>", (1, "HTML page")),
    "HTML without a type": ("<html><body>Not found<br></body></html>", (1, "HTML page")),
    "a notice of PHP": (
        "\nNotice: Undefined index: Digits in /var/www/ivr.php on line 3\n<?xml version='1.0'?><Response/>",
        (2, "PHP has written a notice"),
    ),
    "a notice of PHP, marked up": (
        "<br />\n<b>Warning</b>:  Undefined variable $x in <b>/a.php</b> on line <b>3</b><br />\n<Response/>",
        (2, "PHP has written a warning"),
    ),
    "JSON": ('{"error": 1}', (1, "JSON")),
    "nothing": ("  \n", (2, "an empty document is <Response/>")),
    "an ampersand": ("<Response><Say>Fish & chips</Say></Response>", (1, "write & as &amp;")),
    "an ampersand in a URL": (
        "<Response><Redirect>https://example.com/?a=1&b=2</Redirect></Response>",
        (1, "write & as &amp;"),
    ),
    "a less-than": ("<Response><Say>1 < 2</Say></Response>", (1, "write < as &lt;")),
    "an entity of HTML": ("<Response><Say>a&nbsp;b</Say></Response>", (1, "&#160;")),
    "a control character": ("<Response><Say>a\x08b</Say></Response>", (1, "U+0008")),
    "a less-than in a value": ('<Response><Play digits="1<2"/></Response>', (1, "write < as &lt;")),
    "an address in angle brackets": (
        "<Response><Say>Write to <bob@example.com></Say></Response>",
        (1, "where no tag is meant, write < as &lt;"),
    ),
    "a space in front of a name": ("<Response>\n< Say>a</Say></Response>", (2, "no space behind its <")),
    "small letters": (
        "<Response>\n<Say>a</say></Response>",
        (2, "capital and small letters count: write </Say>"),
    ),
    "an end too many": (
        "<Response>\n<Say>a</Say></Say></Response>",
        (2, "no <Say> is open here, but <Response> of line 1 is"),
    ),
    "an end behind the end": ("<Response></Response>\n</Response>", (2, "remove this end tag")),
    "a document that is escaped": ("&lt;Response/&gt;", (1, "escaped as a whole")),
    "a mere text": ("Thanks for your message!", (1, "<Response><Message>")),
    "curly quotes in the declaration": (
        "<?xml version=\u201c1.0\u201d?><Response/>",
        (1, 'write the declaration as <?xml version="1.0" encoding="UTF-8"?>'),
    ),
    "a declaration in capitals": ('<?XML version="1.0"?><Response/>', (1, "write the declaration as")),
    "a notice behind the declaration": (
        "<?xml version='1.0'?>\n<br />\n<b>Notice</b>:  Undefined index: a in <b>/a.php</b>\n<Response/>",
        (3, "PHP has written a notice"),
    ),
    "a number of no character": ("<Response><Say>&#0;</Say></Response>", (1, "can't hold this character")),
    "cut off in an entity": ("<Response><Say>a &am", (1, "ends inside an entity")),
    "twice the same": ('<Response><Gather timeout="1" timeout="2"/></Response>', (1, "once")),
    "XML of another version": ('<?xml version="2.0"?>\n<Response/>', (1, 'version="1.0"')),
}


@pytest.mark.parametrize("name", CASES)
def test_the_hint_fits_the_cause(name: str) -> None:
    document, (line, told) = CASES[name]
    (problem,) = validate(document)
    assert problem.code == "12100"
    assert told in str(problem)
    assert problem.line == line


def test_no_version_but_one_is_read() -> None:
    assert validate('<?xml version="1.1"?><Response/>') == []
    assert "XML has no version '2.0'" in str(validate('<?xml version="2.0"?><Response/>')[0])
