"""What every resource client holds: it turns operations into exchanges and has a driver carry them out.

Exchanges            operation, path and values -> exchange; knows account, address, policies
├── Session          ... carried out by the sync driver
└── AsyncSession     ... carried out by the async one
"""

from __future__ import annotations

import base64
import platform
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar, cast
from urllib.parse import urlencode, urljoin

from attrs import evolve, frozen

from ringback._core.drivers import drive, drive_async, drive_stream, drive_stream_async
from ringback._core.exchange import Exchange, follow, perform, read_json, request_id
from ringback._core.kinds import Integer
from ringback._core.options import RequestOptions
from ringback._core.paging import AsyncPager, PageContent, Pager
from ringback._core.version import __version__
from ringback.errors import InvalidValue, ResponseInvalid
from ringback.http import Headers, Request, Response, Timeout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringback._core.config import Config
    from ringback._core.operation import Operation
    from ringback._core.retry import RetryPolicy
    from ringback.transports import AsyncResponseStream, AsyncTransport, ResponseStream, Transport

__all__ = ["AsyncSession", "Exchanges", "Session"]

T = TypeVar("T")

_USER_AGENT: Final = f"ringback/{__version__} (Python {platform.python_version()})"
_NO_OPTIONS: Final = RequestOptions()
_MAX_PAGE_SIZE: Final = 1000
_LIMIT: Final = Integer(0)
_PAGE_SIZE: Final = Integer(1, _MAX_PAGE_SIZE)


@frozen
class Exchanges:
    """Makes exchanges; does no I/O.

    Attributes:
        config: Account, credentials and address.
        timeout: Unless an operation's options say other.
        retry: Likewise.
    """

    config: Config
    timeout: Timeout
    retry: RetryPolicy

    def one(
        self,
        operation: Operation,
        path: str,
        values: Sequence[object],
        model: type[T],
        options: RequestOptions | None,
    ) -> Exchange[T]:
        """An exchange that gives one record."""
        request, policy = self._request(operation.method, path, operation.encode(values), options)
        return _read_one(perform(request, policy, success=operation.success), model)

    def none(
        self, operation: Operation, path: str, values: Sequence[object], options: RequestOptions | None
    ) -> Exchange[None]:
        """An exchange whose answer has no body that matters."""
        request, policy = self._request(operation.method, path, operation.encode(values), options)
        return _discard(perform(request, policy, success=operation.success))

    def first_page(
        self,
        operation: Operation,
        path: str,
        values: Sequence[object],
        limit: int | None,
        page_size: int | None,
        options: RequestOptions | None,
    ) -> str:
        """The URL of the first page; everything is checked here, before the list is walked over."""
        if limit is not None:
            _LIMIT.encode("limit", limit)
        if page_size is not None:
            _PAGE_SIZE.encode("page_size", page_size)
        if page_size is None and limit is not None:
            page_size = min(max(limit, 1), _MAX_PAGE_SIZE)
        pairs = operation.encode(values)
        if page_size is not None:
            pairs.append(("PageSize", str(page_size)))
        pairs += (options or _NO_OPTIONS).extra.items()
        return self.config.base_url + path + ".json" + (f"?{urlencode(pairs)}" if pairs else "")

    def page(
        self, url: str, operation: Operation, model: type[T], options: RequestOptions | None
    ) -> Exchange[PageContent[T]]:
        """An exchange that gives one page of a list; `url` is absolute."""
        request, policy = self._prepare("GET", url, b"", options)
        return _read_page(
            perform(request, policy, success=operation.success),
            operation.items or "",
            model,
            self.config.base_url,
        )

    def content(self, path: str, options: RequestOptions | None) -> Exchange[Response]:
        """An exchange that gives bytes, not JSON: `path` has its own extension, such as `.mp3`."""
        request, policy = self._prepare("GET", self.config.base_url + path, b"", options)
        headers = request.headers.merge({"Accept": "*/*"}).merge((options or _NO_OPTIONS).headers)
        return follow(evolve(request, headers=headers), policy)

    def raw(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        options: RequestOptions | None,
    ) -> tuple[Request, RetryPolicy]:
        """A request that no operation describes."""
        method = method.upper()
        if method not in {"GET", "POST", "DELETE", "PUT"}:
            raise InvalidValue("method", method, "one of 'GET', 'POST', 'DELETE', 'PUT'")
        if not path.startswith("/") or path.startswith("//"):
            raise InvalidValue(
                "path", path, "a path that begins with one slash, e.g. /2010-04-01/Accounts.json"
            )
        url = self.config.base_url + path + (f"?{urlencode(query)}" if query else "")
        return self._prepare(method, url, urlencode(form or {}).encode(), options)

    def _request(
        self, method: str, path: str, pairs: list[tuple[str, str]], options: RequestOptions | None
    ) -> tuple[Request, RetryPolicy]:
        if options is not None and options.extra:
            pairs = [*pairs, *options.extra.items()]
        url = self.config.base_url + path + ".json"
        encoded = urlencode(pairs)
        if method == "POST":
            return self._prepare(method, url, encoded.encode(), options)
        return self._prepare(method, f"{url}?{encoded}" if encoded else url, b"", options)

    def _prepare(
        self, method: str, url: str, body: bytes, options: RequestOptions | None
    ) -> tuple[Request, RetryPolicy]:
        options = options or _NO_OPTIONS
        own = [
            ("Accept", "application/json"),
            ("User-Agent", _USER_AGENT),
            ("Authorization", self._authorization()),
        ]
        if method in {"POST", "PUT"}:
            own.append(("Content-Type", "application/x-www-form-urlencoded"))
        headers = Headers(own)
        if options.headers:
            given = Headers(options.headers)
            if "authorization" in given:
                raise InvalidValue(
                    "headers", given["authorization"], "any header but Authorization", secret=True
                )
            headers = headers.merge(given)
        request = Request(method, url, headers, body, options.timeout or self.timeout)
        return request, options.retry or self.retry

    def _authorization(self) -> str:
        credentials = self.config.credentials
        pair = f"{credentials.username}:{credentials.password}".encode()
        return f"Basic {base64.b64encode(pair).decode('ascii')}"


