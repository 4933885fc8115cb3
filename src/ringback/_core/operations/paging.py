"""Lists that are longer than one answer: pages, and pagers that walk over them.

Page, AsyncPage        one page: its records, its place, the way to its neighbours
Pager, AsyncPager      the whole list; lazy, and each loop over it asks afresh
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, TypeVar

from attrs import field, frozen

from ringback.errors import ResponseInvalid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

__all__ = ["AsyncPage", "AsyncPager", "Page", "PageContent", "Pager"]

T = TypeVar("T")

_UNKNOWN: Final = "Twilio doesn't tell how many records a list has"


@frozen(kw_only=True)
class PageContent(Generic[T]):
    """What one answer to a list request says.

    Attributes:
        items: The records.
        page: The number of the page; the first is 0.
        page_size: How many records a full page has.
        next_uri: The absolute URL of the next page, None on the last.
        previous_uri: The same of the page before.
        date: When the server answered, by its own clock and in its own words.
    """

    items: tuple[T, ...]
    page: int
    page_size: int
    next_uri: str | None
    previous_uri: str | None
    date: str | None = None


@frozen
class _Records(Generic[T]):
    """What a page is, however its neighbours are fetched."""

    _content: PageContent[T]

    @property
    def items(self) -> tuple[T, ...]:
        """The records of this page."""
        return self._content.items

    @property
    def page(self) -> int:
        """The number of this page; the first is 0."""
        return self._content.page

    @property
    def page_size(self) -> int:
        """How many records a full page has."""
        return self._content.page_size

    @property
    def next_uri(self) -> str | None:
        """Where the next page is, None on the last: to go on later, in another process too.

        `client.calls.list(from_page=uri)` takes it. It begins with the slash behind the host, and holds no
        credentials.
        """
        return _without_host(self._content.next_uri)

    @property
    def previous_uri(self) -> str | None:
        """The same of the page before."""
        return _without_host(self._content.previous_uri)

    def __iter__(self) -> Iterator[T]:
        return iter(self._content.items)

    def __len__(self) -> int:
        return len(self._content.items)


@frozen
class Page(_Records[T]):
    """One page of a list.

    Iterating gives its records. `next()` and `previous()` fetch its neighbours and give None at either end.
    """

    _fetch: Callable[[str], PageContent[T]] = field(repr=False, eq=False)

    def next(self) -> Page[T] | None:
        """The page after this one, or None."""
        uri = self._content.next_uri
        return None if uri is None else Page(self._fetch(uri), self._fetch)

    def previous(self) -> Page[T] | None:
        """The page before this one, or None."""
        uri = self._content.previous_uri
        return None if uri is None else Page(self._fetch(uri), self._fetch)


@frozen
class AsyncPage(_Records[T]):
    """`Page` for asyncio: `next()` and `previous()` are awaited."""

    _fetch: Callable[[str], Awaitable[PageContent[T]]] = field(repr=False, eq=False)

    async def next(self) -> AsyncPage[T] | None:
        """The page after this one, or None."""
        uri = self._content.next_uri
        return None if uri is None else AsyncPage(await self._fetch(uri), self._fetch)

    async def previous(self) -> AsyncPage[T] | None:
        """The page before this one, or None."""
        uri = self._content.previous_uri
        return None if uri is None else AsyncPage(await self._fetch(uri), self._fetch)


@frozen
class Pager(Generic[T]):
    """A list of records, fetched page by page while it is walked over.

    Nothing is asked before the first record is wanted. Each loop starts again from the first page. Records
    that appear while a loop is under way may be missed or seen twice: that is how Twilio pages.

    It has no length and no `num_pages`: Twilio no longer tells how many records or pages there are (it sent
    `num_pages` and `total` once), so only reading them all can. `list(pager)` does.
    """

    _first: str
    _fetch: Callable[[str], PageContent[T]] = field(repr=False)
    _limit: int | None = None

    def __iter__(self) -> Iterator[T]:
        left = self._limit
        if left == 0:
            return
        for page in self.pages():
            for item in page:
                yield item
                left = None if left is None else left - 1
                if left == 0:
                    return

    def pages(self) -> Iterator[Page[T]]:
        """The pages, one by one; `limit` does not cut them short."""
        guard = _LoopGuard(self._first)
        page: Page[T] | None = Page(self._fetch(self._first), self._fetch)
        while page is not None:
            yield page
            guard.check(page._content)
            page = page.next()

    if not TYPE_CHECKING:  # type checkers know that there are none

        def __len__(self):
            raise TypeError(f"{_UNKNOWN}: len(list(…)) reads them all, .first() is None where there is none")

        def __bool__(self):
            raise TypeError(f"{_UNKNOWN}, nor whether there are any: .first() is None where there is none")

        def __getitem__(self, index):
            raise TypeError(
                "a list of the API is read in order: list(…)[…] reads all of it, .first() gives the first "
                "record, and limit=20 no more than 20"
            )

    def first(self) -> T | None:
        """The first record, or None where the list is empty; fetches one page."""
        return next(iter(self), None)


@frozen
class AsyncPager(Generic[T]):
    """`Pager` for asyncio: `async for`."""

    _first: str
    _fetch: Callable[[str], Awaitable[PageContent[T]]] = field(repr=False)
    _limit: int | None = None

    async def __aiter__(self) -> AsyncIterator[T]:
        left = self._limit
        if left == 0:
            return
        async for page in self.pages():
            for item in page:
                yield item
                left = None if left is None else left - 1
                if left == 0:
                    return

    async def pages(self) -> AsyncIterator[AsyncPage[T]]:
        """The pages, one by one; `limit` does not cut them short."""
        guard = _LoopGuard(self._first)
        page: AsyncPage[T] | None = AsyncPage(await self._fetch(self._first), self._fetch)
        while page is not None:
            yield page
            guard.check(page._content)
            page = await page.next()

    if not TYPE_CHECKING:

        def __len__(self):
            raise TypeError(
                f"{_UNKNOWN}: len([each async for each in …]) reads them all, "
                "await ….first() is None where there is none"
            )

        def __bool__(self):
            raise TypeError(
                f"{_UNKNOWN}, nor whether there are any: await ….first() is None where there is none"
            )

        def __getitem__(self, index):
            # `for` and list(…) come here as well, since there is no `__iter__`.
            raise TypeError(
                "a list of the API is read in order, with async for: [each async for each in …] reads all of "
                "it, await ….first() gives the first record, and limit=20 no more than 20"
            )

        def __await__(self):
            raise TypeError("a list of the API isn't awaited: async for …, or await ….first()")

    async def first(self) -> T | None:
        """The first record, or None where the list is empty; fetches one page."""
        async for item in self:
            return item
        return None


def _without_host(url: str | None) -> str | None:
    return None if url is None else "/" + url.split("/", 3)[3]


class _LoopGuard:
    """Stops a list whose pages lead back to one that was seen: it would never end."""

    def __init__(self, first: str) -> None:
        self._seen = {first}

    def check(self, content: PageContent[T]) -> None:
        uri = content.next_uri
        if uri is None:
            return
        if uri in self._seen:
            raise ResponseInvalid(
                "the list leads back to a page already read", status=200, path="next_page_uri"
            )
        self._seen.add(uri)
