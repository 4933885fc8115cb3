"""Whatever it is told, asked or answered, the emulator says what is wrong and goes on."""

from __future__ import annotations

import asyncio
import base64
import math
from collections.abc import Callable, MutableMapping
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback._generated.api.operations import OPERATIONS
from ringback.emulator import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    Emulator,
    Hear,
    Pause,
    Press,
    Settings,
    Speak,
)
from ringback.emulator.engine.urls import WebUrl
from ringback.emulator.server import EmulatorServer
from ringback.errors import EmulatorError
from ringback.http import Headers, WebhookRequest, WebhookResponse
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import HOME

LOGIN = "Basic " + base64.b64encode(f"{ACCOUNT_SID}:{AUTH_TOKEN}".encode()).decode()
URLS = st.sampled_from(
    [
        "https://[::1",
        "http://[fe80::1%25eth0]/",
        "http://evil.example\\.localhost/x",
        "http://a:b@c@d/",
        "http://localhost:99999/",
        "http://localhost:-1/",
        "http://localhost:٣/",
        "http://ⓛocalhost/",
        "http://xn--/",
        "http://a..b/",
        "http://\x00/",
        "http://" + "a" * 300 + "/",
        "http:///x",
        "//localhost",
        "javascript:alert(1)",
        "http://localhost/%zz?%\\#rc=" + "9" * 5000,
        "http://127.0.0.1:1/",
    ]
)
NASTY = st.one_of(
    URLS,
    st.sampled_from(
        [
            "",
            "nan",
            "inf",
            "-inf",
            "-1",
            "1e309",
            "9" * 5000,
            "٣",
            "0x10",
            "true",
            "\x00",
            "\ud7ff",
            "+",
            ACCOUNT_SID,
        ]
    ),
    st.sampled_from(
        [ANNA, OURS, "client:anna", "sip:a@b", "queued", "0001-01-01", "9999-12-31T23:59:59-23:59"]
    ),
    st.text(max_size=30),
)
ONES = st.sampled_from(["CA", "SM", "PN", "AP", "AC", "ME"]).map(lambda prefix: prefix + "0" * 32) | st.just(
    ACCOUNT_SID
)


def alive(emulator: Emulator) -> bool:
    """Whether calls still come to their end."""
    return emulator.phone("+15550001111").dial(OURS).ended.status in {"completed", "no-answer", "busy"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_the_rest_api_never_fails(data: st.DataObject) -> None:
    with Emulator() as emulator:
        emulator.number(OURS)
        with emulator.client() as client:
            sids = [
                client.calls.create(
                    to=ANNA, from_=OURS, twiml="<Response><Pause length='50'/></Response>"
                ).sid,
                client.messages.create(to=ANNA, from_=OURS, body="Hi").sid,
                client.applications.create(friendly_name="desk").sid,
                client.incoming_phone_numbers.list().first().sid,  # type: ignore[union-attr]
                ACCOUNT_SID,
            ]
        for _ in range(data.draw(st.integers(1, 4))):
            operation = data.draw(st.sampled_from(OPERATIONS))
            path = operation.path.replace("{AccountSid}", ACCOUNT_SID)
            while "{" in path:
                start, _, rest = path.partition("{")
                hole = data.draw(
                    st.sampled_from(sids) | ONES | st.text(max_size=10).map(lambda text: quote(text))
                )
                path = start + str(hole) + rest.partition("}")[2]
            names = [param.wire for param in operation.params] + ["Page", "PageSize", "PageToken"]
            pairs = data.draw(st.lists(st.tuples(st.sampled_from(names), NASTY), max_size=6))
            form = urlencode(pairs)
            get = operation.method == "GET"
            answer = emulator.answer(
                operation.method,
                f"{path}?{form}" if get else path,
                Headers({"Authorization": LOGIN}),
                b"" if get else form.encode(),
            )
            assert answer.status < 500 or answer.status == 501, (operation.name, pairs, answer.body)
        emulator.run_until_idle()
        if emulator._network.store.number(OURS) is None:
            emulator.number(OURS)
        alive(emulator)


def served(
    emulator: Emulator, method: str, path: str, query: str, body: bytes, *fields: tuple[str, str]
) -> int:
    """The status that the server answers with."""
    sent: list[MutableMapping[str, object]] = []

    async def receive() -> MutableMapping[str, object]:
        return {"type": "http.request", "body": body}

    async def send(message: MutableMapping[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in (*fields, ("host", "localhost:4010"))],
    }
    asyncio.run(EmulatorServer(emulator)(scope, receive, send))
    status = sent[0]["status"]
    assert isinstance(status, int)
    return status


ACTS = ["", "/dial", "/text", "/answer", "/decline", "/hangup", "/press", "/speak"]


def place(number: str, act: str) -> str:
    return f"phones/{quote(number, safe='')}{act}"


PLACES = st.sampled_from(["", "transcript", "problems", "clock", "numbers", "x"]) | st.builds(
    place, st.sampled_from([ANNA, OURS]) | NASTY, st.sampled_from(ACTS)
)
NAMES = st.sampled_from(
    [
        "seconds",
        "phone_number",
        "voice_url",
        "sms_url",
        "status_callback",
        "on_call",
        "after",
        "answered_by",
        "on_text",
        "to",
        "body",
        "media",
        "keys",
        "text",
        "format",
        "application_sid",
    ]
)
VALUES = NASTY | st.sampled_from(["answer", "busy", "wait", "1", "0.5", "*#", "deliver", "human"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from(["GET", "POST"]), PLACES, st.lists(st.tuples(NAMES, VALUES), max_size=4)),
        max_size=4,
    )
)
def test_the_control_api_never_fails(orders: list[tuple[str, str, list[tuple[str, str]]]]) -> None:
    with Emulator() as emulator:
        emulator.number(OURS)
        for method, path, pairs in orders:
            form = urlencode(pairs)
            get = method == "GET"
            status = served(
                emulator, method, f"/_emulator/{path}", form if get else "", b"" if get else form.encode()
            )
            assert status < 500, (method, path, pairs)
        emulator.run_until_idle()
        assert alive(emulator)


