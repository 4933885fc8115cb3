"""Reading XML that somebody else wrote, safely: bytes or text -> `Node`s that know where they stand.

expat does the parsing. Nothing is ever fetched; a document type declaration is refused as such, so there
are no entities to expand; size and depth are limited, and with them time and memory.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, cast
from xml.parsers.expat import ExpatError, ParserCreate
from xml.parsers.expat import errors as expat_errors

from attrs import define, field

from ringback._core.twiml.values import XML_SPACE
from ringback.errors import InvalidValue
from ringback.twiml.hints import HTML, hint
from ringback.twiml.problems import NOT_XML, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.parsers.expat import XMLParserType

__all__ = ["MAX_DEPTH", "MAX_SIZE", "Node", "NotXml", "decode", "read_xml"]

MAX_SIZE = 262_144
"""The most bytes, or characters, that are read: four times what Twilio itself takes."""
MAX_DEPTH = 100
"""The most elements inside one another."""
MAX_ATTRIBUTES = 100
"""The most attributes of an element."""
MAX_NAME = 80
"""The most characters of a name that are shown."""

NEWLINE = re.compile(r"\r\n|\r|\n")
ATTRIBUTE = re.compile(r"""\s+([^\s=]+)\s*=\s*(?:"[^"]*"|'[^']*')""")
TOKEN = re.compile(
    r"""<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(?:[^>"']|"[^"]*"|'[^']*')*>|[^<]+""", re.DOTALL
)
# Codecs of Python's that are no encodings of documents.
NO_CHARSETS = {"idna", "punycode", "raw_unicode_escape", "undefined", "unicode_escape", "utf_7"}


@define(eq=False)
class Node:
    """An element as it was found.

    Attributes:
        name: As written, prefix included.
        attributes: By their names as written, in order.
        children: Text and elements, in order; comments and processing instructions are left out.
        line: Where its tag begins, counted from 1.
        column: Counted from 1.
        parent: The element that it is in, or None.
        position: Which one of its name it is in its parent, counted from 1.
        source: The whole document.
    """

    name: str
    attributes: dict[str, str]
    line: int
    column: int
    parent: Node | None = field(default=None, repr=False)
    position: int = 1
    source: str = field(default="", repr=False)
    children: list[str | Node] = field(factory=list["str | Node"])

    @property
    def path(self) -> str:
        """Its place in the tree, e.g. `/Response/Gather[2]`."""
        # Not kept: in a hostile document, all paths together can be far larger than the document.
        name = self.name if len(self.name) <= MAX_NAME else f"{self.name[:MAX_NAME]}…"
        return f"/{name}" if self.parent is None else f"{self.parent.path}/{name}[{self.position}]"

    @property
    def elements(self) -> list[Node]:
        """The children that are elements."""
        return [child for child in self.children if isinstance(child, Node)]

    @property
    def text(self) -> str:
        """The text directly inside."""
        return "".join([child for child in self.children if isinstance(child, str)])

    @property
    def all_text(self) -> str:
        """The text inside, that of elements included."""
        return "".join([child if isinstance(child, str) else child.all_text for child in self.children])

    def walk(self) -> Iterator[Node]:
        """This element and all inside it, in the order of the document."""
        yield self
        for child in self.elements:
            yield from child.walk()

    def problem(self, code: str, message: str, suggestion: str | None = None, attribute: str = "") -> Problem:
        """A problem here, or with an attribute."""
        if not attribute:
            return Problem(self.line, self.column, self.path, code, message, suggestion)
        line, column = self.place_of(attribute)
        return Problem(line, column, f"{self.path}/@{attribute}", code, message, suggestion)

    def place_of(self, attribute: str) -> tuple[int, int]:
        """Line and column of an attribute; of the element, where it has none of the name."""
        # expat doesn't say. What it accepted is well-formed, so that a simple pattern will do.
        tag = self._start()
        start = tag - self.column + 1
        position = tag + 1 + len(self.name)
        while match := ATTRIBUTE.match(self.source, position):
            if match[1] == attribute:
                lines = NEWLINE.split(self.source[start : match.start(1)])
                return self.line + len(lines) - 1, len(lines[-1]) + 1
            position = match.end()
        return self.line, self.column

    def place_of_text(self) -> tuple[int, int]:
        """Line and column of the first text directly inside that isn't layout."""
        # expat keeps no places of text. What it accepted is well-formed, so that simple patterns will do.
        depth = 0
        for token in TOKEN.finditer(self.source, self._start()):
            found = token[0]
            if found.startswith(("<!--", "<?")):
                continue
            if found.startswith("</"):
                depth -= 1
            elif found.startswith("<") and not found.startswith("<![CDATA["):
                depth += not found.endswith("/>")
            elif depth == 1 and found.strip(XML_SPACE):
                position = token.start() + len(found) - len(found.lstrip(XML_SPACE))
                lines = NEWLINE.split(self.source[:position])
                return len(lines), len(lines[-1]) + 1
            if depth == 0:
                break
        return self.line, self.column

    def _start(self) -> int:
        """Where in the source its tag begins."""
        start = 0
        for _ in range(self.line - 1):
            end = NEWLINE.search(self.source, start)
            start = end.end() if end is not None else start
        return start + self.column - 1


