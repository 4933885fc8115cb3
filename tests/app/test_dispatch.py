"""What gets in, what is done once, and what is held."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from typing import cast
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback import Client
from ringback.app import Application, HandlerFailed, MemoryStore
from ringback.app.webhooks.held import HeldAnswers
from ringback.errors import InvalidValue
from ringback.http import WebhookRequest
from ringback.stores import RedisStore
from ringback.twiml import Message, MessagingResponse, Say, VoiceResponse
from ringback.webhooks import CallEnded, IncomingCall, IncomingMessage, sign
from tests.app.twilio import (
    TOKEN,
    call_parameters,
    eventually,
    link,
    message_parameters,
    request,
    served,
    tags,
)

URL = "https://example.com/phone"


class Counting:
    """An application that counts whom it greets."""

    def __init__(self, **settings: object) -> None:
        self.app = Application(public_url=URL, **{"auth_token": TOKEN} | settings)  # type: ignore[arg-type]
        self.calls = 0
        self.url = self.app.on(IncomingCall)(self.greet).url

    def greet(self, call: IncomingCall) -> VoiceResponse:
        self.calls += 1
        return VoiceResponse(Say(f"Caller {self.calls}"))


class TestSignatures:
    async def test_a_signed_request_gets_in(self) -> None:
        counting = Counting()
        assert (await counting.app.handle(request(counting.url, call_parameters("CA1")))).status == 200

    async def test_no_signature(self, caplog: pytest.LogCaptureFixture) -> None:
        counting = Counting()
        signed = request(counting.url, call_parameters("CA1"))
        headers = {name: value for name, value in signed.headers.items() if "Signature" not in name}
        asked = WebhookRequest("POST", signed.url, headers, signed.body)
        assert (await counting.app.handle(asked)).status == 403
        assert counting.calls == 0
        assert "missing" in caplog.text

    async def test_a_wrong_signature(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        counting = Counting()
        asked = request(counting.url, call_parameters("CA1"), token="another-token-altogether")
        response = await counting.app.handle(asked)
        assert response.status == 403
        assert counting.calls == 0
        # Why is found out in a thread, while nobody waits.
        await eventually(lambda: f"refused POST {counting.url}" in caplog.text)
        for secret in (TOKEN, "another-token-altogether", asked.headers["X-Twilio-Signature"], "+1555"):
            assert secret not in caplog.text
            assert secret.encode() not in response.body

    async def test_a_changed_parameter(self) -> None:
        counting = Counting()
        signed = request(counting.url, call_parameters("CA1"))
        asked = WebhookRequest("POST", signed.url, signed.headers, signed.body + b"&Extra=1")
        assert (await counting.app.handle(asked)).status == 403
        assert counting.calls == 0

    async def test_a_changed_query(self) -> None:
        counting = Counting()
        signed = request(counting.url, call_parameters("CA1"))
        asked = WebhookRequest("POST", f"{signed.url}?ringback=call.x", signed.headers, signed.body)
        assert (await counting.app.handle(asked)).status == 403

    async def test_a_notification_needs_one_too(self) -> None:
        counting = Counting()
        heard: list[CallEnded] = []
        counting.app.on(CallEnded, heard.append)
        asked = request(counting.app.callback(CallEnded).url, call_parameters("CA1", "busy"), token="x")
        assert (await counting.app.handle(asked)).status == 403
        assert heard == []

    async def test_without_a_token_nothing_gets_in(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.delenv("TWILIO_AUTH_TOKEN", raising=False)
        counting = Counting(auth_token=None)
        assert (await counting.app.handle(request(counting.url, call_parameters("CA1")))).status == 403
        assert counting.calls == 0
        assert "TWILIO_AUTH_TOKEN" in caplog.text
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
        assert (await counting.app.handle(request(counting.url, call_parameters("CA1")))).status == 200

    async def test_several_tokens_and_tokens_by_account(self) -> None:
        for tokens in (["old", TOKEN], {call_parameters("CA")["AccountSid"]: TOKEN, "AC1": "old"}):
            counting = Counting(auth_token=tokens)
            assert (await counting.app.handle(request(counting.url, call_parameters("CA1")))).status == 200

    async def test_a_shared_key(self) -> None:
        counting = Counting(shared_keys={"key-1": "its secret"})
        parameters = call_parameters("CA1")
        signature = sign(counting.url, parameters.items(), "its secret", algorithm="HMAC_SHA256")
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": signature,
            "X-Twilio-Webhooks-Signature-Settings": "key=key-1,algorithm=HMAC_SHA256",
        }
        body = urlencode(parameters).encode()
        assert (await counting.app.handle(WebhookRequest("POST", counting.url, headers, body))).status == 200

    async def test_it_can_be_switched_off_and_says_so(self, caplog: pytest.LogCaptureFixture) -> None:
        counting = Counting(validate_signatures=False)
        assert "not checked" in caplog.text
        assert (
            await counting.app.handle(request(counting.url, call_parameters("CA1"), token="x"))
        ).status == 200


class TestHostileRequests:
    @pytest.mark.parametrize(
        ("body", "headers", "status"),
        [
            (b"{}", {"Content-Type": "text/plain"}, 415),
            (b"a=\xff", {}, 400),
            (b"a=%ff", {}, 400),
            (b"a=%zz", {}, 400),
            (b"&".join(b"a%d=1" % number for number in range(1000)), {}, 400),
            (b"a=" + b"x" * 1_000_000, {}, 413),
            (b"a=1", {"Content-Encoding": "gzip"}, 415),
            (b"a=1", {"Content-Type": "application/x-www-form-urlencoded; charset=utf-16"}, 415),
            (b"[1]", {"Content-Type": "application/json"}, 400),
            (b"[" * 100_000, {"Content-Type": "application/json"}, 400),
            (b"", {}, 403),
        ],
    )
    async def test_bodies(self, body: bytes, headers: dict[str, str], status: int) -> None:
        counting = Counting()
        given = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": "x"} | headers
        response = await counting.app.handle(WebhookRequest("POST", counting.url, given, body))
        assert response.status == status
        assert b"Traceback" not in response.body
        assert counting.calls == 0

    async def test_limits_can_be_set(self) -> None:
        counting = Counting(max_body=100, max_parameters=3)
        asked = WebhookRequest("POST", counting.url, {}, b"a=" + b"x" * 99)
        assert (await counting.app.handle(asked)).status == 413
        three = request(counting.url, {"a": "1", "b": "1", "c": "1"})
        assert (await counting.app.handle(three)).status == 400

    async def test_signed_nonsense_is_a_400(self) -> None:
        counting = Counting()
        for parameters in ({"a": "b"}, {"CallSid": ""}, {}):
            response = await counting.app.handle(request(counting.url, parameters))
            assert response.status == 400, response
        assert counting.calls == 0

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        method=st.sampled_from(["GET", "POST"]) | st.text(max_size=8),
        path=st.text(max_size=20) | st.just("/phone/greet"),
        headers=st.lists(st.tuples(st.text(max_size=12), st.text(max_size=12)), max_size=4),
        signature=st.text(max_size=40),
        body=st.binary(max_size=200),
    )
    async def test_whatever_comes_in_gets_a_4xx(
        self, method: str, path: str, headers: list[tuple[str, str]], signature: str, body: bytes
    ) -> None:
        counting = Counting()
        given = [*headers, ("X-Twilio-Signature", signature)]
        response = await counting.app.handle(
            WebhookRequest(method, f"https://example.com{path}", given, body)
        )
        assert 400 <= response.status < 500
        assert counting.calls == 0

    @settings(max_examples=60, deadline=None)
    @given(
        parameters=st.dictionaries(
            st.sampled_from(["CallSid", "From", "To", "CallStatus", "Direction", "Digits", "AccountSid"])
            | st.text(max_size=6),
            st.text(max_size=12),
        ),
        query=st.text(max_size=30),
    )
    async def test_whatever_is_signed_never_is_a_5xx(self, parameters: dict[str, str], query: str) -> None:
        counting = Counting(validate_signatures=False)
        url = f"{counting.url}?{urlencode({'ringback': query})}"
        asked = WebhookRequest(
            "POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(parameters).encode()
        )
        assert (await counting.app.handle(asked)).status in {200, 400}


class TestRepetitions:
    async def test_one_token_is_one_request(self) -> None:
        counting = Counting()
        asked = request(counting.url, call_parameters("CA1"), I_Twilio_Idempotency_Token="t1")
        first, second = [await counting.app.handle(asked) for _ in range(2)]
        assert first == second
        assert counting.calls == 1
        other = request(counting.url, call_parameters("CA1"), I_Twilio_Idempotency_Token="t2")
        assert served(await counting.app.handle(other)).findtext("Say") == "Caller 2"

    async def test_a_token_is_for_one_url(self) -> None:
        counting = Counting()
        app = counting.app
        other = app.on(IncomingCall, path="/fallback")(counting.greet)
        parameters = call_parameters("CA1")
        for url in (counting.url, other.url):
            await app.handle(request(url, parameters, I_Twilio_Idempotency_Token="t1"))
        assert counting.calls == 2

    async def test_two_at_once_are_one(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN)
        gate = asyncio.Event()
        calls: list[IncomingCall] = []

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            calls.append(call)
            await gate.wait()
            return VoiceResponse(Say("Hello"))

        asked = request(greet.url, call_parameters("CA1"), I_Twilio_Idempotency_Token="t1")
        waiting = [asyncio.create_task(app.handle(asked)) for _ in range(10)]
        await eventually(lambda: bool(calls))
        waiting[0].cancel()  # the first one hangs up; the answer is still for the others
        gate.set()
        answers = await asyncio.gather(*waiting[1:])
        assert {tuple(tags(answer)) for answer in answers} == {("Say",)}
        assert len(calls) == 1

    async def test_notifications_are_told_by_what_they_say(self) -> None:
        counting = Counting()
        heard: list[int | None] = []
        counting.app.on(CallEnded, lambda event: heard.append(event.sequence_number))
        url = counting.app.callback(CallEnded).url
        for number in ("0", "0", "1", "0"):
            asked = request(url, call_parameters("CA1", "completed", SequenceNumber=number))
            assert (await counting.app.handle(asked)).status == 204
        assert heard == [0, 1]

    async def test_a_message_is_answered_once(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN)
        bodies: list[str] = []

        @app.on(IncomingMessage)
        async def reply(message: IncomingMessage) -> MessagingResponse:
            bodies.append(message.body)
            return MessagingResponse(Message(f"Reply {len(bodies)}"))

        first, again = [await app.handle(request(reply.url, message_parameters("SM1"))) for _ in range(2)]
        assert first == again
        await app.handle(request(reply.url, message_parameters("SM2")))
        assert len(bodies) == 2

    async def test_a_call_may_come_by_again(self) -> None:
        counting = Counting()
        for _ in range(2):  # by <Redirect>: the same parameters, and nothing says that it is the same request
            await counting.app.handle(request(counting.url, call_parameters("CA1")))
        assert counting.calls == 2

    async def test_processes_that_share_a_store(self) -> None:
        store = MemoryStore()
        gate = threading.Event()
        one, other = Counting(store=store), Counting(store=store)
        counting_greet = one.app.on(IncomingCall, path="/slow")

        @counting_greet
        def slow(call: IncomingCall) -> VoiceResponse:
            gate.wait(5)
            return VoiceResponse(Say("from one"))

        @other.app.on(IncomingCall, path="/slow")
        def fast(call: IncomingCall) -> VoiceResponse:
            raise AssertionError("the other process has it")

        asked = request(slow.url, call_parameters("CA1"), I_Twilio_Idempotency_Token="t1")
        first = asyncio.create_task(one.app.handle(asked))
        await eventually(lambda: len(store) == 1)
        second = asyncio.create_task(other.app.handle(asked))
        gate.set()
        assert served(await first).findtext("Say") == "from one"
        assert await second == await first

    async def test_a_process_that_died_with_a_request(self) -> None:
        store = MemoryStore()
        dead, alive = Counting(store=store, deadline=0.01), Counting(store=store, deadline=0.01)
        asked = request(dead.url, call_parameters("CA1"), I_Twilio_Idempotency_Token="t1")
        assert (await dead.app.handle(asked)).status == 200
        [key] = [key for key in store._kept._kept if isinstance(key, str)]
        await store.put(key, b"", 10)  # as if it had never come to an answer
        held = await alive.app.handle(asked)
        while tags(held) == ["Pause", "Redirect"]:  # it may be that the other is only slow
            held = await alive.app.handle(request(link(held, "Redirect"), call_parameters("CA1")))
        assert served(held).findtext("Say") == "Caller 1"
        assert (dead.calls, alive.calls) == (1, 1)

    async def test_a_store_that_fails_loses_no_call(self, caplog: pytest.LogCaptureFixture) -> None:
        class Broken(MemoryStore):
            async def add(self, key: str, value: bytes, ttl: float) -> bool:
                raise OSError("gone")

            async def put(self, key: str, value: bytes, ttl: float) -> None:
                raise OSError("gone")

        counting = Counting(store=Broken())
        asked = request(counting.url, call_parameters("CA1"), I_Twilio_Idempotency_Token="t1")
        assert (await counting.app.handle(asked)).status == 200
        assert "the store failed" in caplog.text

    async def test_that_a_shared_store_is_away_is_told_once(self, caplog: pytest.LogCaptureFixture) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        counting = Counting(store=RedisStore(f"redis://127.0.0.1:{port}/0"))
        for number in range(5):
            asked = request(
                counting.url, call_parameters(f"CA{number}"), I_Twilio_Idempotency_Token=f"t{number}"
            )
            assert (await counting.app.handle(asked)).status == 200
        await counting.app.aclose()
        assert counting.calls == 5
        told = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
        assert [text.partition(" (")[0] for text in told] == ["the store is away"]


class TestSlowHandlers:
    async def test_the_caller_is_held_and_then_answered(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN, deadline=0.02)
        gate = asyncio.Event()

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            await gate.wait()
            return VoiceResponse(Say("At last"))

        parameters = call_parameters("CA1")
        held = await app.handle(request(greet.url, parameters))
        for _ in range(3):
            assert tags(held) == ["Pause", "Redirect"]
            assert link(held, "Redirect").startswith(f"{greet.url}?ringback=hold.")
            held = await app.handle(request(link(held, "Redirect"), parameters))
        gate.set()
        for _ in range(2):
            answered = await app.handle(request(link(held, "Redirect"), parameters))
            assert served(answered).findtext("Say") == "At last"

    async def test_the_oldest_held_answers_make_room(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(HeldAnswers, "_MOST", 2)
        app = Application(public_url=URL, auth_token=TOKEN, deadline=0.01)
        gate = asyncio.Event()

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            await gate.wait()
            return VoiceResponse(Say("At last"))

        parameters = [call_parameters(f"CA{number}") for number in range(3)]
        held = [await app.handle(request(greet.url, each)) for each in parameters]
        gate.set()
        answers = [
            tags(await app.handle(request(link(response, "Redirect"), each)))
            for response, each in zip(held, parameters, strict=True)
        ]
        assert answers == [["Say", "Hangup"], ["Say"], ["Say"]]

    async def test_a_message_is_held_too(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN, deadline=0.02)
        gate = threading.Event()

        @app.on(IncomingMessage)
        def reply(message: IncomingMessage) -> MessagingResponse:
            gate.wait(5)
            return MessagingResponse(Message("At last"))

        parameters = message_parameters("SM1")
        held = await app.handle(request(reply.url, parameters))
        assert tags(held) == ["Redirect"]
        again = await app.handle(request(link(held, "Redirect"), parameters))
        assert link(again, "Redirect") == link(held, "Redirect")
        gate.set()
        for _ in range(100):
            held = await app.handle(request(link(again, "Redirect"), parameters))
            if tags(held) == ["Message"]:
                break
        assert served(held).findtext("Message") == "At last"

    async def test_a_handler_that_hangs_is_given_up(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN, deadline=0.02, hold_limit=0.05)
        cancelled = asyncio.Event()
        failures: list[HandlerFailed] = []
        app.on(HandlerFailed, failures.append)

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            return VoiceResponse()

        parameters = call_parameters("CA1")
        response = await app.handle(request(greet.url, parameters))
        while tags(response) == ["Pause", "Redirect"]:
            response = await app.handle(request(link(response, "Redirect"), parameters))
        assert tags(response) == ["Say", "Hangup"]
        await asyncio.wait_for(cancelled.wait(), 2)
        await eventually(lambda: len(failures) == 1)
        assert isinstance(failures[0].error, TimeoutError)

    async def test_a_notification_is_answered_while_its_handler_works(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN, deadline=0.02)
        gate = asyncio.Event()
        done: list[CallEnded] = []

        @app.on(CallEnded)
        async def slow(event: CallEnded) -> None:
            await gate.wait()
            done.append(event)

        assert (await app.handle(request(slow.url, call_parameters("CA1", "completed")))).status == 204
        assert done == []
        gate.set()
        await eventually(lambda: len(done) == 1)

    async def test_an_answer_that_nobody_has(self, caplog: pytest.LogCaptureFixture) -> None:
        counting = Counting()
        response = await counting.app.handle(
            request(f"{counting.url}?ringback=hold.gone", call_parameters("CA1"))
        )
        assert tags(response) == ["Say", "Hangup"]
        assert "restarted" in caplog.text

    async def test_closing_cancels_what_is_under_way(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN, deadline=0.02)
        cleaned = False

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            nonlocal cleaned
            try:
                await asyncio.Event().wait()
            finally:
                cleaned = True
            return VoiceResponse()

        held = await app.handle(request(greet.url, call_parameters("CA1")))
        await app.aclose()
        assert cleaned
        after = await app.handle(request(link(held, "Redirect"), call_parameters("CA1")))
        assert tags(after) == ["Say", "Hangup"]


class TestSettings:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "example.com",
            "/phone",
            "ftp://example.com",
            "https://",
            "https://example.com/?a=b",
            "https://example.com/#a",
            "https://example.com/a b",
            "https://example.com:99999",
            "https://[x",
        ],
    )
    def test_a_public_url_that_is_none(self, url: str) -> None:
        with pytest.raises(InvalidValue, match="public_url"):
            Application(public_url=url)

    def test_a_public_url_with_a_password_is_not_shown(self) -> None:
        with pytest.raises(InvalidValue) as raised:
            Application(public_url="https://user:hunter2@example.com")
        assert "hunter2" not in str(raised.value)

    @pytest.mark.parametrize(
        "name", ["deadline", "hold_limit", "idle_limit", "linger", "max_body", "max_parameters", "threads"]
    )
    def test_numbers_out_of_range(self, name: str) -> None:
        with pytest.raises(InvalidValue, match=name):
            Counting(**{name: 0})
        with pytest.raises(InvalidValue, match=name):
            Counting(**{name: float("nan")})

    def test_answers_that_are_no_twiml(self) -> None:
        with pytest.raises(InvalidValue, match=r"^fallback: expected a VoiceResponse, got 'Sorry'"):
            Counting(fallback="Sorry")
        with pytest.raises(InvalidValue, match="message_fallback: expected a MessagingResponse"):
            Counting(message_fallback=VoiceResponse())
        elsewhere = cast("VoiceResponse", "https://example.com/answer")
        with (
            Client("AC" + "0" * 32, "token") as client,
            pytest.raises(InvalidValue, match="answer: expected a VoiceResponse, a handler"),
        ):
            Counting().app.dial(client, to="+15558675310", from_="+15017122661", answer=elsewhere)

    async def test_a_slash_that_twilio_was_told_of(self) -> None:
        counting = Counting()
        assert (await counting.app.handle(request(f"{counting.url}/", call_parameters("CA1")))).status == 200
        asked = request(f"{counting.url}/", call_parameters("CA1"), seen_as=counting.url)
        assert (await counting.app.handle(asked)).status == 403

    async def test_a_slash_at_the_end_changes_nothing(self) -> None:
        assert Application(public_url=f"{URL}/").public_url == URL


class TestSynchronously:
    def test_from_any_thread(self) -> None:
        counting = Counting()
        answers: list[int] = []

        def call() -> None:
            answers.append(counting.app.handle_sync(request(counting.url, call_parameters("CA1"))).status)

        threads = [threading.Thread(target=call) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [200] * 5

    async def test_not_in_an_event_loop(self) -> None:
        counting = Counting()
        with pytest.raises(RuntimeError, match="event loop"):
            counting.app.handle_sync(request(counting.url, call_parameters("CA1")))

    def test_not_in_the_loop_of_the_portal_either(self) -> None:
        app = Application(public_url=URL, auth_token=TOKEN)
        errors: list[str] = []

        @app.on(IncomingCall)
        async def greet(call: IncomingCall) -> VoiceResponse:
            try:
                app.handle_sync(request(greet.url, call_parameters("CA2")))
            except RuntimeError as error:
                errors.append(str(error))
            return VoiceResponse()

        assert app.handle_sync(request(greet.url, call_parameters("CA1"))).status == 200
        assert "event loop" in errors[0]

    def test_a_sync_handler_may_ask_another_one(self) -> None:
        counting = Counting()

        @counting.app.on(IncomingCall, path="/outer")
        def outer(call: IncomingCall) -> VoiceResponse:
            counting.app.handle_sync(request(counting.url, call_parameters("CA2")))
            return VoiceResponse()

        assert counting.app.handle_sync(request(outer.url, call_parameters("CA1"))).status == 200
        assert counting.calls == 1
