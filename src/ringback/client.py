"""`Client` and `AsyncClient`: the way into the REST API.

Both have the same resources under the same names, generated from the spec; here is what is around them:
credentials, address, transport, and the way out for what the spec doesn't know.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

from ringback._core.client.config import Config
from ringback._core.client.opening import Opening
from ringback._core.client.resource import explained_init
from ringback._core.client.session import AsyncSession, Session
from ringback._core.parameters.kinds import Integer
from ringback._generated.api.roots import AsyncClientResources, ClientResources
from ringback.errors import ConfigurationError, InvalidValue, RingbackError, being_handled, forget_variables

if TYPE_CHECKING:
    import os
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from ringback._conveniences.downloads import Download, Progress, Writable
    from ringback._conveniences.media import RecordingFormat
    from ringback._conveniences.sources import Recorded
    from ringback._core.client.options import RequestOptions
    from ringback._core.client.raw import RawResponse
    from ringback._core.operations.exchanges import Exchanges
    from ringback._core.operations.retry import RetryPolicy
    from ringback._core.webhooks.events import ReceivedMedia
    from ringback.http import Timeout
    from ringback.transports import AsyncTransport, Transport
    from ringback.transports.hooks import Hook

__all__ = ["AsyncClient", "Client"]

T = TypeVar("T")

_POOL_SIZE = 32
_LIBRARIES = frozenset({"aiohttp", "httpx", "requests", "urllib3"})


@explained_init
class Client(ClientResources):
    """The REST API, one call after the other; safe to share between threads, and usable in a forked child.

    Args:
        account_sid: The account, `AC…`; default `TWILIO_ACCOUNT_SID`.
        auth_token: Its auth token; default `TWILIO_AUTH_TOKEN`.
        api_key: An API key, `SK…`, instead of the token; default `TWILIO_API_KEY`, which wins over the token
            where the environment has both.
        api_secret: The key's secret; default `TWILIO_API_SECRET`.
        edge: Where requests enter Twilio's network, e.g. `dublin`; default `TWILIO_EDGE`.
        region: Where data is processed, e.g. `ie1`; default `TWILIO_REGION`. Without an edge, `ie1` goes by
            dublin and `au1` by sydney; other regions than these and `us1` need one.
        base_url: Scheme and host of something else that speaks the API, such as the emulator; plain http only
            on this machine. Default `RINGBACK_BASE_URL`.
        timeout: How long to wait, by default 5 s for a connection and 30 s for each piece of the answer; a
            number of seconds sets both.
        retry: When to try again, by default up to four times with growing pauses.
        hooks: Code around each attempt, see `ringback.transports.hooks`; the first is the outermost.
        pool_size: Connections that the default transport keeps open, 32 unless you say other; as many as
            threads use the client at once are enough.
        max_answer_size: Bytes of an answer at most, unpacked, 16 MiB unless you say other; a larger one is a
            `ResponseInvalid`. What is downloaded has no limit.
        transport: What carries requests; default urllib3. Closed with the client.

    Raises:
        ConfigurationError: Credentials are missing or contradict each other, or the transport doesn't fit.
        InvalidValue: A SID, name, URL or number is malformed.

    See https://www.twilio.com/docs/usage/api
    """

    __slots__ = ("_config", "_opening")

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
        hooks: Sequence[Hook] = (),
        pool_size: int | None = None,
        max_answer_size: int | None = None,
        transport: Transport | None = None,
    ) -> None:
        ambient = being_handled()
        try:
            config = Config.resolve(
                account_sid,
                auth_token,
                api_key=api_key,
                api_secret=api_secret,
                edge=edge,
                region=region,
                base_url=base_url,
            )
        except RingbackError as error:
            forget_variables(error, ambient)
            raise
        finally:
            # Crash reports that show variables show those of this frame, and a mix-up puts a token anywhere.
            account_sid = auth_token = api_key = api_secret = base_url = None
        size = _pool_size(pool_size, transport)
        _check_transport("Client", "a Transport", "close", transport)
        self._opening = Opening(partial(_open, size, _hooks(hooks), transport), given=transport is not None)
        exchanges = partial(
            _exchanges, config, _timeout(timeout), _retry(retry), _answer_size(max_answer_size)
        )
        self._assemble(config, Session(exchanges, self._opening.get))

    def _assemble(self, config: Config, session: Session) -> None:
        self._config = config
        self._path = f"/2010-04-01/Accounts/{config.account_sid}"
        self._session = session

    def __repr__(self) -> str:
        return _shown(self, getattr(self, "_config", None))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds credentials and connections, so it can't be pickled or copied")

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
            form: Form parameters, for `POST` and `PUT`.
            options: Settings of this request alone.

        Returns:
            The JSON object of the answer; empty where it has no body.

        Raises:
            InvalidValue: The method, the path or a parameter is malformed.
            ApiError: Twilio refused.
            TransportError: No usable answer came.
            ResponseInvalid: The answer is no JSON object.
        """
        return self._session.drive(self._session.exchanges.raw(method, path, query, form, options))

    def with_raw_response(self, call: Callable[[Client], T], /) -> RawResponse[T]:
        """What a call gives, and the HTTP answer that it was read from.

        ```python
        raw = client.with_raw_response(lambda c: c.messages.create(to=to, from_=from_, body="Hi"))
        print(raw.value.sid, raw.status, raw.request_id, raw.headers["Twilio-Concurrent-Requests"])
        ```

        Args:
            call: Gets a client like this one, and makes a request; of several the last is told of.

        Raises:
            InvalidValue: It made none. A list is to be read in it: `list(c.calls.list(limit=20))`.
            RingbackError: What the call raises; an `ApiError` has its own `status` and `request_id`.
        """
        from ringback._core.client.raw import Witness
        from ringback.transports.hooks import HookedTransport

        witness = Witness()

        def transport() -> Transport:
            return HookedTransport(self._opening.get(), [witness])

        view = object.__new__(Client)
        # Never opened, so that closing the lent client closes nothing.
        view._opening = Opening(transport)
        view._assemble(self._config, Session(lambda: self._session.exchanges, transport))
        return witness.tell(call(view))

    def reconcile(self, error: BaseException, model: type[T]) -> T | None:
        """Look for what a create, whose answer was lost, may have made.

        ```python
        try:
            message = client.messages.create(to=to, from_=from_, body="Your table is ready.")
        except OutcomeUnknown as error:
            time.sleep(5)
            message = client.reconcile(error, Message) or client.messages.create(...)
        ```

        Lists what was made since the request was sent, newest first, and compares it with what was sent: of
        messages, to, from, service and body; of calls, to and from. A record may take some seconds to appear,
        and another process may have made its twin, so the result is as good as a person who looks.

        Args:
            error: What the create raised: an `OutcomeUnknown`, which may come from a pickle, or the error of
                a hook or middleware whose cause is one.
            model: What the create gives: `Message`, `Call`, …

        Returns:
            The record, or None where there is none.

        Raises:
            InvalidValue: No create was lost, its operation isn't one that can be looked for, or it gives
                another model.
            RingbackError: The list could not be read.
        """
        from ringback._core.operations.reconcile import reconcile
        from ringback._generated.api.operations import OPERATIONS

        return self._session.drive(reconcile(self._session.exchanges, error, model, OPERATIONS))

    def download(
        self,
        source: str | ReceivedMedia | Recorded,
        to: str | os.PathLike[str] | Writable,
        *,
        format: RecordingFormat | None = None,
        wait: float = 0,
        progress: Progress | None = None,
        options: RequestOptions | None = None,
    ) -> Download:
        """Download the file that a webhook tells of: a recording, or what came along with a message.

        ```python
        client.download(event, "recordings/", wait=30)  # a RecordResult
        for media in event.media:  # of an IncomingMessage
            client.download(media, "media/", wait=30)
        ```

        Breaks, paths and folders are as `client.recordings("RE…").download` has them. The credentials go to
        Twilio (`*.twilio.com`, by https) and to the client's `base_url`; another host is asked without any,
        by https. Redirects are followed without credentials, never to plain http on another machine.

        Args:
            source: An event with a `recording_url`, such as `RecordResult`; one of an event's `media`; or a
                URL from either.
            to: Where it goes: a path, which is replaced; a folder, in which it is called as it is in its URL,
                with a suffix that suits its type; or a file open for writing bytes.
            format: Of a recording at Twilio: `mp3`, which is the default, or `wav`.
            wait: Seconds to wait for a file that isn't there yet (404), 0 to 3600; it is asked for again
                after 0.5, 1, 2 and 4 seconds, then every 5. Other errors come at once, and so does 404 once
                bytes have come.
            progress: Called after each chunk with the bytes that are there and those that there will be, None
                if that isn't known.
            options: Settings of this download alone.

        Returns:
            Where it is, its size and type.

        Raises:
            InvalidValue: An argument is none of these, or the URL is none to send a request to; nothing was
                sent.
            NotFound: There is no such file, even after `wait` seconds.
            ApiError: It was refused.
            TransportError: The connection broke too often.
            ResponseInvalid: The file changed while it was downloaded, or a redirect leads nowhere.
            OSError: It can't be written.

        See https://www.twilio.com/docs/voice/twiml/record
        """
        from ringback._conveniences.downloads import download, target_of
        from ringback._conveniences.sources import source_of

        found = source_of(source, format, self._config)
        target = target_of(to, name=found.name, suffix=found.suffix, key=found.key)
        return download(self._session, found.url, target, wait, progress, options)

    def close(self) -> None:
        """Close the connections; the client can't be used afterwards. Harmless when repeated."""
        transport = self._opening.close()
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


