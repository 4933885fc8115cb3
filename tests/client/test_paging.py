"""Lists: lazy, begun afresh by each loop, and never endless nor abroad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback import AsyncClient, RequestOptions
from ringback.errors import InvalidValue, ResponseInvalid
from ringback.http import Request, Response
from ringback.transports.testing import AsyncFakeTransport, FakeTransport
from tests.client.records import ACCOUNT, AT_ONCE, PATH, TOKEN, call, client, page

CALLS = f"{PATH}/Calls.json"


def account_with(total: int) -> Callable[[Request], Response]:
    """Answers as an account with so many calls, numbered from 0."""

    def answer(request: Request) -> Response:
        recorded = FakeTransport([page("calls")])
        recorded.send(request)
        query = recorded.recorded[0].query
        size, number = int(query.get("PageSize", 50)), int(query.get("Page", 0))
        records = [call(each) for each in range(total)[number * size : (number + 1) * size]]
        more = (number + 1) * size < total
        uri = f"{CALLS}?PageSize={size}&Page={number + 1}&PageToken=PA{number}" if more else None
        return page("calls", *records, next_uri=uri, number=number)

    return answer


def numbers(sids: Sequence[str]) -> list[int]:
    return [int(sid[2:], 16) for sid in sids]


class TestPager:
    def test_nothing_is_asked_before_it_is_read(self) -> None:
        fake = FakeTransport(account_with(5))
        calls = client(fake).calls.list()
        iterator = iter(calls)
        assert fake.recorded == []
        next(iterator)
        assert len(fake.recorded) == 1

    def test_each_loop_begins_afresh(self) -> None:
        fake = FakeTransport(account_with(120))
        calls = client(fake).calls.list()
        for _ in range(2):
            assert numbers([record.sid for record in calls]) == list(range(120))
        assert len(fake.recorded) == 6

    def test_two_loops_at_once(self) -> None:
        calls = client(FakeTransport(account_with(60))).calls.list()
        assert sum(1 for _ in calls for _ in calls) == 3600

    @given(total=st.integers(0, 30), limit=st.integers(0, 40), page_size=st.integers(1, 12))
    def test_limit_and_page_size(self, total: int, limit: int, page_size: int) -> None:
        fake = FakeTransport(account_with(total))
        sids = [record.sid for record in client(fake).calls.list(limit=limit, page_size=page_size)]
        assert numbers(sids) == list(range(min(total, limit)))
        # Not one request more than these records take.
        pages = -(-min(total, limit) // page_size)
        assert len(fake.recorded) == (0 if limit == 0 else max(1, pages))

    @pytest.mark.parametrize(
        ("limit", "page_size", "asked"),
        [(None, None, None), (20, None, "20"), (5000, None, "1000"), (20, 7, "7"), (None, 1000, "1000")],
    )
    def test_what_is_asked_for(self, limit: int | None, page_size: int | None, asked: str | None) -> None:
        fake = FakeTransport(account_with(0))
        list(client(fake).calls.list(limit=limit, page_size=page_size))
        assert fake.recorded[0].query.get("PageSize") == asked

    def test_filters_go_along_once(self) -> None:
        fake = FakeTransport([page("calls", call(1), next_uri=f"{CALLS}?Page=1"), page("calls", call(2))])
        list(client(fake).calls.list(to="+1 & 2", status="busy"))
        assert fake.recorded[0].query == {"To": "+1 & 2", "Status": "busy"}
        assert fake.recorded[1].query == {"Page": "1"}

    def test_first(self) -> None:
        some, none = FakeTransport(account_with(200)), FakeTransport(account_with(0))
        record = client(some).calls.list().first()
        assert record is not None
        assert len(some.recorded) == 1
        assert client(none).calls.list().first() is None

    def test_leaving_early(self) -> None:
        fake = FakeTransport(account_with(200))
        for _ in client(fake).calls.list():
            break
        assert len(fake.recorded) == 1


class TestPages:
    def test_to_and_fro(self) -> None:
        fake = FakeTransport(account_with(5))
        pages = list(client(fake).calls.list(page_size=2).pages())
        assert [len(each) for each in pages] == [2, 2, 1]
        assert [each.page for each in pages] == [0, 1, 2]
        assert pages[0].items == tuple(pages[0])
        again = pages[0].next()
        assert again is not None
        assert again.items == pages[1].items
        assert pages[2].next() is None
        assert pages[0].previous() is None


ABROAD = [
    "https://evil.example/2010-04-01/Calls.json",
    "//evil.example/x",
    "http://api.twilio.com/x",
    "https://api.twilio.com.evil.example/x",
    "https://api.twilio.com@evil.example/x",
    "https://api.twilio.com:444/x",
    "\\\\evil.example/x",
    "https:\\\\evil.example\\x",
    "/\\evil.example",
    "\t//evil.example",
    "ftp://api.twilio.com/x",
    "javascript:alert(1)",
]


class TestHostilePages:
    def test_one_that_links_to_itself(self) -> None:
        fake = FakeTransport(lambda _: page("calls", call(1), next_uri=f"{CALLS}?Page=1"))
        with pytest.raises(ResponseInvalid, match="the list leads back to a page already read"):
            list(client(fake).calls.list())
        assert len(fake.recorded) == 2

    def test_a_longer_circle(self) -> None:
        uris = [f"{CALLS}?Page={number % 3}" for number in range(1, 20)]
        fake = FakeTransport([page("calls", call(number), next_uri=uri) for number, uri in enumerate(uris)])
        with pytest.raises(ResponseInvalid, match="leads back"):
            list(client(fake).calls.list())
        assert len(fake.recorded) <= 4

    @pytest.mark.parametrize("uri", ABROAD)
    def test_another_host(self, uri: str) -> None:
        fake = FakeTransport([page("calls", call(1), next_uri=uri)] * 2)
        with pytest.raises(ResponseInvalid, match=r"next_page_uri|page already read"):
            list(client(fake).calls.list())
        for sent in fake.recorded:
            assert sent.request.url.startswith("https://api.twilio.com/")

    @pytest.mark.parametrize("uri", [5, True, ["/x"], {"a": 1}])
    def test_no_uri(self, uri: object) -> None:
        with pytest.raises(ResponseInvalid, match="at next_page_uri: expected a URI"):
            list(client(FakeTransport([page("calls", next_uri=uri)])).calls.list())

    @given(st.text(max_size=60))
    def test_whatever_the_uri_credentials_stay_at_home(self, uri: str) -> None:
        fake = FakeTransport([page("calls", call(1), next_uri=uri), page("calls")])
        with suppress(ResponseInvalid):
            list(client(fake).calls.list())
        for sent in fake.recorded:
            assert sent.request.url.startswith("https://api.twilio.com/")


class TestAsync:
    def make(self, fake: AsyncFakeTransport) -> AsyncClient:
        return AsyncClient(ACCOUNT, TOKEN, transport=fake, retry=AT_ONCE)

    async def test_pages_and_limits(self) -> None:
        fake = AsyncFakeTransport(account_with(120))
        calls = self.make(fake).calls.list(limit=110)
        for _ in range(2):
            assert numbers([record.sid async for record in calls]) == list(range(110))
        assert await self.make(fake).calls.list(limit=0).first() is None
        assert [len(each) async for each in self.make(fake).calls.list(page_size=100).pages()] == [100, 20]

    async def test_neighbours(self) -> None:
        fake = AsyncFakeTransport(account_with(3))
        async for each in self.make(fake).calls.list(page_size=2).pages():
            following = await each.next()
            assert (following is None) == (each.page == 1)
            assert await each.previous() is None
            assert (each.page_size, len(each), each.items) == (50, len(each.items), tuple(each))

    async def test_circles(self) -> None:
        fake = AsyncFakeTransport(lambda _: page("calls", next_uri=f"{CALLS}?Page=1"))
        with pytest.raises(ResponseInvalid, match="leads back"):
            async for _ in self.make(fake).calls.list():
                pass


class TestGoingOnLater:
    """A page's `next_uri` is kept, and a list begins there."""

    def test_where_it_broke_off(self) -> None:
        fake = FakeTransport(account_with(120))
        pages = client(fake).calls.list(page_size=20).pages()
        seen = numbers([record.sid for record in next(pages)])
        second = next(pages)
        seen += numbers([record.sid for record in second])
        kept = second.next_uri
        assert kept == f"{CALLS}?PageSize=20&Page=2&PageToken=PA1"
        other = client(FakeTransport(account_with(120)))
        assert seen + numbers([record.sid for record in other.calls.list(from_page=kept)]) == list(range(120))
        assert numbers([record.sid for record in other.calls.list(from_page=kept, limit=3)]) == [40, 41, 42]

    async def test_async(self) -> None:
        one = AsyncClient(ACCOUNT, TOKEN, transport=AsyncFakeTransport(account_with(60)), retry=AT_ONCE)
        pages = [page async for page in one.calls.list().pages()]
        assert [page.next_uri for page in pages] == [f"{CALLS}?PageSize=50&Page=1&PageToken=PA0", None]
        rest = [record.sid async for record in one.calls.list(from_page=pages[0].next_uri)]
        assert numbers(rest) == list(range(50, 60))

    def test_none_begins_at_the_beginning(self) -> None:
        calls = client(FakeTransport(account_with(3))).calls
        assert numbers([record.sid for record in calls.list(from_page=None)]) == [0, 1, 2]

    def test_an_absolute_address_of_this_host(self) -> None:
        one = client(FakeTransport(account_with(60)))
        kept = f"{one.base_url}{CALLS}?PageSize=50&Page=1"
        assert len(list(one.calls.list(from_page=kept))) == 10

    @pytest.mark.parametrize(
        "uri",
        [
            "https://evil.example" + CALLS,
            "https://api.twilio.com.evil.example" + CALLS,
            "https://api.twilio.com@evil.example" + CALLS,
            "//evil.example" + CALLS,
            "@evil.example" + CALLS,
            ".evil.example" + CALLS,
            ":8080" + CALLS,
            "\\evil.example" + CALLS,
            CALLS.replace("Calls", "Messages"),
            CALLS.replace(ACCOUNT, "AC" + "9" * 32),
            CALLS.replace("Calls", "x/../Calls"),
            CALLS.replace("Calls", "%43alls"),
            CALLS + "/x",
            CALLS + "#x",
            CALLS + "?a=b c",
            CALLS + "?a=\r\nHost: x",
            "",
            "?Page=1",
            7,
            b"/x",
        ],
        ids=repr,
    )
    def test_anything_else_is_refused_before_it_is_asked_for(self, uri: object) -> None:
        fake = FakeTransport([])
        with pytest.raises(InvalidValue, match=rf"^from_page: expected next_uri of .*{CALLS}"):
            client(fake).calls.list(from_page=cast("str", uri))
        assert fake.recorded == []

    def test_other_filters_are_not_silently_dropped(self) -> None:
        one = client(FakeTransport([]))
        with pytest.raises(InvalidValue, match=r"not with status, page_size, options\.extra"):
            one.calls.list(
                from_page=CALLS, status="completed", page_size=5, options=RequestOptions(extra={"A": "b"})
            )


