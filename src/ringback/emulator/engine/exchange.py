"""One webhook, from the URL to the answer: signature, cookies, retries, redirects, time-outs.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides describes the settings in a URL's
fragment, which are obeyed here: `ct`, `rt`, `tt` (milliseconds; `tt` for all tries together), `rc` (retries)
and `rp` (on what). Two things that no page says are assumed: a connection that is lost before the answer is
whole counts as `rt`; a setting that makes no sense is reported with the code for such policies (11243) and
ignored, a number out of its range moved into it.
"""

from __future__ import annotations

import base64
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Final, Literal, Protocol
from urllib.parse import parse_qs, urlencode

from attrs import define, evolve, field, frozen

from ringback.emulator.engine.arguments import whole
from ringback.emulator.engine.kernel.process import Steps, ask
from ringback.emulator.engine.kernel.requests import Failure, Limits, Outcome, Spent
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.urls import WebUrl, resolve, shown
from ringback.http import Headers, WebhookRequest, WebhookResponse
from ringback.webhooks import sign

if TYPE_CHECKING:
    from ringback.emulator.engine.parameters import Pairs
    from ringback.emulator.engine.records import Account

__all__ = ["FETCH_FAILED", "Answer", "Cookies", "Observer", "Session", "exchange"]

MOST_REDIRECTS: Final = 10
FETCH_FAILED: Final = 11200
_BAD_TARGET: Final = 11216
_FORM: Final = "application/x-www-form-urlencoded; charset=UTF-8"
# Twilio follows these and no others; 308 is an error to it.
_REDIRECTS: Final = frozenset({301, 302, 303, 307})
_POLICIES: Final = frozenset({"4xx", "5xx", "ct", "rt", "all"})
_DEFAULT: Final = "ct"
# Seconds below which another try is not worth its while.
_LEAST: Final = 0.01


@frozen
class Answer:
    """A good answer, and where it finally came from."""

    url: str
    response: WebhookResponse


class Cookies:
    """Cookies of one conversation, by host; enough for a session cookie, with no claim to be a browser."""

    MOST = 50

    def __init__(self) -> None:
        self._jar: dict[tuple[str, str], str] = {}

    def header(self, host: str) -> str:
        return "; ".join(f"{name}={value}" for (owner, name), value in self._jar.items() if owner == host)

    def keep(self, host: str, fields: tuple[str, ...]) -> None:
        for text in fields:
            try:
                parsed: SimpleCookie = SimpleCookie(text)
            except CookieError:
                continue
            for name, morsel in parsed.items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self._jar.pop((host, name), None)
                elif len(self._jar) < self.MOST:
                    self._jar[host, name] = morsel.coded_value


@define(eq=False)
class Session:
    """What the requests about one call, or between two numbers, have in common."""

    account: Account
    product: Literal["voice", "messaging"]
    cookies: Cookies = field(factory=Cookies)


class Observer(Protocol):
    """Hears on its way what a webhook comes to."""

    def warn(self, trouble: Trouble, /) -> None:
        """Something about its URL is wrong, but doesn't stop it."""
        ...

    def exchanged(self, method: str, url: str, form: str, outcome: Outcome, /) -> None:
        """One of its requests was answered, or wasn't.

        Args:
            form: Its parameters, encoded.
        """
        ...


@frozen
class _Settings:
    """What a URL's fragment asks for.

    Attributes:
        limits: How long one try may take; `total` holds for all of them.
        retries: How many tries there are beyond the first.
        policy: On what.
        wrong: What in the fragment makes no sense.
    """

    limits: Limits
    retries: int
    policy: frozenset[str]
    wrong: tuple[str, ...]

    @classmethod
    def of(cls, url: WebUrl) -> _Settings:
        given = {name: values[0] for name, values in parse_qs(url.fragment, keep_blank_values=True).items()}
        wrong: list[str] = []

        def number(name: str, default: int, low: int, high: int) -> int:
            if name not in given:
                return default
            value = whole(given[name])
            if value is None or not low <= value <= high:
                wrong.append(f"{name}: expected {low} to {high}, got {given[name]!r:.40}")
            return default if value is None else min(max(value, low), high)

        words = frozenset(given.get("rp", _DEFAULT).split(","))
        if words - _POLICIES:
            wrong.append(f"rp: expected some of {', '.join(sorted(_POLICIES))}, got {given['rp']!r:.40}")
        policy = words & _POLICIES or frozenset({_DEFAULT})
        return cls(
            limits=Limits(
                number("ct", 5000, 100, 10_000) / 1000,
                number("rt", 15_000, 100, 15_000) / 1000,
                number("tt", 15_000, 100, 15_000) / 1000,
            ),
            retries=number("rc", 1, 0, 5),
            policy=_POLICIES if "all" in policy else policy,
            wrong=tuple(wrong),
        )

    def again(self, outcome: Outcome) -> bool:
        match outcome:
            case Failure(kind="connect"):
                return "ct" in self.policy
            case Failure(kind="timeout" | "lost"):
                return "rt" in self.policy
            case WebhookResponse(status=status):
                return f"{status // 100}xx" in self.policy
            case _:
                return False


