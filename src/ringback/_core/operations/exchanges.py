"""Operations as exchanges: what to send, and how to read what comes back. No I/O here."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar, cast
from urllib.parse import parse_qsl, urljoin

from attrs import evolve, field, frozen

from ringback._core.client.options import RequestOptions, is_encodable
from ringback._core.operations.exchange import Exchange, follow, harmless, perform, read_json, request_id
from ringback._core.operations.paging import PageContent
from ringback._core.parameters.forms import urlencode
from ringback._core.parameters.kinds import Integer
from ringback._core.version import __version__
from ringback.errors import InvalidValue, ResponseInvalid
from ringback.http import Headers, Request, Response, Timeout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringback._core.client.config import Config
    from ringback._core.operations.operation import Operation
    from ringback._core.operations.retry import RetryPolicy

__all__ = ["Exchanges"]

T = TypeVar("T")

_USER_AGENT: Final = f"ringback/{__version__} (Python {'.'.join(map(str, sys.version_info[:3]))})"
_FORM: Final = "application/x-www-form-urlencoded"
_NO_OPTIONS: Final = RequestOptions()
_MAX_PAGE_SIZE: Final = 1000
_LIMIT: Final = Integer(0)
_PAGE_SIZE: Final = Integer(1, _MAX_PAGE_SIZE)
_PATH: Final = re.compile(r"/(?!/)[!$-\[\]-~]*")  # visible ASCII without quotes, # and backslash
_URL: Final = re.compile(r"https?://[!$-\[\]-~]+")
_METHODS: Final = ("GET", "POST", "PUT", "DELETE")


@frozen
class Exchanges:
    """Makes exchanges; does no I/O.

    Attributes:
        config: Account, credentials and address.
        timeout: Unless an operation's options say other.
        retry: Likewise.
        max_answer_size: Likewise, in bytes.
    """

    config: Config
    timeout: Timeout
    retry: RetryPolicy
    max_answer_size: int
    _headers: Headers = field(init=False, repr=False)
    _form_headers: Headers = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        # The same for each request, so they are put together once.
        headers = Headers(
            (
                ("Accept", "application/json"),
                ("Accept-Encoding", "gzip"),
                ("User-Agent", _USER_AGENT),
                ("Authorization", _authorization(self.config)),
            )
        )
        object.__setattr__(self, "_headers", headers)
        object.__setattr__(self, "_form_headers", headers.merge({"Content-Type": _FORM}))

    def one(
        self,
        operation: Operation,
        path: str,
        values: Sequence[object],
        model: type[T],
        options: RequestOptions | None,
    ) -> Exchange[T]:
        """An exchange that gives one record."""
        return _read_one(self._perform(operation, path, values, options), model)

    def none(
        self, operation: Operation, path: str, values: Sequence[object], options: RequestOptions | None
    ) -> Exchange[None]:
        """An exchange whose answer has no body that matters."""
        return _discard(self._perform(operation, path, values, options))

    def first_page(
        self,
        operation: Operation,
        path: str,
        values: Sequence[object],
        limit: int | None,
        page_size: int | None,
        options: RequestOptions | None,
        from_page: str | None = None,
    ) -> str:
        """The URL of the first page; everything is checked here, before the list is walked over."""
        if limit is not None:
            _LIMIT.encode("limit", limit)
        if page_size is not None:
            _PAGE_SIZE.encode("page_size", page_size)
        options = _settings(options)
        if from_page is not None:
            url = self._resumed(path, from_page)
            names = [
                param.name for param, value in zip(operation.params, values, strict=True) if value is not None
            ]
            names += ["page_size"] if page_size is not None else []
            names += ["options.extra"] if options.extra else []
            if names:
                allowed = f"a page of the list alone, which has its filters; not with {', '.join(names)}"
                raise InvalidValue("from_page", from_page, allowed)
            return url
        if page_size is None and limit is not None:
            page_size = min(max(limit, 1), _MAX_PAGE_SIZE)
        pairs = operation.encode(values)
        if page_size is not None:
            pairs.append(("PageSize", str(page_size)))
        pairs += options.extra.items()
        return self.config.base_url + path + ".json" + (f"?{_encoded(operation, pairs)}" if pairs else "")

    def _resumed(self, path: str, uri: object) -> str:
        """The URL of a page whose address was kept; only one of this very list gets the credentials."""
        base = self.config.base_url
        if isinstance(uri, str) and _URL.fullmatch(base + uri.removeprefix(base)):
            uri = uri.removeprefix(base)
            if uri.partition("?")[0] in {f"{path}.json", path}:
                return base + uri
        # What else was given may be anything, a URL with credentials for one.
        shown = isinstance(uri, str) and uri.startswith("/")
        allowed = f"next_uri of a page of this list, which begins with {path}.json"
        raise InvalidValue("from_page", uri, allowed, secret=not shown)

    def page(
        self, url: str, operation: Operation, model: type[T], options: RequestOptions | None
    ) -> Exchange[PageContent[T]]:
        """An exchange that gives one page of a list; `url` is absolute."""
        request, policy = self._prepare(operation.name, "GET", url, b"", _settings(options))
        return _read_page(
            perform(request, policy, success=operation.success),
            operation.items or "",
            model,
            self.config.base_url,
        )

    def content(self, address: str, options: RequestOptions | None) -> Exchange[Response]:
        """An exchange that gives bytes, not JSON.

        `address` is a path that has its own extension, such as `.mp3`; or a checked URL, which gets the
        credentials if it is Twilio's.
        """
        options = _settings(options)
        own = address.startswith("/")
        url = self.config.base_url + address if own else address
        request, policy = self._prepare("", "GET", url, b"", options)
        # Compressed bytes could be neither counted nor asked for from where a download broke off.
        headers = request.headers.merge({"Accept": "*/*", "Accept-Encoding": "identity"}).merge(
            options.headers
        )
        if not (own or self.config.trusts(url)):
            headers = harmless(headers)
        return follow(evolve(request, headers=headers), policy)

    def raw(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        options: RequestOptions | None,
    ) -> Exchange[Mapping[str, object]]:
        """An exchange that no operation describes; it gives a JSON object, empty where there is no body."""
        if method not in _METHODS:
            raise InvalidValue("method", method, f"one of {', '.join(map(repr, _METHODS))}")
        if not isinstance(cast("object", path), str) or not _PATH.fullmatch(path):
            raise InvalidValue(
                "path", path, "a path, percent-encoded, that begins with one slash: /2010-04-01/Accounts.json"
            )
        if form and method in {"GET", "DELETE"}:
            raise InvalidValue("form", form, f"nothing with {method}", secret=True)
        pairs = [*RequestOptions(extra={} if query is None else query).extra.items()]
        fields = [*RequestOptions(extra={} if form is None else form).extra.items()]
        options = _settings(options)
        (fields if method in {"POST", "PUT"} else pairs).extend(options.extra.items())
        url = self.config.base_url + path
        if pairs:
            url += ("&" if "?" in path else "?") + urlencode(pairs)
        request, policy = self._prepare("", method, url, urlencode(fields).encode(), options)
        return _read_any(perform(request, policy, success=200))

    def _perform(
        self, operation: Operation, path: str, values: Sequence[object], options: RequestOptions | None
    ) -> Exchange[Response]:
        # Not a generator itself: what can't be sent is refused when the method is called.
        options = _settings(options)
        pairs = operation.encode(values)
        pairs += options.extra.items()
        url = f"{self.config.base_url}{path}.json"
        encoded = _encoded(operation, pairs)
        if operation.method != "POST":
            url = f"{url}?{encoded}" if encoded else url
            encoded = ""
        request, policy = self._prepare(operation.name, operation.method, url, encoded.encode(), options)
        return perform(request, policy, success=operation.success, sent=partial(_showable, operation))

    def _prepare(
        self, operation: str, method: str, url: str, body: bytes, options: RequestOptions
    ) -> tuple[Request, RetryPolicy]:
        headers = self._form_headers if method in {"POST", "PUT"} else self._headers
        if options.headers:
            headers = headers.merge(options.headers)
        request = Request(
            method,
            url,
            headers,
            body,
            options.timeout or self.timeout,
            operation,
            max_answer_size=options.max_answer_size or self.max_answer_size,
        )
        return request, options.retry or self.retry


def _settings(options: RequestOptions | None) -> RequestOptions:
    if options is None:
        return _NO_OPTIONS
    if isinstance(cast("object", options), RequestOptions):
        return options
    raise InvalidValue("options", options, "RequestOptions, such as RequestOptions(timeout=5)", secret=True)


def _encoded(operation: Operation, pairs: Sequence[tuple[str, str]]) -> str:
    try:
        return urlencode(pairs)
    except UnicodeEncodeError:
        wire, value = next(pair for pair in pairs if not is_encodable(pair[1]))
        param = next((param for param in operation.params if param.wire == wire), None)
        name, secret = (wire, True) if param is None else (param.name, param.secret)
        raise InvalidValue(name, value, "text that UTF-8 can hold", secret=secret) from None


def _authorization(config: Config) -> str:
    credentials = config.credentials
    pair = f"{credentials.username}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(pair).decode('ascii')}"


def _showable(operation: Operation, request: Request) -> Mapping[str, str]:
    """What an `OutcomeUnknown` tells of what was sent, so that it can be looked for."""
    # Not what came by `extra`: nobody knows whether it is secret.
    shown = {param.wire for param in operation.params if not param.secret}
    sent = parse_qsl(request.body.decode(), keep_blank_values=True)
    return {name: value for name, value in sent if name in shown}


def _read_one(exchange: Exchange[Response], model: type[T]) -> Exchange[T]:
    # cattrs takes tens of milliseconds to import, so it waits for the first answer.
    from ringback._core.records import convert

    response = yield from exchange
    try:
        return convert.read_model(read_json(response), model)
    except convert.Malformed as error:
        raise _malformed(response, error.path, error.problem) from error


def _discard(exchange: Exchange[Response]) -> Exchange[None]:
    yield from exchange


def _read_any(exchange: Exchange[Response]) -> Exchange[Mapping[str, object]]:
    response = yield from exchange
    return read_json(response) if response.body else {}


def _read_page(
    exchange: Exchange[Response], key: str, model: type[T], base_url: str
) -> Exchange[PageContent[T]]:
    from ringback._core.records import convert

    response = yield from exchange
    body = read_json(response, convert.record_hook(model))
    records = body.get(key)
    if not isinstance(records, list):
        raise _malformed(response, key, f"expected a list, got {type(records).__name__}")
    try:
        items = convert.read_models(cast("list[object]", records), model)
    except convert.Malformed as error:
        raise _malformed(response, f"{key}{error.path}", error.problem) from error
    page, page_size = body.get("page"), body.get("page_size")
    return PageContent(
        items=tuple(items),
        page=page if isinstance(page, int) else 0,
        page_size=page_size if isinstance(page_size, int) else len(items),
        next_uri=_neighbour(response, body, "next_page_uri", base_url),
        previous_uri=_neighbour(response, body, "previous_page_uri", base_url),
        date=response.headers.get("Date"),
    )


def _neighbour(response: Response, body: Mapping[str, object], key: str, base_url: str) -> str | None:
    uri = body.get(key)
    if uri is None or uri == "":
        return None
    if not isinstance(uri, str):
        raise _malformed(response, key, f"expected a URI, got {type(uri).__name__}")
    try:
        url = urljoin(base_url + "/", uri)
    except ValueError:
        url = ""
    if not _URL.fullmatch(url):
        raise _malformed(response, key, "expected a URI, percent-encoded")
    if not url.startswith(base_url + "/"):
        # Following it would hand the credentials to another host.
        raise _malformed(response, key, f"leads to another host than {base_url}")
    return url


def _malformed(response: Response, path: str, problem: str) -> ResponseInvalid:
    # No excerpt: a record may hold an auth token or a password, and the path says where to look.
    return ResponseInvalid(problem, status=response.status, path=path, request_id=request_id(response))
