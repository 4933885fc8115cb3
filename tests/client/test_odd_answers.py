"""Headers and links that make no sense end in our errors; redirects of downloads stay where they are safe."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback import RetryPolicy
from ringback._core.operations.dates import read_http_date
from ringback._core.operations.exchange import follow, to_error
from ringback.errors import OutcomeUnknown, RateLimited, ResponseInvalid
from ringback.http import Headers, Request, Response
from ringback.rest import Message
from ringback.transports.testing import FakeTransport, json_response
from tests.client.records import PATH, client, message, page, refusal


def retry_after(text: str) -> float | None:
    error = to_error(Response(429, Headers({"Retry-After": text})), 200)
    assert isinstance(error, RateLimited)
    return error.retry_after


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("", None),
            ("0", 0),
            ("7.5", 7.5),
            ("-5", None),
            ("soon", None),
            ("nan", None),
            ("inf", None),
            ("1e9", None),
            ("٣", None),
            ("9" * 5000, 315_360_000),
            ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 315_360_000),
            ("Fri, 31 Dec 9999 23:59:59 -1200", None),
            ("Mon, 01 Jan 0001 00:00:00 +1200", 0),
            ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
            ("Mon, 99 Jan 2026 00:00:00 GMT", None),
            ("Mon, 01 Jan 2026 00:00:00 +9999999999", None),
        ],
    )
    def test_is_a_number_or_nothing(self, text: str, seconds: float | None) -> None:
        assert retry_after(text) == seconds

    @given(st.text() | st.from_regex(r"\w{3}, \d+ \w{3} \d+ \d+:\d+:\d+ [-+]\d+"))
    def test_whatever_it_says(self, text: str) -> None:
        found = retry_after(text)
        assert found is None or 0 <= found <= 315_360_000
        moment = read_http_date(text)
        assert moment is None or moment.tzinfo is timezone.utc

    def test_a_long_one_ends_the_trying(self) -> None:
        fake = FakeTransport([refusal(429, headers={"Retry-After": "9" * 400})])
        with pytest.raises(RateLimited):
            client(fake).balance.fetch()
        assert len(fake.recorded) == 1


class TestPages:
    @pytest.mark.parametrize(
        "uri",
        [
            "//[::1",
            "http://[",
            "https://api.twilio.com:99999999/x",
            "https://evil.example/x",
            "\\\\evil.example/x",
            "/a b",
            "/a\r\nHost: evil",
            "/ä",
            "/x#fragment",
            "\ud800",
            7,
            ["/x"],
            True,
        ],
    )
    @pytest.mark.parametrize("key", ["next_page_uri", "previous_page_uri"])
    def test_a_link_that_is_none(self, uri: object, key: str) -> None:
        body = {"messages": [message()], "page": 0, "page_size": 1, key: uri}
        with pytest.raises(ResponseInvalid, match=key):
            list(client(FakeTransport([json_response(body)])).messages.list())

    @given(st.text())
    def test_whatever_it_says(self, uri: str) -> None:
        fake = FakeTransport(lambda _: page("messages", next_uri=uri))
        with suppress(ResponseInvalid):
            list(client(fake).messages.list())
        for recorded in fake.recorded:
            assert recorded.request.url.startswith("https://api.twilio.com/")


class TestDateOfAnotherAge:
    @pytest.mark.parametrize("date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "x"])
    def test_reconciling_goes_on(self, date: str) -> None:
        now = datetime.now(timezone.utc)
        lost = OutcomeUnknown(
            "x", operation="messages.create", path=f"{PATH}/Messages", sent={"Body": "Hi"}, sent_at=now
        )
        body = {"messages": [message(date_created=now.strftime("%a, %d %b %Y %H:%M:%S +0000"), body="Hi")]}
        fake = FakeTransport([json_response(body, headers={"Date": date})])
        assert client(fake).reconcile(lost, Message) is not None


class TestRedirects:
    @pytest.mark.parametrize(
        ("url", "location"),
        [
            ("https://api.twilio.com/x", "http://storage.example/x"),
            ("https://api.twilio.com/x", "http://127.0.0.1/x"),
            ("http://127.0.0.1:8080/x", "http://storage.example/x"),
            ("http://localhost:8080/x", "http://192.168.0.1/x"),
            ("http://127.0.0.1:8080/x", "//storage.example/x"),
            ("http://127.0.0.1:8080/x", "http://127.0.0.1.example/x"),
            ("http://127.0.0.1:8080/x", "ftp://127.0.0.1/x"),
            ("http://127.0.0.1:8080/x", "http://127.0.0.1@storage.example/x"),
        ],
    )
    def test_plain_http_leads_to_no_other_host(self, url: str, location: str) -> None:
        exchange = follow(Request("GET", url), RetryPolicy())
        next(exchange)
        with pytest.raises(ResponseInvalid, match="no usable address"):
            exchange.send(Response(302, Headers({"Location": location})))

    @pytest.mark.parametrize(
        "location", ["http://127.0.0.1:9/x", "http://localhost/x", "https://storage.example/x"]
    )
    def test_on_this_machine_it_may(self, location: str) -> None:
        exchange = follow(Request("GET", "http://127.0.0.1:8080/x"), RetryPolicy())
        next(exchange)
        step = exchange.send(Response(302, Headers({"Location": location})))
        assert isinstance(step, Request)
        assert step.url == location
        exchange.close()
