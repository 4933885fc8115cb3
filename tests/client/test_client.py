"""The two clients around a transport that answers as a test says."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest
from typing_extensions import assert_type

from ringback import AsyncClient, Client, RawResponse, RequestOptions, RetryPolicy, Timeout
from ringback.errors import (
    ApiError,
    ConfigurationError,
    InvalidValue,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    ResponseInvalid,
    RingbackError,
    TimedOut,
    TwimlError,
)
from ringback.http import Request, Response
from ringback.rest import Call, Message
from ringback.transports.hooks import HookRun
from ringback.transports.testing import AsyncFakeTransport, FakeTransport, json_response
from tests.client.records import (
    ACCOUNT,
    AT_ONCE,
    CALL_SID,
    MESSAGE_SID,
    PATH,
    TOKEN,
    call,
    client,
    message,
    page,
    refusal,
)

TO, FROM = "+15558675310", "+15017122661"


def async_client(fake: AsyncFakeTransport) -> AsyncClient:
    return AsyncClient(ACCOUNT, TOKEN, transport=fake, retry=AT_ONCE)


class TestRecords:
    def test_fields_have_their_types(self) -> None:
        record = client(FakeTransport([json_response(call())])).calls(CALL_SID).fetch()
        assert (record.duration, record.price, record.from_) == (12, Decimal("-0.0085"), FROM)
        assert record.start_time == datetime(2026, 11, 3, 20, 36, 28, tzinfo=timezone.utc)
        assert record.answered_by is None
        assert record.trunk_sid in {None, ""}

    def test_unknown_fields_are_kept(self) -> None:
        sent = call(new_thing={"a": [1]}, status="sleeping")
        record = client(FakeTransport([json_response(sent)])).calls(CALL_SID).fetch()
        assert record.unknown_fields == {"new_thing": {"a": [1]}}
        assert str(record.status) == "sleeping"

    @pytest.mark.parametrize(
        ("fields", "path", "problem"),
        [
            ({"duration": "twelve"}, "duration", "expected a whole number, got 'twelve'"),
            ({"start_time": "yesterday"}, "start_time", "expected a date and time"),
            ({"price": {}}, "price", "expected a decimal number"),
            ({"sid": None}, "sid", "expected text, got None"),
            ({"subresource_uris": []}, "subresource_uris", "expected an object"),
        ],
    )
    def test_a_malformed_field_is_named(self, fields: dict[str, Any], path: str, problem: str) -> None:
        with pytest.raises(ResponseInvalid, match=problem) as caught:
            client(FakeTransport([json_response(call(**fields))])).calls(CALL_SID).fetch()
        error = caught.value
        assert (error.path, error.status, error.request_id) == (path, 200, "RQ" + "0" * 32)

    def test_a_missing_field_is_named(self) -> None:
        sent = call()
        del sent["uri"]
        with pytest.raises(ResponseInvalid, match="the field 'uri' is missing"):
            client(FakeTransport([json_response(sent)])).calls(CALL_SID).fetch()

    def test_in_a_list_with_its_index(self) -> None:
        listed = page("calls", call(1), call(2, duration="x"))
        with pytest.raises(ResponseInvalid) as caught:
            list(client(FakeTransport([listed])).calls.list())
        assert caught.value.path == "calls[1].duration"

    @pytest.mark.parametrize("body", [{}, {"calls": None}, {"calls": {}}, {"calls": 5}])
    def test_a_page_without_records(self, body: dict[str, object]) -> None:
        with pytest.raises(ResponseInvalid, match="at calls: expected a list"):
            list(client(FakeTransport([json_response(body)])).calls.list())


class TestRequests:
    def test_what_is_sent(self) -> None:
        fake = FakeTransport([json_response(message(), status=201)])
        client(fake).messages.create(
            to=TO, from_=FROM, body="naïve & 100%\n📞", media_url=["https://a.example/1"]
        )
        (sent,) = fake.recorded
        assert (sent.request.method, sent.path, sent.query) == ("POST", f"{PATH}/Messages.json", {})
        assert sent.form == {
            "To": TO,
            "From": FROM,
            "Body": "naïve & 100%\n📞",
            "MediaUrl": "https://a.example/1",
        }
        headers = sent.request.headers
        assert headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert headers["Accept"] == "application/json"
        assert headers["User-Agent"].startswith("ringback/")
        assert (sent.request.operation, sent.request.attempt) == ("messages.create", 1)

    def test_none_is_left_out_and_empty_clears(self) -> None:
        fake = FakeTransport([json_response(message())])
        client(fake).messages(MESSAGE_SID).update(body="", status=None)
        assert fake.recorded[0].form == {"Body": ""}

    def test_options_of_one_request(self) -> None:
        fake = FakeTransport([json_response(message()), page("messages"), json_response()])
        options = RequestOptions(
            timeout=Timeout(connect=1, read=2),
            headers={"X-Mine": "1", "accept": "x/y"},
            extra={"New": "a&b", "B": ""},
        )
        mine = client(fake)
        mine.messages.create(to=TO, from_=FROM, body="x", options=options)
        list(mine.messages.list(options=options))
        mine.messages(MESSAGE_SID).delete(options=options)
        for sent in fake.recorded:
            assert sent.request.timeout == Timeout(connect=1, read=2)
            assert (sent.request.headers["X-Mine"], sent.request.headers.get_all("Accept")) == ("1", ("x/y",))
        created, listed, deleted = fake.recorded
        assert (created.form["New"], created.form["B"], created.query) == ("a&b", "", {})
        assert listed.query == deleted.query == {"New": "a&b", "B": ""}

    def test_a_number_as_timeout(self) -> None:
        fake = FakeTransport([json_response({})] * 2)
        mine = Client(ACCOUNT, TOKEN, transport=fake, timeout=7)
        mine.request("GET", "/x")
        mine.request("GET", "/x", options=RequestOptions(timeout=3))
        assert [sent.request.timeout for sent in fake.recorded] == [Timeout(7, 7), Timeout(3, 3)]

    def test_retry_of_one_request(self) -> None:
        fake = FakeTransport([refusal(429)])
        with pytest.raises(RateLimited):
            client(fake).calls(CALL_SID).fetch(options=RequestOptions(retry=RetryPolicy(attempts=1)))

    def test_request(self) -> None:
        answers = [
            json_response({"a": 1}, status=201),
            json_response(),
            Response(200, body=b"[]"),
            refusal(404),
        ]
        fake = FakeTransport(answers)
        mine = client(fake)
        assert mine.request("POST", "/v1/Things?a=1", query={"b": "ü"}, form={"C": "&"}) == {"a": 1}
        assert mine.request("DELETE", "/v1/Things/1") == {}
        first = fake.recorded[0]
        assert (first.path, first.query, first.form) == ("/v1/Things", {"a": "1", "b": "ü"}, {"C": "&"})
        with pytest.raises(ResponseInvalid, match="expected a JSON object"):
            mine.request("GET", "/v1/Things")
        with pytest.raises(NotFound):
            mine.request("GET", "/v1/Nothing")

    def test_twice_for_a_busy_api(self) -> None:
        fake = FakeTransport([refusal(429, headers={"Retry-After": "0"}), json_response(message())])
        assert client(fake).messages.create(to=TO, from_=FROM, body="x").status == "queued"
        assert [sent.request.attempt for sent in fake.recorded] == [1, 2]
        assert fake.recorded[0].form == fake.recorded[1].form

    async def test_async(self) -> None:
        fake = AsyncFakeTransport(
            [
                refusal(429),
                json_response(message()),
                json_response({"a": 1}),
                page("calls", call(1), call(2)),
                json_response(),
            ]
        )
        async with async_client(fake) as mine:
            assert (await mine.messages.create(to=TO, from_=FROM, body="x")).to == TO
            assert await mine.request("GET", "/x") == {"a": 1}
            assert [record.sid[-1] async for record in mine.calls.list()] == ["1", "2"]
            await mine.calls(CALL_SID).delete()
        assert fake.closed


class TestLostAnswers:
    def test_a_create_tells_what_was_sent(self) -> None:
        fake = FakeTransport([TimedOut("too slow")])
        with pytest.raises(OutcomeUnknown) as caught:
            client(fake).messages.create(
                to=TO, from_=FROM, body="x", options=RequestOptions(extra={"Pin": "1234"})
            )
        error = caught.value
        assert (error.operation, error.path) == ("messages.create", f"{PATH}/Messages")
        assert error.sent == {"To": TO, "From": FROM, "Body": "x"}
        assert len(fake.recorded) == 1

    def test_secret_parameters_are_left_out(self) -> None:
        fake = FakeTransport([TimedOut("too slow")])
        with pytest.raises(OutcomeUnknown) as caught:
            client(fake).sip.credential_lists("CL" + "0" * 32).credentials.create(
                username="ada", password="Hunter2Hunter2"
            )
        assert caught.value.sent == {"Username": "ada"}


class TestRawResponses:
    def test_value_and_answer(self) -> None:
        headers = {"Twilio-Concurrent-Requests": "3"}
        fake = FakeTransport([refusal(429), json_response(message(7), status=201, headers=headers)])
        raw = client(fake).with_raw_response(lambda c: c.messages.create(to=TO, from_=FROM, body="x"))
        assert_type(raw, RawResponse[Message])
        assert (raw.status, raw.attempts, raw.request_id) == (201, 2, "RQ" + "0" * 32)
        assert raw.headers["twilio-concurrent-requests"] == "3"
        assert raw.body == json_response(message(7)).body

    def test_the_last_of_several(self) -> None:
        fake = FakeTransport(
            [page("calls", call(1), next_uri=f"{PATH}/Calls.json?Page=1"), page("calls", call(2))]
        )
        raw = client(fake).with_raw_response(lambda c: list(c.calls.list()))
        assert [record.sid[-1] for record in raw.value] == ["1", "2"]
        assert raw.body == page("calls", call(2)).body

    def test_a_list_that_nobody_read(self) -> None:
        with pytest.raises(InvalidValue, match="a list has to be read in it"):
            client(FakeTransport([])).with_raw_response(lambda c: c.calls.list())

    def test_errors_come_through(self) -> None:
        with pytest.raises(NotFound) as caught:
            client(FakeTransport([refusal(404)])).with_raw_response(lambda c: c.calls(CALL_SID).fetch())
        assert caught.value.request_id == "RQ" + "0" * 32

    def test_the_lent_client_closes_nothing(self) -> None:
        fake = FakeTransport([json_response({"a": 1})])
        mine = client(fake)

        def use(lent: Client) -> object:
            with lent:
                assert repr(lent) == repr(mine)
                return lent.request("GET", "/x")

        assert mine.with_raw_response(use).value == {"a": 1}
        assert not fake.closed

    def test_hooks_see_it_too(self) -> None:
        seen: list[str] = []

        def hook(request: Request) -> HookRun:
            seen.append(request.operation)
            yield

        mine = Client(ACCOUNT, TOKEN, transport=FakeTransport([json_response(call())]), hooks=[hook])
        mine.with_raw_response(lambda c: c.calls(CALL_SID).fetch())
        assert seen == ["calls(sid).fetch"]

    async def test_async(self) -> None:
        mine = async_client(AsyncFakeTransport([json_response(call())]))
        raw = await mine.with_raw_response(lambda c: c.calls(CALL_SID).fetch())
        assert_type(raw, RawResponse[Call])
        assert (raw.status, raw.value.duration) == (200, 12)

        async def two(lent: AsyncClient) -> Sequence[Call]:
            return [record async for record in lent.calls.list(limit=2)]

        mine = async_client(AsyncFakeTransport([page("calls", call(1), call(2))]))
        assert len((await mine.with_raw_response(two)).value) == 2


class TestHooks:
    def test_each_attempt(self) -> None:
        log: list[tuple[int, object]] = []

        def hook(request: Request) -> HookRun:
            try:
                response = yield
            except RingbackError as error:
                log.append((request.attempt, type(error)))
                raise
            log.append((request.attempt, response.status))

        answers: Sequence[Response | TimedOut] = [
            TimedOut("x"),
            refusal(429),
            refusal(503),
            json_response(call()),
        ]
        mine = Client(ACCOUNT, TOKEN, transport=FakeTransport(answers), hooks=[hook], retry=AT_ONCE)
        mine.calls(CALL_SID).fetch()
        assert log == [(1, TimedOut), (2, 429), (3, 503), (4, 200)]

    async def test_the_same_hook_for_asyncio(self) -> None:
        seen: list[int] = []

        def hook(request: Request) -> HookRun:
            response = yield
            seen.append(response.status)

        fake = AsyncFakeTransport([json_response(call())])
        await AsyncClient(ACCOUNT, TOKEN, transport=fake, hooks=[hook]).calls(CALL_SID).fetch()
        assert seen == [200]


class TestClosing:
    def test_once(self) -> None:
        fake = FakeTransport([])
        with client(fake) as mine:
            pass
        assert fake.closed
        mine.close()
        for use in (lambda: mine.request("GET", "/x"), lambda: mine.calls.list().first()):
            with pytest.raises(ConfigurationError, match="the client is closed"):
                use()

    def test_one_that_was_never_used(self) -> None:
        mine = Client(ACCOUNT, TOKEN)
        mine.close()
        with pytest.raises(ConfigurationError, match="the client is closed"):
            mine.calls(CALL_SID).fetch()

    async def test_async(self) -> None:
        fake = AsyncFakeTransport([])
        async with async_client(fake) as mine:
            pass
        assert fake.closed
        await mine.aclose()
        with pytest.raises(ConfigurationError, match="the client is closed"):
            await mine.calls(CALL_SID).fetch()

    @pytest.mark.parametrize("make", [Client, AsyncClient])
    @pytest.mark.parametrize("use", [pickle.dumps, copy.copy, copy.deepcopy])
    def test_clients_stay_where_they_are(self, make: type[Client], use: object) -> None:
        assert callable(use)
        with pytest.raises(TypeError, match="holds credentials and connections"):
            use(make(ACCOUNT, TOKEN))


class TestErrorsPickle:
    ERRORS: Sequence[RingbackError] = (
        RingbackError("x"),
        ConfigurationError("x"),
        InvalidValue("to", 5, "text"),
        TwimlError("Gather.num_digits", 0, "1 to 9", suggestion="1"),
        TimedOut("x"),
        OutcomeUnknown(
            "lost",
            operation="a.create",
            path="/x",
            sent={"To": "1"},
            sent_at=datetime(2026, 1, 1, tzinfo=timezone.utc),
        ),
        ResponseInvalid("bad", status=200, path="a.b", request_id="RQ1", excerpt="<html>"),
        ApiError("no", status=400, code=1, more_info="https://x", request_id="RQ1"),
        RateLimited("busy", status=429, retry_after=2.5),
    )

    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
    def test_all_of_it(self, error: RingbackError) -> None:
        again = pickle.loads(pickle.dumps(error))  # noqa: S301
        assert type(again) is type(error)
        assert (str(again), again.args, again.__dict__) == (str(error), error.args, error.__dict__)
        assert str(copy.copy(error)) == str(error)


def test_an_error_from_the_wire_pickles() -> None:
    with pytest.raises(ApiError) as caught:
        client(FakeTransport([refusal(400, 21211, "bad")])).calls(CALL_SID).fetch()
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (again.code, again.status, str(again)) == (21211, 400, str(caught.value))


def test_answers_are_values() -> None:
    assert Response(200) == Response(200)