@given(st.binary(max_size=50), st.text(max_size=20))
def test_the_server_takes_whatever_comes(body: bytes, path: str) -> None:
    with Emulator() as emulator:
        for prefix in ("/", "/_emulator/", f"/2010-04-01/Accounts/{ACCOUNT_SID}/"):
            status = served(emulator, "POST", prefix + path, path, body, ("authorization", LOGIN))
            assert status < 500 or (status == 501 and prefix == "/")  # a path of another product, such as /v1


@pytest.mark.parametrize(
    ("host", "origin", "allowed"),
    [
        ("localhost:4010", None, True),
        ("127.0.0.1:4010", None, True),
        ("[::1]:4010", None, True),
        ("192.0.2.7:4010", None, True),
        ("emulator:4010", None, True),
        ("desk.localhost", None, True),
        ("evil.example:4010", None, False),
        ("localhost.evil.example", None, False),
        ("localhost@evil.example", None, False),
        ("", None, False),
        ("localhost:4010", "http://localhost:4010", True),
        ("localhost:4010", "http://localhost:3000", False),
        ("localhost:4010", "https://evil.example", False),
        ("localhost:4010", "null", False),
        ("evil.example", "http://evil.example", False),
    ],
)
@pytest.mark.parametrize("path", ["/_emulator/", "/2010-04-01/Accounts.json", "/"])
def test_who_may_ask(host: str, origin: str | None, allowed: bool, path: str) -> None:
    with Emulator() as emulator:
        server = EmulatorServer(emulator, names=["emulator"])
        fields = [(b"host", host.encode()), (b"authorization", LOGIN.encode())]
        fields += [(b"origin", origin.encode())] if origin else []
        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": fields}
        answer = server._answer(scope, b"")
    assert (answer.status == 403) is not allowed


INF, NAN = math.inf, math.nan
TIMES = [INF, -INF, NAN, -1, 1e300, 10**400, True, "1"]
TAKERS: dict[str, Callable[[Emulator, float], object]] = {
    "advance": lambda emulator, value: emulator.advance(value),
    "skip": lambda emulator, value: emulator.skip(value),
    "idle": lambda emulator, value: emulator.run_until_idle(limit=value),
    "speed": lambda _, value: Emulator(speed=value),
    "after": lambda _, value: Emulator(after=value),
    "behave": lambda emulator, value: emulator.phone(ANNA).behave("answer", after=value),
    "settings": lambda _, value: Settings(play=value),
    "wait": lambda emulator, value: emulator.phone(ANNA).calls[0].wait(value),
    "expect": lambda emulator, value: emulator.phone(ANNA).calls[0].expect_say("x", timeout=value),
    "press": lambda emulator, value: emulator.phone(ANNA).calls[0].press("1", timeout=value),
    "text": lambda emulator, value: emulator.phone(ANNA).expect_text(timeout=value),
    "Hear": lambda _, value: Hear("x", value),
    "Pause": lambda _, value: Pause(value),
}