def exchange(
    session: Session,
    method: str,
    url: str,
    pairs: Pairs,
    *,
    lane: str,
    token: str,
    observer: Observer,
) -> Steps[Answer | Trouble]:
    """Ask `url`.

    Args:
        session: Whose webhook it is.
        method: GET or POST.
        url: Where it goes.
        pairs: Its parameters.
        lane: Those of one lane are sent one after the other.
        token: The idempotency token: one a webhook, the same for its retries.
        observer: Told what comes of it on the way.
    """
    where = _usable(url)
    if isinstance(where, Trouble):
        return where
    settings = _Settings.of(where)
    for wrong in settings.wrong:
        observer.warn(Trouble(11243, f"{wrong} in the fragment of {shown(url)}", url))
    spent = Spent()
    for _ in range(MOST_REDIRECTS + 1):
        request = _request(session, method, where, pairs, token)
        outcome = yield from _tried(request, lane, settings, spent)
        form = request.body.decode() if method == "POST" else urlencode(pairs)
        observer.exchanged(method, url, form, outcome)
        if isinstance(outcome, Failure):
            return _unreachable(outcome, url)
        session.cookies.keep(where.host.lower(), outcome.headers.get_all("Set-Cookie"))
        target = outcome.headers.get("Location", "")
        if outcome.status in _REDIRECTS and target:
            # What was posted is not posted again: the new address is asked with GET.
            url, method, pairs = resolve(url, target), "GET", []
            where = _usable(url)
            if isinstance(where, Trouble):
                return evolve(where, code=_BAD_TARGET)
            continue
        if not 200 <= outcome.status < 300:
            return Trouble(FETCH_FAILED, f"HTTP {outcome.status} from {shown(url)}", url, outcome.body)
        return Answer(url, outcome)
    return Trouble(11215, f"more than {MOST_REDIRECTS} HTTP redirects", url)


def _tried(request: WebhookRequest, lane: str, settings: _Settings, spent: Spent) -> Steps[Outcome]:
    """What came of a request and its retries."""
    outcome: Outcome = Failure("timeout", f"no answer within {settings.limits.total:g} s")
    for _ in range(1 + settings.retries):
        left = settings.limits.total - spent.seconds
        if left < _LEAST:
            break
        outcome = yield from ask(request, lane, evolve(settings.limits, total=left), spent)
        if not settings.again(outcome):
            break
    return outcome


def _request(session: Session, method: str, url: WebUrl, pairs: Pairs, token: str) -> WebhookRequest:
    if method == "GET" and pairs:
        url = url.with_query(pairs)
    # Over HTTPS a voice webhook is signed without its port, a messaging one with it.
    signed = url.without_port() if url.scheme == "https" and session.product == "voice" else url
    fields = [
        ("Host", url.authority),
        ("User-Agent", "TwilioProxy/1.1"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip"),
        (
            "X-Twilio-Signature",
            sign(str(signed), pairs if method == "POST" else [], session.account.auth_token),
        ),
        ("I-Twilio-Idempotency-Token", token),
    ]
    if url.login is not None:
        login = ":".join(url.login)
        fields.append(("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}"))
    cookies = session.cookies.header(url.host.lower())
    if cookies:
        fields.append(("Cookie", cookies))
    if method == "GET":
        return WebhookRequest("GET", str(url), Headers(fields))
    fields.append(("Content-Type", _FORM))
    return WebhookRequest("POST", str(url), Headers(fields), urlencode(pairs).encode())


def _usable(url: str) -> WebUrl | Trouble:
    if not url:
        return Trouble(11100, "there is no URL to ask", url)
    parsed = WebUrl.parse(url)
    if parsed is None:
        return Trouble(11100, f"{shown(url)} is no absolute http or https URL", url)
    if "_" in parsed.host:
        return Trouble(11210, f"{parsed.host} is no valid host name", url)
    return parsed


def _unreachable(failure: Failure, url: str) -> Trouble:
    code = {"host": 11210, "connect": 11205, "timeout": 11205, "tls": 11220}.get(failure.kind, FETCH_FAILED)
    return Trouble(code, f"{failure.detail} at {shown(url)}", url)
