"""Hostile requests for all operations: whatever comes, the emulator answers as Twilio would and goes on.

Most of what is sent is as it should be, so that there are records to be hostile to: SIDs that answers name
are used again.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final, TypeAlias, cast
from urllib.parse import quote, urlencode

from lxml import etree

from ringback._core.operations.operation import Operation, Param
from ringback._core.parameters.kinds import (
    Boolean,
    Choice,
    Country,
    Day,
    DayOrInstant,
    Instant,
    Integer,
    JsonText,
    Kind,
    Name,
    Number,
    Pairs,
    Several,
    Sid,
    Spread,
    Twiml,
    Url,
)
from ringback._generated.api.operations import OPERATIONS
from ringback.emulator import ACCOUNT_SID, Emulator
from ringback.http import Headers, Response
from tests.emulator.website import HOME, Website
from tests.official.requests import login

__all__ = ["hostile"]

Fields: TypeAlias = "list[tuple[str, str]]"

OURS, ANNA, BEN, CAROL = "+15017122661", "+15558675310", "+15558675311", "+15558675312"
# How many requests one emulator gets: it grows with every record.
EACH: Final = 400
METHODS: Final = ("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "get", "", "POST\x00")
SUFFIXES: Final = (".json", ".json", ".json", ".xml", "", ".csv", ".JSON", ".txt", ".json.json", "/", ".wav")
NASTY: Final = (
    *("", " ", "x", "-1", "0", "1", "nan", "inf", "1e309", "9" * 30, "9" * 5000, "٣", "0x10", "1.5", "+5"),
    *("true", "null", "None", "[]", "{}", '{"a":', "\x00", "\x1f", "\ud7ff", "\ufffe", "a\r\nX: y"),
    *("😀" * 40, "../..", "%", "%zz", "%00", "a/b", "a?b#c", "' OR 1=1 --", "a" * 70_000, "\u202e"),
    *(
        "<Response/>",
        "<Response><Dial><Sip/></Dial>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><Response>&b;</Response>",
    ),
    *("https://[::1", "http://a..b/", "http://localhost:99999/", "//localhost", "javascript:alert(1)"),
    *("http://" + "a" * 300 + "/", "http://a_b.example.com/", "wss://example.com/?a=b", "ftp://example.com/"),
    *(OURS, ANNA, "client:anna", "client:", "sip:a@b", "sip:", "whatsapp:+15558675310", "messenger:1"),
    *("0001-01-01", "9999-12-31T23:59:59-23:59", "2026-02-30", "2026-01-05T09:00:00Z", "-30days", "+30"),
    *("<", ">", ACCOUNT_SID, "CA" + "0" * 32, "AP" + "g" * 32, "CA" + "F" * 32, "PA" + "0" * 32, "APMQ=="),
    *("PAx", "12345", "Twilio.CURRENT", "Front"),
)
LOGINS: Final = ("", "Basic x", login("a", "b"), login(ACCOUNT_SID, ""))
TYPES: Final = ("application/json", "multipart/form-data", "text/plain; charset=x")
SID: Final = re.compile(r"\b[A-Z]{2}[0-9a-f]{32}\b")

URI: Final = re.compile(r'"uri": "(/[^"?]+?)(?:\.json)?"')
NUMBER: Final = re.compile(r'"phone_number": "([^"]+)"')
# An account or an API key that was just made.
LOGIN: Final = re.compile(
    r'"sid": "(?P<user>(?:AC|SK)[0-9a-f]{32})".*"(?:auth_token|secret)": "(?P<password>[^"]+)"'
)
# What others do most of the time.
USUAL: Final = (*OPERATIONS, *[each for each in OPERATIONS if each.action == "create"] * 4)


def hostile(count: int, *, seed: str = "hostile") -> Counter[int]:
    """Send so many requests, and look at every answer.

    Returns:
        How often each status came.

    Raises:
        AssertionError: An answer isn't one of Twilio's; it names the request. Whatever else the emulator
            raises comes out.
    """
    statuses: Counter[int] = Counter()
    dice = random.Random(seed)  # noqa: S311
    while (left := count - statuses.total()) > 0:
        statuses += _one_emulator(min(EACH, left), dice)
    return statuses


def _one_emulator(count: int, dice: random.Random) -> Counter[int]:
    statuses: Counter[int] = Counter()
    with Emulator(seed=str(dice.random())) as emulator:
        populate(emulator)
        attacker = Attacker(dice)
        for number in range(count):
            request = attacker.request()
            response = emulator.answer(*request)
            method, target, _, body = request
            try:
                check(method, target, response)
            except Exception as error:
                shown = f"{method} {target[:2000]} {body[:2000]!r}: {response.status} {response.body[:500]!r}"
                raise AssertionError(shown) from error
            statuses[response.status] += 1
            attacker.learn(response)
            if number % 20 == 0:
                emulator.advance(dice.choice([0.0, 1.0, 10.0]))
        emulator.advance(60)
        emulator.number("+15550002222")
        ended = emulator.phone("+15550001111").dial("+15550002222").ended
        assert ended.status in {"completed", "busy", "no-answer", "canceled"}, ended
    return statuses


def populate(emulator: Emulator) -> None:
    """Make what requests alone don't: who waits in a queue, a verified number, what the console makes."""
    emulator.mount(HOME, Website({"/voice": "<Response><Enqueue>desk</Enqueue></Response>"}))
    emulator.number(OURS, voice_url=f"{HOME}/voice", sms_url=f"{HOME}/sms")
    emulator.number("894546", sms_url=f"{HOME}/sms")
    emulator.connect_app("Billing")
    emulator.connect_app("Reports", authorized=True)
    with emulator.client() as client:
        code = client.validation_requests.create(phone_number=BEN).validation_code
    emulator.phone(BEN).answer().press(code)
    emulator.phone(BEN).calls[0].expect_hangup()
    emulator.phone(CAROL).dial(OURS)
    emulator.advance(2)


