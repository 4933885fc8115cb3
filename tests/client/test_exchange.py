"""Retry, errors and lost answers, with the exchange driven by hand: no network and no waiting."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from ringback._core.operations.exchange import Exchange, Sleep, follow, perform, read_json
from ringback._core.operations.retry import NO_RETRY, RetryPolicy
from ringback.errors import (
    ApiError,
    AuthenticationFailed,
    ConnectFailed,
    InvalidRequest,
    InvalidValue,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    ResponseInvalid,
    ServerError,
    TimedOut,
    TransportError,
)
from ringback.http import Headers, Request, Response
from tests.client.records import refusal

URL = "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json?To=%2B1555"
OK = Response(200, Headers({"Twilio-Request-Id": "RQ1"}), b"{}")
FIXED = RetryPolicy(attempts=4, backoff=1, longest=10, jitter=0)


def ask(method: str) -> Request:
    return Request(method, URL, Headers({"Authorization": "Basic c2VjcmV0"}), operation="calls.list")


@define
class Run:
    """An exchange carried out with prepared outcomes."""

    result: object = None
    attempts: list[int] = field(factory=list[int])
    urls: list[str] = field(factory=list[str])
    headers: list[Headers] = field(factory=list[Headers])
    pauses: list[float] = field(factory=list[float])


def run(exchange: Exchange[Response], *outcomes: Response | TransportError) -> Run:
    """Drive it; what it raises comes out, with the run as its note."""
    seen = Run()
    left = list(outcomes)
    try:
        step = next(exchange)
        while True:
            if isinstance(step, Sleep):
                seen.pauses.append(step.seconds)
                step = exchange.send(None)
                continue
            seen.attempts.append(step.attempt)
            seen.urls.append(step.url)
            seen.headers.append(step.headers)
            outcome = left.pop(0)
            step = exchange.throw(outcome) if isinstance(outcome, TransportError) else exchange.send(outcome)
    except StopIteration as stop:
        seen.result = stop.value
    except Exception as error:
        seen.result = error
    assert left == [], "it gave up early"
    return seen


def perform_(method: str, *outcomes: Response | TransportError, policy: RetryPolicy = FIXED) -> Run:
    return run(perform(ask(method), policy, success=200), *outcomes)


class TestSuccess:
    @pytest.mark.parametrize("status", [200, 201, 204])
    def test_any_2xx_is_an_answer(self, status: int) -> None:
        answer = Response(status)
        done = perform_("POST", answer)
        assert (done.result, done.pauses) == (answer, [])


class TestRetry:
    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
    def test_a_failed_connect_is_tried_again(self, method: str) -> None:
        done = perform_(method, ConnectFailed("x"), ConnectFailed("x"), OK)
        assert (done.result, done.attempts, done.pauses) == (OK, [1, 2, 3], [1, 2])

    @pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
    def test_a_429_is_tried_again(self, method: str) -> None:
        done = perform_(method, refusal(429), refusal(429), OK)
        assert (done.result, done.pauses) == (OK, [1, 2])

    @pytest.mark.parametrize("method", ["GET", "DELETE"])
    @pytest.mark.parametrize("failure", [TimedOut("x"), TransportError("x"), refusal(500), refusal(503)])
    def test_other_failures_where_nothing_can_happen_twice(
        self, method: str, failure: Response | TransportError
    ) -> None:
        done = perform_(method, failure, OK)
        assert (done.result, done.pauses) == (OK, [1])

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    @pytest.mark.parametrize("failure", [TimedOut("too slow"), TransportError("too slow")])
    def test_a_lost_answer_is_unknown(self, method: str, failure: TransportError) -> None:
        before = datetime.now(timezone.utc)
        done = perform_(method, failure)
        error = done.result
        assert isinstance(error, OutcomeUnknown)
        assert error.__cause__ is failure
        assert f"{method} https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json was lost" in str(error)
        assert "too slow" in str(error)
        assert "1555" not in str(error)
        assert (error.operation, error.path) == ("calls.list", "/2010-04-01/Accounts/AC1/Calls")
        assert error.sent_at is not None
        assert before <= error.sent_at <= datetime.now(timezone.utc)

    def test_also_after_harmless_failures(self) -> None:
        done = perform_("POST", ConnectFailed("x"), refusal(429), TimedOut("x"))
        assert isinstance(done.result, OutcomeUnknown)

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_post_is_not_sent_again_on_5xx(self, status: int) -> None:
        done = perform_("POST", refusal(status))
        assert isinstance(done.result, ServerError)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 422])
    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    def test_what_is_refused_is_not_tried_again(self, method: str, status: int) -> None:
        assert isinstance(perform_(method, refusal(status)).result, ApiError)

    def test_it_ends(self) -> None:
        last = TimedOut("the fourth")
        done = perform_("GET", *[TimedOut("x")] * 3, last)
        assert done.result is last
        assert (done.attempts, done.pauses) == ([1, 2, 3, 4], [1, 2, 4])

    def test_never_where_told_so(self) -> None:
        assert isinstance(perform_("GET", ConnectFailed("x"), policy=NO_RETRY).result, ConnectFailed)


class TestDelete:
    @pytest.mark.parametrize("failure", [TimedOut("x"), TransportError("x"), refusal(502)])
    def test_gone_after_a_lost_answer_is_deleted(self, failure: Response | TransportError) -> None:
        done = perform_("DELETE", failure, refusal(404))
        assert isinstance(done.result, Response)

    @pytest.mark.parametrize("failures", [[], [ConnectFailed("x")], [refusal(429)]])
    def test_never_there_is_an_error(self, failures: list[Response | TransportError]) -> None:
        assert isinstance(perform_("DELETE", *failures, refusal(404)).result, NotFound)

    def test_a_get_that_finds_nothing_is_an_error(self) -> None:
        assert isinstance(perform_("GET", TimedOut("x"), refusal(404)).result, NotFound)


class TestRetryAfter:
    def test_seconds(self) -> None:
        done = perform_("POST", refusal(429, headers={"Retry-After": "7"}), OK)
        assert done.pauses == [7]

    def test_a_date(self) -> None:
        moment = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=8), usegmt=True)
        done = perform_("POST", refusal(429, headers={"Retry-After": moment}), OK)
        assert 5 < done.pauses[0] <= 8

    def test_a_date_gone_by(self) -> None:
        done = perform_("GET", refusal(429, headers={"Retry-After": "Tue, 31 Aug 2010 20:36:28 GMT"}), OK)
        assert done.pauses == [0]

    @pytest.mark.parametrize("text", ["", "soon", "-1", "nan", "inf", "1e9", "٣", "Tue, 99 Foo 2010"])
    def test_nonsense_is_no_hint(self, text: str) -> None:
        done = perform_("GET", refusal(429, headers={"Retry-After": text}), OK)
        assert done.pauses == [1]

    def test_too_long_is_left_to_the_caller(self) -> None:
        error = perform_("GET", refusal(429, headers={"Retry-After": "3600"})).result
        assert isinstance(error, RateLimited)
        assert error.retry_after == 3600

    def test_none(self) -> None:
        error = perform_("GET", refusal(429), policy=NO_RETRY).result
        assert isinstance(error, RateLimited)
        assert error.retry_after is None


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "cls"),
        [
            (400, InvalidRequest),
            (401, AuthenticationFailed),
            (403, PermissionDenied),
            (404, NotFound),
            (405, InvalidRequest),
            (409, InvalidRequest),
            (418, InvalidRequest),
            (429, RateLimited),
            (500, ServerError),
            (503, ServerError),
            (599, ServerError),
        ],
    )
    def test_each_status_has_its_class(self, status: int, cls: type[ApiError]) -> None:
        error = perform_("POST", refusal(status, 21211, "The 'To' number is bad."), policy=NO_RETRY).result
        assert type(error) is cls
        assert isinstance(error, ApiError)
        assert (error.status, error.code, error.message) == (status, 21211, "The 'To' number is bad.")
        assert error.more_info == "https://www.twilio.com/docs/errors/21211"
        assert error.request_id == "RQ" + "0" * 32
        assert str(error) == f"The 'To' number is bad. ({status}, code 21211, request RQ{'0' * 32})"

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b"<html><body>\n <h1>Bad   Gateway</h1></html>", "<html><body> <h1>Bad Gateway</h1></html>"),
            (b"", "no message"),
            (b"[1]", "[1]"),
            (b"{}", "{}"),
            (b'{"code": "x", "message": ["a"], "more_info": 5}', "['a']"),
            (b"[" * 100_000, "[" * 160 + "… (1000 characters)"),
            (b"\xff\xfe\x00", "\ufffd\ufffd\x00"),
            (b"y" * 500, "y" * 160 + "… (500 characters)"),
        ],
    )
    def test_whatever_the_body(self, body: bytes, message: str) -> None:
        error = perform_("POST", Response(502, Headers(), body)).result
        assert isinstance(error, ServerError)
        assert (error.message, error.code, error.more_info, error.request_id) == (message, None, None, None)

    @given(st.integers(400, 599), st.binary(max_size=300), st.text(max_size=20))
    def test_nothing_else_ever_comes_out(self, status: int, body: bytes, retry_after: str) -> None:
        headers = Headers({"Retry-After": retry_after})
        assert isinstance(perform_("POST", Response(status, headers, body), policy=NO_RETRY).result, ApiError)

    @pytest.mark.parametrize("status", [100, 301, 302, 304, 308])
    def test_neither_success_nor_error(self, status: int) -> None:
        answer = Response(status, Headers({"Location": "https://evil.example/", "Twilio-Request-Id": "RQ1"}))
        error = perform_("GET", answer).result
        assert isinstance(error, ResponseInvalid)
        assert (error.status, error.request_id) == (status, "RQ1")
        assert "expected status 200" in str(error)

    def test_an_error_page_that_echoes_credentials(self) -> None:
        token = "0123456789abcdef" * 2
        page = f"<pre>Authorization: Basic QUM6c2VjcmV0c2VjcmV0\nX-Token: {token} of AC{token}</pre>"
        error = perform_("POST", Response(500, Headers(), page.encode())).result
        assert str(error).startswith(f"<pre>Authorization: Basic *** X-Token: *** of AC{token}</pre>")


class TestBody:
    @pytest.mark.parametrize(
        ("body", "problem"),
        [
            (b"", "the body is empty"),
            (b"nope", "the body is not JSON"),
            (b'{"a": ', "the body is not JSON"),
            (b"\xff\xff", "the body is not JSON"),
            (b"[" * 100_000, "the body is not JSON"),
            (b"[]", "expected a JSON object, got list"),
            (b"null", "expected a JSON object, got NoneType"),
            (b"5", "expected a JSON object, got int"),
            (b'{"a": ' + b"9" * 5000 + b"}", "the body is not JSON"),
        ],
    )
    def test_a_bad_one(self, body: bytes, problem: str) -> None:
        with pytest.raises(ResponseInvalid, match=problem) as caught:
            read_json(Response(200, Headers({"Twilio-Request-Id": "RQ1"}), body))
        assert (caught.value.status, caught.value.request_id) == (200, "RQ1")

    def test_half_a_record_is_not_quoted(self) -> None:
        with pytest.raises(ResponseInvalid) as caught:
            read_json(Response(200, Headers(), b'{"sid": "AC1", "auth_token": "hunter2", "sta'))
        assert "hunter2" not in str(caught.value)
        assert caught.value.excerpt == ""

    def test_a_page_is_quoted(self) -> None:
        with pytest.raises(ResponseInvalid, match="<html>Please log in</html>"):
            read_json(Response(200, Headers(), b"<html>Please\nlog in</html>"))


class TestPolicy:
    @given(
        st.integers(1, 20),
        st.floats(0, 100),
        st.floats(0, 100),
        st.floats(0, 1),
        st.one_of(st.none(), st.floats(0, 200)),
    )
    def test_pauses_stay_in_bounds(
        self, attempts: int, backoff: float, longest: float, jitter: float, retry_after: float | None
    ) -> None:
        policy = RetryPolicy(attempts=attempts, backoff=backoff, longest=longest, jitter=jitter)
        pauses = [policy.pause(attempt, retry_after) for attempt in range(1, attempts + 3)]
        assert pauses[attempts - 1 :] == [None, None, None]
        for pause in pauses[: attempts - 1]:
            if retry_after is None:
                assert pause is not None
                assert 0 <= pause <= longest
            elif retry_after > longest:
                assert pause is None
            else:
                assert pause is not None
                assert retry_after <= pause <= retry_after + backoff

    def test_chance_spreads_them(self) -> None:
        policy = RetryPolicy(backoff=1, jitter=1)
        assert len({policy.pause(1) for _ in range(20)}) > 1

    @pytest.mark.parametrize(
        ("settings", "field_name"),
        [
            ({"attempts": 0}, "attempts"),
            ({"attempts": 2.5}, "attempts"),
            ({"attempts": True}, "attempts"),
            ({"backoff": -1}, "backoff"),
            ({"backoff": float("nan")}, "backoff"),
            ({"longest": "x"}, "longest"),
            ({"jitter": 1.1}, "jitter"),
        ],
    )
    def test_malformed(self, settings: dict[str, int], field_name: str) -> None:
        with pytest.raises(InvalidValue, match=f"^retry.{field_name}: expected"):
            RetryPolicy(**settings)


class TestFollow:
    """Content that is stored elsewhere."""

    def go(self, *answers: Response | TransportError) -> Run:
        request = Request(
            "GET",
            "https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/RE1.mp3",
            Headers(
                {"Authorization": "Basic c2VjcmV0", "Range": "bytes=5-", "X-Mine": "1", "User-Agent": "u"}
            ),
        )
        return run(follow(request, FIXED), *answers)

    def to(self, location: str | None, status: int = 307) -> Response:
        return Response(status, Headers({} if location is None else {"Location": location}))

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_without_credentials(self, status: int) -> None:
        done = self.go(self.to("https://store.example/x?signature=abc#part", status), OK)
        assert done.result is OK
        assert done.urls[1] == "https://store.example/x?signature=abc"
        assert done.headers[1] == Headers({"Range": "bytes=5-", "User-Agent": "u"})

    def test_what_is_left_unencoded(self) -> None:
        done = self.go(self.to("https://store.example/a b/é%2F?x=[1]"), OK)
        assert done.urls[1] == "https://store.example/a%20b/%C3%A9%2F?x=[1]"

    def test_nor_back_at_home(self) -> None:
        done = self.go(self.to("/elsewhere"), OK)
        assert done.urls[1] == "https://api.twilio.com/elsewhere"
        assert "Authorization" not in done.headers[1]

    def test_storage_is_retried_too(self) -> None:
        done = self.go(self.to("https://store.example/x"), refusal(503), OK)
        assert done.result is OK
        assert done.urls[1] == done.urls[2]

    @pytest.mark.parametrize(
        "location",
        [None, "", "http://api.twilio.com/x", "ftp://x/y", "javascript:alert(1)", "https://a:b@c/",
         "https://[::1/", "https://x:99999/", "file:///etc/passwd", "/half\ud83d"],
    )  # fmt: skip
    def test_to_no_usable_address(self, location: str | None) -> None:
        error = self.go(self.to(location)).result
        assert isinstance(error, ResponseInvalid)
        assert "a redirect to no usable address" in str(error)

    def test_in_circles(self) -> None:
        error = self.go(*[self.to("https://store.example/x?signature=abc")] * 6).result
        assert isinstance(error, ResponseInvalid)
        assert "more than 5 redirects" in str(error)
        assert "signature" not in str(error)

    def test_a_refusal(self) -> None:
        assert isinstance(self.go(refusal(404)).result, NotFound)


def test_logs_are_quiet_and_say_nothing_secret(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        perform_("GET", TimedOut("x"), refusal(503), OK)
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}
    assert {record.name for record in caplog.records} == {"ringback.http"}
    assert (
        "GET https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json: 200 (request RQ1)" in caplog.messages
    )
    assert "1555" not in caplog.text
    assert "c2VjcmV0" not in caplog.text
