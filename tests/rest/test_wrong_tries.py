"""Who misspells a name, forgets one or mixes up two things is told what was meant, and nothing is sent."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import pytest

from codegen import naming
from ringback import (
    Application,
    AsyncClient,
    Client,
    ConfigurationError,
    InvalidValue,
    RequestOptions,
    RetryPolicy,
    TwimlError,
    twiml,
)
from ringback.transports.testing import AsyncFakeTransport, FakeTransport
from tests.rest.samples import ACCOUNT, hole, planned
from tests.rest.test_operations import CASES, Case, reach

TOKEN = "0123456789abcdef" * 2
KEY = "SK" + "1" * 32
CALL = "CA" + "2" * 32
HTTP = pytest.importorskip("httpx")


def clients() -> list[Any]:
    """One of each kind, that must not send anything."""
    return [
        Client(ACCOUNT, TOKEN, transport=FakeTransport([])),
        AsyncClient(ACCOUNT, TOKEN, transport=AsyncFakeTransport([])),
    ]


def refused(call: Callable[..., Any], *arguments: object, **named: object) -> str:
    """What the TypeError says that the call raises, at once or where it is awaited."""

    async def wait() -> None:
        result = call(*arguments, **named)
        if inspect.isawaitable(result):
            await result

    with pytest.raises(TypeError) as caught:
        asyncio.run(wait())
    return str(caught.value)


def written(case: Case) -> str:
    """The operation as it is written."""
    resource, operation = case.resource, case.operation
    key = (
        ""
        if resource.spec.key is None or resource.on_collection(operation)
        else (f"({naming.parameter(resource.spec.key.wire)})")
    )
    return f"client.{resource.key.replace('()', '(sid)')}{key}.{operation.action}"


class TestMethods:
    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation.title)
    def test_a_misspelt_keyword(self, case: Case) -> None:
        """Every operation, every parameter: as it is on the wire, and with a letter too many."""
        names = [parameter.name for parameter in case.operation.parameters]
        for client in clients():
            call = case.method(client)
            takes = list(inspect.signature(call).parameters)
            assert set(names) < set(takes)
            for name in names:
                for word in {f"{name}q", name.replace("_", "").title()} - set(takes):
                    told = refused(call, **{word: "secret words"})
                    assert told == (
                        f"{written(case)} has no parameter {word!r}; did you mean {name!r}? "
                        f"It takes {', '.join(takes)}."
                    )

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation.title)
    def test_values_without_names(self, case: Case) -> None:
        for client in clients():
            told = refused(case.method(client), "+15558675310", "secret words")
            assert re.match(
                rf"{re.escape(written(case))} takes its arguments by name only, "
                rf"such as {re.escape(written(case))}\(\w+=….*\)\. It takes \w+",
                told,
            )
            assert "secret words" not in told

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation.title)
    def test_a_missing_one(self, case: Case) -> None:
        required = [parameter.name for parameter in case.operation.parameters if parameter.required]
        for client in clients() if required else []:
            told = refused(case.method(client))
            assert told.startswith(f"{written(case)} needs {', '.join(required)}. It takes ")

    def test_what_is_written_by_hand(self) -> None:
        for client in clients():
            recording = client.recordings("RE" + "1" * 32)
            assert "did you mean 'format'?" in refused(recording.download, "x", fromat="wav")
            assert "takes to without a name and nothing else" in refused(recording.download, "x", "wav")
            assert "was given 'to' twice" in refused(recording.download, "x", to="y")
            assert "did you mean 'query'?" in refused(client.request, "GET", "/x", qeury={})
            assert "did you mean 'options'?" in refused(client.account.close, option=None)

    def test_an_error_from_within_stays_as_it_is(self) -> None:
        """Only what the call itself raised is put in other words."""

        class Broken(FakeTransport):
            def send(self, request: object, /) -> Any:
                raise TypeError("the transport's own")

        assert refused(Client(ACCOUNT, TOKEN, transport=Broken([])).balance.fetch) == "the transport's own"

    def test_what_editors_see(self) -> None:
        """The wrapper has the method's name, place, signature and text; what is awaited stays a coroutine."""
        client, other = clients()
        assert inspect.signature(client.calls.create).parameters["to"].default is inspect.Parameter.empty
        assert client.calls.create.__qualname__ == "CallList.create"
        assert client.calls.create.__doc__.startswith("Place a call.")
        assert not inspect.iscoroutinefunction(client.calls.create)
        assert inspect.iscoroutinefunction(other.calls.create)
        assert not inspect.iscoroutinefunction(other.calls.list)