class TestWhatAListIsNot:
    USES: Sequence[tuple[Any, str]] = (
        (len, r"len\(list\(…\)\) reads them all"),
        (bool, r"\.first\(\) is None"),
        (itemgetter(0), r"\.first\(\) gives the first"),
        (itemgetter(slice(20)), "limit=20 no more than 20"),
        (reversed, r"list\(…\)"),
    )
    ASYNC_USES: Sequence[tuple[Any, str]] = (
        (len, "async for each in"),
        (bool, r"await ….first\(\) is None"),
        (itemgetter(0), r"await ….first\(\) gives"),
        (list, "with async for"),
    )

    @pytest.mark.parametrize(("use", "told"), USES, ids=["len", "bool", "index", "slice", "reversed"])
    def test_a_pager_says_what_to_write(self, use: Callable[[Any], object], told: str) -> None:
        with pytest.raises(TypeError, match=told):
            list(cast("Any", use(client(FakeTransport([])).calls.list())))

    @pytest.mark.parametrize(("use", "told"), ASYNC_USES, ids=["len", "bool", "index", "loop"])
    def test_an_async_pager_too(self, use: Callable[[Any], object], told: str) -> None:
        with pytest.raises(TypeError, match=told):
            use(AsyncClient(ACCOUNT, TOKEN, transport=AsyncFakeTransport([])).calls.list())

    async def test_it_is_not_awaited(self) -> None:
        calls: Any = AsyncClient(ACCOUNT, TOKEN, transport=AsyncFakeTransport([])).calls.list()
        with pytest.raises(TypeError, match=r"isn't awaited: async for …, or await ….first\(\)"):
            await calls

    def test_reading_it_all_still_works(self) -> None:
        """`list` asks for a length first, and is told that there is none."""
        calls = client(FakeTransport(account_with(60))).calls.list()
        assert len(list(calls)) == len([*calls]) == 60
        assert next(iter(calls)) in calls
