"""How webhooks are sent, and what becomes of bad answers."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from contextlib import suppress

import pytest
from attrs import define
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.emulator import AUTH_TOKEN, Emulator
from ringback.http import Headers, WebhookRequest, WebhookResponse
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, VALIDATOR, Asked, Website

HTML = Headers({"Content-Type": "text/html"})
APOLOGY = "an application error has occurred"


def codes(emulator: Emulator) -> list[int]:
    return [problem.code for problem in emulator.problems]


def page(status: int = 200, body: bytes = b"<Response/>", kind: str = "text/xml") -> WebhookResponse:
    return WebhookResponse(status, Headers({"Content-Type": kind}), body)


BAD = {
    "an error": (page(404), 11200),
    "a crash": (page(500), 11200),
    "not XML": (page(body=b"Hello"), 12100),
    "cut off": (page(body=b"<Response><Say>"), 12100),
    "not UTF-8": (page(body=b"<Response><Say>\xff\xfe</Say></Response>"), 12100),
    "another root": (page(body=b"<html/>", kind="text/html"), 12102),
    "empty in chunks": (WebhookResponse(200, Headers({"Transfer-Encoding": "chunked"})), 11770),
    "JSON": (page(body=b"{}", kind="application/json"), 12300),
    "too long": (page(body=b"<Response>" + b" " * 65_536 + b"</Response>"), 11750),
    "laughs": (
        page(
            body=b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><Response>&b;</Response>'
        ),
        12100,
    ),
    "an unknown verb": (page(body=b"<Response><Shout>Hey</Shout></Response>"), 12200),
    "a wrong attribute": (page(body=b'<Response><Gather numDigits="many"/></Response>'), 12200),
    "deep": (page(body=b"<Response>" + b"<Say>" * 5000), 12100),
}


@pytest.mark.parametrize(("answer", "code"), BAD.values(), ids=BAD.keys())
def test_the_fallback_is_told_what_went_wrong(
    emulator: Emulator, website: Website, answer: WebhookResponse, code: int
) -> None:
    emulator.allow_problems(code)
    website.pages["/voice"] = answer
    website.pages["/fallback"] = "<Response><Say>Plan B</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Plan B")
    fallback = website.at("/fallback")[0]
    assert (fallback["ErrorCode"], fallback["ErrorUrl"]) == (str(code), f"{HOME}/voice")
    assert codes(emulator) == [code]
    assert (
        website.asked[0].headers["I-Twilio-Idempotency-Token"]
        != fallback.headers["I-Twilio-Idempotency-Token"]
    )


def test_without_a_fallback_the_caller_hears_an_apology(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(11200)
    website.pages["/voice"] = page(500)
    website.pages["/fallback"] = page(503)
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say(APOLOGY)
    assert call.ended.status == "completed"
    assert codes(emulator) == [11200, 11200]
    website.asked.clear()
    emulator.number(OURS, voice_url=f"{HOME}/voice")
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say(APOLOGY)
    call.expect_hangup()
    assert website.paths == ["/voice"]


def test_a_later_document_falls_back_as_well(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(11200)
    website.pages["/voice"] = '<Response><Gather numDigits="1" action="/keys"/></Response>'
    website.pages["/keys"] = page(500)
    website.pages["/fallback"] = "<Response><Say>Plan B</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    call.press("1")
    call.expect_say("Plan B")
    assert website.at("/fallback")[0]["ErrorUrl"] == f"{HOME}/keys"


def test_a_number_without_a_url(emulator: Emulator) -> None:
    emulator.allow_problems(11100)
    emulator.number(OURS)
    emulator.phone(ANNA).dial(OURS).expect_say(APOLOGY)
    assert codes(emulator) == [11100]


@pytest.mark.parametrize("url", ["ftp://example.com/x", "http://a_b.example/", "http://[::1/"])
def test_impossible_urls(emulator: Emulator, website: Website, url: str) -> None:
    emulator.allow_problems(11100, 11210)
    website.pages["/voice"] = f"<Response><Redirect>{url}</Redirect></Response>"
    website.pages["/fallback"] = "<Response><Say>Plan B</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Plan B")
    assert codes(emulator) in ([11100], [11210])


def test_documents_that_only_redirect_are_stopped(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(11215)
    numbers = itertools.count()
    website.pages["/voice"] = lambda _asked: (
        f"<Response><Redirect>/voice?n={next(numbers)}</Redirect></Response>"
    )
    call = emulator.phone(ANNA).dial(OURS)
    call.expect_say(APOLOGY)
    assert len(website.asked) == 100
    assert codes(emulator) == [11215]


def test_http_redirects_are_followed_with_get(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = WebhookResponse(307, Headers({"Location": "/deep/next?a=1"}))
    website.pages["/deep/next"] = "<Response><Redirect>here</Redirect></Response>"
    website.pages["/deep/here"] = "<Response><Say>Found</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Found")
    second = website.asked[1]
    assert (second.method, second.given) == ("GET", {"a": "1"})


def test_http_redirects_are_limited(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(11215)
    website.pages["/voice"] = WebhookResponse(302, Headers({"Location": "/voice"}))
    emulator.number(OURS, voice_url=f"{HOME}/voice")
    emulator.phone(ANNA).dial(OURS).expect_say(APOLOGY)
    assert (len(website.asked), codes(emulator)) == (11, [11215])


def test_settings_in_the_fragment_are_obeyed_and_not_sent(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(11200)
    website.pages["/voice"] = page(500)
    emulator.number(OURS, voice_url=f"{HOME}/voice?a=1#rc=3&rp=5xx")
    emulator.phone(ANNA).dial(OURS).expect_hangup()
    assert [each.url for each in website.asked] == [f"{HOME}/voice?a=1"] * 4
    assert len({each.headers["I-Twilio-Idempotency-Token"] for each in website.asked}) == 1


def test_user_name_and_password_become_a_header(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Say>Hello</Say></Response>"
    emulator.number(OURS, voice_url="https://user:p%40ss@example.com/voice")
    emulator.phone(ANNA).dial(OURS).expect_say("Hello")
    assert website.asked[0].headers["Authorization"] == "Basic dXNlcjpwQHNz"
    assert website.asked[0].url == f"{HOME}/voice"
    assert "p%40ss" not in str(emulator.transcript)


def test_a_port_is_signed_for_messages_and_not_for_calls(emulator: Emulator) -> None:
    seen: dict[str, WebhookRequest] = {}

    @define
    class Site:
        def handle_sync(self, request: WebhookRequest) -> WebhookResponse:
            seen[request.url] = request
            return WebhookResponse(204)

    emulator.mount("https://example.com:8443", Site())
    emulator.number(OURS, voice_url="https://example.com:8443/voice", sms_url="https://example.com:8443/sms")
    emulator.phone(ANNA).dial(OURS)
    emulator.phone(ANNA).text(OURS, "Hi")
    emulator.run_until_idle()
    from ringback.webhooks import SignatureValidator, read_parameters

    for url, request in seen.items():
        signature = request.headers["X-Twilio-Signature"]
        parameters = dict(read_parameters(request).multi_items())
        right = url if url.endswith("sms") else url.replace(":8443", "")
        expected = VALIDATOR.compute_signature(right, parameters)
        assert signature == expected
        SignatureValidator(AUTH_TOKEN).validate(request)
    assert len(seen) == 2


def test_an_application_that_raises(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems("raised KeyError")

    def crash(_asked: Asked) -> str:
        raise KeyError("oops")

    website.pages["/voice"] = crash
    website.pages["/fallback"] = "<Response><Say>Plan B</Say></Response>"
    emulator.phone(ANNA).dial(OURS).expect_say("Plan B")
    assert "KeyError" in emulator.problems[0].message


def test_a_failing_status_callback_harms_nobody(emulator: Emulator, website: Website) -> None:
    emulator.allow_problems(15003)
    website.pages["/status"] = page(500)
    assert emulator.phone(ANNA).dial(OURS).ended.status == "completed"
    assert codes(emulator) == [15003]
    assert emulator.problems[0].level == "warning"


def test_nothing_leaves_this_machine_unasked(emulator: Emulator) -> None:
    emulator.allow_problems(11200)
    emulator.number(OURS, voice_url="https://example.org/voice")
    emulator.phone(ANNA).dial(OURS).expect_hangup()
    assert "give the application to the emulator, or allow any host" in emulator.problems[0].message


def test_the_most_specific_public_url_gets_the_webhook(emulator: Emulator) -> None:
    shop, desk = Website(), Website()
    emulator.mount(f"{HOME}/a", shop)
    emulator.mount(f"{HOME}/a/b/", desk)
    for path, site in (("/a", shop), ("/a/bc", shop), ("/a/b", desk), ("/a/b/c", desk)):
        emulator.number(OURS, voice_url=HOME + path)
        emulator.phone(ANNA).dial(OURS).expect_hangup()
        assert [each.path for each in site.asked] == [path]
        site.asked.clear()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(alphabet="<>/&;\"'= ResponSayGthrDilNumbrc123", max_size=200).map(str.encode),
    )
)
def test_no_answer_brings_it_down(body: bytes) -> None:
    with Emulator() as emulator:
        website = Website({"/voice": page(body=body), "/sms": page(body=body)})
        emulator.mount(HOME, website)
        emulator.number(OURS, voice_url=f"{HOME}/voice", sms_url=f"{HOME}/sms")
        assert emulator.phone(ANNA).dial(OURS).ended.status in {"completed", "no-answer", "busy"}
        emulator.phone(ANNA).text(OURS, "Hi")
        emulator.run_until_idle()


VERBS = st.sampled_from(
    [
        "<Say>Hello</Say>",
        "<Play>/a.mp3</Play>",
        "<Pause/>",
        "<Gather><Say>Press</Say></Gather>",
        '<Gather input="speech dtmf" timeout="1" action="/keys"/>',
        "<Record/>",
        '<Record maxLength="3" playBeep="false" action="/keys"/>',
        f"<Dial>{BEN}</Dial>",
        f'<Dial timeout="5" action="/keys" hangupOnStar="true"><Number>{BEN}</Number></Dial>',
        f"<Dial timeout='3'>{OURS}</Dial>",
        "<Dial><Conference>room</Conference></Dial>",
        "<Redirect>/keys</Redirect>",
        "<Redirect/>",
        "<Hangup/>",
        "<Reject/>",
        "<Leave/>",
        "<Enqueue>queue</Enqueue>",
        "<Enqueue waitUrl='/keys' action='/keys'>queue</Enqueue>",
        "<Dial timeout='3' action='/keys' hangupOnStar='true'><Queue url='/keys'>queue</Queue></Dial>",
        "<Echo/>",
        "<Sms action='/keys'>Hi</Sms>",
        "<Refer action='/keys'><Sip>sip:ada@example.com</Sip></Refer>",
        "<Start><Stream url='wss://example.com'/></Start>",
    ]
)
ACTIONS = st.sampled_from(["1", "#", "*", "speak", "hang up", "wait", "cancel", "move", "answer"])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(VERBS, max_size=4), st.lists(VERBS, max_size=3), st.lists(ACTIONS, max_size=8))
def test_every_call_comes_to_an_end(first: list[str], second: list[str], actions: list[str]) -> None:
    with Emulator() as emulator, emulator.client() as client:
        website = Website({"/voice": f"<Response>{''.join(first)}</Response>"})
        website.pages["/keys"] = f"<Response>{''.join(second)}</Response>"
        emulator.mount(HOME, website)
        emulator.number(OURS, voice_url=f"{HOME}/voice", status_callback=f"{HOME}/status")
        call = emulator.phone(ANNA).dial(OURS)
        for action in actions:
            emulator.advance(0.7)
            line = emulator.phone(ANNA).calls[0]
            if line.state == "over":
                break
            if action == "hang up":
                line.hangup()
            elif action == "cancel":
                client.calls(call.sid).update(status="completed")
            elif line.state == "talking":
                if action == "move":
                    client.calls(call.sid).update(
                        twiml="<Response><Say>Moved</Say><Pause length='2'/></Response>"
                    )
                elif action == "speak":
                    with emulator.held() as network:
                        network.phones[ANNA].lines[0].speak("words and words", 1.5)
                elif action in "1#*":
                    with emulator.held() as network:
                        network.phones[ANNA].lines[0].press(action)
        emulator.advance(100)
        call.hangup()
        assert call.ended.status in {"completed", "no-answer", "busy", "canceled"}
        emulator.run_until_idle()
        told = [each["CallSid"] for each in website.at("/status")]
        assert call.sid in told
        assert len(told) == len(set(told))
        assert not {each.status for each in client.calls.list()} & {"queued", "ringing", "in-progress"}


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_over_http(emulator: Emulator) -> None:
    website = Website({"/voice": "<Response><Gather numDigits='1' action='/keys?x=1'/></Response>"})
    website.pages["/keys"] = "<Response><Say>Thanks</Say></Response>"
    with website.served() as home:
        emulator.number(OURS, voice_url=f"{home}/voice", voice_method="GET", status_callback=f"{home}/status")
        call = emulator.phone(ANNA).dial(OURS)
        call.press("1")
        call.expect_say("Thanks")
        assert call.ended.status == "completed"
    assert [(each.method, each.path) for each in website.asked] == [
        ("GET", "/voice"),
        ("POST", "/keys"),
        ("POST", "/status"),
    ]
    assert website.asked[1].headers["Host"] == home.removeprefix("http://")


def test_nobody_listens(emulator: Emulator) -> None:
    emulator.allow_problems(11205)
    emulator.number(OURS, voice_url=f"http://127.0.0.1:{closed_port()}/voice")
    emulator.phone(ANNA).dial(OURS).expect_hangup()
    assert codes(emulator) == [11205]


def test_no_such_host() -> None:
    with Emulator(any_host=True) as emulator:
        emulator.number(OURS, voice_url="http://nowhere.invalid/voice")
        emulator.phone(ANNA).dial(OURS).expect_hangup()
        assert codes(emulator) == [11210]


def test_no_answer_in_time(emulator: Emulator) -> None:
    emulator.allow_problems(11205)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        emulator.number(OURS, voice_url=f"http://127.0.0.1:{port}/voice#rt=200&rc=0")
        emulator.phone(ANNA).dial(OURS).expect_hangup()
    assert codes(emulator) == [11205]


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_an_answer_that_drips_in(emulator: Emulator, start: bytes) -> None:
    emulator.allow_problems(11205)
    heard = threading.Event()

    def drip() -> None:
        connection, _ = dripping.accept()
        with connection, suppress(OSError):
            connection.sendall(start)
            while not heard.wait(0.05):
                connection.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as dripping:
        server = threading.Thread(target=drip)
        server.start()
        port = dripping.getsockname()[1]
        emulator.number(OURS, voice_url=f"http://127.0.0.1:{port}/voice#tt=300&rt=200&rc=0")
        started = time.monotonic()
        emulator.phone(ANNA).dial(OURS).expect_hangup()
        assert time.monotonic() - started < 10
        heard.set()
        server.join()
    assert codes(emulator) == [11205]


def test_an_application_that_wants_to_end_the_process(emulator: Emulator) -> None:
    emulator.allow_problems("raised SystemExit")

    class Quitting:
        def handle_sync(self, request: WebhookRequest, /) -> WebhookResponse:
            raise SystemExit

    emulator.mount("https://quitting.example", Quitting())
    emulator.number(OURS, voice_url="https://quitting.example/voice")
    emulator.phone(ANNA).dial(OURS).expect_hangup()
    assert "SystemExit" in emulator.problems[0].message


def test_a_huge_answer_is_not_read_to_its_end(emulator: Emulator) -> None:
    emulator.allow_problems(11750)
    website = Website({"/voice": b"<Response>" + b"<!-- long -->" * 2_000_000})
    with website.served() as home:
        emulator.number(OURS, voice_url=f"{home}/voice")
        emulator.phone(ANNA).dial(OURS).expect_hangup()
    assert codes(emulator) == [11750]
