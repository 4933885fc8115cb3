"""What a scenario happens in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime, timezone
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import pytest
from attrs import field, frozen
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client

from ringback._generated.api.operations import OPERATIONS
from ringback.emulator import ACCOUNT_SID, AUTH_TOKEN, Emulator, serving
from tests.emulator.website import HOME, Website

if TYPE_CHECKING:
    from ringback._core.operations.operation import Operation
    from ringback.http import Headers, Response

__all__ = [
    "ANNA",
    "BEN",
    "DAY",
    "OURS",
    "SCENARIOS",
    "Exchange",
    "Scenario",
    "World",
    "covers",
    "operation_at",
]

# When the emulator begins.
DAY: Final = datetime(2026, 1, 5, tzinfo=timezone.utc)
OURS: Final = "+15017122661"
ANNA: Final = "+15558675310"
BEN: Final = "+15558675311"

Scenario: TypeAlias = "Callable[[World], None]"

# What each scenario claims to cover, in the order of the files.
SCENARIOS: Final[dict[str, tuple[Scenario, tuple[str, ...]]]] = {}


def covers(*operations: str) -> Callable[[Scenario], Scenario]:
    """Enter a scenario into the table, with the operations that it is about."""

    def enter(scenario: Scenario) -> Scenario:
        SCENARIOS[scenario.__name__] = scenario, operations
        return scenario

    return enter


@frozen
class Exchange:
    """A request that reached the emulator, and its answer."""

    operation: Operation | None
    method: str
    target: str
    status: int
    body: object

    @property
    def records(self) -> list[dict[str, object]]:
        """The records of the answer's model in it."""
        if self.operation is None or self.operation.answer is None or self.status >= 400:
            return []
        answer = cast("dict[str, object]", self.body)
        if self.operation.items is None:
            return [answer]
        return cast("list[dict[str, object]]", answer[self.operation.items])


@frozen
class World:
    """One emulator, as its guests see it; time passes where a scenario says so."""

    emulator: Emulator
    url: str
    website: Website
    exchanges: list[Exchange] = field(factory=list[Exchange])
    _refused: list[tuple[int, int]] = field(factory=list[tuple[int, int]])
    _clients: list[Any] = field(factory=list[Any])

    @classmethod
    @contextmanager
    def opened(cls) -> Generator[World]:
        """A world with one number, whose website is `HOME`."""
        exchanges: list[Exchange] = []
        website = Website()
        with _Observed(exchanges) as emulator, serving(emulator) as url:
            emulator.mount(HOME, website)
            emulator.number(OURS, voice_url=f"{HOME}/voice", sms_url=f"{HOME}/sms")
            world = cls(emulator, url, website, exchanges)
            try:
                yield world
            finally:
                for client in world._clients:
                    client.http_client.session.close()

    @property
    def client(self) -> Any:
        """The official client of the main account."""
        return self._clients[0] if self._clients else self.sign_in(ACCOUNT_SID, AUTH_TOKEN)

    def sign_in(self, user: str, password: str, account_sid: str = ACCOUNT_SID) -> Any:
        """Another official client, pointed here as `docs/languages.md` says."""
        client: Any = Client(user, password, account_sid if user.startswith("SK") else None)
        client.api.base_url = self.url
        self._clients.append(client)
        return client

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.emulator.advance(seconds)

    def call(self, *, to: str = ANNA, twiml: str = "<Response><Pause length='600'/></Response>") -> str:
        """The SID of a call that is going on."""
        call = self.client.calls.create(to=to, from_=OURS, twiml=twiml)
        self.wait(5)
        assert self.client.calls(call.sid).fetch().status == "in-progress"
        return str(call.sid)

    @contextmanager
    def refused(self, status: int, code: int) -> Generator[None]:
        """What is asked in this block has to be refused so."""
        with pytest.raises(TwilioException) as refusal:
            yield
        error = refusal.value
        if isinstance(error, TwilioRestException):
            found = error.status, error.code
        else:  # lists raise it with the answer
            found = error.args[1].status_code, json.loads(error.args[1].text)["code"]
        assert found == (status, code), error
        self._refused.append((status, code))

    def check(self) -> None:
        """Nothing was refused but what had to be."""
        refused = [each for each in self.exchanges if each.status >= 400]
        assert len(refused) == len(self._refused), refused


class _Observed(Emulator):
    """An emulator that keeps what it was asked, and answered."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        super().__init__()
        self._exchanges = exchanges

    def answer(self, method: str, target: str, headers: Headers, body: bytes) -> Response:
        response = super().answer(method, target, headers, body)
        is_json = response.headers.get("Content-Type", "").startswith("application/json")
        content = json.loads(response.body) if is_json else response.body
        operation = operation_at(method, target.partition("?")[0])
        self._exchanges.append(Exchange(operation, method, target, response.status, content))
        return response


def operation_at(method: str, path: str) -> Operation | None:
    """The operation of the specification that a request is for."""
    found = [each for each in OPERATIONS if each.method == method and _pattern(each.path).fullmatch(path)]
    # `IncomingPhoneNumbers/Local.json` is a list of its own and no number named `Local`.
    return min(found, key=lambda each: each.path.count("{"), default=None)


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+?", re.escape(path)))
