"""WSGI: gunicorn, waitress, Flask, Django and others. Flows run in one background thread of the process.

server = WSGIAdapter(app)                             # alone, or in werkzeug's DispatcherMiddleware
site.wsgi_app = WSGIMiddleware(app, site.wsgi_app)    # in front of Flask
"""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast, overload
from wsgiref.util import request_uri

from ringback.adapters.given import served, told_apart
from ringback.http import WebhookRequest, WebhookResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

    from ringback.app import Application, Switchboard

__all__ = ["WSGIAdapter", "WSGIMiddleware"]

_DIGITS: Final = 30


class WSGIAdapter:
    """An application or switchboard as a WSGI application. What isn't registered there is answered with
    404.
    """

    def __init__(self, application: Application | Switchboard, /) -> None:
        self._application = served(application)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        response = self._answer(environ)
        headers = list(response.headers.multi_items())
        if response.status != HTTPStatus.NO_CONTENT:
            headers.append(("Content-Length", str(len(response.body))))
        start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
        return [response.body]

    def _answer(self, environ: WSGIEnvironment) -> WebhookResponse:
        arrived = time.monotonic()
        limit = self._application.max_body
        length = _length(environ)
        if length is not None and length > limit:
            return WebhookResponse(413)
        body = _read(environ, limit + 1 if length is None else length)
        if len(body) > limit:
            return WebhookResponse(413)
        return self._application.handle_sync(_request(environ, body), arrived=arrived)


class WSGIMiddleware:
    """An application or switchboard in front of another WSGI application, which gets what isn't registered
    there.

    Args:
        app: The other application.
        application: Ours. By position the two may come in either order.

    Raises:
        InvalidValue: Neither, or both, are ours.
    """

    @overload
    def __init__(self, app: WSGIApplication, application: Application | Switchboard) -> None: ...
    @overload
    def __init__(self, application: Application | Switchboard, app: WSGIApplication, /) -> None: ...
    def __init__(
        self,
        app: WSGIApplication | Application | Switchboard,
        application: WSGIApplication | Application | Switchboard,
    ) -> None:
        ours, self._inner = told_apart(app, application)
        self._application = ours
        self._adapter = WSGIAdapter(ours)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request, or let the other application do so."""
        serve = self._adapter if self._application.matches(_request(environ)) else self._inner
        return serve(environ, start_response)


def _length(environ: WSGIEnvironment) -> int | None:
    """How long the body is; None where it ends when it ends."""
    length = str(environ.get("CONTENT_LENGTH") or "")
    if length.isdecimal():
        # Of digits without end Python refuses to make a number; what it would be is too much in any case.
        return int(length[:_DIGITS])
    return None if environ.get("wsgi.input_terminated") else 0


def _read(environ: WSGIEnvironment, length: int) -> bytes:
    stream = cast("InputStream", environ["wsgi.input"])
    chunks: list[bytes] = []
    while length > 0 and (chunk := stream.read(length)):
        chunks.append(chunk)
        length -= len(chunk)
    return b"".join(chunks)


def _request(environ: WSGIEnvironment, body: bytes = b"") -> WebhookRequest:
    headers = [
        (name[5:].replace("_", "-").title(), str(value))
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    if environ.get("CONTENT_TYPE"):
        headers.append(("Content-Type", str(environ["CONTENT_TYPE"])))
    if environ.get("CONTENT_LENGTH"):
        headers.append(("Content-Length", str(environ["CONTENT_LENGTH"])))
    # The bytes of a query come as if they were Latin-1; beyond ASCII, what Twilio signs and sends is UTF-8.
    query = str(environ.get("QUERY_STRING", "")).encode("latin-1").decode("utf-8", "surrogateescape")
    url = request_uri(environ, include_query=False) + (f"?{query}" if query else "")
    mount = str(environ.get("SCRIPT_NAME", "")).encode("latin-1").decode(errors="replace")
    return WebhookRequest(str(environ["REQUEST_METHOD"]), url, headers, body, mount)
