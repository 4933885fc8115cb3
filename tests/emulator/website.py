"""A website that webhooks go to: pages of TwiML by path, and a log of everything that was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol, TypeAlias, cast
from urllib.parse import parse_qsl, urlsplit

from attrs import define, field, frozen
from twilio.request_validator import RequestValidator

from ringback.emulator import AUTH_TOKEN
from ringback.emulator.audio import Audio, Mp3File, Sound, WavFile
from ringback.http import Headers, WebhookRequest, WebhookResponse

HOME = "https://example.com"
VALIDATOR = cast("Validator", RequestValidator(AUTH_TOKEN))
# Where the website was not told what to say.
EMPTY = "<Response/>"


class Validator(Protocol):
    """Twilio's own, as far as it is needed here."""

    def validate(self, uri: str, params: dict[str, str], signature: str) -> bool: ...

    def compute_signature(self, uri: str, params: dict[str, str]) -> str: ...


Page: TypeAlias = "str | bytes | WebhookResponse | Callable[[Asked], str | bytes | WebhookResponse]"


@frozen
class Asked:
    """A request that came."""

    path: str
    method: str
    given: dict[str, str]
    pairs: tuple[tuple[str, str], ...]
    headers: Headers
    url: str

    def __getitem__(self, name: str) -> str:
        return self.given[name]


def audio(seconds: float, suffix: str = "wav") -> WebhookResponse:
    """A file of so many seconds."""
    file = {"wav": WavFile, "mp3": Mp3File}[suffix](Audio(seconds, (Sound(0, "music", seconds),)))
    return WebhookResponse(200, Headers({"Content-Type": file.content_type}), file.read())


def picture(content: bytes = b"\x89PNG\r\n\x1a\n", content_type: str = "image/png") -> WebhookResponse:
    """A picture, or another file."""
    return WebhookResponse(200, Headers({"Content-Type": content_type}), content)


@define
class Website:
    """Every request has to pass Twilio's own validator."""

    pages: dict[str, Page] = field(factory=dict[str, Page])
    asked: list[Asked] = field(factory=list[Asked])
    home: str = HOME

    def handle_sync(self, request: WebhookRequest) -> WebhookResponse:
        parts = urlsplit(request.url)
        query = parse_qsl(parts.query, keep_blank_values=True)
        form = parse_qsl(request.body.decode(), keep_blank_values=True)
        signature = request.headers["X-Twilio-Signature"]
        if not VALIDATOR.validate(request.url, dict(form), signature):
            return WebhookResponse(403, body=b"who are you?")
        asked = Asked(
            parts.path,
            request.method,
            dict([*query, *form]),
            (*query, *form),
            request.headers,
            request.url,
        )
        self.asked.append(asked)
        page = self.pages.get(parts.path, EMPTY)
        answer = page if isinstance(page, (str, bytes, WebhookResponse)) else page(asked)
        if isinstance(answer, WebhookResponse):
            return answer
        body = answer.encode() if isinstance(answer, str) else answer
        return WebhookResponse(200, Headers({"Content-Type": "text/xml"}), body)

    def at(self, path: str) -> list[Asked]:
        """What was asked of one page."""
        return [each for each in self.asked if each.path == path]

    @property
    def paths(self) -> list[str]:
        return [each.path for each in self.asked]

    @contextmanager
    def served(self) -> Generator[str]:
        """Serve it over real HTTP on a free port."""
        website = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet: two would wait for each other

            def do_POST(self) -> None:
                self._answer()

            def do_GET(self) -> None:
                self._answer()

            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                url = f"{website.home}{self.path}"
                response = website.handle_sync(
                    WebhookRequest(self.command, url, Headers(list(self.headers.items())), body)
                )
                self.send_response(response.status)
                for name, value in response.headers.multi_items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(response.body)))
                self.end_headers()
                with suppress(ConnectionError):  # whoever asked may have read enough
                    self.wfile.write(response.body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.home = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield self.home
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def until(done: Callable[[], bool], *, seconds: float = 10.0) -> None:
    """Wait on the wall until something is so."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError("it did not come to that")
        time.sleep(0.01)