@explained_init
class AsyncClient(AsyncClientResources):
    """The REST API for asyncio; the same names as `Client`, awaited. Safe to share between tasks.

    With the default transport it may be used from several event loops and in a forked child; httpx and
    aiohttp belong to one loop, and say so elsewhere.

    Args:
        account_sid: The account, `AC…`; default `TWILIO_ACCOUNT_SID`.
        auth_token: Its auth token; default `TWILIO_AUTH_TOKEN`.
        api_key: An API key, `SK…`, instead of the token; default `TWILIO_API_KEY`, which wins over the token
            where the environment has both.
        api_secret: The key's secret; default `TWILIO_API_SECRET`.
        edge: Where requests enter Twilio's network, e.g. `dublin`; default `TWILIO_EDGE`.
        region: Where data is processed, e.g. `ie1`; default `TWILIO_REGION`. Without an edge, `ie1` goes by
            dublin and `au1` by sydney; other regions than these and `us1` need one.
        base_url: Scheme and host of something else that speaks the API, such as the emulator; plain http only
            on this machine. Default `RINGBACK_BASE_URL`.
        timeout: How long to wait, by default 5 s for a connection and 30 s for each piece of the answer; a
            number of seconds sets both.
        retry: When to try again, by default up to four times with growing pauses.
        hooks: Code around each attempt, see `ringback.transports.hooks`; the first is the outermost.
        pool_size: Requests that the default transport has under way at once, 32 unless you say other; more
            wait their turn.
        max_answer_size: Bytes of an answer at most, unpacked, 16 MiB unless you say other; a larger one is a
            `ResponseInvalid`. What is downloaded has no limit.
        transport: What carries requests; default urllib3 in worker threads. Closed with the client.

    Raises:
        ConfigurationError: Credentials are missing or contradict each other, or the transport doesn't fit.
        InvalidValue: A SID, name, URL or number is malformed.

    See https://www.twilio.com/docs/usage/api
    """

    __slots__ = ("_config", "_opening")

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
        hooks: Sequence[Hook] = (),
        pool_size: int | None = None,
        max_answer_size: int | None = None,
        transport: AsyncTransport | None = None,
    ) -> None:
        ambient = being_handled()
        try:
            config = Config.resolve(
                account_sid,
                auth_token,
                api_key=api_key,
                api_secret=api_secret,
                edge=edge,
                region=region,
                base_url=base_url,
            )
        except RingbackError as error:
            forget_variables(error, ambient)
            raise
        finally:
            # Crash reports that show variables show those of this frame, and a mix-up puts a token anywhere.
            account_sid = auth_token = api_key = api_secret = base_url = None
        size = _pool_size(pool_size, transport)
        _check_transport("AsyncClient", "an AsyncTransport", "aclose", transport)
        self._opening = Opening(
            partial(_open_async, size, _hooks(hooks), transport), given=transport is not None
        )
        exchanges = partial(
            _exchanges, config, _timeout(timeout), _retry(retry), _answer_size(max_answer_size)
        )
        self._assemble(config, AsyncSession(exchanges, self._opening.get))

    def _assemble(self, config: Config, session: AsyncSession) -> None:
        self._config = config
        self._path = f"/2010-04-01/Accounts/{config.account_sid}"
        self._session = session

    def __repr__(self) -> str:
        return _shown(self, getattr(self, "_config", None))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds credentials and connections, so it can't be pickled or copied")

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
        return await self._session.drive(self._session.exchanges.raw(method, path, query, form, options))

    async def with_raw_response(self, call: Callable[[AsyncClient], Awaitable[T]], /) -> RawResponse[T]:
        """See `Client.with_raw_response`: `await client.with_raw_response(lambda c: c.balance.fetch())`."""
        from ringback._core.client.raw import Witness
        from ringback.transports.hooks import AsyncHookedTransport

        witness = Witness()

        def transport() -> AsyncTransport:
            return AsyncHookedTransport(self._opening.get(), [witness])

        view = object.__new__(AsyncClient)
        # Never opened, so that closing the lent client closes nothing.
        view._opening = Opening(transport)
        view._assemble(self._config, AsyncSession(lambda: self._session.exchanges, transport))
        return witness.tell(await call(view))

    async def reconcile(self, error: BaseException, model: type[T]) -> T | None:
        """See `Client.reconcile`."""
        from ringback._core.operations.reconcile import reconcile
        from ringback._generated.api.operations import OPERATIONS

        return await self._session.drive(reconcile(self._session.exchanges, error, model, OPERATIONS))

    async def download(
        self,
        source: str | ReceivedMedia | Recorded,
        to: str | os.PathLike[str] | Writable,
        *,
        format: RecordingFormat | None = None,
        wait: float = 0,
        progress: Progress | None = None,
        options: RequestOptions | None = None,
    ) -> Download:
        """See `Client.download`; the file is written in a thread."""
        from ringback._conveniences.downloads import download_async, target_of
        from ringback._conveniences.sources import source_of

        found = source_of(source, format, self._config)
        target = target_of(to, name=found.name, suffix=found.suffix, key=found.key)
        return await download_async(self._session, found.url, target, wait, progress, options)

    async def aclose(self) -> None:
        """Close the connections; the client can't be used afterwards. Harmless when repeated."""
        transport = self._opening.close()
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


