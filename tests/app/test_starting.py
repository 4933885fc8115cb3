"""`dial`, `text` and `reply` take what their operations take, and tell Twilio where to report."""

from __future__ import annotations

import inspect
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qsl

import jedi
import pytest

from codegen.app.load import load
from codegen.app.plan import MethodPlan, plan
from codegen.problems import SpecError
from codegen.webhooks.load import load as load_webhooks
from ringback.app import Application, CallFlow, LiveMessage, LiveRoom
from ringback.app.settings import Settings
from ringback.client import AsyncClient, Client
from ringback.errors import ConfigurationError, InvalidValue
from ringback.http import Response
from ringback.rest import Application as ApplicationRecord
from ringback.transports.testing import AsyncFakeTransport, FakeTransport, json_response
from ringback.twiml import Say, VoiceResponse
from ringback.webhooks import OutgoingCall, RecordingStatusChanged, VoiceFallback
from tests.app.twilio import ACCOUNT, TOKEN, new_sid
from tests.rest.samples import SPEC, Json, argument, planned, record

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.http import Request

URL = "https://example.com/phone"
GUEST = "+15558675310"
OURS = "+15017122661"
SERVICE = new_sid("MG")
TEMPLATE = new_sid("HX")
HELLO = VoiceResponse(Say("Your table is ready."))
ROOT = Path(__file__).parent.parent.parent


def methods() -> dict[str, MethodPlan]:
    webhooks, _ = load_webhooks(SPEC / "webhooks.yaml")
    spec, source = load(SPEC / "app.yaml", "app.yaml")
    return {method.name: method for method in plan(spec, source, planned(), webhooks).methods}


METHODS = methods()


@pytest.fixture
def app() -> Application:
    return Application(public_url=URL, auth_token=TOKEN)


def answers(request: Request) -> Response:
    """What Twilio says to a create."""
    kind = "Message"
    if "/Participants" in request.url:
        return json_response(record("Participant", always=True), status=201)
    if "/Calls" in request.url:
        kind = "Call"
    more: dict[str, Json] = {"sid": new_sid("CA" if kind == "Call" else "SM"), "account_sid": ACCOUNT}
    if kind == "Message":
        more |= {"from": None, "to": GUEST, "direction": "outbound-api", "messaging_service_sid": SERVICE}
    return json_response({**record(kind, always=True), **more}, status=201)


@pytest.fixture
def fake() -> FakeTransport:
    return FakeTransport(answers)


@pytest.fixture
def client(fake: FakeTransport) -> Client:
    return Client(ACCOUNT, TOKEN, transport=fake)


def sent(fake: FakeTransport) -> dict[str, str]:
    return dict(fake.recorded[-1].form)


def pairs(fake: FakeTransport) -> list[tuple[str, str]]:
    body = fake.recorded[-1].request.body
    assert isinstance(body, bytes)
    return parse_qsl(body.decode(), keep_blank_values=True)


def call_of(app: Application, client: Client, name: str) -> Callable[..., object]:
    if name == "add":
        return cast("Callable[..., object]", app.room(client, "kitchen").add)
    if name == "reply":
        return cast("Callable[..., object]", app.text(client, to=GUEST, from_=OURS, body="First").reply)
    method = cast("Callable[..., object]", getattr(app, name))
    return partial(method, client)


@pytest.mark.parametrize("name", METHODS)
def test_every_parameter_of_the_operation_is_taken_or_is_accounted_for(name: str) -> None:
    method = METHODS[name]
    owner = {"LiveMessage": LiveMessage, "LiveRoom": LiveRoom}.get(method.spec.of, Application)
    taken = set(inspect.signature(getattr(owner, name)).parameters) - {"self", "client", "options"}
    assert taken == {argument.name for argument in method.arguments} | set(method.spec.instead)
    replaced = {wire for instead in method.spec.instead.values() for wire in instead.replaces}
    theirs = {argument.parameter.wire for argument in method.arguments}
    every = {parameter.wire for parameter in method.operation.parameters}
    assert every == theirs | replaced | set(method.spec.ours)
    assert sum(map(len, (theirs, replaced, method.spec.ours))) == len(every)


