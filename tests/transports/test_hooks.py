"""Hooks around each attempt, sync and async."""

from __future__ import annotations

from typing import Any

import pytest

from ringback.errors import ConfigurationError, ConnectFailed, TransportError
from ringback.http import Request, Response
from ringback.transports.hooks import AsyncHookedTransport, Hook, HookedTransport, HookRun
from ringback.transports.testing import AsyncFakeTransport, FakeTransport, json_response

REQUEST = Request("GET", "https://api.twilio.com/x")


def note(log: list[str], name: str) -> Hook:
    def hook(request: Request) -> HookRun:
        log.append(f"{name} before {request.method}")
        try:
            response = yield
        except BaseException as error:
            log.append(f"{name} {type(error).__name__}")
            raise
        log.append(f"{name} after {response.status}")

    return hook


def swallow(request: Request) -> HookRun:
    try:
        yield
    except TransportError:
        return


def twice(request: Request) -> HookRun:
    yield
    yield


def never(request: Request) -> HookRun:
    if request.method == "none":
        yield


def refuse(request: Request) -> HookRun:
    if request.method == "GET":
        raise PermissionError("not today")
    yield


def stumble(request: Request) -> HookRun:
    yield
    raise LookupError("in the hook")


class TestSync:
    def test_the_first_is_the_outermost(self) -> None:
        log: list[str] = []
        fake = FakeTransport([json_response({}, status=201)])
        transport = HookedTransport(fake, [note(log, "a"), note(log, "b")])
        assert transport.send(REQUEST).status == 201
        assert log == ["a before GET", "b before GET", "b after 201", "a after 201"]

    def test_they_see_errors(self) -> None:
        log: list[str] = []
        transport = HookedTransport(FakeTransport([ConnectFailed("x")]), [note(log, "a"), note(log, "b")])
        with pytest.raises(ConnectFailed):
            transport.send(REQUEST)
        assert log == ["a before GET", "b before GET", "b ConnectFailed", "a ConnectFailed"]

    def test_they_cannot_swallow_errors(self) -> None:
        with pytest.raises(ConnectFailed):
            HookedTransport(FakeTransport([ConnectFailed("x")]), [swallow]).send(REQUEST)

    def test_one_that_refuses_ends_the_others(self) -> None:
        log: list[str] = []
        fake = FakeTransport([])
        with pytest.raises(PermissionError, match="not today"):
            HookedTransport(fake, [note(log, "a"), refuse]).send(REQUEST)
        assert log == ["a before GET", "a PermissionError"]
        assert fake.recorded == []

    def test_one_that_stumbles_ends_the_others(self) -> None:
        log: list[str] = []
        with pytest.raises(LookupError):
            HookedTransport(FakeTransport([json_response()]), [note(log, "a"), stumble]).send(REQUEST)
        assert log == ["a before GET", "a LookupError"]

    def test_a_plain_function_is_none(self) -> None:
        plain: Any = print
        log: list[str] = []
        with pytest.raises(
            ConfigurationError, match=r"a hook is a generator function .*: <built-in function print>"
        ):
            HookedTransport(FakeTransport([]), [note(log, "a"), plain]).send(REQUEST)
        assert log == ["a before GET", "a ConfigurationError"]

    @pytest.mark.parametrize(
        ("hook", "outcome"),
        [(twice, json_response()), (never, json_response()), (never, ConnectFailed("x"))],
    )
    def test_each_yields_once(self, hook: Hook, outcome: Response | TransportError) -> None:
        log: list[str] = []
        with pytest.raises(ConfigurationError, match=r"must yield exactly once"):
            HookedTransport(FakeTransport([outcome]), [note(log, "a"), hook]).send(REQUEST)
        assert log == ["a before GET", "a ConfigurationError"]

    def test_one_that_yields_again_after_an_error(self) -> None:
        def again(request: Request) -> HookRun:
            try:
                yield
            except TransportError:
                yield

        with pytest.raises(ConfigurationError, match="exactly once"):
            HookedTransport(FakeTransport([ConnectFailed("x")]), [again]).send(REQUEST)

    def test_streams(self) -> None:
        log: list[str] = []
        transport = HookedTransport(FakeTransport([json_response({"a": 1})]), [note(log, "a")])
        with transport.stream(REQUEST) as answer:
            assert log == ["a before GET", "a after 200"]
            assert answer.read() == b'{"a": 1}'

    def test_closing(self) -> None:
        fake = FakeTransport([])
        HookedTransport(fake, []).close()
        assert fake.closed


class TestAsync:
    async def test_answers_and_errors(self) -> None:
        log: list[str] = []
        fake = AsyncFakeTransport([json_response(), ConnectFailed("x"), json_response({"a": 1})])
        transport = AsyncHookedTransport(fake, [note(log, "a")])
        await transport.send(REQUEST)
        with pytest.raises(ConnectFailed):
            await transport.send(REQUEST)
        async with await transport.stream(REQUEST) as answer:
            assert await answer.read() == b'{"a": 1}'
        assert log == ["a before GET", "a after 200", "a before GET", "a ConnectFailed", *log[:2]]
        await transport.aclose()
        assert fake.closed
