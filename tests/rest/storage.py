"""A real server on this machine that has files as Twilio has them: the API redirects, the storage sends."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attrs import define, field


@define
class Storage:
    """What it has, how it misbehaves, what it was asked.

    Attributes:
        content: The file.
        etag: Sent where it is set.
        media_type: Of the file.
        ranges: Whether `Range` is understood.
        breaks: After how many bytes each next answer of the storage is cut off; the rest come whole.
        lengths: Whether the length is told; else the body is chunked.
        status: Of the API's answer instead of a redirect, where it is set.
        missing: How many of the API's next answers are 404.
        hangs: Where it is set, the API answers only once it happens.
        asked: Each request: host, path with query, headers.
    """

    content: bytes = b""
    etag: str | None = '"1"'
    media_type: str = "audio/mpeg"
    ranges: bool = True
    breaks: list[int] = field(factory=list[int])
    lengths: bool = True
    status: int | None = None
    shift: int = 0
    missing: int = 0
    hangs: threading.Event | None = None
    asked: list[tuple[str, str, dict[str, str]]] = field(factory=list[tuple[str, str, dict[str, str]]])
    api: str = ""
    files: str = ""

    def ranges_asked(self) -> list[str | None]:
        """The `Range` of each request that the storage got."""
        return [headers.get("range") for host, _, headers in self.asked if host == "files"]


@contextmanager
def serving(storage: Storage) -> Generator[Storage]:
    """Serve it on two ports: one is the API, the other one the storage that it redirects to."""
    servers = [_server(storage, "api"), _server(storage, "files")]
    storage.api, storage.files = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    threads = [threading.Thread(target=server.serve_forever, args=(0.01,)) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield storage
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()


class Server(ThreadingHTTPServer):
    """Says nothing about clients that leave early: some of them are meant to."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


def _server(storage: Storage, name: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else the body waits until the head is acknowledged

        def do_GET(self) -> None:
            headers = {key.lower(): value for key, value in self.headers.items()}
            storage.asked.append((name, self.path, headers))
            if name == "api":
                self._redirect()
            else:
                self._send(headers)

        def _redirect(self) -> None:
            if storage.hangs is not None:
                storage.hangs.wait(30)
            status = storage.status or 302
            if storage.missing:
                storage.missing, status = storage.missing - 1, 404
            body = b"" if status == 302 else b'{"code": 20404, "message": "not there"}'
            self.send_response(status)
            if status == 302:
                self.send_header("Location", f"{storage.files}/stored?signature=x")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _send(self, headers: dict[str, str]) -> None:
            start, status = 0, 200
            same = headers.get("if-range") in {None, storage.etag}
            if storage.ranges and same and "range" in headers:
                start = int(headers["range"].removeprefix("bytes=").removesuffix("-"))
                status = 206
            if status == 206 and start >= len(storage.content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(storage.content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = storage.content[start:]
            self.send_response(status)
            self.send_header("Content-Type", storage.media_type)
            if storage.etag is not None:
                self.send_header("ETag", storage.etag)
            if status == 206:
                first, last = start + storage.shift, len(storage.content) - 1
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(storage.content)}")
            cut = storage.breaks.pop(0) if storage.breaks else len(body)
            if storage.lengths:
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:cut])
            else:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for at in range(0, min(cut, len(body)), 50_000):
                    piece = body[at : min(at + 50_000, cut)]
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                if cut >= len(body):
                    self.wfile.write(b"0\r\n\r\n")
            if cut < len(body):
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Server(("127.0.0.1", 0), Handler)