def _shown(client: object, config: Config | None) -> str:
    # Crash reports show a client, too, whose settings were refused.
    name = type(client).__name__
    return f"{name}()" if config is None else f"{name}({config.account_sid!r}, base_url={config.base_url!r})"


def _timeout(given: Timeout | float | None) -> Timeout | None:
    if given is None:
        return None
    from ringback._core.client.options import to_timeout

    return to_timeout(given)


def _retry(given: RetryPolicy | None) -> RetryPolicy | None:
    if given is None:
        return None
    from ringback._core.operations.retry import to_retry

    return to_retry(given)


def _answer_size(given: int | None) -> int | None:
    if given is None:
        return None
    from ringback._core.client.options import to_answer_size

    return to_answer_size(given)


def _hooks(given: Sequence[Hook]) -> tuple[Hook, ...]:
    if isinstance(cast("object", given), Iterable) and not callable(given):
        hooks = tuple(given)
        if all(map(callable, hooks)):
            return hooks
    raise InvalidValue("hooks", given, "a list of generator functions")


def _exchanges(
    config: Config, timeout: Timeout | None, retry: RetryPolicy | None, max_answer_size: int | None
) -> Exchanges:
    # All that it takes to make a request waits for the first one.
    from ringback._core.operations.exchanges import Exchanges
    from ringback._core.operations.retry import DEFAULT_RETRY
    from ringback.http import MAX_ANSWER_SIZE, Timeout

    return Exchanges(config, timeout or Timeout(), retry or DEFAULT_RETRY, max_answer_size or MAX_ANSWER_SIZE)


