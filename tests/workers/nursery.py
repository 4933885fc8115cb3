"""`python -m tests.workers.nursery KIND COUNT`: single workers, each with a port of its own, forked.

Whoever dies is replaced at once; its port stays open meanwhile, as that of a server's master does. What a
worker needs is imported once, before the first is forked, so that a new one is there in a few milliseconds;
the application is made after the fork.

Told on the standard output: a line of ports, then one line a worker, with its place and process. `stop PLACE`
on the standard input ends a worker by SIGTERM, and another takes its place; the end of the input ends all.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import uvicorn
from fastapi import FastAPI

from tests.workers.application import Setting, Worker

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["KINDS", "Nursery"]


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class _Given(WSGIServer):
    """One request at a time, as a sync worker of gunicorn's."""

    def __init__(self, listener: socket.socket) -> None:
        super().__init__(listener.getsockname(), _Quiet, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = "127.0.0.1", listener.getsockname()[1]
        self.setup_environ()


def serve_sync(worker: Worker, listener: socket.socket) -> None:
    """As WSGI, one request after the other."""
    worker.app  # noqa: B018 - made before the first request, as a server's loader does
    with _Given(listener) as server:
        server.set_app(worker.wsgi)
        server.serve_forever(poll_interval=60)


def serve_async(worker: Worker, listener: socket.socket) -> None:
    """As ASGI, under uvicorn."""
    worker.app  # noqa: B018
    uvicorn.Server(_config(worker.asgi)).run(sockets=[listener])


def serve_mounted(worker: Worker, listener: socket.socket) -> None:
    """As a part of another application, which is told of the server's start and end alone."""
    worker.app  # noqa: B018
    host = FastAPI()
    host.mount("/", worker.asgi)
    uvicorn.Server(_config(host)).run(sockets=[listener])


def _config(web: Callable[..., object]) -> uvicorn.Config:
    return uvicorn.Config(web, interface="asgi3", log_level="warning", ws="none", timeout_graceful_shutdown=5)


KINDS: dict[str, Callable[[Worker, socket.socket], None]] = {
    "mounted": serve_mounted,
    "sync": serve_sync,
    "uvicorn": serve_async,
}


class Nursery:
    """Keeps a worker in each place."""

    def __init__(self, kind: str, count: int) -> None:
        self._serve = KINDS[kind]
        self._listeners = [socket.create_server(("127.0.0.1", 0), backlog=256) for _ in range(count)]
        for listener in self._listeners:
            # As it is on a socket that a server makes itself; connections inherit it.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._places: dict[int, int] = {}

    def run(self) -> None:
        woken, waker = os.pipe()
        os.set_blocking(waker, False)
        os.set_blocking(woken, False)
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _woken)
        _tell([listener.getsockname()[1] for listener in self._listeners])
        for place in range(len(self._listeners)):
            self._fork(place)
        while True:
            ready, _, _ = select.select([woken, sys.stdin.fileno()], [], [])
            if woken in ready:
                os.read(woken, 4096)
                self._reap()
            if sys.stdin.fileno() in ready:
                command = os.read(sys.stdin.fileno(), 4096).decode()
                if not command:
                    break
                for line in command.splitlines():
                    self._stop(int(line.partition(" ")[2]))
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for pid in self._places:
            os.kill(pid, signal.SIGKILL)

    def _fork(self, place: int) -> None:
        pid = os.fork()
        if pid:
            self._places[pid] = place
            _tell([place, pid])
            return
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        try:
            self._serve(
                Worker(Setting(**json.loads(os.environ["RINGBACK_SETTING"])), place), self._listeners[place]
            )
        finally:
            os._exit(0)

    def _reap(self) -> None:
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            self._fork(self._places.pop(pid))

    def _stop(self, place: int) -> None:
        for pid, where in self._places.items():
            if where == place:
                os.kill(pid, signal.SIGTERM)


def _woken(_number: int, _frame: object) -> None:
    """A signal is told by its number in the pipe: this one mustn't be ignored, that is all."""


def _tell(what: list[int]) -> None:
    os.write(1, f"{json.dumps(what)}\n".encode())


if __name__ == "__main__":
    Nursery(sys.argv[1], int(sys.argv[2])).run()