@pytest.mark.parametrize("name", METHODS)
def test_what_is_given_is_sent(app: Application, client: Client, fake: FakeTransport, name: str) -> None:
    method = METHODS[name]
    given = {each.name: argument(each.parameter) for each in method.arguments}
    call_of(app, client, name)(
        **{each: sample.value for each, sample in given.items()},
        **({"answer": HELLO} if "answer" in method.spec.instead else {}),
    )
    form = pairs(fake)
    assert {pair for sample in given.values() for pair in sample.pairs} <= set(form)


@pytest.mark.parametrize("name", METHODS)
def test_nothing_is_sent_unless_it_is_given(
    app: Application, client: Client, fake: FakeTransport, name: str
) -> None:
    needed: dict[str, dict[str, object]] = {
        "dial": {"to": GUEST, "from_": OURS, "answer": HELLO},
        "text": {"to": GUEST, "from_": OURS, "body": "Hi"},
        "reply": {"body": "Hi"},
        "add": {"to": GUEST, "from_": OURS},
    }
    call_of(app, client, name)(**needed[name])
    expected = {
        "dial": {"To", "From", "Twiml", "StatusCallback", "StatusCallbackEvent"},
        "text": {"To", "From", "Body", "StatusCallback"},
        "reply": {"To", "MessagingServiceSid", "Body", "StatusCallback"},
        "add": {"To", "From"},
    }
    assert set(sent(fake)) == expected[name]


class TestCalls:
    def test_all_four_steps_are_reported(self, app: Application, client: Client, fake: FakeTransport) -> None:
        app.dial(client, to=GUEST, from_=OURS, answer=HELLO)
        reported = [value for name, value in pairs(fake) if name == "StatusCallbackEvent"]
        assert reported == ["initiated", "ringing", "answered", "completed"]
        assert sent(fake)["StatusCallback"].startswith(f"{URL}/_ringback/CallStatusChanged?ringback=call.")

    def test_a_fallback(self, app: Application, client: Client, fake: FakeTransport) -> None:
        @app.on(OutgoingCall)
        def answered(call: OutgoingCall) -> VoiceResponse:
            return HELLO

        @app.on(VoiceFallback)
        def sorry(call: VoiceFallback) -> VoiceResponse:
            return HELLO

        app.dial(client, to=GUEST, from_=OURS, answer=answered, fallback=sorry)
        form = sent(fake)
        assert form["Url"].startswith(f"{answered.url}?ringback=call.")
        assert form["FallbackUrl"].startswith(f"{sorry.url}?ringback=call.")
        app.dial(client, to=GUEST, from_=OURS, answer=answered, fallback="https://example.com/elsewhere")
        assert sent(fake)["FallbackUrl"] == "https://example.com/elsewhere"
        with pytest.raises(InvalidValue, match="fallback: expected a URL or a handler of VoiceFallback"):
            app.dial(client, to=GUEST, from_=OURS, answer=answered, fallback=answered)  # type: ignore[arg-type]

    def test_a_handler_that_is_asked_by_get(self, client: Client, fake: FakeTransport) -> None:
        urls = {"voice_url": f"{URL}/in", "voice_fallback_url": f"{URL}/sorry"}
        adopted = record("Application", always=True) | urls | {"voice_fallback_method": "GET"}
        read = Client(ACCOUNT, TOKEN, transport=FakeTransport([json_response(adopted)]))
        taken: ApplicationRecord = read.applications(new_sid("AP")).fetch()
        app = Application.from_resource(taken, auth_token=TOKEN)

        @app.on(VoiceFallback)
        def sorry(call: VoiceFallback) -> VoiceResponse:
            return HELLO

        app.dial(client, to=GUEST, from_=OURS, answer=HELLO, fallback=sorry)
        assert sent(fake)["FallbackMethod"] == "GET"

    def test_recordings_may_be_reported_to_a_handler(
        self, app: Application, client: Client, fake: FakeTransport
    ) -> None:
        @app.on(RecordingStatusChanged)
        def recorded(event: RecordingStatusChanged) -> None: ...

        app.dial(client, to=GUEST, from_=OURS, answer=HELLO, record=True, recording_status_callback=recorded)
        assert sent(fake)["RecordingStatusCallback"] == recorded.url

    def test_a_flow_answers(self, app: Application, client: Client, fake: FakeTransport) -> None:
        @app.flow(OutgoingCall)
        async def reminder(call: CallFlow) -> None: ...

        app.dial(client, to=GUEST, from_=OURS, answer=reminder)
        assert sent(fake)["Url"].startswith(reminder.url)

    async def test_asynchronously(self, app: Application) -> None:
        fake = AsyncFakeTransport(answers)
        client = AsyncClient(ACCOUNT, TOKEN, transport=fake)
        await app.dial(client, to=GUEST, from_=OURS, answer=HELLO, call_reason="Dinner")
        assert fake.recorded[-1].form["CallReason"] == "Dinner"


