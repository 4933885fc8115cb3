"""`Client` and `AsyncClient`: the way into the REST API.

Both have the same resources under the same names, generated from the spec; here is what is around them:
credentials, address, transport, and the way out for what the spec doesn't know.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, cast

from ringback._core.config import Config
from ringback._core.exchange import Exchange, perform, read_json
from ringback._core.retry import DEFAULT_RETRY, RetryPolicy
from ringback._core.session import AsyncSession, Exchanges, Session
from ringback._generated.api.roots import AsyncClientResources, ClientResources
from ringback.errors import ConfigurationError, InvalidValue
from ringback.http import Request, Timeout

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Self

    from ringback._core.options import RequestOptions
    from ringback.transports import AsyncTransport, Transport

__all__ = ["AsyncClient", "Client"]


class Client(ClientResources):
    """The REST API, one call after the other; safe to share between threads.

    Args:
        account_sid: The account, `AC…`; default `TWILIO_ACCOUNT_SID`.
        auth_token: Its auth token; default `TWILIO_AUTH_TOKEN`.
        api_key: An API key, `SK…`, instead of the token; default `TWILIO_API_KEY`, which wins over the token
            where the environment has both.
        api_secret: The key's secret; default `TWILIO_API_SECRET`.
        edge: Where requests enter Twilio's network, e.g. `dublin`; default `TWILIO_EDGE`.
        region: Where data is processed, e.g. `ie1`; default `TWILIO_REGION`.
        base_url: Scheme and host of something else that speaks the API, such as the emulator; plain http only
            on this machine. Default `RINGBACK_BASE_URL`, unless an edge or region is passed.
        timeout: How long to wait, by default 5 s for a connection and 30 s for each piece of the answer; a
            number of seconds sets both.
        retry: When to try again, by default up to four times with growing pauses.
        transport: What carries requests; default urllib3 with a pool of its own. Closed with the client.

    Raises:
        ConfigurationError: Credentials are missing or contradict each other.
        InvalidValue: A SID, name or URL is malformed.

    See https://www.twilio.com/docs/usage/api
    """

    __slots__ = ("_closed", "_config", "_lock", "_transport")

    def __init__(
        self,
        account_sid: str | None = None,
        auth_token: str | None = None,
        *,
        api_key: str | None = None,
        api_secret: str | None = None,
        edge: str | None = None,
        region: str | None = None,
        base_url: str | None = None,
        timeout: Timeout | float | None = None,
        retry: RetryPolicy | None = None,
        transport: Transport | None = None,
    ) -> None:
        self._config = Config.resolve(
            account_sid,
            auth_token,
            api_key=api_key,
            api_secret=api_secret,
            edge=edge,
            region=region,
            base_url=base_url,
        )
        self._transport = transport
        self._lock = threading.Lock()
        self._closed = False
        self._path = f"/2010-04-01/Accounts/{self._config.account_sid}"
        self._session = Session(_exchanges(self._config, timeout, retry), self._open)

    def __repr__(self) -> str:
        return f"Client({self._config.account_sid!r}, base_url={self._config.base_url!r})"

    @property
    def account_sid(self) -> str:
        """The account that requests are about unless they name another."""
        return self._config.account_sid

    @property
    def base_url(self) -> str:
        """Scheme and host that requests go to."""
        return self._config.base_url

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        options: RequestOptions | None = None,
    ) -> Mapping[str, object]:
        """A request that the spec doesn't know, with the client's credentials, retries and errors.

        Args:
            method: `GET`, `POST`, `PUT` or `DELETE`.
            path: From the slash behind the host, `.json` included.
            query: Query parameters.
            form: Form parameters.
            options: Settings of this request alone.

        Returns:
            The JSON object of the answer; empty where it has no body.

        Raises:
            InvalidValue: The method or path is malformed.
            ApiError: Twilio refused.
            TransportError: No usable answer came.
            ResponseInvalid: The answer is no JSON object.
        """
        request, policy = self._session.exchanges.raw(method, path, query, form, options)
        return self._session.drive(_json(request, policy))

    def close(self) -> None:
        """Close the connections; the client can't be used afterwards. Harmless when repeated."""
        with self._lock:
            self._closed = True
            transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _open(self) -> Transport:
        transport = self._transport
        if transport is not None:
            return transport
        with self._lock:
            if self._closed:
                raise ConfigurationError("the client is closed")
            if self._transport is None:
                # urllib3 takes its time to import, so it waits for the first request.
                from ringback.transports.urllib3 import Urllib3Transport

                self._transport = Urllib3Transport()
            return self._transport


