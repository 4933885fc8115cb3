"""Rules about whom a document calls or writes to, and as whom: numbers, senders, SIP headers, URLs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ringback._core.twiml.elements import TextElement
from ringback._core.twiml.values import XML_SPACE, Url
from ringback.twiml import tables
from ringback.twiml.findings import Finding, is_placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.twiml.findings import Source
    from ringback.twiml.xml import Node

__all__ = ["escaped_twice", "long_sender", "no_number", "odd_timeout", "private_header"]

MIN_DIGITS = 3
MAX_SENDER = 11
MAX_SHOWN = 40
RINGING = (5, 600)
# https://www.twilio.com/docs/api/errors/13252
HEADERS = frozenset({"user-to-user", "remote-party-id", "p-preferred-identity", "p-called-party-id"})
SID = re.compile("[A-Z]{2}[0-9a-fA-F]{32}")
PHRASE = "a phone number such as +15558675310"


def no_number(source: Source) -> Iterator[Finding]:
    """Text where a phone number belongs that can't be one."""
    for node in source.of("Dial", "Number", "WhatsApp"):
        text = node.text.strip(XML_SPACE)
        if node.name == "WhatsApp":
            text = text.removeprefix("whatsapp:")
        if text and not node.elements and not _may_be_number(text):
            wrapped = node.name == "Dial"
            yield Finding(node, f"{_shown(text)} is no phone number", _noun(text, wrapped=wrapped))
    for node in source.of("Message", "Sms"):
        to = node.attributes.get("to", "").strip(XML_SPACE)
        # Other channels have a prefix: whatsapp:+15558675310.
        if to and ":" not in to and not _may_be_number(to):
            yield Finding(node, f"{_shown(to)} is no phone number", f"write {PHRASE}", "to")


def _may_be_number(text: str) -> bool:
    if is_placeholder(text):
        return True
    digits = sum(character in "0123456789" for character in text)
    # Spaces, brackets, letters of vanity numbers and extensions are common; nobody knows all of them.
    return digits >= MIN_DIGITS and not any(character in text for character in ":@")


def _noun(text: str, *, wrapped: bool) -> str:
    """Which noun calls that."""
    scheme, colon, rest = text.partition(":")
    scheme = scheme.lower() if colon else ""
    if scheme in ("sip", "sips") or (not scheme and re.fullmatch(r"[^@\s]+@[^@\s]+", text)):
        noun = f"<Sip>{text if scheme else f'sip:{text}'}</Sip>"
    elif scheme == "client" and rest:
        noun = f"<Client>{rest}</Client>"
    elif scheme == "whatsapp" and rest:
        noun = f"<WhatsApp>{rest}</WhatsApp>"
    elif scheme == "tel" and rest:
        return f"write {_shown(rest)}"
    else:
        return f"write {PHRASE}; <Client>, <Conference>, <Queue> and <Sip> call others"
    if len(noun) > 2 * MAX_SHOWN:
        noun = f"{noun[: noun.index('>') + 1]}…"
    return f"put {noun} into <Dial>" if wrapped else f"write {noun} instead"


def long_sender(source: Source) -> Iterator[Finding]:
    """Sender IDs that are longer than networks carry."""
    for node in source.of("Message", "Sms"):
        sender = node.attributes.get("from", "").strip(XML_SPACE)
        is_name = any(character.isalpha() for character in sender) and ":" not in sender
        if is_name and len(sender) > MAX_SENDER and not SID.fullmatch(sender) and not is_placeholder(sender):
            message = f"{_shown(sender)} has {len(sender)} characters; a sender ID has {MAX_SENDER} at most"
            yield Finding(node, message, f"shorten it, e.g. to {sender[:MAX_SENDER].strip()!r}", "from")


def odd_timeout(source: Source) -> Iterator[Finding]:
    """Ringing times that Twilio doesn't keep."""
    low, high = RINGING
    for dial in source.of("Dial"):
        raw = dial.attributes.get("timeout", "").strip(XML_SPACE)
        if re.fullmatch("[0-9]{1,9}", raw) and not low <= int(raw) <= high:
            nearest = low if int(raw) < low else high
            message = f"a phone rings for {low} to {high} seconds, not for {int(raw)}"
            yield Finding(dial, message, f'write timeout="{nearest}"', "timeout")


def private_header(source: Source) -> Iterator[Finding]:
    """SIP headers that Twilio doesn't send."""
    for node in source.of("Sip", "Uri", "Header"):
        if node.name == "Header":
            names = [(node.attributes.get("name", ""), "name")]
        else:
            names = [(each.partition("=")[0], "") for each in _headers(node)]
        for name, attribute in names:
            if name and not name.lower().startswith("x-") and name.lower() not in HEADERS:
                message = f"Twilio doesn't send a SIP header {_shown(name)}"
                yield Finding(node, message, f"call it {_shown(f'x-{name}')}", attribute)


def _headers(node: Node) -> list[str]:
    # Escaped twice, they are still told apart; another rule is about that.
    headers = node.text.strip(XML_SPACE).partition("?")[2].replace("&amp;", "&")
    return [each for each in headers.split("&") if each]


def escaped_twice(source: Source) -> Iterator[Finding]:
    """URLs whose ampersands were escaped by hand and then again."""
    for node, cls in source.known():
        for wire, raw in node.attributes.items():
            known = tables.attribute(cls, wire)
            if known is not None and "&amp;" in raw and _is_url(known[1], raw):
                yield Finding(node, f"{wire} is escaped twice", "write each & of it as &amp;, once", wire)
        is_url = issubclass(cls, TextElement) and _is_url(cls._kind, node.text)
        if "&amp;" in node.text and (is_url or node.name == "Sip"):
            yield Finding(
                node, f"the URL in <{node.name}> is escaped twice", "write each & of it as &amp;, once"
            )


def _is_url(kind: object, raw: str) -> bool:
    # Addresses of sockets and SIP are text of a pattern to the schema.
    return isinstance(kind, Url) or re.match(r"\s*(wss?|sips?):", raw, re.IGNORECASE) is not None


def _shown(text: str) -> str:
    return repr(text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…")