class Session:
    """Carries exchanges out, one after the other; safe to share between threads."""

    def __init__(self, exchanges: Exchanges, transport: Callable[[], Transport]) -> None:
        self.exchanges = exchanges
        self._transport = transport

    def drive(self, exchange: Exchange[T]) -> T:
        """Carry any exchange out."""
        return drive(exchange, self._transport())

    def one(
        self,
        operation: Operation,
        path: str,
        values: Sequence[object],
        model: type[T],
        options: RequestOptions | None,
    ) -> T:
        """Carry out an operation that gives one record."""
        return self.drive(self.exchanges.one(operation, path, values, model, options))

    def stream(self, path: str, options: RequestOptions | None = None) -> ResponseStream:
        """Open the content behind `path`, such as a recording's `….mp3`, to be read in chunks.

        Retries until the answer begins; from then on a broken connection is the caller's, who goes on with
        `RequestOptions(headers={"Range": f"bytes={received}-"})` and looks whether `status` is 206. Redirects
        to the storage host are followed without credentials.

            with session.stream(context._path + ".mp3") as answer:
                total = answer.headers.get("Content-Length")
                for chunk in answer:
                    file.write(chunk)

        Raises:
            ApiError: Twilio refused.
            TransportError: No usable answer came.
            ResponseInvalid: A redirect leads nowhere or in circles.
        """
        return drive_stream(self.exchanges.content(path, options), self._transport())

    def none(
        self, operation: Operation, path: str, values: Sequence[object], options: RequestOptions | None
    ) -> None:
        """Carry out an operation that gives nothing."""
        self.drive(self.exchanges.none(operation, path, values, options))

    def list(
        self,
        operation: Operation,
        path: str,
        values: Sequence[object],
        model: type[T],
        limit: int | None,
        page_size: int | None,
        options: RequestOptions | None,
    ) -> Pager[T]:
        """A pager over the records of a list operation."""

        def fetch(url: str) -> PageContent[T]:
            return self.drive(self.exchanges.page(url, operation, model, options))

        first = self.exchanges.first_page(operation, path, values, limit, page_size, options)
        return Pager(first, fetch, limit)