class TestMessages:
    def test_a_template_by_a_service_at_a_time(
        self, app: Application, client: Client, fake: FakeTransport
    ) -> None:
        later = datetime.now(timezone.utc) + timedelta(days=1)
        app.text(
            client,
            to=GUEST,
            messaging_service_sid=SERVICE,
            content_sid=TEMPLATE,
            content_variables={"1": "Ada"},
            schedule_type="fixed",
            send_at=later,
        )
        form = sent(fake)
        assert (form["MessagingServiceSid"], form["ContentSid"]) == (SERVICE, TEMPLATE)
        assert form["ContentVariables"] == '{"1":"Ada"}'
        assert form["ScheduleType"] == "fixed"
        assert "SendAt" in form
        assert "From" not in form

    @pytest.mark.parametrize(
        ("given", "field"),
        [
            ({"from_": OURS}, r"body \| media_url \| content_sid"),
            ({"body": "Hi"}, r"from_ \| messaging_service_sid"),
        ],
    )
    def test_one_of_each_group_is_needed(
        self, app: Application, client: Client, fake: FakeTransport, given: dict[str, str], field: str
    ) -> None:
        with pytest.raises(InvalidValue, match=f"^{field}: expected at least one of"):
            app.text(client, to=GUEST, **given)  # type: ignore[call-overload]
        assert fake.recorded == []

    async def test_asynchronously_as_well(self, app: Application) -> None:
        fake = AsyncFakeTransport(answers)
        client = AsyncClient(ACCOUNT, TOKEN, transport=fake)
        with pytest.raises(InvalidValue, match="at least one of"):
            await app.text(client, to=GUEST, from_=OURS)  # type: ignore[call-overload]
        assert fake.recorded == []
        message = await app.text(client, to=GUEST, from_=OURS, media_url=["https://example.com/menu.png"])
        await message.reply("And the wine list?", media_url=["https://example.com/wine.png"])
        assert fake.recorded[-1].form["MediaUrl"] == "https://example.com/wine.png"

    def test_a_reply_needs_a_text_too(self, app: Application, client: Client, fake: FakeTransport) -> None:
        message = app.text(client, to=GUEST, from_=OURS, body="Hi")
        with pytest.raises(InvalidValue, match="at least one of body, media_url, content_sid"):
            message.reply()  # type: ignore[call-overload]
        message.reply(content_sid=TEMPLATE)
        assert sent(fake)["ContentSid"] == TEMPLATE

    def test_a_reply_by_another_service(self, app: Application, client: Client, fake: FakeTransport) -> None:
        other = new_sid("MG")
        app.text(client, to=GUEST, from_=OURS, body="Hi").reply("Again", messaging_service_sid=other)
        assert sent(fake)["MessagingServiceSid"] == other

    def test_a_reply_without_any_sender(self, app: Application) -> None:
        unsent = record("Message", always=True) | {"sid": new_sid("SM"), "direction": "outbound-api"}
        client = Client(ACCOUNT, TOKEN, transport=FakeTransport([json_response(unsent)]))
        message = app.follow_message(client, new_sid("SM"))
        with pytest.raises(InvalidValue, match="refresh"):
            message.reply("Hello?")