def _check_transport(owner: str, protocol: str, closing: str, given: object) -> None:
    if given is None:
        return
    home = type(given).__module__.partition(".")[0]
    if isinstance(given, type):
        advice = "a class; make one of it"
    elif home in _LIBRARIES:
        # Their clients have methods of these names as well, which do something else.
        advice = f"a client of {home}; see ringback.transports for the transport that uses it"
    elif not (hasattr(given, "send") and hasattr(given, closing)):
        advice = repr(given)
    else:
        return
    raise ConfigurationError(
        f"transport: {owner} needs {protocol}, with send() and {closing}(); got {advice}"
    )


def _pool_size(pool_size: int | None, transport: object) -> int:
    if pool_size is None:
        return _POOL_SIZE
    if transport is not None:
        raise ConfigurationError("pass pool_size, or a transport that has its own, not both")
    Integer(1, 10_000).encode("pool_size", pool_size)
    return pool_size


def _open(pool_size: int, hooks: Sequence[Hook], given: Transport | None) -> Transport:
    # urllib3 takes its time to import, so it waits for the first request.
    if given is None:
        from ringback.transports.urllib3 import Urllib3Transport

        given = Urllib3Transport(pool_size=pool_size)
    if hooks:
        from ringback.transports.hooks import HookedTransport

        given = HookedTransport(given, hooks)
    return given


def _open_async(pool_size: int, hooks: Sequence[Hook], given: AsyncTransport | None) -> AsyncTransport:
    if given is None:
        from ringback.transports.threaded import ThreadedTransport
        from ringback.transports.urllib3 import Urllib3Transport

        given = ThreadedTransport(Urllib3Transport(pool_size=pool_size), threads=pool_size)
    if hooks:
        from ringback.transports.hooks import AsyncHookedTransport

        given = AsyncHookedTransport(given, hooks)
    return given
