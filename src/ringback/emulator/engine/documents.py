"""From a webhook's answer to the document that it is: content types, sizes, TwiML or not."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Final, Literal
from urllib.parse import urljoin

from attrs import field, frozen

from ringback.emulator.engine.exchange import Answer, Trouble

__all__ = ["Document", "Element", "read_answer", "read_twiml"]

MOST_BYTES: Final = 65_536
_TWIML: Final = frozenset({"text/xml", "application/xml", "text/html", "application/rss+xml", ""})


@frozen
class Element:
    """A TwiML element, attributes under their wire names, text as it was written."""

    name: str
    attributes: dict[str, str] = field(factory=dict[str, str])
    text: str = ""
    children: tuple[Element, ...] = ()

    @property
    def line(self) -> str:
        """The text as it is said: white space is one space."""
        return " ".join(self.text.split())

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def flag(self, name: str, default: bool = False) -> bool:
        return self.attributes.get(name, "true" if default else "false").strip().lower() == "true"

    def number(self, name: str, default: int) -> int:
        text = self.attributes.get(name, "").strip()
        return int(text) if text.lstrip("-").isdecimal() else default

    def words(self, name: str, default: str = "") -> tuple[str, ...]:
        return tuple(self.attributes.get(name, default).split())

    def __str__(self) -> str:
        return self.name


@frozen
class Document:
    """A document to execute.

    Attributes:
        url: What its relative URLs are resolved against, and what an empty `action` means.
        verbs: Its top-level elements.
    """

    url: str
    verbs: tuple[Element, ...]

    def resolve(self, url: str) -> str:
        return urljoin(self.url, url.strip())

    def __str__(self) -> str:
        return ", ".join(map(str, self.verbs)) or "nothing"


def read_answer(answer: Answer, document: Literal["voice", "messaging"]) -> Document | Trouble:
    """What the answer says."""
    body = answer.response.body
    if len(body) > MOST_BYTES:
        return Trouble(11750, f"an answer of {len(body)} bytes; at most {MOST_BYTES} are read", answer.url)
    if not body.strip() or answer.response.status == 204:
        return Document(answer.url, ())
    kind = answer.response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind.startswith("audio/") and document == "voice":
        return Document(answer.url, (Element("Play", text=answer.url),))
    if kind == "text/plain":
        read = read_twiml(body, answer.url)
        if isinstance(read, Document):
            return read
        text = body.decode("utf-8", errors="replace").strip()
        return Document(answer.url, (Element("Say" if document == "voice" else "Message", text=text),))
    if kind not in _TWIML:
        return Trouble(12300, f"content type {kind} is neither TwiML, text nor audio", answer.url)
    return read_twiml(body, answer.url)


def read_twiml(xml: str | bytes, url: str) -> Document | Trouble:
    """A TwiML document."""
    raw = xml.encode() if isinstance(xml, str) else xml
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        return Trouble(12100, "a document type declaration", url)
    try:
        root = ElementTree.fromstring(raw)  # noqa: S314 - no entities, see above
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        return Trouble(12100, f"not XML: {error}", url)
    if root.tag != "Response":
        return Trouble(12100, f"the root element is <{root.tag}>, not <Response>", url)
    return Document(url, tuple(_element(child) for child in root))


def _element(node: ElementTree.Element) -> Element:
    own = [node.text or "", *(child.tail or "" for child in node)]
    return Element(
        node.tag,
        dict(node.attrib),
        # What is said includes its SSML; elsewhere children are not text.
        "".join(node.itertext() if node.tag == "Say" else own),
        tuple(_element(child) for child in node),
    )
