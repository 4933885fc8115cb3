"""Twilio and its callers, as far as a flow sees them: signed requests, TwiML, connection overrides.

The emulator is the real thing, and asks each webhook in a thread of its own; this is for a thousand calls.
"""

from __future__ import annotations

import asyncio
import itertools
import uuid
from contextlib import suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit
from xml.etree.ElementTree import Element, fromstring

from attrs import define, field, frozen

from ringback.webhooks import sign
from tests.app.twilio import ACCOUNT, TOKEN, call_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["AUTH_TOKEN", "Call", "CallFailed", "Network"]

AUTH_TOKEN: Final = TOKEN
_MOST_REDIRECTS: Final = 60
_sids = itertools.count(1)


class CallFailed(AssertionError):
    """A call that didn't go as it has to; the message says how far it came."""


@frozen
class _Overrides:
    """What a URL's fragment says about connections."""

    retries: int
    policy: frozenset[str]
    connect: float
    read: float
    total: float

    @classmethod
    def of(cls, url: str) -> _Overrides:
        given = {name: values[0] for name, values in parse_qs(urlsplit(url).fragment).items()}
        policy = frozenset(given.get("rp", "ct").split(","))
        return cls(
            int(given.get("rc", "1")),
            policy | {"ct", "rt", "4xx", "5xx"} if "all" in policy else policy,
            int(given.get("ct", "5000")) / 1000,
            int(given.get("rt", "15000")) / 1000,
            int(given.get("tt", "15000")) / 1000,
        )


@define
class Network:
    """Where webhooks go to.

    Attributes:
        port: Of the proxy, on this machine.
        overrides: The fragment of a URL that has none of its own, as `install` writes it for a number.
        asked: How many requests there were.
        repeated: How many of them were repetitions.
    """

    port: int
    overrides: str = "rc=2&rp=all"
    asked: int = 0
    repeated: int = 0

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.port}/phone"

    async def post(self, url: str, parameters: dict[str, str]) -> tuple[int, bytes]:
        """Ask as Twilio does, repetitions included; the last answer, 0 where there was none."""
        settings = _Overrides.of(url)
        request = self._request(url, parameters)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + settings.total
        status, body = 0, b""
        for number in range(1 + settings.retries):
            left = deadline - loop.time()
            if left <= 0:
                break
            self.asked += 1
            self.repeated += number > 0
            try:
                status, body = await asyncio.wait_for(self._exchange(request), min(settings.read, left))
            except ConnectionRefusedError:
                status, body, kind = 0, b"nobody listens", "ct"
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError) as error:
                status, body, kind = 0, type(error).__name__.encode(), "rt"
            else:
                kind = f"{status // 100}xx"
            if kind not in settings.policy:
                break
        return status, body

    def _request(self, url: str, parameters: dict[str, str]) -> bytes:
        plain = url.partition("#")[0]
        parts = urlsplit(plain)
        body = urlencode(parameters)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        lines = [
            f"POST {target} HTTP/1.1",
            f"Host: {parts.netloc}",
            "User-Agent: TwilioProxy/1.1",
            "Connection: close",
            "Content-Type: application/x-www-form-urlencoded; charset=UTF-8",
            f"Content-Length: {len(body)}",
            f"X-Twilio-Signature: {sign(plain, list(parameters.items()), AUTH_TOKEN)}",
            f"I-Twilio-Idempotency-Token: {uuid.uuid4()}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(request)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            length = 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            body = await reader.readexactly(length) if length else b""
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        return int(head.split(b" ", 2)[1]), body

    def call(self, path: str = "/reception") -> Call:
        """Somebody who is about to call."""
        return Call(self, f"{self.home}{path}#{self.overrides}")


@define(eq=False)
class Call:
    """A call, seen from the caller's side.

    Attributes:
        sid: Its SID.
        heard: What was said so far.
        at: The verb that waits for something: `Gather` or `Record`, or nothing.
        over: Whether the application ended it.
    """

    network: Network
    url: str
    sid: str = field(factory=lambda: f"CA{next(_sids):08x}{uuid.uuid4().hex[:24]}")
    heard: list[str] = field(factory=list[str])
    at: Element | None = None
    over: bool = False
    _trace: list[str] = field(factory=list[str])

    async def dial(self) -> None:
        """Call, and listen until something is waited for."""
        await self._ask(self.url, CallStatus="ringing")

    async def press(self, digits: str) -> None:
        """Press keys for the gather that waits."""
        gather = self._waiting("Gather")
        await self._ask(self._action(gather), Digits=digits, msg="Gather End", FinishedOnKey="")

    async def speak(self, seconds: int) -> None:
        """Leave a recording."""
        await self._ask(self._action(self._waiting("Record")), **self.recording(seconds))

    def recording(self, seconds: int) -> dict[str, str]:
        """The parameters of a recording's result."""
        sid = f"RE{uuid.uuid4().hex}"
        return {
            "RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{sid}",
            "RecordingSid": sid,
            "RecordingDuration": str(seconds),
            "Digits": "",
        }

    async def send(self, url: str, status: str = "in-progress", **more: str) -> int:
        """Send a webhook about the call whose answer changes nothing for the caller; the status."""
        return (await self.network.post(url, call_parameters(self.sid, status, **more)))[0]

    async def hang_up(self, *, callback: str, status: str = "completed") -> None:
        """The call is over, whoever ended it: the status callback says so."""
        self.over = True
        got = await self.send(callback, status, CallDuration="7", SequenceNumber="0")
        if not 200 <= got < 300:
            raise self.failed(f"the callback of its end was answered with {got}")

    def failed(self, why: str) -> CallFailed:
        """What to raise."""
        return CallFailed(f"{self.sid}: {why}; heard {self.heard}; {' > '.join(self._trace)}")

    def _waiting(self, verb: str) -> Element:
        if self.at is None or self.at.tag != verb:
            raise self.failed(f"expected a {verb}, not {'the end' if self.at is None else self.at.tag}")
        return self.at

    def _action(self, verb: Element) -> str:
        return urljoin(self.url, verb.get("action", self.url))

    async def _ask(self, url: str, CallStatus: str = "in-progress", **more: str) -> None:  # noqa: N803
        for _ in range(_MOST_REDIRECTS):
            redirect = await self._document(url, CallStatus, more)
            if redirect is None:
                return
            url, CallStatus, more = redirect, "in-progress", {}  # noqa: N806
        raise self.failed("too many redirects")

    async def _document(self, url: str, status: str, more: dict[str, str]) -> str | None:
        got, body = await self.network.post(url, call_parameters(self.sid, status, **more))
        self._trace.append(f"{urlsplit(url).path}?{urlsplit(url).query} {got}")
        if got != 200:
            raise self.failed(f"HTTP {got} {body[:100]!r}")
        self.url = url
        return await self._listen(list(fromstring(body)))  # noqa: S314

    async def _listen(self, verbs: list[Element]) -> str | None:
        """Hear what is said up to what is waited for; where a redirect leads."""
        self.at = None
        for verb in verbs:
            self.heard += [text for text in _said(verb) if text]
            match verb.tag:
                case "Gather" | "Record":
                    self.at = verb
                    return None
                case "Redirect":
                    return urljoin(self.url, (verb.text or "").strip())
                case "Pause":
                    await asyncio.sleep(float(verb.get("length", "1")))
                case "Hangup":
                    break
                case _:
                    pass
        self.over = True
        return None


def _said(verb: Element) -> Iterator[str]:
    for element in verb.iter("Say"):
        yield (element.text or "").strip()
