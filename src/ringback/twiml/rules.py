"""What a schema can't say about a document: one function a rule, and `RULES`, the table of all.

Codes begin with RB1 where Twilio refuses the document or can't do what it says, with RB2 where it does
something that was hardly meant, and with RB3 where a second look is worth while. Each has a page in
`docs/twiml-rules/`.
"""

from __future__ import annotations

import re
from itertools import dropwhile, pairwise
from typing import TYPE_CHECKING

from ringback._core.twiml.elements import Container, TextElement, overlong
from ringback._core.twiml.values import XML_SPACE, Integer, Json, Listed
from ringback.errors import TwimlError
from ringback.twiml import address_rules, speech_rules, tables
from ringback.twiml.findings import Finding, Rule, is_placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback._core.twiml.elements import Element
    from ringback.twiml.findings import Source
    from ringback.twiml.xml import Node

__all__ = ["RULES"]

MAX_BYTES = 65_536
MAX_REST_CHARACTERS = 4_000
MAX_NOUNS = {"Number": 10, "Client": 10, "Media": 10}
MAX_PARAMETER = 500
TRANSCRIBED_SECONDS = 120
# Verbs that leave the document for good, and those that leave it for the one at their `action`.
ENDING = frozenset({"Redirect", "Hangup", "Reject", "Leave"})
# Verbs that go on at once and say nothing.
QUIET = frozenset({"Pause", "Start", "Stop"})
LEADING = frozenset({"Connect", "Dial", "Enqueue", "Message", "Pay", "Refer", "Sms"})
# What says something else than the text beside it.
BESIDE_TEXT = frozenset({"Headers", "Media", "Parameter", "Task"})
# Attributes whose older name may be given as well.
SUCCESSORS = {"statusCallback": "action"}
SPEECH_ATTRIBUTES = ("enhanced", "hints", "maxSpeechTime", "profanityFilter", "speechModel", "speechTimeout")


def _missing_content(source: Source) -> Iterator[Finding]:
    for node, cls in source.known():
        if not issubclass(cls, Container):
            if not cls._needs or node.text.strip(XML_SPACE):
                continue
        elif not cls._mixed or not cls._needs:
            continue
        if not any(_has(node, need) for need in cls._needs):
            words = {"text": "text", "*": "an element inside"}
            needs = [words.get(need, need.replace("@", "the attribute ")) for need in cls._needs]
            yield Finding(node, f"<{node.name}> needs {' or '.join(needs)}")


def _has(node: Node, need: str) -> bool:
    if need == "text":
        return bool(node.text.strip(XML_SPACE))
    if need.startswith("@"):
        return need[1:] in node.attributes
    return any(need in ("*", child.name) for child in node.elements)


def _too_long(source: Source) -> Iterator[Finding]:
    for node, cls in source.known():
        if cls._text_limit is None:
            continue
        for length, limit, what in overlong(cls, _counted_text(node, cls)):
            yield Finding(node, f"<{node.name}> holds {length:,} {what}; {limit:,} are allowed")


def _counted_text(node: Node, cls: type[Element]) -> str:
    if cls._counted is None:
        return node.all_text
    return node.text + "".join([child.text for child in node.elements if child.name in cls._counted])


def _no_json(source: Source) -> Iterator[Finding]:
    for node, cls in source.known():
        if issubclass(cls, TextElement) and isinstance(cls._kind, Json) and not node.elements:
            try:
                cls._kind.read(node.name, node.text)
            except TwimlError as error:
                yield Finding(node, error.message)


def _too_large(source: Source) -> Iterator[Finding]:
    if source.size > MAX_BYTES:
        yield Finding(source.root, f"the document has {source.size:,} bytes; Twilio reads {MAX_BYTES:,}")


def _too_large_for_rest(source: Source) -> Iterator[Finding]:
    if source.characters > MAX_REST_CHARACTERS:
        message = f"{source.characters:,} characters are too many for the REST API"
        suggestion = f"its `twiml` parameter takes {MAX_REST_CHARACTERS:,}; give it a URL instead"
        yield Finding(source.root, message, suggestion)


def _unreachable(source: Source) -> Iterator[Finding]:
    for verb, following in pairwise(source.root.elements):
        if verb.name in ENDING:
            message = f"nothing after <{verb.name}> runs"
            yield Finding(following, message, f"remove what follows <{verb.name}>")
            return
        if verb.name in LEADING and verb.attributes.get("action", "").strip(XML_SPACE):
            message = f"nothing after <{verb.name}> runs: its `action` says how to go on"
            yield Finding(following, message, "move it to the document at `action`, or leave `action` out")
            return
        if verb.name == "Gather" and verb.attributes.get("actionOnEmptyResult") == "true":
            message = "nothing after this <Gather> runs: its `action` is asked without input, too"
            yield Finding(following, message, "move it to the document at `action`")
            return
        # With `action` it is the usual way to answer silence; without, it is hardly ever meant.
        if verb.name == "Record" and not verb.attributes.get("action"):
            message = "what follows <Record> is reached only where nothing was recorded, `action` or not"
            suggestion = "move what is to follow a recording to the document at `action`"
            yield Finding(following, message, suggestion)


