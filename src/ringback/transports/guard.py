"""Around what another library does for a request: its errors become ours, and none shows a credential.

Guard      tells a request's `Delivery` what was raised, and raises what we make of it
what_of    a request in an error's words
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.errors import ConnectFailed, TransportError, being_handled, forget_variables

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from ringback.http import Request

__all__ = ["Guard", "what_of"]


class Guard:
    """A context manager; may be entered again and again, not at once.

    Args:
        request: What is under way.
        translate: Makes our error of the library's, None of what isn't the library's. A `ConnectFailed` says
            that nothing was sent. Its cause is the error unless it has one already.
    """

    __slots__ = ("_ambient", "_request", "_translate")

    def __init__(
        self, request: Request, translate: Callable[[BaseException, Request], TransportError | None]
    ) -> None:
        self._request = request
        self._translate = translate
        self._ambient: BaseException | None = None

    def __enter__(self) -> None:
        # What the caller is handling will be the context of whatever is raised here: it is none of ours.
        self._ambient = being_handled()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            return
        forget_variables(error, self._ambient)
        delivery = self._request.delivery
        if isinstance(error, TransportError):
            delivery.failed(error)
            return
        ours = self._translate(error, self._request)
        if ours is not None:
            delivery.failed(ours, sent=not isinstance(ours, ConnectFailed))
            if ours.__cause__ is None:
                ours.__cause__ = error
            raise ours


def what_of(request: Request) -> str:
    """The request in an error's words: without its query, which is nobody's business."""
    return f"{request.method} {request.url.partition('?')[0]}"