class Attacker:
    """Who makes requests up, from what earlier answers said."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._sids: dict[str, list[str]] = {"AC": [ACCOUNT_SID]}
        self._uris: list[str] = []
        self._numbers: list[str] = [OURS]
        self._logins = [login()] * 9
        self._harmless = False

    def learn(self, response: Response) -> None:
        """Remember the records that an answer names, and the credentials in it."""
        if response.status == 201 and (found := LOGIN.search(response.body.decode(errors="replace"))):
            self._logins.append(login(found["user"], found["password"]))
        text = response.body[:20_000].decode(errors="replace")
        self._uris = [*self._uris[-200:], *URI.findall(text)]
        self._numbers = [*self._numbers[-50:], *NUMBER.findall(text)]
        for sid in SID.findall(text):
            known = self._sids.setdefault(sid[:2], [])
            if sid not in known and len(known) < 50:
                known.append(sid)

    def request(self) -> tuple[str, str, Headers, bytes]:
        """One request: method, target, header fields, body."""
        dice = self._dice
        self._harmless = dice.random() < 0.6
        operation = dice.choice(USUAL if self._harmless else OPERATIONS)
        if self._harmless:
            path, form = self._path(operation), self._form(operation)
            get = operation.method == "GET"
            target = f"{path}?{form.decode()}" if get else path
            return operation.method, target, Headers({"Authorization": login()}), b"" if get else form
        path = self._path(operation)
        if dice.random() < 0.1:
            path = path.removesuffix(".json") + dice.choice(SUFFIXES)
        method = operation.method if dice.random() < 0.9 else dice.choice(METHODS)
        encoded = self._form(operation)
        headers = {"Authorization": dice.choice(self._logins if dice.random() < 0.97 else LOGINS)}
        if dice.random() < 0.05:
            headers["Content-Type"] = dice.choice(
                ["application/json", "multipart/form-data", "text/plain; charset=x"]
            )
        if method in {"GET", "HEAD"}:
            query = encoded.decode("ascii", "replace").replace("\ufffd", "%ff").replace(" ", "%20")
            return method, f"{path}?{query}", Headers(headers), b""
        return method, path, Headers(headers), encoded

    def _path(self, operation: Operation) -> str:
        if self._harmless:
            head, brace, tail = operation.path.rpartition("}")
            known = [uri for uri in self._uris if brace and pattern(f"{head}{brace}").fullmatch(uri)]
            if known:
                return f"{self._dice.choice(known)}{tail}"
        kinds = iter(operation.path_kinds)

        def fill(_: re.Match[str]) -> str:
            kind = next(kinds)
            if not self._harmless and self._dice.random() < 0.05:
                return quote(self._dice.choice(NASTY)[:200], safe="")
            return quote(self._valid(kind, ""), safe="")

        return re.sub(r"\{\w+\}", fill, operation.path)

    def _form(self, operation: Operation) -> bytes:
        dice = self._dice
        pairs: Fields = []
        for param in operation.params:
            if (param.required and dice.random() < 0.95) or dice.random() < (0.1 if self._harmless else 0.3):
                pairs += self._pairs(param)
        for group in operation.one_of:
            name = dice.choice(group)
            pairs += self._pairs(next(each for each in operation.params if each.name == name))
        if operation.items is not None:
            for name in ("Page", "PageSize", "PageToken"):
                if not self._harmless and dice.random() < 0.15:
                    pairs.append((name, dice.choice(["0", "1", "2", "50", "1000", "1001", *NASTY])[:100]))
        encoded = urlencode(pairs, errors="surrogatepass").encode()
        if not self._harmless and dice.random() < 0.03:
            ends = [b"&=&==&&%", b"&To=%ff%fe", b"&a=\xff\xfe\x00", b"&x=1" * 1200, b"[" * 500, b"&Url=%E9"]
            encoded += dice.choice(ends)
        return encoded

    def _pairs(self, param: Param) -> Fields:
        dice = self._dice
        kind = param.kind
        if not self._harmless and dice.random() < 0.12:
            return [(param.wire, dice.choice(NASTY))] * dice.choice([1, 1, 1, 2, 12])
        if isinstance(kind, Several):
            return [(param.wire, self._valid(kind.item, param.wire)) for _ in range(dice.randint(1, 3))]
        if isinstance(kind, Spread):
            assert isinstance(kind, Pairs)
            return [(f"{param.wire}1.Name", "a"), (f"{param.wire}1.Value", "b")]
        return [(param.wire, self._valid(kind, param.wire))]

    def _valid(self, kind: Kind, wire: str) -> str:
        dice = self._dice
        match kind:
            case Sid(prefixes) if prefixes == ("AC",) and dice.random() < 0.9:
                return ACCOUNT_SID
            case Name() if dice.random() < 0.3:
                return dice.choice(("room", "desk", "anna", "Front"))
            case Sid(prefixes) | Name(prefixes):
                known = [sid for prefix in prefixes for sid in self._sids.get(prefix, ())]
                if known and (self._harmless or dice.random() < 0.9):
                    return dice.choice(known[-9:])
                return dice.choice(prefixes) + f"{dice.getrandbits(128):032x}"
            case Integer(minimum, maximum):
                low = minimum if minimum is not None else 0
                return str(dice.choice([low, maximum if maximum is not None else low + 7]))
            case Choice(values) if values:
                return dice.choice(values)
            case _ if wire == "PhoneNumber":
                return dice.choice(self._numbers)
            case _:
                return dice.choice(_SAMPLES.get(type(kind), _TEXTS.get(wire, ("desk", "x" * 20))))


@cache
def pattern(path: str) -> re.Pattern[str]:
    """What fits a path with holes."""
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))


_SAMPLES: Final[Mapping[type[Kind], tuple[str, ...]]] = {
    Boolean: ("true", "false"),
    Number: ("1.5", "0.0001", "1000"),
    Url: (f"{HOME}/page", f"{HOME}/ü?a=b#rc=2", "http://127.0.0.1:9/"),
    Country: ("US", "GB", "DE", "XX"),
    Day: ("2026-01-05", "2025-12-31"),
    DayOrInstant: ("2026-01-05", "2026-01-05T09:00:00Z"),
    Instant: ("2026-01-05T10:00:00Z", "2026-01-06T10:00:00Z"),
    Twiml: (
        "<Response><Pause length='50'/></Response>",
        "<Response><Dial><Conference>room</Conference></Dial></Response>",
        "<Response><Enqueue>desk</Enqueue></Response>",
        "<Response><Record transcribe='true'/></Response>",
    ),
    JsonText: ('{"a": 1}', "[]"),
}
_TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "To": (ANNA, BEN, OURS, "client:anna", "sip:anna@example.com"),
    "From": (OURS,),
    "AreaCode": ("415", "614"),
    "Contains": ("*72$", "+1415", "STORM"),
    "DomainName": ("desk.sip.twilio.com", "x.sip.twilio.com"),
    "IpAddress": ("192.0.2.7", "198.51.100.0"),
    "Password": ("Str0ngEnough123",),
    "TriggerValue": ("+1", "10"),
    "Url": ("wss://example.com/media",),
    "SendDigits": ("1w2#",),
    "Label": ("anna", "ben"),
}


def check(method: str, target: str, response: Response) -> None:
    """Whether an answer is one of Twilio's."""
    status, body = response.status, response.body
    assert 200 <= status < 500, "it failed"
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if status == 204 or method.upper() in {"HEAD", "OPTIONS"}:  # servers leave the body of HEAD away
        assert not body or status != 204
        return
    if kind in {"text/xml", "application/xml"}:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False))
        assert root.tag == "TwilioResponse"
        if status >= 400:
            assert [each.text for each in root.iter("Status")] == [str(status)]
    elif kind == "application/json":
        content = cast("dict[str, object]", json.loads(body))
        if status >= 400:
            assert content.keys() >= {"code", "message", "more_info", "status"}
            assert content["status"] == status
            assert type(content["code"]) is int
            assert isinstance(content["message"], str)
    else:
        assert status < 400, "an error is told as JSON or XML"
        assert kind in {"text/csv", "text/plain", "audio/x-wav", "audio/mpeg", "image/png"}, kind
    assert _values(response.headers.multi_items())


def _values(fields: Iterable[tuple[str, str]]) -> bool:
    return all("\r" not in value and "\n" not in value for _, value in fields)