class AsyncClient(AsyncClientResources):
    """The REST API for asyncio; the same names as `Client`, awaited. Safe to share between tasks.

    Args:
        account_sid: The account, `AC…`; default `TWILIO_ACCOUNT_SID`.
        auth_token: Its auth token; default `TWILIO_AUTH_TOKEN`.
        api_key: An API key, `SK…`, instead of the token; default `TWILIO_API_KEY`, which wins over the token
            where the environment has both.
        api_secret: The key's secret; default `TWILIO_API_SECRET`.
        edge: Where requests enter Twilio's network, e.g. `dublin`; default `TWILIO_EDGE`.
        region: Where data is processed, e.g. `ie1`; default `TWILIO_REGION`.
        base_url: Scheme and host of something else that speaks the API, such as the emulator; plain http only
            on this machine. Default `RINGBACK_BASE_URL`, unless an edge or region is passed.
        timeout: How long to wait, by default 5 s for a connection and 30 s for each piece of the answer; a
            number of seconds sets both.
        retry: When to try again, by default up to four times with growing pauses.
        transport: What carries requests; default urllib3 in worker threads. Closed with the client.

    Raises:
        ConfigurationError: Credentials are missing or contradict each other.
        InvalidValue: A SID, name or URL is malformed.

    See https://www.twilio.com/docs/usage/api
    """

    __slots__ = ("_closed", "_config", "_transport")

    def __init__(
        self,
        account_sid: str | None = None,
        auth_token: str | None = None,
        *,
        api_key: str | None = None,
        api_secret: str | None = None,
        edge: str | None = None,
        region: str | None = None,
        base_url: str | None = None,
        timeout: Timeout | float | None = None,
        retry: RetryPolicy | None = None,
        transport: AsyncTransport | None = None,
    ) -> None:
        self._config = Config.resolve(
            account_sid,
            auth_token,
            api_key=api_key,
            api_secret=api_secret,
            edge=edge,
            region=region,
            base_url=base_url,
        )
        self._transport = transport
        self._closed = False
        self._path = f"/2010-04-01/Accounts/{self._config.account_sid}"
        self._session = AsyncSession(_exchanges(self._config, timeout, retry), self._open)

    def __repr__(self) -> str:
        return f"AsyncClient({self._config.account_sid!r}, base_url={self._config.base_url!r})"

    @property
    def account_sid(self) -> str:
        """The account that requests are about unless they name another."""
        return self._config.account_sid

    @property
    def base_url(self) -> str:
        """Scheme and host that requests go to."""
        return self._config.base_url

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        options: RequestOptions | None = None,
    ) -> Mapping[str, object]:
        """See `Client.request`."""
        request, policy = self._session.exchanges.raw(method, path, query, form, options)
        return await self._session.drive(_json(request, policy))

    async def aclose(self) -> None:
        """Close the connections; the client can't be used afterwards. Harmless when repeated."""
        self._closed = True
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _open(self) -> AsyncTransport:
        # No lock: nothing here awaits, so no other task can come in between.
        if self._transport is None:
            if self._closed:
                raise ConfigurationError("the client is closed")
            from ringback.transports.threaded import ThreadedTransport
            from ringback.transports.urllib3 import Urllib3Transport

            self._transport = ThreadedTransport(Urllib3Transport(pool_size=32))
        return self._transport


def _exchanges(config: Config, timeout: Timeout | float | None, retry: RetryPolicy | None) -> Exchanges:
    if timeout is None:
        timeout = Timeout()
    elif not isinstance(timeout, Timeout):
        seconds = cast("object", timeout)
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
            raise InvalidValue("timeout", timeout, "seconds above 0, or a Timeout")
        timeout = Timeout(connect=timeout, read=timeout)
    return Exchanges(config, timeout, retry or DEFAULT_RETRY)


def _json(request: Request, policy: RetryPolicy) -> Exchange[Mapping[str, object]]:
    response = yield from perform(request, policy, success=200)
    return read_json(response) if response.body else {}