class NotXml(Exception):
    """What was given can't be read as XML; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def read_xml(xml: str | bytes) -> Node:
    """The root element of a document.

    Raises:
        NotXml: With a problem of code 12100.
        InvalidValue: It is neither text nor bytes.
    """
    if not isinstance(cast("object", xml), str | bytes):
        raise InvalidValue("xml", xml, "text or bytes")
    return _Reader().read(decode(xml))


class _Reader:
    """Builds the tree from expat's events."""

    def __init__(self) -> None:
        self.source = ""
        self.root: Node | None = None
        self.open: list[Node] = []
        self.pieces: list[str] = []
        # Of each open element, how often which name was seen inside: for paths.
        self.seen: list[dict[str, int]] = [{}]
        self.prefixes: list[frozenset[str]] = [frozenset({"xml", "xmlns"})]
        self.parser: XMLParserType = ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.ordered_attributes = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.data
        self.parser.StartDoctypeDeclHandler = self.doctype
        self.parser.XmlDeclHandler = self.declaration

    def read(self, text: str) -> Node:
        self.source = text
        try:
            self.parser.Parse(text, True)
        except ExpatError as error:
            raise NotXml(self.explained(error)) from None
        finally:
            # The handlers are methods, so parser and reader keep each other alive.
            self.parser.StartElementHandler = None
            self.parser.EndElementHandler = None
            self.parser.CharacterDataHandler = None
            self.parser.StartDoctypeDeclHandler = None
            self.parser.XmlDeclHandler = None
        assert self.root is not None  # noqa: S101  (expat has seen a root, or raised)
        return self.root

    def explained(self, error: ExpatError) -> Problem:
        """expat's message, and what to do about what has led to it."""
        message = expat_errors.messages.get(error.code, str(error))
        position = len(self.source.encode()[: self.parser.ErrorByteIndex].decode(errors="ignore"))
        unclosed = [(node.name, node.line) for node in self.open]
        suggestion = hint(message, self.source, position, unclosed)
        shown = message.removeprefix("not well-formed (").removesuffix(")")
        text = f"not well-formed XML ({shown})"
        return Problem(error.lineno, error.offset + 1, self.path, NOT_XML, text, suggestion)

    def declaration(self, version: str, *_: object) -> None:
        if not re.fullmatch(r"1\.[0-9]+", version):
            raise self.fail(f"XML has no version {version[:MAX_NAME]!r}", 'write version="1.0"')

    @property
    def path(self) -> str:
        return self.open[-1].path if self.open else ""

    def fail(self, message: str, suggestion: str | None = None) -> NotXml:
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        return NotXml(Problem(line, column, self.path, NOT_XML, message, suggestion))

    def start(self, name: str, pairs: list[str]) -> None:
        attributes = dict(zip(pairs[::2], pairs[1::2], strict=True))
        if len(attributes) > MAX_ATTRIBUTES:
            raise self.fail(f"an element with more than {MAX_ATTRIBUTES} attributes")
        if len(self.open) >= MAX_DEPTH:
            raise self.fail(f"more than {MAX_DEPTH} elements inside one another")
        declared = {each[6:] for each in attributes if each.startswith("xmlns:")}
        prefixes = self.prefixes[-1] | declared if declared else self.prefixes[-1]
        for each in (name, *attributes):
            prefix, colon, _ = each.partition(":")
            if colon and prefix not in prefixes:
                raise self.fail(f"the prefix of {each} is not declared")
        self.prefixes.append(prefixes)
        counts = self.seen[-1]
        counts[name] = counts.get(name, 0) + 1
        line, column = self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1
        parent = self.open[-1] if self.open else None
        node = Node(name, attributes, line, column, parent, counts[name], self.source)
        if parent is None:
            self.root = node
        else:
            self.flush(parent)
            parent.children.append(node)
        self.open.append(node)
        self.seen.append({})

    def end(self, _name: str) -> None:
        self.flush(self.open.pop())
        self.seen.pop()
        self.prefixes.pop()

    def data(self, text: str) -> None:
        self.pieces.append(text)

    def flush(self, node: Node) -> None:
        """Add the text since the last tag, which comments may have cut into pieces."""
        if self.pieces:
            node.children.append("".join(self.pieces))
            self.pieces.clear()

    def doctype(self, name: str, *_: object) -> None:
        suggestion = HTML if name.lower() == "html" else "remove it"
        raise self.fail("document type declarations, and with them entities, are not allowed", suggestion)


