"""Cookies that an answer sets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from attrs import field, frozen

from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["WithCookies"]

T_co = TypeVar("T_co", covariant=True)

_NAME: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}")
_VALUE: Final = re.compile(r"[!#-+\--:<-\[\]-~]{0,3800}")  # cookies of 4,096 bytes are kept everywhere
_ALLOWED: Final = "ASCII text without spaces, quotes, commas, semicolons and backslashes, or None"


def _checked(cookies: Mapping[str, str | None]) -> Mapping[str, str | None]:
    given = cast("object", cookies)
    if not isinstance(given, Mapping):
        raise InvalidValue("cookies", given, "a mapping of names to values", secret=True)
    for name, value in cast("Mapping[object, object]", given).items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InvalidValue("cookies", name, "names of letters, digits and -_.")
        if value is not None and not (isinstance(value, str) and _VALUE.fullmatch(value)):
            raise InvalidValue(f"cookies[{name!r}]", value, _ALLOWED, secret=True)
    return dict(cookies)


@frozen(repr=False)
class WithCookies(Generic[T_co]):
    """A handler's answer, and cookies that Twilio keeps: for the call, or for the messages between two
    numbers. It sends them back with each further request: `event.request.cookies`.

    They aren't signed: whoever has a signed request can send it again with others. What mustn't be changed is
    better carried by a link.

    Args:
        response: What the handler would return without them.
        cookies: By name; None removes one.

    Raises:
        InvalidValue: A name or value can't stand in a cookie.

    See https://www.twilio.com/docs/usage/webhooks
    """

    response: T_co
    cookies: Mapping[str, str | None] = field(converter=_checked)

    def __repr__(self) -> str:
        return f"WithCookies({self.response!r}, {{{', '.join(f'{name!r}: ***' for name in self.cookies)}}})"

    def _fields(self) -> Iterator[tuple[str, str]]:
        """The header fields that say so."""
        for name, value in self.cookies.items():
            what = f"{name}=; Max-Age=0" if value is None else f"{name}={value}"
            yield "Set-Cookie", f"{what}; Path=/"