def _reject_late(source: Source) -> Iterator[Finding]:
    # The phone still rings while a document begins with pauses.
    for verb in dropwhile(lambda verb: verb.name in ("Pause", "Reject"), source.root.elements):
        if verb.name == "Reject":
            yield Finding(verb, "the call has been answered before <Reject>, and is billed", "put it first")


def _text_and_noun(source: Source) -> Iterator[Finding]:
    for node, cls in source.known():
        if not issubclass(cls, Container) or not cls._nouns:
            continue
        nouns = [child.name for child in node.elements if child.name not in BESIDE_TEXT]
        if nouns and node.text.strip(XML_SPACE):
            message = f"<{node.name}> holds text and <{nouns[0]}>; only one of them counts"
            yield Finding(node, message, f"give the text an element of its own, beside <{nouns[0]}>")


def _too_many(source: Source) -> Iterator[Finding]:
    for node, _ in source.known():
        for name, most in MAX_NOUNS.items():
            children = [child for child in node.elements if child.name == name]
            if len(children) > most:
                message = f"{len(children)} times <{name}> in one <{node.name}>; Twilio takes {most}"
                yield Finding(children[most], message)


def _silent_gather(source: Source) -> Iterator[Finding]:
    asked = False
    for verb in source.root.elements:
        silent = all(child.name == "Pause" for child in verb.elements)
        # What was said just before, or before what isn't heard, may be the question.
        if verb.name == "Gather" and silent and not asked:
            yield Finding(verb, "this <Gather> asks nothing: the caller hears silence", "put a <Say> inside")
        if verb.name not in QUIET:
            asked = verb.name in ("Say", "Play")


def _gather_loop(source: Source) -> Iterator[Finding]:
    for gather in source.of("Gather"):
        if gather.attributes.get("actionOnEmptyResult") == "true" and not gather.attributes.get("action"):
            message = "a caller who says nothing hears this document over and over"
            yield Finding(gather, message, "give it an `action`, or leave `actionOnEmptyResult` out")


def _deprecated(source: Source) -> Iterator[Finding]:
    for node, cls in source.known():
        if "" in cls._deprecated:
            yield Finding(node, f"<{node.name}> is deprecated", cls._deprecated[""])
            continue
        for name, instead in cls._deprecated.items():
            wire = cls._fields[name][0]
            if wire in node.attributes and SUCCESSORS.get(wire) not in node.attributes:
                yield Finding(node, f"{wire} of <{node.name}> is deprecated", instead, wire)


def _misplaced_noun(source: Source) -> Iterator[Finding]:
    homes = {"Queue": "Dial", "Prompt": "Pay"}
    for verb in source.root.elements if source.document == "voice" else ():
        if verb.name in homes:
            message = f"<{verb.name}> is documented inside <{homes[verb.name]}> only"
            yield Finding(verb, message, f"put it into <{homes[verb.name]}>")


def _sloppy(source: Source) -> Iterator[Finding]:
    for node, cls in source.known():
        for wire, raw in node.attributes.items():
            known = tables.attribute(cls, wire)
            if known is None:
                continue
            if isinstance(known[1], Integer) and re.fullmatch(r"\s*[+-]?\d+\s*", raw, re.ASCII):
                neat = str(int(raw)) if len(raw) < 100 else raw
            elif isinstance(known[1], Listed):
                neat = " ".join(raw.split())
            else:
                continue
            if neat != raw and neat:
                message = f"{wire} is written {raw[:80]!r}: the schema allows it, Twilio may not"
                yield Finding(node, message, f"write {neat[:80]!r}", wire)


def _two_agents(source: Source) -> Iterator[Finding]:
    relays = list(source.of("ConversationRelay"))
    streams = [
        child for connect in source.of("Connect") for child in connect.elements if child.name == "Stream"
    ]
    if relays and streams:
        later = max(relays[0], streams[0], key=lambda node: (node.line, node.column))
        message = "<ConversationRelay> and a two-way <Stream> in one document: only one of them runs"
        yield Finding(later, message)


def _stream_query(source: Source) -> Iterator[Finding]:
    for stream in source.of("Stream"):
        if "?" in stream.attributes.get("url", ""):
            message = "Twilio drops the query string of a stream's URL"
            yield Finding(stream, message, "use <Parameter> inside", "url")


