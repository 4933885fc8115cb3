"""What to do about a document that is no XML: the hint fits the cause, as far as it shows."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final
from xml.parsers.expat import errors as expat_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HTML", "hint"]

HTML: Final = (
    "this is an HTML page, and TwiML is expected: is it the answer of another URL, or an error page?"
)

_SMART: Final = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2018\u2019\u201a"
_NOTICE: Final = re.compile(
    r"(?:<b>)?(Notice|Warning|Deprecated|Parse error|Fatal error)(?:</b>)?:", re.IGNORECASE
)
_JSON: Final = ("{", "[")
_AMPERSAND: Final = re.compile(r"&[^;\s<&]*.?\Z", re.DOTALL)
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>'
_NAME: Final = re.compile(r"[\w.:-]+")
_BARE_NAME: Final = re.compile(r"\s([A-Za-z][\w.-]*)\s*\Z")


def hint(message: str, text: str, position: int, unclosed: Sequence[tuple[str, int]]) -> str | None:
    """What to do about expat's message; None where nothing better is known than the message itself.

    Args:
        message: One of `xml.parsers.expat.errors`.
        text: The document.
        position: Where in it expat gave up.
        unclosed: The elements that are open there with their lines, the innermost one last.
    """
    before = text[:position]
    return (
        _of_another_kind(text)
        or _of_the_frame(message, text, before)
        or _of_the_place(message, text, position, unclosed)
    )


def _of_another_kind(text: str) -> str | None:
    """Where the whole document is something else."""
    start = text.lstrip()[:300]
    if not start:
        return "an empty document is <Response/>"
    if start.startswith(_JSON):
        return "this looks like JSON"
    preface = re.sub(r"\A<\?xml[^>]*>", "", start).partition("<?xml")[0].partition("<Response")[0]
    notice = _NOTICE.search(preface)
    if notice is not None:
        what = notice[1].lower()
        return f"PHP has written a {what} before the document: mend its cause, or set display_errors to 0"
    if start.lower().startswith(("<!doctype html", "<html")):
        return HTML
    if start.startswith("&lt;"):
        return "the document is escaped as a whole: send its < as <, and not as &lt;"
    if "<" not in text:
        return "this is a text, not a document: a message's is <Response><Message>…</Message></Response>"
    return None


def _of_the_frame(message: str, text: str, before: str) -> str | None:
    """Where something stands before or behind the document."""
    if message == expat_errors.XML_ERROR_XML_DECL or text.lstrip().startswith("<?XML"):
        return f"write the declaration as {_DECLARATION}"
    if message == expat_errors.XML_ERROR_MISPLACED_XML_PI:
        what = "a blank line or spaces" if not before.strip() else "something"
        return f"{what} before <?xml …?>: the document has to begin with it, so remove what stands before"
    if message == expat_errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT:
        if text[len(before) :].startswith("<"):
            return "a document has one element that holds all others: put both into one <Response>"
        return "remove what stands behind the end of the document"
    if "<" in text and not text.lstrip().startswith("<"):
        return "remove the text before the document, which has to begin with <"
    return None


def _of_the_place(message: str, text: str, position: int, unclosed: Sequence[tuple[str, int]]) -> str | None:
    if message == expat_errors.XML_ERROR_NO_ELEMENTS and unclosed:
        tag, line = unclosed[-1]
        where = f"the document ends inside <{tag}>, which begins in line {line}"
        return f"{where}: is it cut off? Close it with </{tag}>"
    if message == expat_errors.XML_ERROR_TAG_MISMATCH and unclosed:
        return _of_an_end_tag(text[position:], unclosed)
    if message == expat_errors.XML_ERROR_UNCLOSED_TOKEN:
        return _of_an_open_token(text[position:])
    if message == expat_errors.XML_ERROR_UNCLOSED_CDATA_SECTION:
        return "the CDATA section isn't closed: ]]> is missing"
    if message == expat_errors.XML_ERROR_UNDEFINED_ENTITY:
        return "XML knows &amp; &lt; &gt; &quot; and &apos; only; write others as &#160;"
    if message == expat_errors.XML_ERROR_DUPLICATE_ATTRIBUTE:
        return "an attribute can be given once"
    if message == expat_errors.XML_ERROR_BAD_CHAR_REF:
        return "XML can't hold this character, not even by its number: remove it"
    if message == expat_errors.XML_ERROR_INVALID_TOKEN:
        if not unclosed and text[:position].endswith("<") and text[position : position + 1] == "/":
            return "no element is open here: remove this end tag"
        return _of_a_character(text, position)
    return None


def _of_an_end_tag(rest: str, unclosed: Sequence[tuple[str, int]]) -> str:
    """Where an end tag isn't that of the innermost element: which of the two is wrong."""
    tag, line = unclosed[-1]
    match = _NAME.match(rest)
    found = match[0] if match is not None else ""
    if found.lower() == tag.lower():
        return f"capital and small letters count: write </{tag}>, as the element begins in line {line}"
    if any(name == found for name, _ in unclosed):
        return f"<{tag}>, which begins in line {line}, is still open: close it with </{tag}> first"
    where = f"no <{found[:80]}> is open here, but <{tag}> of line {line} is"
    return f"{where}: remove this end tag, or mend its name"