class TestWithoutAToken:
    """What Twilio reports about it could not be verified: said before anything is sent."""

    @pytest.fixture(autouse=True)
    def without(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("TWILIO_AUTH_TOKEN", raising=False)

    def test_refused_at_once(self, client: Client, fake: FakeTransport) -> None:
        app = Application(public_url=URL)
        for start in (
            lambda: app.dial(client, to=GUEST, from_=OURS, answer=HELLO),
            lambda: app.text(client, to=GUEST, from_=OURS, body="Hi"),
        ):
            with pytest.raises(ConfigurationError, match="TWILIO_AUTH_TOKEN"):
                start()
        assert fake.recorded == []

    def test_not_where_nothing_is_verified(self, client: Client) -> None:
        Application(public_url=URL, validate_signatures=False).text(client, to=GUEST, from_=OURS, body="Hi")

    def test_nor_where_the_environment_has_it(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
        Application(public_url=URL).text(client, to=GUEST, from_=OURS, body="Hi")


class TestEditors:
    CODE = (
        "from ringback import Application, AsyncClient, Client\n"
        "app = Application(public_url='https://example.com')\n"
        "async def f() -> None:\n"
        "    call = app.dial(Client(), to='+1', from_='+2', answer=None)\n"
        "    text = app.text(Client(), to='+1', from_='+2', body='Hi')\n"
        "    other = await app.text(AsyncClient(), to='+1', from_='+2', body='Hi')\n"
        "    room = app.room(Client(), 'kitchen')\n"
    )

    def script(self, line: str) -> tuple[Any, int, int]:
        code = f"{self.CODE}    {line}"
        project: Any = jedi.Project(ROOT, added_sys_path=[str(ROOT / "src")])
        lines = code.split("\n")
        return jedi.Script(code, path=ROOT / "example.py", project=project), len(lines), len(lines[-1])

    @pytest.mark.parametrize(
        ("line", "offered"),
        [
            ("app.dial(Client(), machine_detection_t", {"machine_detection_timeout="}),
            ("app.dial(AsyncClient(), fallb", {"fallback="}),
            ("app.text(Client(), content_v", {"content_variables="}),
            ("text.reply(messaging_s", {"messaging_service_sid="}),
            ("other.reply(media_", {"media_url="}),
            ("call.redir", {"redirect"}),
            ("room.add(start_conf", {"start_conference_on_enter="}),
            ("app.room(AsyncClient(), 'kitchen').unh", {"unhold"}),
            ("Application(public_url='', idle_", {"idle_limit="}),
            ("Application.from_resource(None, connection_", {"connection_overrides="}),
        ],
    )
    def test_complete(self, line: str, offered: set[str]) -> None:
        script, row, column = self.script(line)
        assert {str(each.name) for each in script.complete(row, column)} == offered

    @pytest.mark.parametrize("of", ["Application(", "Application.from_resource("])
    def test_show_every_setting(self, of: str) -> None:
        script, row, column = self.script(of)
        [signature] = script.get_signatures(row, column)
        names = {str(parameter.name) for parameter in signature.params} - {"record"}
        assert names == set(inspect.signature(Settings).parameters)

    @pytest.mark.parametrize("name", METHODS)
    def test_show_signatures(self, name: str) -> None:
        of = {"reply": "text", "add": "room"}
        script, row, column = self.script(f"{of.get(name, 'app')}.{name}(")
        signatures = script.get_signatures(row, column)
        expected = {each.name for each in METHODS[name].arguments} | set(METHODS[name].spec.instead)
        assert signatures
        for signature in signatures:
            names = {str(parameter.name) for parameter in signature.params}
            assert names - {"client", "options"} == expected
        assert METHODS[name].spec.doc.split()[0] in script.help(row, column - 2)[0].docstring()


class TestMistakesInTheSpec:
    def problems(self, tmp_path: Path, old: str, new: str) -> str:
        text = (SPEC / "app.yaml").read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "app.yaml"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        webhooks, _ = load_webhooks(SPEC / "webhooks.yaml")
        with pytest.raises(SpecError) as error:
            plan(*load(path, "app.yaml"), planned(), webhooks)
        return str(error.value)

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("calls.create", "calls.make", "app.yaml:6: methods.dial.operation: there is no operation"),
            ("[Url, Twiml", "[Uri, Twiml", "calls.create has no parameter 'Uri'"),
            ("first: Body", "first: Text", "messages.create has no parameter 'Text'"),
            ("      fallback:", "      trim:", "calls.create has a parameter of this name"),
            ("of: Application", "of: Call", "app.yaml:5"),
            ("returns:", "gives:", "gives: unknown key"),
        ],
    )
    def test_are_told_with_file_and_line(self, tmp_path: Path, old: str, new: str, told: str) -> None:
        assert told in self.problems(tmp_path, old, new)