def _nowhere_sent(source: Source) -> Iterator[Finding]:
    for node, cls in source.known():
        for wire in node.attributes:
            base = re.sub("(Event|Method)$", "", wire)
            companions = {base, f"{base}Url"}
            names = {spelling for spelling, _ in cls._fields.values()}
            if base != wire and companions & names and not companions & set(node.attributes):
                target = next(iter(sorted(companions & names)))
                yield Finding(node, f"{wire} does nothing without {target}", f"add {target}", wire)
        if "amdStatusCallback" in node.attributes and "machineDetection" not in node.attributes:
            message = "amdStatusCallback is never asked without machineDetection"
            yield Finding(node, message, 'add machineDetection="Enable"', "amdStatusCallback")


def _long_transcription(source: Source) -> Iterator[Finding]:
    for record in source.of("Record"):
        length = record.attributes.get("maxLength", "").strip(XML_SPACE)
        wanted = record.attributes.get("transcribe") == "true" or "transcribeCallback" in record.attributes
        if wanted and re.fullmatch("[0-9]{1,9}", length) and int(length) > TRANSCRIBED_SECONDS:
            message = f"recordings of more than {TRANSCRIBED_SECONDS} seconds are not transcribed"
            yield Finding(record, message, f'maxLength="{TRANSCRIBED_SECONDS}"', "maxLength")


def _deaf_gather(source: Source) -> Iterator[Finding]:
    for gather in source.of("Gather"):
        taken = gather.attributes.get("input", "dtmf")
        if "speech" in taken.split() or is_placeholder(taken):
            continue
        for wire in SPEECH_ATTRIBUTES:
            if wire in gather.attributes:
                message = f"{wire} is about speech, and this <Gather> takes keys only"
                yield Finding(gather, message, 'add input="dtmf speech"', wire)


def _long_parameter(source: Source) -> Iterator[Finding]:
    for stream in source.of("Stream"):
        for parameter in stream.elements:
            length = len(parameter.attributes.get("name", "")) + len(parameter.attributes.get("value", ""))
            if length > MAX_PARAMETER:
                message = f"name and value have {length:,} characters; {MAX_PARAMETER} reach the stream"
                yield Finding(parameter, message)


RULES: tuple[Rule, ...] = (
    Rule("RB101", "missing content", "error", _missing_content),
    Rule("RB102", "text too long", "error", _too_long),
    Rule("RB103", "task attributes are no JSON object", "error", _no_json),
    Rule("RB104", "document too large", "error", _too_large),
    Rule("RB201", "unreachable verb", "warning", _unreachable),
    Rule("RB202", "late Reject", "warning", _reject_late),
    Rule("RB203", "text beside a noun", "warning", _text_and_noun),
    Rule("RB204", "too many nouns", "warning", _too_many),
    Rule("RB205", "silent Gather", "warning", _silent_gather),
    Rule("RB206", "Gather that loops without input", "warning", _gather_loop),
    Rule("RB207", "deprecated", "warning", _deprecated),
    Rule("RB208", "undocumented place", "warning", _misplaced_noun),
    Rule("RB209", "sloppy number or list", "warning", _sloppy),
    Rule("RB210", "relay and stream together", "warning", _two_agents),
    Rule("RB211", "query string of a stream", "warning", _stream_query),
    Rule("RB212", "companion attribute missing", "warning", _nowhere_sent),
    Rule("RB213", "recording too long to transcribe", "warning", _long_transcription),
    Rule("RB214", "speech attribute without speech", "warning", _deaf_gather),
    Rule("RB215", "parameter too long for a stream", "warning", _long_parameter),
    Rule("RB216", "no phone number", "warning", address_rules.no_number),
    Rule("RB217", "no such voice", "warning", speech_rules.mute_voice),
    Rule("RB218", "markup for a basic voice", "warning", speech_rules.markup_unspoken),
    Rule("RB219", "language that the voice does not speak", "warning", speech_rules.tongue_tied),
    Rule("RB220", "ringing time that is not kept", "warning", address_rules.odd_timeout),
    Rule("RB221", "sender ID too long", "warning", address_rules.long_sender),
    Rule("RB222", "SIP header that is not sent", "warning", address_rules.private_header),
    Rule("RB223", "URL escaped twice", "warning", address_rules.escaped_twice),
    Rule("RB301", "too long for a REST request", "note", _too_large_for_rest),
    Rule("RB302", "repetition without a pause", "note", speech_rules.breathless),
    Rule("RB303", "unlisted value", "note", speech_rules.unlisted),
)