class AsyncSession:
    """`Session` for asyncio; safe to share between tasks."""

    def __init__(self, exchanges: Exchanges, transport: Callable[[], AsyncTransport]) -> None:
        self.exchanges = exchanges
        self._transport = transport

    async def drive(self, exchange: Exchange[T]) -> T:
        """Carry any exchange out."""
        return await drive_async(exchange, self._transport())

    async def one(
        self,
        operation: Operation,
        path: str,
        values: Sequence[object],
        model: type[T],
        options: RequestOptions | None,
    ) -> T:
        """Carry out an operation that gives one record."""
        return await self.drive(self.exchanges.one(operation, path, values, model, options))

    async def stream(self, path: str, options: RequestOptions | None = None) -> AsyncResponseStream:
        """See `Session.stream`; here it is `async with await session.stream(path)`, and `async for`."""
        return await drive_stream_async(self.exchanges.content(path, options), self._transport())

    async def none(
        self, operation: Operation, path: str, values: Sequence[object], options: RequestOptions | None
    ) -> None:
        """Carry out an operation that gives nothing."""
        await self.drive(self.exchanges.none(operation, path, values, options))

    def list(
        self,
        operation: Operation,
        path: str,
        values: Sequence[object],
        model: type[T],
        limit: int | None,
        page_size: int | None,
        options: RequestOptions | None,
    ) -> AsyncPager[T]:
        """A pager over the records of a list operation."""

        async def fetch(url: str) -> PageContent[T]:
            return await self.drive(self.exchanges.page(url, operation, model, options))

        first = self.exchanges.first_page(operation, path, values, limit, page_size, options)
        return AsyncPager(first, fetch, limit)


def _read_one(exchange: Exchange[Response], model: type[T]) -> Exchange[T]:
    # cattrs takes tens of milliseconds to import, so it waits for the first answer.
    from ringback._core.convert import Malformed, read_model

    response = yield from exchange
    body = read_json(response)
    try:
        return read_model(body, model)
    except Malformed as error:
        raise _malformed(response, error.path, error.problem) from error


def _discard(exchange: Exchange[Response]) -> Exchange[None]:
    yield from exchange


def _read_page(
    exchange: Exchange[Response], key: str, model: type[T], base_url: str
) -> Exchange[PageContent[T]]:
    from ringback._core.convert import Malformed, read_models

    response = yield from exchange
    body = read_json(response)
    records = body.get(key)
    if not isinstance(records, list):
        raise _malformed(response, key, f"expected a list, got {type(records).__name__}")
    try:
        items = read_models(cast("list[object]", records), model)
    except Malformed as error:
        raise _malformed(response, f"{key}{error.path}", error.problem) from error
    page, page_size = body.get("page"), body.get("page_size")
    return PageContent(
        items=tuple(items),
        page=page if isinstance(page, int) else 0,
        page_size=page_size if isinstance(page_size, int) else len(items),
        next_uri=_neighbour(response, body, "next_page_uri", base_url),
        previous_uri=_neighbour(response, body, "previous_page_uri", base_url),
    )


def _neighbour(response: Response, body: Mapping[str, object], key: str, base_url: str) -> str | None:
    uri = body.get(key)
    if uri is None or uri == "":
        return None
    if not isinstance(uri, str):
        raise _malformed(response, key, f"expected a URI, got {type(uri).__name__}")
    url = urljoin(base_url + "/", uri)
    if not url.startswith(base_url + "/"):
        # Following it would hand the credentials to another host.
        raise _malformed(response, key, f"leads to another host than {base_url}")
    return url


def _malformed(response: Response, path: str, problem: str) -> ResponseInvalid:
    # No excerpt: a record may hold an auth token or a password, and the path says where to look.
    return ResponseInvalid(problem, status=response.status, path=path, request_id=request_id(response))
