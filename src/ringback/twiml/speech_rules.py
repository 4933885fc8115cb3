"""Rules about what is said: voices, languages, markup, repetition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback._core.twiml.values import XML_SPACE, closest
from ringback.twiml.findings import Finding, is_placeholder
from ringback.twiml.voices import (
    BASIC,
    POLLY,
    known_words,
    language_of,
    languages_of,
    of_shape,
    polly_name,
    voice_for,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ringback.twiml.findings import Source
    from ringback.twiml.xml import Node

__all__ = ["breathless", "markup_unspoken", "mute_voice", "tongue_tied", "unlisted"]

# What people write who haven't seen the list.
MEANT = {"male": "man", "female": "woman", "default": "man", "Alice": "alice"}
MAX_SHOWN = 80


def unlisted(source: Source) -> Iterator[Finding]:
    """Values that aren't known, and look much like one that is."""
    for node, cls in source.known():
        for name, alias in cls._open.items():
            wire = cls._fields[name][0]
            raw = node.attributes.get(wire)
            words = known_words(alias) if raw is not None else ()
            if raw is None or raw in words:
                continue
            polly = polly_name(raw) if wire == "voice" else None
            # New values appear often, so only what looks like a slip of the pen is told.
            suggestion = closest(raw, words, likeness=0.9) if polly is None else _meant_polly(raw, polly)
            if suggestion is not None:
                message = f"{raw[:MAX_SHOWN]!r} is no known {wire}"
                yield Finding(node, message, f"did you mean {suggestion!r}?", wire)
            # Polly's generative voices are still growing in number.
            elif polly is not None and polly not in POLLY and not raw.endswith("-Generative"):
                message = f"{raw[:MAX_SHOWN]!r} is none of Polly's voices that Twilio was known to have"
                yield Finding(node, message, "look it up in Twilio's list of voices", wire)


def _meant_polly(voice: str, name: str) -> str | None:
    """The known voice that is meant by one whose name is a slip of the pen; names count, not engines."""
    meant = None if name in POLLY else closest(name, POLLY, likeness=0.8)
    if meant is None:
        return None
    _, dash, engine = voice.partition("-")
    same_engine = f"Polly.{meant}{dash}{engine}"
    words = known_words("Voice")
    return same_engine if same_engine in words else next(w for w in words if polly_name(w) == meant)


def mute_voice(source: Source) -> Iterator[Finding]:
    """Voices that Twilio can't have, as their names are of none of its kinds."""
    for say in source.of("Say"):
        voice = say.attributes.get("voice", "").strip(XML_SPACE)
        if not voice or of_shape(voice) or is_placeholder(voice):
            continue
        # A slip of the pen is what the rule for unlisted values tells.
        words = known_words("Voice")
        if closest(voice, words, likeness=0.9) is None:
            message = f"Twilio has no voice {voice[:MAX_SHOWN]!r}, and speaks with its default one"
            yield Finding(say, message, _meant(voice), "voice")


def _meant(voice: str) -> str:
    polly = next((name for name in POLLY if name.lower() == voice.partition("-")[0].lower()), None)
    meant = MEANT.get(voice, MEANT.get(voice.lower())) or (f"Polly.{polly}" if polly is not None else None)
    if meant is not None:
        return f"did you mean {meant!r}?"
    return "voices are man, woman, Polly.… (Polly.Joanna) and Google.… (Google.en-US-Standard-C)"


def markup_unspoken(source: Source) -> Iterator[Finding]:
    """SSML for voices that read plain text only."""
    for say in source.of("Say"):
        voice = say.attributes.get("voice")
        if voice in BASIC and say.elements:
            fitting = voice_for(say.attributes.get("language", "en"))
            example = f', such as voice="{fitting}"' if fitting else ""
            message = f"the voice {voice} doesn't understand <{say.elements[0].name}>"
            yield Finding(say, message, f"choose a voice of Polly or Google{example}", "voice")


def tongue_tied(source: Source) -> Iterator[Finding]:
    """Languages that the voice doesn't speak."""
    for say in source.of("Say"):
        voice, language = say.attributes.get("voice"), say.attributes.get("language", "")
        if voice is None or not language:
            continue
        spoken = languages_of(voice)
        if spoken and language_of(language) not in spoken:
            fitting = voice_for(language)
            suggestion = f'use voice="{fitting}", or leave ' if fitting else "choose another voice, or leave "
            message = f"{voice} doesn't speak {language[:MAX_SHOWN]}"
            yield Finding(say, message, f"{suggestion}`language` out", "language")


def breathless(source: Source) -> Iterator[Finding]:
    """Repetitions that begin right after the last word."""
    for say in source.of("Say"):
        loop = say.attributes.get("loop", "1").strip(XML_SPACE)
        if loop not in ("", "1") and not any(node.name == "break" for node in say.walk()):
            message = "the repetitions of this <Say> follow each other without a pause"
            yield Finding(say, message, _breath(say), "loop")


def _breath(say: Node) -> str:
    if say.attributes.get("voice") in BASIC:
        # Those don't know what a break is.
        return "write it as often as it is to be said, with <Pause/> in between"
    return 'end it with <break time="1s"/>'
