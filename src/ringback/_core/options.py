"""What may be different for one call of the REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from ringback.http import Headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringback._core.retry import RetryPolicy
    from ringback.http import Timeout

__all__ = ["RequestOptions"]


@frozen(kw_only=True)
class RequestOptions:
    """Settings of one request; None leaves the client's own.

    Attributes:
        timeout: How long to wait.
        retry: When to try again.
        headers: Further headers; `Authorization` can't be replaced.
        extra: Parameters that ringback doesn't know yet, by wire name, sent as they are: in the query of a
            GET, in the form otherwise.
    """

    timeout: Timeout | None = None
    retry: RetryPolicy | None = None
    headers: Mapping[str, str] = field(factory=Headers)
    extra: Mapping[str, str] = field(factory=dict[str, str])
