"""An HTTP server on loopback that answers everything with one body, in a process of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

__all__ = ["serving"]


@contextmanager
def serving(body: Path) -> Generator[str]:
    """Give the URL of a server that answers with what is in the file; it ends with the block."""
    command = [sys.executable, __file__, str(body)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


class _Answering(asyncio.Protocol):
    """As little HTTP as it takes: requests with a Content-Length, one after the other."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, rest = self._received.partition(b"\r\n\r\n")
            _, _, after = head.lower().partition(b"content-length:")
            length = int(after.partition(b"\r\n")[0] or 0)
            if len(rest) < length:
                return
            self._received = rest[length:]
            self._transport.write(self._answer)


async def _serve(body: bytes) -> None:
    answer = (
        b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nTwilio-Request-Id: RQ%s\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (b"0" * 32, len(body), body)
    )
    server = await asyncio.get_running_loop().create_server(lambda: _Answering(answer), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]).read_bytes()))
