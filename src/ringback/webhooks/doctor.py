"""Why a signature does not match: tries what usually goes wrong and tells which of it would have matched.

Proxies end TLS and change host and port, frameworks tidy paths and eat bodies, tokens get mixed up. For
each part of what is signed there are several guesses; combinations are tried, those of few changes first.
Only parts that differ are told, never a secret and never a parameter's value.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, permutations, product
from typing import TYPE_CHECKING, Final, Generic, TypeVar
from urllib.parse import parse_qsl, quote, unquote

from attrs import evolve, frozen

from ringback.errors import SignatureInvalid, WebhookInvalid
from ringback.webhooks.parameters import Parameters, read_parameters
from ringback.webhooks.signature import claim_of
from ringback.webhooks.spelling import spellings
from ringback.webhooks.urls import UrlParts, forwarded_origin

if TYPE_CHECKING:
    from ringback.http import WebhookRequest
    from ringback.webhooks.keys import Keyring
    from ringback.webhooks.signature import Claim

__all__ = ["Diagnosis", "diagnose"]

_MOST_CHANGES: Final = 3
_SCHEMES: Final = ("https", "http", "wss", "ws")
_PORTS: Final = ("80", "443", "3000", "5000", "8000", "8080", "8443")
_MOST_PAIRS: Final = 200  # more than Twilio sends; beyond it the guessing would take seconds
_MOST_BYTES: Final = 64_000  # and so it would beyond this
_MOST_HASHED: Final = 20_000_000  # bytes, for all guesses together: the larger a request, the fewer
_MOST_ORDERED: Final = 4  # parameters of a query that are tried in every order
_MOST_SPELLED: Final = 8  # spellings of fewer than these

Pairs = tuple[tuple[str, str], ...]
T = TypeVar("T")


@frozen
class _Guess(Generic[T]):
    """What a part may have been; `told` is what to say when it helps, empty for what it was taken for."""

    value: T
    told: str = ""


@frozen
class Diagnosis:
    """What is wrong with a signature.

    Attributes:
        verdict: In a sentence; the same for all requests that have the same fault.
        checked: What was compared, in a sentence; empty where it did not come to that.
    """

    verdict: str
    checked: str = ""

    def __str__(self) -> str:
        return f"{self.verdict} {self.checked}".strip()


def diagnose(
    keyring: Keyring,
    request: WebhookRequest,
    *,
    url: str | None = None,
    parameters: Parameters | None = None,
) -> Diagnosis:
    """What would have made the signature match."""
    try:
        claim = claim_of(keyring, request, url, parameters)
    except SignatureInvalid as error:
        return Diagnosis(f"Refused before anything was compared: {error}.")
    if claim.matches():
        return Diagnosis("The signature matches.")
    checked = _checked(claim)
    wrong = "The signature does not match."
    if len(claim.pairs) > _MOST_PAIRS:
        return Diagnosis(f"{wrong} With so many parameters nothing else was tried.", checked)
    if len(request.body) > _MOST_BYTES or len(claim.url.query) > _MOST_BYTES:
        return Diagnosis(f"{wrong} With so large a request nothing else was tried.", checked)
    tries = _MOST_HASHED // (len(request.url) + len(request.body) + 1)
    for reasons, guess in islice(_guesses(keyring, request, claim, parameters), tries):
        if guess.matches_as_written():
            return Diagnosis(f"{wrong} It would if {' and '.join(reasons)}.", checked)
    return Diagnosis(
        f"{wrong} Nor would it with any other scheme, host, port, path, query or body "
        "that was tried. Most likely the auth token is an old one, or that of another account.",
        checked,
    )


def _checked(claim: Claim) -> str:
    url = claim.url
    return (
        f"It was checked as {url.scheme}://{url.authority} with the path {url.path or '(none)'}, "
        f"{'a' if url.query else 'no'} query, {len(claim.pairs)} form parameters and "
        f"{len(claim.keys)} key{'' if len(claim.keys) == 1 else 's'}."
    )


def _guesses(
    keyring: Keyring, request: WebhookRequest, claim: Claim, parameters: Parameters | None
) -> Iterator[tuple[list[str], Claim]]:
    combinations = product(
        list(_schemes(claim.url)),
        list(_authorities(request, claim.url)),
        list(_paths(request, claim.url)),
        list(_parameters(request, claim, parameters)),
        list(_keys(keyring, claim)),
    )
    counted = (
        (reasons, combination)
        for combination in combinations
        if 0 < len(reasons := [guess.told for guess in combination if guess.told]) <= _MOST_CHANGES
    )
    for reasons, (scheme, authority, path, signed, keys) in sorted(counted, key=lambda found: len(found[0])):
        host, port = authority.value
        query, pairs = signed.value
        url = UrlParts(scheme.value, host, port, path.value, query)
        yield reasons, evolve(claim, url=url, pairs=pairs, keys=keys.value)


def _schemes(url: UrlParts) -> Iterator[_Guess[str]]:
    yield _Guess(url.scheme)
    for scheme in _SCHEMES:
        if scheme != url.scheme:
            yield _Guess(scheme, f"the scheme were {scheme}")


def _authorities(request: WebhookRequest, url: UrlParts) -> Iterator[_Guess[tuple[str, str | None]]]:
    yield _Guess((url.host, url.port))
    seen = UrlParts.of(request.url)
    sources = {"that of the request": seen.authority if seen else ""}
    for header in ("Host", "X-Forwarded-Host", "X-Original-Host"):
        value = request.headers.get(header, "").partition(",")[0].strip()
        sources[f"what the header {header} says"] = value
    sources["what the header Forwarded says"] = forwarded_origin(request)[1] or ""
    for source, authority in sources.items():
        found = UrlParts.of(f"http://{authority}")
        if found is not None and found.authority == authority and authority != url.authority:
            yield _Guess((found.host, found.port), f"the host were {source}, {authority}")
    if url.host != url.host.lower():
        yield _Guess((url.host.lower(), url.port), "the host were in small letters")
    for port in _PORTS:
        if port != url.port:
            yield _Guess((url.host, port), f"the port were {port}")


def _paths(request: WebhookRequest, url: UrlParts) -> Iterator[_Guess[str]]:
    yield _Guess(url.path)
    seen = UrlParts.of(request.url)
    prefix = request.headers.get("X-Forwarded-Prefix", "").rstrip("/")
    has_slash = url.path.endswith("/")
    others = {
        f"the path had {'no' if has_slash else 'a'} slash at its end": url.with_slash_toggled().path,
        "the path were that of the request": seen.path if seen else "",
        "the path began with X-Forwarded-Prefix": f"{prefix}{url.path}",
        "the path were percent-decoded": unquote(url.path),
        "the path were percent-encoded": quote(url.path, safe="/%:@!$&'()*+,;=-._~", errors="replace"),
    }
    for told, path in others.items():
        if path != url.path:
            yield _Guess(path, told)


def _parameters(
    request: WebhookRequest, claim: Claim, parameters: Parameters | None
) -> Iterator[_Guess[tuple[str, Pairs]]]:
    query, pairs = claim.url.query, claim.pairs
    yield _Guess((query, pairs))
    seen = UrlParts.of(request.url)
    if seen is not None and seen.query != query:
        yield _Guess((seen.query, pairs), "the query were that of the request")
    if query:
        yield from (_Guess((each, pairs), told) for each, told in _queries(query))
        yield _Guess(("", pairs), "the URL had no query")
        fields = tuple(parse_qsl(query[1:], keep_blank_values=True, errors="replace"))
        yield _Guess(("", (*pairs, *fields)), "the query were signed like a form, not as part of the URL")
    if pairs:
        yield _Guess((query, ()), "no form parameters were signed")
        stripped = tuple((name, value.strip()) for name, value in pairs)
        if stripped != pairs:
            yield _Guess((query, stripped), "the values had no spaces around them")
    if parameters is not None:
        try:
            sent = read_parameters(request)
        except WebhookInvalid:
            return
        if sent.source == "form" and sent.multi_items() != pairs:
            yield _Guess((query, sent.multi_items()), "the parameters were those of the body")


def _queries(query: str) -> Iterator[tuple[str, str]]:
    """What the query may have been before somebody wrote it anew: decoded, or in another order."""
    fields = query[1:].split("&")
    if 1 < len(fields) <= _MOST_ORDERED:
        # Who puts them in order reads them, and writes them anew.
        spelled = [fields, *(other.split("&") for other in islice(spellings(query[1:]), _MOST_SPELLED))]
        for spelling in spelled[: 1 if len(fields) == _MOST_ORDERED else None]:
            for order in islice(permutations(spelling), 1, None):
                yield "?" + "&".join(order), "the query's parameters stood in another order"
    elif len(fields) > 1:
        yield "?" + "&".join(sorted(fields)), "the query's parameters stood in the order of their names"
        yield "?" + "&".join(reversed(fields)), "the query's parameters stood in another order"
    others = {
        "the query were percent-decoded": unquote(query),
        "the query were percent-encoded": quote(query, safe="?&=%+~!*'()@:/,;$-._", errors="replace"),
        "the query's percent signs were encoded once more": query.replace("%", "%25"),
    }
    for told, each in others.items():
        if each != query:
            yield each, told
    if any("=" not in each for each in fields):
        each = "&".join(each if "=" in each else f"{each}=" for each in fields)
        yield f"?{each}", "names without a value in the query had an equals sign"
    filled = [each for each in fields if each.partition("=")[2]]
    if len(filled) < len(fields):
        yield "?" + "&".join(filled), "what is empty in the query were left out"
        yield "?" + "&".join(each.removesuffix("=") for each in fields), "what is empty had no equals sign"


def _keys(keyring: Keyring, claim: Claim) -> Iterator[_Guess[tuple[str, ...]]]:
    yield _Guess(claim.keys)
    others = tuple(key for key in keyring.every() if key not in claim.keys)
    if others:
        yield _Guess(others, "another of the tokens were used, so it is of another account than it says")
    stripped = tuple(key.strip() for key in claim.keys if key.strip() not in ("", key))
    if stripped:
        yield _Guess(stripped, "the token had no spaces around it")
