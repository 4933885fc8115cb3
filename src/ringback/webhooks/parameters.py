"""A request -> its parameters, or a refusal with the HTTP status to answer with.

Twilio sends parameters as a form (POST) or in the query (GET), and JSON in a few places. What stands in the
query of a POST's URL was put there by whoever configured the URL: it is no parameter.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Final, NoReturn, cast
from urllib.parse import unquote

from ringback._core.webhooks.parameters import Parameters, ParameterSource
from ringback.errors import WebhookInvalid
from ringback.http import WebhookRequest
from ringback.webhooks.urls import query_of

__all__ = ["ParameterSource", "Parameters", "read_parameters"]

_FORM: Final = "application/x-www-form-urlencoded"
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*\"?([^\";\s]+)", re.IGNORECASE)
_UTF_8: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_BROKEN_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ASCII: Final = {
    f"{high}{low}": chr(int(f"{high}{low}", 16)) for high in "01234567" for low in "0123456789ABCDEFabcdef"
}
"""What stands behind a percent sign, by what it means, where that is one character."""


def read_parameters(
    request: WebhookRequest, *, max_body: int = 1_000_000, max_parameters: int = 1_000
) -> Parameters:
    """The parameters that Twilio sent.

    Of JSON, each member of the object is one parameter; what isn't text is given as JSON text.

    Args:
        request: What came in; nothing about it is trusted.
        max_body: How many bytes the body, or the query of a GET, may have.
        max_parameters: From this many parameters on, the request is refused. Twilio sends about fifty.

    Raises:
        WebhookInvalid: With the status 400 (broken encoding, not UTF-8, too many), 405 (neither GET nor
            POST), 413 (body too large), 414 (query too long) or 415 (neither form nor JSON).
    """
    if request.method == "GET":
        query = query_of(request.url)
        if len(query) > max_body:
            _refuse(f"the query has more than {max_body} characters", 414)
        return Parameters(_decode_form(query, max_parameters), source="query")
    if request.method != "POST":
        _refuse(f"expected GET or POST, got {request.method[:20]!r}", 405)
    if len(request.body) > max_body:
        _refuse(f"the body has more than {max_body} bytes", 413)
    if not request.body:
        return Parameters()
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in {"", "identity"}:
        _refuse("a compressed body", 415)
    media_type = _media_type(request.headers.get("Content-Type", ""))
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError:
        _refuse("the body is not UTF-8")
    if media_type == _FORM:
        return Parameters(_decode_form(text, max_parameters))
    return Parameters(_decode_json(text, max_parameters), source="json")


@lru_cache(maxsize=16)  # Twilio has one or two
def _media_type(content_type: str) -> str:
    media_type = content_type.partition(";")[0].strip().lower()
    charset = _CHARSET.search(content_type)
    if media_type not in {_FORM, "application/json"}:
        _refuse(f"expected {_FORM} or application/json, got {media_type[:80]!r}", 415)
    if charset is not None and charset[1].lower() not in _UTF_8:
        _refuse(f"expected UTF-8, got the charset {charset[1][:20]!r}", 415)
    return media_type


def _decode_form(text: str, max_parameters: int) -> list[tuple[str, str]]:
    """What `urllib.parse.parse_qsl` makes of it, in a fifth of the time."""
    if text and text.count("&") + 1 >= max_parameters:
        _refuse(f"expected fewer than {max_parameters} parameters")
    try:
        if not text.isascii():
            # A URL may come with lone surrogates, which stand for bytes that were no UTF-8 either.
            text.encode("utf-8")
        pairs: list[tuple[str, str]] = []
        # Most of what is quoted is the plus of phone numbers.
        for pair in text.replace("+", " ").replace("%2B", "+").split("&"):
            if pair:
                name, _, value = pair.partition("=")
                pairs.append(
                    (_unquoted(name) if "%" in name else name, _unquoted(value) if "%" in value else value)
                )
    except UnicodeError:
        _refuse("the parameters are not UTF-8")
    return pairs


def _unquoted(text: str) -> str:
    """`text` without percent-encoding.

    Raises:
        UnicodeDecodeError: It isn't UTF-8.
        WebhookInvalid: A percent sign has no two digits behind it.
    """
    first, *rest = text.split("%")
    try:
        return first + "".join([_ASCII[part[:2]] + part[2:] for part in rest])
    except KeyError:
        if _BROKEN_PERCENT.search(text):
            _refuse("broken percent-encoding in the parameters")
        return unquote(text, encoding="utf-8", errors="strict")


def _decode_json(text: str, max_parameters: int) -> list[tuple[str, str]]:
    try:
        decoded: object = json.loads(text, parse_constant=_no_constant)
        if not isinstance(decoded, dict):
            _refuse("expected a JSON object")
        members = cast("dict[str, object]", decoded)
        pairs = [(name, _json_text(value)) for name, value in members.items()]
        # JSON can write lone surrogates, which no text that leaves this process may hold.
        "".join(part for pair in pairs for part in pair).encode("utf-8")
    except (ValueError, RecursionError):
        _refuse("the body is not valid JSON")
    if len(pairs) >= max_parameters:
        _refuse(f"expected fewer than {max_parameters} parameters")
    return pairs


def _json_text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _refuse(problem: str, status: int = 400) -> NoReturn:
    raise WebhookInvalid(problem, status=status)
