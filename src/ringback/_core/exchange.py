"""One exchange with the REST API, as a generator: it yields what to do and is sent what came of it.

Retry, error mapping and the care for lost answers are here, once; a sync and an async driver do the I/O.

    exchange  ── Request ──▶  driver      the driver sends it and answers with
              ◀─ Response ─               the response, or throws a TransportError in
              ── Sleep ────▶              or waits
"""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Mapping
from typing import Final, TypeAlias, TypeVar, cast
from urllib.parse import urljoin, urlsplit

from attrs import evolve, frozen

from ringback._core.retry import RetryPolicy
from ringback.errors import (
    ApiError,
    AuthenticationFailed,
    ConnectFailed,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    ResponseInvalid,
    ServerError,
    TransportError,
)
from ringback.http import Headers, Request, Response

__all__ = ["Exchange", "Sleep", "Step", "excerpt", "follow", "perform", "read_json", "request_id"]

T = TypeVar("T")
logger: Final = logging.getLogger("ringback.http")


@frozen
class Sleep:
    """Wait so many seconds before going on."""

    seconds: float


Step: TypeAlias = Request | Sleep
Exchange: TypeAlias = Generator[Step, Response | None, T]

_SAFE_TO_REPEAT: Final = frozenset({"GET", "HEAD", "DELETE"})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 5
_HARMLESS_HEADERS: Final = frozenset({"accept", "accept-encoding", "if-range", "range", "user-agent"})
_ERRORS: Final[Mapping[int, type[ApiError]]] = {
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    429: RateLimited,
}


def perform(
    request: Request, policy: RetryPolicy, *, success: int, redirects: bool = False
) -> Exchange[Response]:
    """Send `request` until it is answered, as often as the policy and its method allow.

    A redirect is an answer where `redirects` says so, and an error otherwise; it is never followed here.

    Raises:
        ApiError: Twilio refused.
        OutcomeUnknown: A POST was sent and its answer lost.
        TransportError: There was no answer.
        ResponseInvalid: The answer is neither a success nor an error of the API.
    """
    repeatable = request.method in _SAFE_TO_REPEAT
    lost_answer = False
    attempt = 0
    where = f"{request.method} {request.url.partition('?')[0]}"
    while True:
        attempt += 1
        retry_after: float | None = None
        try:
            response = yield request
        except ConnectFailed as error:
            failure: TransportError | ApiError = error
        except TransportError as error:
            if not repeatable:
                raise OutcomeUnknown(
                    f"the answer to {where} was lost, so it may or may not have been done: {error}"
                ) from error
            failure, lost_answer = error, True
        else:
            if response is None:
                raise RuntimeError("the driver answered a request with nothing")
            logger.debug("%s: %d (request %s)", where, response.status, request_id(response))
            if response.status == success or 200 <= response.status < 300:
                # Some creates answer 200 on a good day; what came is checked by its content.
                return response
            if redirects and response.status in _REDIRECTS:
                return response
            if response.status == 404 and request.method == "DELETE" and lost_answer:
                # The first try did delete it; only its answer never came.
                return response
            failure = to_error(response, success)
            if isinstance(failure, RateLimited):
                retry_after = failure.retry_after
            elif not (isinstance(failure, ServerError) and repeatable):
                raise failure
        pause = policy.pause(attempt, retry_after)
        if pause is None:
            raise failure
        logger.debug("%s: try %d failed, next in %.2f s: %s", where, attempt, pause, failure)
        yield Sleep(pause)


def follow(request: Request, policy: RetryPolicy) -> Exchange[Response]:
    """Send a GET for something that may be stored elsewhere, and follow its redirects there.

    From the first redirect on the request carries no credentials, whatever the host, nor any header that
    might be one, and it never leaves https.

    Raises:
        ResponseInvalid: A redirect leads nowhere or in circles.
    """
    hops = 0
    while True:
        response = yield from perform(request, policy, success=200, redirects=True)
        if response.status not in _REDIRECTS:
            return response
        if hops == _MAX_REDIRECTS:
            raise _bad_redirect(response, f"more than {_MAX_REDIRECTS} redirects")
        hops += 1
        request = _redirected(request, response)


def _redirected(request: Request, response: Response) -> Request:
    location = response.headers.get("Location", "")
    try:
        url = urljoin(request.url, location)
        parts = urlsplit(url)
        usable = bool(location and parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        usable, url, parts = False, "", urlsplit("")
    if not usable or parts.scheme not in {"https", urlsplit(request.url).scheme}:
        # The location may be signed, which makes it a credential: it isn't shown.
        raise _bad_redirect(response, "a redirect to no usable address")
    headers = Headers(pair for pair in request.headers.multi_items() if pair[0].lower() in _HARMLESS_HEADERS)
    return evolve(request, url=url.partition("#")[0], headers=headers)


def _bad_redirect(response: Response, problem: str) -> ResponseInvalid:
    return ResponseInvalid(problem, status=response.status, request_id=request_id(response))


def to_error(response: Response, success: int) -> ApiError:
    """The error that an unsuccessful answer stands for.

    Raises:
        ResponseInvalid: The status is none that the API documents for a failure.
    """
    status = response.status
    if status < 400:
        raise ResponseInvalid(
            f"expected status {success}",
            status=status,
            request_id=request_id(response),
            excerpt=excerpt(response),
        )
    body = _error_body(response)
    code = body.get("code")
    more_info = body.get("more_info")
    message = str(body.get("message") or excerpt(response) or "no message")
    cls = _ERRORS.get(status, ServerError if status >= 500 else InvalidRequest)
    details = {
        "status": status,
        "code": code if isinstance(code, int) else None,
        "more_info": more_info if isinstance(more_info, str) else None,
        "request_id": request_id(response),
    }
    if cls is RateLimited:
        return RateLimited(message, retry_after=_retry_after(response), **details)  # type: ignore[arg-type]
    return cls(message, **details)  # type: ignore[arg-type]


def read_json(response: Response) -> Mapping[str, object]:
    """The body of a good answer: a JSON object.

    Raises:
        ResponseInvalid: It isn't one.
    """
    try:
        body: object = json.loads(response.body)
    except ValueError as error:
        problem = "the body is empty" if not response.body else f"the body is not JSON ({error})"
        raise ResponseInvalid(
            problem,
            status=response.status,
            request_id=request_id(response),
            excerpt=excerpt(response),
        ) from error
    if not isinstance(body, dict):
        raise ResponseInvalid(
            f"expected a JSON object, got {type(body).__name__}",
            status=response.status,
            request_id=request_id(response),
            excerpt=excerpt(response),
        )
    return cast("Mapping[str, object]", body)


def request_id(response: Response) -> str | None:
    """Twilio's id of the request."""
    return response.headers.get("Twilio-Request-Id")


def excerpt(response: Response, limit: int = 160) -> str:
    """The first characters of a body, on one line."""
    text = " ".join(response.body[: limit * 4].decode("utf-8", "replace").split())
    return text if len(text) <= limit else f"{text[:limit]}…"


def _error_body(response: Response) -> Mapping[str, object]:
    try:
        body: object = json.loads(response.body)
    except ValueError:
        return {}
    return cast("Mapping[str, object]", body) if isinstance(body, dict) else {}


def _retry_after(response: Response) -> float | None:
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
