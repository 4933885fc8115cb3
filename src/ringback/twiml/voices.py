"""The voices of Say: how they are named, and which languages they speak."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import get_args

__all__ = [
    "BASIC",
    "POLLY",
    "known_words",
    "language_of",
    "languages_of",
    "of_shape",
    "plain",
    "polly_name",
    "voice_for",
]

BASIC = frozenset({"man", "woman", "alice"})
"""The voices that read plain text only."""

NAME = re.compile(r"Polly\.(?P<name>\w+)(-(Neural|Generative))?|Google\.(?P<language>[a-z]{2,3})(-\w+)+")

# https://www.twilio.com/docs/voice/twiml/say#voice, in its older form: what the basic engine and its
# successor, alice, spoke.
_BASIC_LANGUAGES = {
    "man": "de en es fr it",
    "woman": "de en es fr it",
    "alice": "ca da de en es fi fr it ja ko no nl pl pt ru sv zh",
}

# By https://docs.aws.amazon.com/polly/latest/dg/available-voices.html
_POLLY = {
    "ar": "Hala Zayd Zeina",
    "ca": "Arlet",
    "cy": "Gwyneth",
    "da": "Mads Naja Sofie",
    "de": "Daniel Hannah Hans Marlene Vicki",
    "en": "Aditi Amy Aria Arthur Ayanda Brian Danielle Emma Geraint Gregory Ivy Joanna Joey Justin Kajal "
    "Kendra Kevin Kimberly Matthew Niamh Nicole Olivia Raveena Russell Ruth Salli Stephen",
    "es": "Andres Conchita Enrique Lucia Lupe Mia Miguel Pedro Penelope Sergio",
    "fi": "Suvi",
    "fr": "Celine Chantal Gabrielle Isabelle Lea Liam Mathieu Remi",
    "hi": "Aditi Kajal",
    "is": "Dora Karl",
    "it": "Adriano Bianca Carla Giorgio",
    "ja": "Kazuha Mizuki Takumi Tomoko",
    "ko": "Seoyeon",
    "nl": "Laura Lisa Lotte Ruben",
    "no": "Ida Liv",
    "pl": "Ewa Jacek Jan Maja Ola",
    "pt": "Camila Cristiano Ines Ricardo Thiago Vitoria",
    "ro": "Carmen",
    "ru": "Maxim Tatyana",
    "sv": "Astrid Elin",
    "tr": "Burcu Filiz",
    "zh": "Hiujin Zhiyu",
}

POLLY: dict[str, frozenset[str]] = {
    name: frozenset(language for language, names in _POLLY.items() if name in names.split())
    for names in _POLLY.values()
    for name in names.split()
}
"""The voices of Amazon Polly, by name, and the languages that they speak."""

# Tags that mean the same, or so nearly that either is meant by the other.
_SAME = {"arb": "ar", "cmn": "zh", "yue": "zh", "nb": "no", "nn": "no", "tl": "fil", "iw": "he", "in": "id"}


@cache
def known_words(alias: str) -> tuple[str, ...]:
    """The words that are known of a type of attribute that takes others, too: `Voice`."""
    from ringback._generated.twiml import types

    parts = get_args(getattr(types, alias))
    return tuple(word for part in parts for word in get_args(part))


def of_shape(voice: str) -> bool:
    """Whether Twilio can have a voice of this name, be it known or new."""
    return voice in BASIC or NAME.fullmatch(plain(voice)) is not None


def polly_name(voice: str) -> str | None:
    """The name of a voice of Polly's, without engine and accents; `Joanna` of `Polly.Joanna-Neural`."""
    match = NAME.fullmatch(plain(voice))
    return match["name"] if match is not None else None


def plain(voice: str) -> str:
    """A name without accents: Amazon writes Céline and Celine, and Twilio takes both."""
    letters = unicodedata.normalize("NFD", voice)
    return "".join([letter for letter in letters if not unicodedata.combining(letter)])


def language_of(tag: str) -> str:
    """The language of a tag, without country and script, by one name where it has several."""
    first = tag.partition("-")[0].lower()
    return _SAME.get(first, first)


def languages_of(voice: str) -> frozenset[str]:
    """What a voice speaks; nothing where that is not known."""
    if voice in _BASIC_LANGUAGES:
        return frozenset(_BASIC_LANGUAGES[voice].split())
    match = NAME.fullmatch(plain(voice))
    if match is None:
        return frozenset()
    if match["language"] is not None:
        return frozenset({language_of(match["language"])})
    return POLLY.get(match["name"], frozenset())


def voice_for(language: str) -> str | None:
    """A voice of Polly's that speaks a language, given by tag; an English one is Joanna."""
    wanted = language_of(language)
    speakers = _POLLY.get(wanted, "").split()
    return f"Polly.{'Joanna' if wanted == 'en' else speakers[0]}" if speakers else None
