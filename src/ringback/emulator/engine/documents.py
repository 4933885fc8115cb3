"""Where a document comes from, and what an answer says: content types, sizes, TwiML or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, Protocol

from attrs import frozen

from ringback.emulator.engine.events import VoiceQuestion, redirected
from ringback.emulator.engine.exchange import Answer
from ringback.emulator.engine.misfits import NOT_SCHEMA, without_misfits
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.urls import resolve
from ringback.errors import TwimlError
from ringback.twiml import Message, Play, Say, parse, tables
from ringback.twiml.xml import NotXml, read_xml

if TYPE_CHECKING:
    from ringback.http import Headers

__all__ = [
    "Document",
    "Linked",
    "Source",
    "content_type",
    "is_audio",
    "most_bytes",
    "name_of",
    "read_answer",
    "read_twiml",
    "said",
]

_MOST_BYTES: Final = 65_536
_MOST_BYTES_OF_AUDIO: Final = 40_000_000
_MOST_BYTES_OF_FILES: Final = 5_000_000
_TWIML: Final = frozenset({"text/xml", "application/xml", "text/html", ""})
_NOT_XML: Final = 12100
_NOT_RESPONSE: Final = 12102
_NO_CONTENT_TYPE: Final = 12300
_TOO_LONG: Final = 11750
_NO_BODY: Final = 11770

Kind = Literal["voice", "messaging"]


class Linked(Protocol):
    """What an attribute may hold instead of a URL."""

    @property
    def url(self) -> str: ...


@frozen
class Source:
    """Where the next document of a call comes from: a URL to ask, or TwiML that is already here.

    Attributes:
        url: Absolute; for inline TwiML what relative URLs are resolved against, or "".
        twiml: The document itself, or None where the URL has to be asked.
        question: Makes the event that the URL is asked with.
    """

    url: str
    method: str = "POST"
    twiml: str | None = None
    question: VoiceQuestion = redirected


@frozen
class Document:
    """A document to execute.

    Attributes:
        url: What its relative URLs are resolved against, and what an empty `action` means.
        verbs: Its top-level elements.
        misfits: What was left out of it.
        twiml: Itself, where it came without being asked for.
    """

    url: str
    verbs: tuple[object, ...]
    misfits: tuple[Trouble, ...] = ()
    twiml: str | None = None

    def link(self, target: str | Linked | None) -> str:
        """Where an attribute leads; without one, to this document."""
        if target is None:
            return self.url
        return resolve(self.url, target.strip() if isinstance(target, str) else target.url)

    def source(self, target: str | Linked | None, method: str | None, question: VoiceQuestion) -> Source:
        """The document that an attribute leads to; without one, this one again."""
        again = self.twiml if not target else None
        return Source(self.link(target), method or "POST", again, question)

    def __str__(self) -> str:
        return ", ".join(map(name_of, self.verbs)) or "nothing"


def name_of(element: object) -> str:
    """An element's name, for people."""
    return type(element).__name__


def said(element: object) -> str:
    """The text of an element and of those in it, white space as one space."""
    return " ".join(_text(element).split())


def content_type(headers: Headers) -> str:
    """What an answer says that it is, without parameters."""
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def is_audio(headers: Headers) -> bool:
    """Whether an answer says that it is audio."""
    return content_type(headers).startswith("audio/")


def most_bytes(headers: Headers) -> int:
    """How long an answer may be: one byte more is too long."""
    if is_audio(headers):
        return _MOST_BYTES_OF_AUDIO
    return _MOST_BYTES if content_type(headers) in {*_TWIML, "text/plain"} else _MOST_BYTES_OF_FILES


def read_answer(answer: Answer, document: Kind, *, strict: bool) -> Document | Trouble:
    """What the answer says; see `read_twiml`."""
    body = answer.response.body
    most = most_bytes(answer.response.headers)
    if len(body) > most:
        return Trouble(_TOO_LONG, f"an answer of more than {most} bytes", answer.url, body[:_MOST_BYTES])
    if not body and "Transfer-Encoding" in answer.response.headers:
        return Trouble(_NO_BODY, "", answer.url)
    if not body.strip() or answer.response.status == 204:
        return Document(answer.url, ())
    kind = content_type(answer.response.headers)
    if is_audio(answer.response.headers) and document == "voice":
        return Document(answer.url, (Play(answer.url),))
    if kind == "text/plain" and not body.lstrip().startswith(b"<"):
        return _plain(body, answer.url, document)
    if kind not in _TWIML and kind != "text/plain":
        message = f"content type {kind} is neither TwiML, text nor audio"
        return Trouble(_NO_CONTENT_TYPE, message, answer.url, body)
    return read_twiml(body, answer.url, document, strict=strict)


def read_twiml(xml: str | bytes, url: str, document: Kind, *, strict: bool) -> Document | Trouble:
    """A TwiML document.

    What the schema doesn't allow is left out, see `misfits`. If `strict`, it is the end of the document.
    """
    body = xml if isinstance(xml, bytes) else xml.encode("utf-8", errors="replace")
    try:
        return Document(url, parse(xml, document=document).children)
    except TwimlError as error:
        trouble = Trouble(_code(xml), str(error), url, body, fatal=True)
        if strict or trouble.code != NOT_SCHEMA:
            return trouble
    try:
        verbs, misfits = without_misfits(xml, url, document, body)
    except TwimlError:  # there is nothing in it that could be done
        return trouble
    return Document(url, verbs, misfits)


def _code(xml: str | bytes) -> int:
    """Whether a bad document is no XML at all, XML of another kind, or TwiML with something else in it."""
    try:
        return NOT_SCHEMA if read_xml(xml).name == tables.ROOT else _NOT_RESPONSE
    except NotXml:
        return _NOT_XML


def _plain(body: bytes, url: str, document: Kind) -> Document | Trouble:
    text = body.decode("utf-8", errors="replace").strip()
    try:
        return Document(url, (Say(text) if document == "voice" else Message(text),))
    except TwimlError as error:
        return Trouble(NOT_SCHEMA, str(error), url, body, fatal=True)


def _text(element: object) -> str:
    if isinstance(element, str):
        return element
    children: tuple[object, ...] = getattr(element, "children", ())
    return "".join(map(_text, children))
