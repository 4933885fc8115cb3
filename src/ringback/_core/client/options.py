"""What may be different for one call of the REST API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, cast

from attrs import field, frozen

from ringback._core.client.resource import explained_init
from ringback._core.operations.retry import RetryPolicy, to_retry
from ringback._core.parameters.kinds import Integer
from ringback.errors import InvalidValue
from ringback.http import Headers, Timeout

__all__ = ["RequestOptions", "is_encodable", "to_answer_size", "to_timeout"]

_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[\t -~]*")
# Authorization is ours alone, and the others would change where the request ends.
_ANSWER_SIZE: Final = Integer(1, 2**40)
_OWN_HEADERS: Final = frozenset({"authorization", "content-length", "host", "transfer-encoding"})


def to_timeout(value: Timeout | float | None) -> Timeout | None:
    """Seconds as a `Timeout` whose both parts are that long.

    Raises:
        InvalidValue: It is neither.
    """
    if value is None or isinstance(value, Timeout):
        return value
    try:
        return Timeout(connect=value, read=value)
    except InvalidValue:
        raise InvalidValue("timeout", value, "seconds above 0, at most 1,000,000, or a Timeout") from None


def to_answer_size(value: int | None) -> int | None:
    """`value`, or an error where it is no number of bytes.

    Raises:
        InvalidValue: It is none.
    """
    if value is not None:
        _ANSWER_SIZE.encode("max_answer_size", value)
    return value


def is_encodable(text: str) -> bool:
    """Whether UTF-8 can hold it: half a surrogate pair, as careless slicing leaves behind, it can't."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _headers(given: Mapping[str, str]) -> Headers:
    headers = Headers(_texts("headers", given))
    for name, value in headers.multi_items():
        if name.lower() in _OWN_HEADERS:
            raise InvalidValue(
                "headers", name, "any header but Authorization, Content-Length, Host, Transfer-Encoding"
            )
        if not _HEADER_NAME.fullmatch(name):
            raise InvalidValue("headers", name, "a header name")
        if not _HEADER_VALUE.fullmatch(value):
            raise InvalidValue(f"headers[{name!r}]", value, "a line of ASCII text", secret=True)
    return headers


def _extra(given: Mapping[str, str]) -> Mapping[str, str]:
    return _texts("extra", given)


def _texts(field_name: str, given: object) -> Mapping[str, str]:
    if not isinstance(given, Mapping):
        raise InvalidValue(field_name, given, "a mapping of text to text", secret=True)
    for name, value in cast("Mapping[object, object]", given).items():
        if not isinstance(name, str) or not name:
            raise InvalidValue(field_name, name, "names that are text")
        if not isinstance(value, str) or not is_encodable(name + value):
            raise InvalidValue(f"{field_name}[{name!r}]", value, "text that UTF-8 can hold", secret=True)
    return dict(cast("Mapping[str, str]", given))


@explained_init
@frozen(kw_only=True)
class RequestOptions:
    """Settings of one request; None leaves the client's own.

    Attributes:
        timeout: How long to wait; a number of seconds sets both parts.
        retry: When to try again.
        headers: Further headers; `Authorization` can't be replaced.
        extra: Parameters that ringback doesn't know yet, by wire name, sent as they are: in the query of a
            GET or DELETE, in the form otherwise.
        max_answer_size: Bytes of the answer at most, unpacked; what is downloaded has no limit.

    Raises:
        InvalidValue: A header or parameter is no text that can be sent.
    """

    timeout: Timeout | None = field(default=None, converter=to_timeout)
    retry: RetryPolicy | None = field(default=None, converter=to_retry)
    headers: Headers = field(factory=Headers, converter=_headers)
    extra: Mapping[str, str] = field(factory=dict[str, str], converter=_extra, repr=False)
    max_answer_size: int | None = field(default=None, converter=to_answer_size)