def decode(xml: str | bytes) -> str:
    """The text of a document, by byte order mark or declaration where it came as bytes.

    Raises:
        NotXml: It is too large, or not in the encoding that it says.
    """
    if len(xml) > MAX_SIZE:
        kind = "characters" if isinstance(xml, str) else "bytes"
        raise NotXml(Problem(0, 0, "", NOT_XML, f"{len(xml):,} {kind}; more than {MAX_SIZE:,} are not read"))
    if isinstance(xml, str):
        text = xml.removeprefix("\ufeff")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            message = f"U+{ord(text[error.start]):04X} is half of a character"
            raise NotXml(_at(text[: error.start], message)) from None
        return text
    encoding, start = _encoding_of(xml)
    try:
        return codecs.decode(xml[start:], encoding)
    except UnicodeDecodeError as error:
        before = codecs.decode(xml[start : start + error.start], encoding, "replace")
        raise NotXml(_at(before, f"these bytes are not {encoding}")) from None


def _encoding_of(xml: bytes) -> tuple[str, int]:
    """The encoding, and how many bytes its mark takes: appendix F of the XML specification."""
    for mark, encoding in (
        # The mark of UTF-32 begins with that of UTF-16.
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if xml.startswith(mark):
            return encoding, len(mark)
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        if xml.startswith("<".encode(encoding)):
            return encoding, 0
    # EBCDIC is the one family in use whose declaration isn't written in ASCII.
    head = xml[:200].decode("cp037" if xml.startswith("<?xm".encode("cp037")) else "latin-1")
    declared = re.match(r"<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]*)[\"']", head)
    if declared is None:
        return "utf-8", 0
    name = declared[1]
    try:
        encoding = codecs.lookup(name).name
        # `encode` refuses codecs that make something else of text; and UTF-16 would have shown by its zeros.
        usable = encoding.replace("-", "_") not in NO_CHARSETS and "<".encode(encoding) == xml[:1]
    except (LookupError, UnicodeError):
        usable = False
    if not usable:
        raise NotXml(
            Problem(1, 1, "", NOT_XML, f"the document says that it is in {name[:MAX_NAME]}, and is not")
        )
    return encoding, 0


def _at(before: str, message: str) -> Problem:
    """A problem at the end of `before`."""
    line = before.count("\n") + 1
    return Problem(line, len(before) - (before.rfind("\n") + 1) + 1, "", NOT_XML, message)