def _of_an_open_token(token: str) -> str:
    if token.startswith("<!--"):
        return "the comment that begins here isn't closed: --> is missing"
    if _has_open_quote(token):
        return "the document ends inside the value of an attribute: is a quote missing, or is it cut off?"
    if token.startswith("&"):
        return "the document ends inside an entity: write & as &amp;, or is it cut off?"
    return "the document ends inside this tag: is it cut off?"


def _of_a_character(text: str, position: int) -> str:
    before, character = text[:position], text[position : position + 1]
    if before.rfind("<!--") > before.rfind("-->"):
        return "a comment can't have -- inside: remove it, or write it another way"
    if character and unicodedata.category(character) in ("Cc", "Cs", "Cn") and character not in "\t\n\r":
        return f"XML can't hold U+{ord(character):04X}: remove it; twiml.clean(text) does that"
    start = before.rfind("<")
    if start > before.rfind(">") or (start >= 0 and _has_open_quote(before[start:])):
        found = _of_a_tag(before[start:], character, text[:start].count("\n") + 1)
        if found is not None:
            return found
    if _AMPERSAND.search(before + character):
        return "write & as &amp;"
    if before.endswith("<") and re.match(r"\s+/?[A-Za-z][\w-]*\s*/?>", text[position:]):
        return "a tag has no space behind its <; where no tag is meant, write < as &lt;"
    if character == "<" or before.endswith("<"):
        return "write < as &lt;"
    return "write & as &amp; and < as &lt;"


def _of_a_tag(tag: str, character: str, line: int) -> str | None:
    """What is wrong inside a tag, of which `tag` is what stands before the character."""
    if character in _SMART or (any(each in tag for each in _SMART) and "=" in tag and '"' not in tag):
        return 'values of attributes stand in straight quotes, such as voice="alice", not in curly ones'
    if _has_open_quote(tag):
        if character == "<" and not re.search("[>\n]", tag):
            return "write < as &lt;"
        if character == "<":
            return f"a quote is missing: the value of an attribute of the tag in line {line} has no end"
        return None
    if tag.rstrip().endswith("="):
        return 'values of attributes stand in quotes, such as timeout="5"'
    if tag.endswith(('"', "'")):
        return f"a quote or a space is missing between the attributes of the tag in line {line}"
    bare = _BARE_NAME.search(tag)
    if character and character in ">/" and bare is not None:
        return f'{bare[1]} needs a value: {bare[1]}="…"'
    if character == "<":
        return f"the tag in line {line} isn't closed: > is missing"
    if _NAME.fullmatch(tag[1:]):
        return "this can't be in the name of an element; where no tag is meant, write < as &lt;"
    return None


def _has_open_quote(tag: str) -> bool:
    quote = ""
    for character in tag:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
    return bool(quote)
