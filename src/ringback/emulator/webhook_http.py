"""Webhooks over HTTP, in an event loop of their own: none takes a thread, however long it is under way."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from ringback.app.loops.threads import Threads
from ringback.emulator.engine.kernel.requests import Failure
from ringback.emulator.webhook_connection import Lost, NoHttp, WebhookConnection

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ringback.emulator.engine.kernel.requests import Ask, Outcome
    from ringback.emulator.engine.urls import WebUrl

__all__ = ["HttpWebhooks"]


# Where names are looked up, which may hang.
_RESOLVERS: Final = Threads(50, awaited=False)


class HttpWebhooks:
    """Sends webhooks to applications that are elsewhere."""

    def __init__(self) -> None:
        self._running: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        # By scheme, host and port, those that no request needs now.
        self._free: dict[tuple[str, str, int], list[WebhookConnection]] = {}

    def close(self) -> None:
        """End what is under way."""
        loop, self._running = self._running, None
        if loop is not None and self._thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            self._thread.join()

    def send(self, ask: Ask, url: WebUrl) -> Future[Outcome]:
        """What will come of a request; whoever waits for it may give it up."""
        return asyncio.run_coroutine_threadsafe(self._outcome(ask, url), self._loop)

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        if self._running is None:
            self._running = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=self._run, args=(self._running,), name="ringback-webhooks", daemon=True
            )
            self._thread.start()
        return self._running

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        loop.run_forever()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        for connections in self._free.values():
            for connection in connections:
                connection.close()
        loop.run_until_complete(asyncio.sleep(0))  # so that they are told
        loop.close()

    async def _outcome(self, ask: Ask, url: WebUrl) -> Outcome:
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            outcome = await asyncio.wait_for(self._sent(ask, url), ask.limits.total)
        except asyncio.TimeoutError:
            outcome = Failure("timeout", f"no whole answer within {ask.limits.total:g} s")
        except Exception as error:  # an answer has to come, whatever happens on its way
            outcome = Failure("broken", f"no answer could be had ({type(error).__name__})")
        ask.spent.seconds += loop.time() - started
        return outcome

    async def _sent(self, ask: Ask, url: WebUrl) -> Outcome:
        limits = ask.limits
        port = url.port or (443 if url.scheme == "https" else 80)
        free = self._free.setdefault((url.scheme, url.host.lower(), port), [])
        try:
            connection = self._kept(free)
            if connection is None:
                connection = await asyncio.wait_for(self._connect(url, port), limits.connect)
        except (socket.gaierror, UnicodeError) as error:
            return Failure("host", f"no such host ({type(error).__name__})")
        except (ssl.SSLError, ConnectionResetError, ConnectionAbortedError) as error:
            # What is connected and ended already was meant to speak TLS.
            return Failure("tls", f"no TLS connection ({error})")
        except (OSError, asyncio.TimeoutError) as error:
            return Failure("connect", f"no connection ({type(error).__name__})")
        try:
            response = await connection.exchange(ask.request, url.target, limits.read)
        except asyncio.TimeoutError:
            return Failure("timeout", f"no answer within {limits.read:g} s")
        except Lost:
            return Failure("lost", "the connection ended before the answer was whole")
        except NoHttp as error:
            return Failure("broken", f"the answer is no HTTP ({error})")
        finally:
            if connection.free:
                free.append(connection)
            else:
                connection.close()
        return response

    @staticmethod
    def _kept(free: list[WebhookConnection]) -> WebhookConnection | None:
        while free:
            connection = free.pop()
            if connection.free:
                return connection
        return None

    async def _connect(self, url: WebUrl, port: int) -> WebhookConnection:
        """A new connection; names below `localhost` are this machine, whatever a resolver says."""
        loop = asyncio.get_running_loop()
        host = "localhost" if url.host.lower().endswith(".localhost") else url.host
        tls = self._tls if url.scheme == "https" else None
        failed: OSError | None = None
        for address in await _addresses(host):
            try:
                _, connection = await loop.create_connection(
                    WebhookConnection, address, port, ssl=tls, server_hostname=url.host if tls else None
                )
            except OSError as error:
                failed = error
            else:
                return connection
        raise failed or ConnectionError("the host has no address")

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


async def _addresses(host: str) -> list[str]:
    """Where a host can be reached."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:  # it is a name
        look_up = partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(_RESOLVERS, look_up)
        return [str(address[0]) for *_, address in found]