# Where nothing stands for what is usual.
USUAL = {"after", "behave"}


@pytest.mark.parametrize("taker", [each for name, each in TAKERS.items() if name not in USUAL])
def test_nothing_is_no_time(taker: Callable[[Emulator, object], object]) -> None:
    test_times_have_to_be_times(taker, None)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", TIMES, ids=lambda value: str(value)[:10] if value != 10**400 else "huge")
@pytest.mark.parametrize("taker", TAKERS.values(), ids=TAKERS.keys())
def test_times_have_to_be_times(taker: Callable[[Emulator, float], object], value: float) -> None:
    with Emulator() as emulator:
        emulator.number(OURS)
        emulator.phone(ANNA).dial(OURS)
        with pytest.raises(EmulatorError, match="expected"):
            taker(emulator, value)
        assert alive(emulator)


@pytest.mark.parametrize("value", [INF, NAN, 0, -1])
def test_speaking_takes_time(value: float) -> None:
    with pytest.raises(EmulatorError, match="seconds: expected"):
        Speak("Hi", value)


@pytest.mark.parametrize("keys", ["", "a", "\uff11"])
def test_keys_are_keys(keys: str) -> None:
    with pytest.raises(EmulatorError, match="keys: expected"):
        Press(keys)


class Odd:
    """A handler that answers with something else."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def handle_sync(self, request: WebhookRequest, /) -> WebhookResponse:
        return self.answer  # type: ignore[return-value]


class Late:
    async def handle_sync(self, request: WebhookRequest, /) -> WebhookResponse:
        return WebhookResponse()


ODD = [
    Odd(None),
    Odd("<Response/>"),
    Odd({"status": 200}),
    Odd(WebhookResponse("200")),  # type: ignore[arg-type]
    Odd(WebhookResponse(9_999_999)),
    Odd(WebhookResponse(body="<Response/>")),  # type: ignore[arg-type]
    Odd(WebhookResponse(body=None)),  # type: ignore[arg-type]
    Odd(WebhookResponse(headers={"Content-Type": 1})),  # type: ignore[arg-type]
    Odd(WebhookResponse(302, {"Location": "https://[::1"})),
    Odd(WebhookResponse(302, {"Location": "http://evil.example\\.localhost/"})),
    Odd(WebhookResponse(302, {"Location": "\x00"})),
    Odd(WebhookResponse(204, {"Set-Cookie": "a=\x00;b=\ud800"})),
    Late(),
]


@pytest.mark.parametrize("handler", ODD, ids=range(len(ODD)))
def test_whatever_a_handler_answers_with(handler: Odd) -> None:
    with Emulator() as emulator:
        emulator.mount(HOME, handler)
        emulator.number(
            OURS, voice_url=f"{HOME}/voice", sms_url=f"{HOME}/sms", status_callback=f"{HOME}/over"
        )
        assert emulator.phone(ANNA).dial(OURS).ended.status == "completed"
        emulator.phone(ANNA).text(OURS, "Hi")
        emulator.run_until_idle()
        assert alive(emulator)


@given(URLS | st.text(max_size=40).map(lambda text: f"http://{text}"))
def test_a_url_means_the_same_when_it_is_read_again(text: str) -> None:
    url = WebUrl.parse(text)
    if url is not None:
        assert WebUrl.parse(str(url)) is not None
        again = WebUrl.parse(str(url))
        assert again is not None
        assert (again.host, again.port, again.target) == (url.host, url.port, url.target)
        assert str(again) == str(url)
        assert str(url).isascii()
        assert str(url).isprintable()


@pytest.mark.parametrize(
    ("text", "host", "local"),
    [
        ("http://LOCALHOST/", "LOCALHOST", True),
        ("http://a.localhost:80/x", "a.localhost", True),
        ("http://user:pw@127.0.0.2/", "127.0.0.2", True),
        ("http://[::1]:8000/", "::1", True),
        ("http://127.1/", "127.1", False),
        ("http://2130706433/", "2130706433", False),
        ("http://localhost.evil.example/", "localhost.evil.example", False),
        ("http://localhost@evil.example/", "evil.example", False),
        ("http://bücher.example/", "xn--bcher-kva.example", False),
    ],
)
def test_which_machine_a_url_leads_to(text: str, host: str, local: bool) -> None:
    url = WebUrl.parse(text)
    assert url is not None
    assert (url.host, url.local) == (host, local)
