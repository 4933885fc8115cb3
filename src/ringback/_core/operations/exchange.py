"""One exchange with the REST API, as a generator: it yields what to do and is sent what came of it.

Retry, error mapping and the care for lost answers are here, once; a sync and an async driver do the I/O.

    exchange  ── Request ──▶  driver      the driver sends it and answers with
              ◀─ Response ─               the response, or throws in what was raised
              ── Sleep ────▶              or waits

What was raised may be the network's or that of code around it: a hook, a middleware, a limiter. Only the
former is ever tried again, and only the request's `Delivery` says which it is and whether anything was sent.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Generator, Mapping
from datetime import datetime, timezone
from typing import Final, TypeAlias, TypeVar, cast
from urllib.parse import quote, urljoin, urlsplit

from attrs import evolve

from ringback._core.client.config import LOOPBACK
from ringback._core.operations.retry import RetryPolicy
from ringback._core.operations.steps import Sleep
from ringback.errors import (
    REDACTED,
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
    shorten,
)
from ringback.http import Delivery, Headers, Request, Response

__all__ = [
    "Exchange",
    "ObjectHook",
    "Sleep",
    "Step",
    "excerpt",
    "follow",
    "harmless",
    "perform",
    "read_json",
    "request_id",
]

T = TypeVar("T")
_decode: Final[Callable[[str], object]] = json.JSONDecoder().decode
logger: Final = logging.getLogger("ringback.http")

Step: TypeAlias = Request | Sleep
Exchange: TypeAlias = Generator[Step, Response | None, T]
ObjectHook: TypeAlias = Callable[[dict[str, object]], object]

_SAFE_TO_REPEAT: Final = frozenset({"GET", "HEAD", "DELETE"})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 5
# Of digits without end something has to be made that others can reckon with: ten years.
_LONGEST_RETRY_AFTER: Final = 315_360_000.0
# What an error page may echo: a basic authorization, or the 32 hex digits of a token.
_CREDENTIAL: Final = re.compile(
    r"(?<=Basic )[\w+/=-]{8,}|(?<![0-9A-Za-z])[0-9a-f]{32}(?![0-9a-f])", re.IGNORECASE
)
_URL_CHARACTERS: Final = "%!#$&'()*+,/:;=?@[]~"
_HARMLESS_HEADERS: Final = frozenset({"accept", "accept-encoding", "if-range", "range", "user-agent"})
_ERRORS: Final[Mapping[int, type[ApiError]]] = {
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    429: RateLimited,
}


def perform(
    request: Request,
    policy: RetryPolicy,
    *,
    success: int,
    redirects: bool = False,
    sent: Callable[[Request], Mapping[str, str]] | None = None,
) -> Exchange[Response]:
    """Send `request` until it is answered, as often as the policy and its method allow.

    A redirect is an answer where `redirects` says so, and an error otherwise; it is never followed here.
    `sent` gives what an `OutcomeUnknown` may show of a request.

    Raises:
        ApiError: Twilio refused.
        OutcomeUnknown: A POST was sent and its answer lost.
        TransportError: There was no answer.
        ResponseInvalid: The answer is neither a success nor an error of the API.
        BaseException: What a hook or a middleware raised, as it is; if a POST was sent, its cause is an
            `OutcomeUnknown`.
    """
    repeatable = request.method in _SAFE_TO_REPEAT
    may_be_done = False
    attempt = 1
    while True:
        retry_after: float | None = None
        sent_at = time.time()
        try:
            response = yield request
        except TransportError as error:
            delivery = request.delivery
            if delivery.is_foreign(error):
                _note_loss(error, request, sent, sent_at)
                raise
            if isinstance(error, ConnectFailed) and delivery.begun == 0:
                failure: TransportError | ApiError = error
            elif repeatable:
                failure, may_be_done = error, True
            else:
                raise _loss(request, sent, sent_at, "was lost", error) from error
        except BaseException as error:
            _note_loss(error, request, sent, sent_at)
            raise
        else:
            if response is None:
                raise RuntimeError("the driver answered a request with nothing")
            if logger.isEnabledFor(logging.DEBUG):
                logger.debug("%s: %d (request %s)", _where(request), response.status, request_id(response))
            if response.status == success or 200 <= response.status < 300:
                # Some creates answer 200 on a good day; what came is checked by its content.
                return response
            if redirects and response.status in _REDIRECTS:
                return response
            if response.status == 404 and request.method == "DELETE" and may_be_done:
                # An earlier try did delete it; only its answer never came.
                return response
            failure = to_error(response, success)
            if isinstance(failure, RateLimited):
                retry_after = failure.retry_after
            elif isinstance(failure, ServerError) and repeatable:
                may_be_done = True
            else:
                raise failure
        pause = policy.pause(attempt, retry_after)
        if pause is None:
            raise failure
        logger.debug("%s: try %d failed, next in %.2f s: %s", _where(request), attempt, pause, failure)
        yield Sleep(pause)
        attempt += 1
        request = evolve(request, attempt=attempt, delivery=Delivery())


def _loss(
    request: Request,
    sent: Callable[[Request], Mapping[str, str]] | None,
    sent_at: float,
    fate: str,
    reason: object,
) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"the answer to {_where(request)} {fate}, so it may or may not have been done: {reason}",
        operation=request.operation,
        path=urlsplit(request.url).path.removesuffix(".json"),
        sent=None if sent is None else sent(request),
        sent_at=datetime.fromtimestamp(sent_at, timezone.utc),
    )


def _note_loss(
    error: BaseException,
    request: Request,
    sent: Callable[[Request], Mapping[str, str]] | None,
    sent_at: float,
) -> None:
    """Let the cause of an error that isn't the network's tell of a POST that was sent all the same."""
    delivery = request.delivery
    status = delivery.status
    if request.method in _SAFE_TO_REPEAT or delivery.begun == 0:
        return
    if status is not None and 400 <= status < 500:
        return  # refused, so nothing was done
    fate = "was not waited for" if status is None else f"({status}) was not handed on"
    loss = _loss(request, sent, sent_at, fate, type(error).__name__)
    cause = error.__cause__
    if isinstance(cause, OutcomeUnknown):
        cause = cause.__cause__  # somebody raises one error again and again
    if cause is not None:
        loss.__cause__ = cause
    elif not error.__suppress_context__:
        loss.__context__ = error.__context__
    error.__cause__ = loss


def _where(request: Request) -> str:
    """The request without its query, for logs and errors."""
    return f"{request.method} {request.url.partition('?')[0]}"


def follow(request: Request, policy: RetryPolicy) -> Exchange[Response]:
    """Send a GET for something that may be stored elsewhere, and follow its redirects there.

    From the first redirect on the request carries no credentials, whatever the host, nor any header that
    might be one. It never leaves https; from plain http, which is spoken with this machine alone, it leads to
    https or stays on this machine.

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
        # Some servers leave spaces and letters beyond ASCII in it, which not every transport would encode.
        url = quote(urljoin(request.url, location), safe=_URL_CHARACTERS)
        parts = urlsplit(url)
        usable = bool(location and parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        usable, url, parts = False, "", urlsplit("")
    stays = parts.scheme == urlsplit(request.url).scheme == "http" and parts.hostname in LOOPBACK
    if not usable or not (parts.scheme == "https" or stays):
        # The location may be signed, which makes it a credential: it isn't shown.
        raise _bad_redirect(response, "a redirect to no usable address")
    return evolve(request, url=url.partition("#")[0], headers=harmless(request.headers))


def harmless(headers: Headers) -> Headers:
    """Those that tell a foreign host nothing: no credentials, nor what might be some."""
    return Headers(pair for pair in headers.multi_items() if pair[0].lower() in _HARMLESS_HEADERS)


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
    message, code, more_info = body.get("message"), body.get("code"), body.get("more_info")
    error = _ERRORS.get(status, ServerError if status >= 500 else InvalidRequest)(
        shorten(str(message)) if message else excerpt(response) or "no message",
        status=status,
        code=code if isinstance(code, int) else None,
        more_info=more_info if isinstance(more_info, str) else None,
        request_id=request_id(response),
    )
    if isinstance(error, RateLimited):
        error.retry_after = _retry_after(response)
    return error


def read_json(response: Response, object_hook: ObjectHook | None = None) -> Mapping[str, object]:
    """The body of a good answer: a JSON object, whose inner objects are what `object_hook` makes of them.

    Raises:
        ResponseInvalid: It isn't one.
    """
    try:
        # JSON is UTF-8; given bytes, json.loads would spend a while on looking for other encodings.
        text = response.body.decode()
        body: object = _decode(text) if object_hook is None else json.loads(text, object_hook=object_hook)
    except (ValueError, RecursionError) as error:
        problem = "the body is empty" if not response.body else f"the body is not JSON ({error})"
        # Not as its cause: a JSONDecodeError holds the document, and what is in it may be a token.
        raise _no_object(response, problem) from None
    if not isinstance(body, dict):
        raise _no_object(response, f"expected a JSON object, got {type(body).__name__}")
    return cast("Mapping[str, object]", body)


def _no_object(response: Response, problem: str) -> ResponseInvalid:
    # Half a record may hold a token or a password, so only what is no JSON at all is quoted.
    quotable = response.body.lstrip()[:1] not in {b"{", b"["}
    return ResponseInvalid(
        problem,
        status=response.status,
        request_id=request_id(response),
        excerpt=excerpt(response) if quotable else "",
    )


def request_id(response: Response) -> str | None:
    """Twilio's id of the request."""
    return response.headers.get("Twilio-Request-Id")


def excerpt(response: Response) -> str:
    """The first characters of a body, on one line and without what looks like a credential."""
    text = " ".join(response.body[:1000].decode("utf-8", "replace").split())
    return shorten(_CREDENTIAL.sub(REDACTED, text), 160)


def _error_body(response: Response) -> Mapping[str, object]:
    try:
        body: object = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return cast("Mapping[str, object]", body) if isinstance(body, dict) else {}


def _retry_after(response: Response) -> float | None:
    """Seconds to wait, from a number of them or from a date; None where it is neither."""
    text = response.headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text, re.ASCII):
        return min(float(text), _LONGEST_RETRY_AFTER)
    from ringback._core.operations.dates import read_http_date  # slow to import, seldom needed

    moment = read_http_date(text)
    if moment is None:
        return None
    return min(max(0.0, (moment - datetime.now(timezone.utc)).total_seconds()), _LONGEST_RETRY_AFTER)
