"""Real servers on loopback ports, each with the same application plugged in another way."""

from __future__ import annotations

import threading
import time
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Final, Protocol

import flask
import uvicorn
import waitress
from fastapi import FastAPI
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from ringback.adapters.asgi import ASGIAdapter, ASGIMiddleware
from ringback.adapters.wsgi import WSGIAdapter, WSGIMiddleware
from ringback.app import Application, Switchboard

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from _typeshed.wsgi import WSGIApplication

Served = Application | Switchboard

HOST: Final = "127.0.0.1"


@contextmanager
def serve_asgi(web: Callable[..., object], *, root_path: str = "") -> Generator[str, None, None]:
    """An ASGI application under uvicorn; its address."""
    config = uvicorn.Config(
        web, host=HOST, port=0, log_level="warning", lifespan="auto", root_path=root_path, ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "uvicorn did not start"
        time.sleep(0.002)
    try:
        yield f"http://{HOST}:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


class _Closable(Protocol):
    def close(self) -> None: ...


class _Trigger(Protocol):
    def pull_trigger(self, thunk: Callable[[], None]) -> None: ...


class _Dispatcher(Protocol):
    def shutdown(self) -> bool: ...


class _Waitress(Protocol):
    """What of waitress is used here; it has no types of its own."""

    effective_port: int
    trigger: _Trigger
    task_dispatcher: _Dispatcher
    _map: dict[int, _Closable]

    def run(self) -> None: ...


@contextmanager
def serve_wsgi(web: WSGIApplication) -> Generator[str, None, None]:
    """A WSGI application under waitress; its address."""
    create_server: Callable[..., _Waitress] = vars(waitress)["create_server"]
    server = create_server(web, host=HOST, port=0, threads=8)
    thread = threading.Thread(target=server.run)
    thread.start()

    def close_all() -> None:
        for connection in list(server._map.values()):
            connection.close()

    try:
        yield f"http://{HOST}:{server.effective_port}"
    finally:
        server.trigger.pull_trigger(close_all)  # in its own thread; it ends when nothing is left open
        thread.join()
        server.task_dispatcher.shutdown()


def _fastapi() -> FastAPI:
    host = FastAPI()

    @host.get("/elsewhere")
    def elsewhere() -> str:
        return "the host"

    return host


def _flask() -> flask.Flask:
    host = flask.Flask("host")

    @host.get("/elsewhere")
    def elsewhere() -> str:
        return "the host"

    return host


def asgi_alone(application: Served) -> AbstractContextManager[str]:
    return serve_asgi(ASGIAdapter(application))


def asgi_mounted(application: Served) -> AbstractContextManager[str]:
    host = _fastapi()
    host.mount("/phone", ASGIAdapter(application))
    return serve_asgi(host)


def asgi_mounted_elsewhere(application: Served) -> AbstractContextManager[str]:
    host = _fastapi()
    host.mount("/internal/hooks", ASGIAdapter(application))
    return serve_asgi(host)


def asgi_middleware(application: Served) -> AbstractContextManager[str]:
    return serve_asgi(ASGIMiddleware(application, _fastapi()))


def wsgi_alone(application: Served) -> AbstractContextManager[str]:
    return serve_wsgi(WSGIAdapter(application))


def wsgi_mounted(application: Served) -> AbstractContextManager[str]:
    host = _flask()
    return serve_wsgi(DispatcherMiddleware(host, {"/phone": WSGIAdapter(application)}))


def wsgi_mounted_elsewhere(application: Served) -> AbstractContextManager[str]:
    host = _flask()
    return serve_wsgi(DispatcherMiddleware(host, {"/internal/hooks": WSGIAdapter(application)}))


def wsgi_middleware(application: Served) -> AbstractContextManager[str]:
    host = _flask()
    host.wsgi_app = WSGIMiddleware(application, host.wsgi_app)  # type: ignore[method-assign]
    return serve_wsgi(host)


SERVERS: Final = {
    "asgi alone": (asgi_alone, "/phone"),
    "asgi mounted": (asgi_mounted, "/phone"),
    "asgi mounted elsewhere": (asgi_mounted_elsewhere, "/internal/hooks"),
    "asgi middleware": (asgi_middleware, "/phone"),
    "wsgi alone": (wsgi_alone, "/phone"),
    "wsgi mounted": (wsgi_mounted, "/phone"),
    "wsgi mounted elsewhere": (wsgi_mounted_elsewhere, "/internal/hooks"),
    "wsgi middleware": (wsgi_middleware, "/phone"),
}
"""How to serve an application, and where its public path is then found on the server."""
