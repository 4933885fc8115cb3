"""What an application writes into its own URLs to recognise the request that comes back: `?ringback=…`.

call.TOKEN              a webhook of a call that `dial` or `redirect` started
message.TOKEN           a webhook of a message that `text` sent
moved.TOKEN             a live call was redirected here
flow.RUN.STEP           what the flow RUN waits for as its STEPth result; `.none` where there was no input
hold.ANSWER             Twilio asks again for an answer that took too long

The arguments of a link stand beside it, as `ringback.NAME=…` (arguments.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, urlencode

from attrs import frozen

from ringback.webhooks.urls import query_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Tag", "read_tag", "tagged", "untagged"]

PARAMETER: Final = "ringback"
SENT: Final = "ringback-sent"


@frozen
class Tag:
    """A tag taken apart."""

    kind: str
    id: str
    rest: tuple[str, ...] = ()


def tagged(url: str, *parts: str | int) -> str:
    """`url` with a tag; what else is in its query and fragment stays."""
    base, mark, fragment = url.partition("#")
    joint = "" if base[-1:] in ("?", "&") else "&" if "?" in base else "?"
    return f"{base}{joint}{PARAMETER}={'.'.join(map(str, parts))}{mark}{fragment}"


def with_sent(url: str, sent: Mapping[str, str]) -> str:
    """`url` with what a webhook brought that couldn't be kept anywhere: who is asked next gets it again."""
    if not sent:
        return url
    base, mark, fragment = url.partition("#")
    return f"{base}&{SENT}={quote(urlencode(sent), safe='')}{mark}{fragment}"


def sent_in(query: str) -> dict[str, str]:
    """What `with_sent` has written into a URL."""
    if SENT not in query:
        return {}
    return dict(parse_qsl(dict(parse_qsl(query)).get(SENT, ""), keep_blank_values=True))


def read_tag(url: str) -> Tag | None:
    """The tag in a URL, or None."""
    query = query_of(url)
    if not query:
        return None
    for name, value in parse_qsl(query):
        if name == PARAMETER:
            kind, _, rest = value.partition(".")
            id, *more = rest.split(".")
            return Tag(kind, id, tuple(more))
    return None


def untagged(parameters: Mapping[str, str]) -> dict[str, str]:
    """Twilio's parameters without ours."""
    return {name: value for name, value in parameters.items() if not name.startswith(PARAMETER)}