class TestNames:
    def test_a_misspelt_resource_or_method(self) -> None:
        for client in clients():
            for target, word, meant in (
                (client, "mesages", "messages"),
                (client, "Calls", "calls"),
                (client.account, "recording", "recordings"),
                (client.calls, "creat", "create"),
                (client.calls(CALL), "updat", "update"),
                (client.usage.records, "dayly", "daily"),
                (client.sip.domains, "lists", "list"),
            ):
                with pytest.raises(
                    AttributeError, match=rf"has no '{word}'; did you mean '{meant}'\? It has "
                ):
                    getattr(target, word)

    def test_what_the_one_has_and_the_other_not(self) -> None:
        """Of every resource: what is done with one record is asked of the collection, and the reverse."""
        for client in clients():
            for resource in planned().resources.values():
                if resource.spec.key is None:
                    continue
                key = f"({naming.parameter(resource.spec.key.wire)})"
                title = f"client.{resource.key.replace('()', '(sid)')}"
                collection, one = reach(client, resource.key), reach(client, f"{resource.key}()")
                for target, others, there in (
                    (collection, resource.instance_operations, title + key),
                    (one, resource.collection_operations, title),
                ):
                    for operation in others:
                        if hasattr(cast("object", type(target)), operation.action):
                            continue
                        with pytest.raises(AttributeError) as caught:
                            getattr(target, operation.action)
                        assert str(caught.value).endswith(f"did you mean {there}.{operation.action}?")

    def test_a_field_of_the_record(self) -> None:
        with pytest.raises(AttributeError, match=r"fields are what fetch\(\) gives"):
            clients()[0].calls(CALL).duration  # noqa: B018

    def test_a_product_that_is_not_here(self) -> None:
        with pytest.raises(AttributeError, match=r"^client has no 'verify'\. It has account, "):
            clients()[0].verify  # noqa: B018

    def test_a_list_is_asked_for(self) -> None:
        for client in clients():
            told = refused(client.calls.__getitem__, CALL)
            assert told == (
                "client.calls is no list itself: client.calls.list() gives its records, "
                "client.calls(…) is one of them"
            )
            assert refused(list, client.calls) == told
            assert refused(client.balance.__getitem__, "x") == "client.balance is no list itself"

    def test_probes_of_others_are_answered_as_ever(self) -> None:
        for client in clients():
            assert not hasattr(client, "__wrapped__")
            assert not hasattr(client.calls, "_no_such")
            assert getattr(client.calls, "nothing", None) is None


class TestReprs:
    def test_each_says_where_it_is(self) -> None:
        for client in clients():
            for key, resource in planned().resources.items():
                collection = reach(client, key)
                assert repr(collection) == f"{type(collection).__name__}(path={collection._path!r})"
                assert key == "accounts" or f"/Accounts/{ACCOUNT}/" in repr(collection)
                if resource.spec.key is not None:
                    one = reach(client, f"{key}()")
                    sid = hole(resource.spec.key.type)
                    assert repr(one) == f"{type(one).__name__}({sid!r}, path={one._path!r})"
                    assert one._path == f"{collection._path}/{sid}"


class TestClients:
    """`Client` given what it doesn't take."""

    @pytest.mark.parametrize("make", [Client, AsyncClient])
    @pytest.mark.parametrize(
        ("places", "names", "told"),
        [
            (
                (ACCOUNT, KEY, "s3cret"),
                dict[str, str](),
                "takes account_sid, auth_token without a name and nothing else",
            ),
            ((ACCOUNT, TOKEN), {"regoin": "ie1"}, "no parameter 'regoin'; did you mean 'region'\\?"),
            ((ACCOUNT,), {"authToken": "s3cret"}, "did you mean 'auth_token'\\?"),
        ],
        ids=["three", "misspelt", "camel"],
    )
    def test_arguments(self, make: Any, places: tuple[str, ...], names: dict[str, str], told: str) -> None:
        with pytest.raises(TypeError, match=told) as caught:
            make(*places, **names)
        assert "s3cret" not in str(caught.value)
        assert "api_key, api_secret, edge" in str(caught.value)

    @pytest.mark.parametrize("make", [Client, AsyncClient])
    def test_a_key_where_the_token_belongs(self, make: Any) -> None:
        with pytest.raises(InvalidValue, match=r"auth_token: expected .*api_key, and goes with api_secret"):
            make(ACCOUNT, KEY)
        with pytest.raises(InvalidValue, match=rf"account_sid: .*SID is api_key.*, got '{KEY}'"):
            make(KEY, TOKEN)

    @pytest.mark.parametrize("make", [Client, AsyncClient])
    @pytest.mark.parametrize(
        "transport",
        [HTTP.Client, HTTP.Client(), object(), {}],
        ids=["a class", "another's client", "an object", "a mapping"],
    )
    def test_a_transport_of_another_kind(self, make: Any, transport: object) -> None:
        with pytest.raises(
            ConfigurationError, match=r"^transport: (Async)?Client needs an? (Async)?Transport"
        ):
            make(ACCOUNT, TOKEN, transport=transport)

    def test_settings(self) -> None:
        assert "did you mean 'timeout'?" in refused(RequestOptions, timout=5)
        assert "did you mean 'attempts'?" in refused(RetryPolicy, atempts=5)


class TestTheOtherClient:
    """`twiml.Client` is the noun of a Dial, `ringback.Client` is the REST client."""

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            (twiml.Client("alice"), r"\(ringback.twiml.Client is somebody to call in a <Dial>\)"),
            (Client, r"\(that is the class: call it, Client\(\)\)"),
            (None, "AsyncClient, got None"),
        ],
        ids=["twiml", "class", "none"],
    )
    def test_where_requests_are_made(self, given: Any, told: str) -> None:
        app = Application(public_url="https://example.com", auth_token=TOKEN)
        answer = twiml.VoiceResponse(twiml.Say("Hello"))
        tries: list[Callable[[], object]] = [
            partial(app.dial, given, to="+15558675310", from_="+15557122661", answer=answer),
            partial(app.text, given, to="+15558675310", from_="+15557122661", body="Hi"),
            partial(app.install, given, friendly_name="x"),
            partial(app.follow_call, given, CALL),
            partial(app.follow_message, given, "SM" + "1" * 32),
        ]
        for call in tries:
            with pytest.raises(InvalidValue, match=rf"^client: expected a ringback\.Client .*{told}"):
                call()

    def test_where_it_is_dialled(self) -> None:
        with pytest.raises(TwimlError, match=r"did you mean ringback\.twiml\.Client\(identity\)\?"):
            twiml.Dial(Client(ACCOUNT, TOKEN))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
