"""Telling Twilio about an application, adopting one that it knows, and several side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
import pytest

from ringback.app import Application, CallFlow, Switchboard
from ringback.emulator import Emulator
from ringback.errors import RegistrationError
from ringback.http import WebhookRequest
from ringback.twiml import Gather, Message, MessagingResponse, Number, Redirect, Say, VoiceResponse
from ringback.twiml.messaging import Redirect as MessagingRedirect
from ringback.webhooks import (
    CallEnded,
    CallRedirected,
    CallStatusChanged,
    GatherResult,
    IncomingCall,
    IncomingMessage,
    MessageFallback,
    MessageStatusChanged,
    OutgoingCall,
    VoiceFallback,
)
from tests.app.twilio import TOKEN, call_parameters, link, message_parameters, new_sid, request, served, tags

if TYPE_CHECKING:
    from collections.abc import Generator

    from ringback.client import Client
    from ringback.rest import Application as Record

GUEST = "+15558675310"
OURS = "+15017122661"
URL = "https://example.com/phone"


@pytest.fixture
def network() -> Generator[Emulator, None, None]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def client(network: Emulator) -> Client:
    return network.client()


@pytest.fixture
def app(network: Emulator) -> Application:
    app = Application(public_url=URL, auth_token=network.auth_token)

    @app.on(IncomingCall)
    def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say("Hello"))

    @app.on(IncomingMessage)
    def reply(message: IncomingMessage) -> MessagingResponse:
        return MessagingResponse(Message("Hi"))

    return app


class TestInstalling:
    def test_it_is_created_and_then_updated(self, app: Application, client: Client) -> None:
        created = app.install(client, friendly_name="Reception")
        assert created.voice_url == app.voice_url == f"{URL}/greet"
        assert created.sms_url == app.message_url == f"{URL}/reply"
        assert created.status_callback == app.callback(CallEnded).url
        assert created.message_status_callback == app.callback(MessageStatusChanged).url
        assert (created.voice_method, created.sms_method) == ("POST", "POST")
        assert not created.voice_fallback_url
        other = Application(public_url="https://elsewhere.example", auth_token=TOKEN)

        @other.on(VoiceFallback)
        def apologise(call: VoiceFallback) -> VoiceResponse:
            return VoiceResponse(Say("Sorry"))

        @other.on(MessageFallback)
        def ignore(message: MessageFallback) -> None: ...

        updated = other.install(client, friendly_name="Reception")
        assert updated.sid == created.sid
        assert not updated.voice_url
        assert not updated.sms_url
        assert updated.voice_fallback_url == "https://elsewhere.example/apologise"
        assert updated.sms_fallback_url == "https://elsewhere.example/ignore"
        assert app.install(client, friendly_name="Another").sid != created.sid

    async def test_asynchronously(self, network: Emulator, app: Application) -> None:
        network.number(OURS)
        client = network.async_client()
        first = await app.install(client, friendly_name="Reception", phone_number=OURS)
        assert (await app.install(client, friendly_name="Reception")).sid == first.sid
        [number] = [one async for one in client.incoming_phone_numbers.list()]
        assert number.voice_application_sid == number.sms_application_sid == first.sid
        with pytest.raises(RegistrationError, match="phone_number"):
            await app.install(client, friendly_name="Reception", phone_number="+15005550006")

    def test_a_number_that_uses_it(self, network: Emulator, app: Application, client: Client) -> None:
        network.number(OURS)
        network.mount(URL, app)
        app.install(client, friendly_name="Reception", phone_number=OURS)
        call = network.phone(GUEST).dial(OURS)
        call.expect_say("Hello")
        ended: list[CallEnded] = []
        app.on(CallEnded, ended.append)
        network.run_until_idle()
        assert [event.call_sid for event in ended] == [call.sid]

    def test_a_number_that_isn_t_ours(self, app: Application, client: Client) -> None:
        with pytest.raises(RegistrationError, match=r"^phone_number: \+15005550006"):
            app.install(client, friendly_name="Reception", phone_number="+15005550006")


class TestAdopting:
    @pytest.fixture
    def record(self, client: Client) -> Record:
        return client.applications.create(
            friendly_name="Made by hand",
            voice_url="https://example.com/old/voice.php?tenant=7",
            voice_method="GET",
            voice_fallback_url="https://example.com/old/sorry.php",
            status_callback="https://example.com/old/status.php",
            sms_url="https://example.com/texts/",
            message_status_callback="https://example.com/old/texts.php",
        )

    async def test_its_urls_and_methods_stay(self, record: Record) -> None:
        app = Application.from_resource(record, auth_token=TOKEN)
        assert app.public_url == "https://example.com/old"

        @app.on(GatherResult)
        def choose(pressed: GatherResult) -> VoiceResponse:
            return VoiceResponse(Say(f"{pressed.digits}"))

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(Gather(action=choose))

        @app.on(IncomingMessage)
        def reply(message: IncomingMessage) -> MessagingResponse:
            return MessagingResponse(Message("Hi"))

        assert greet.url == record.voice_url == app.voice_url
        assert choose.url == "https://example.com/old/choose"
        parameters = call_parameters(new_sid("CA"))
        asked = await app.handle(request(greet.url, parameters, method="GET"))
        assert link(asked, "Gather") == choose.url
        assert (await app.handle(request(greet.url, parameters))).status == 405
        assert not app.matches(WebhookRequest("POST", greet.url))
        texted = await app.handle(request(reply.url, message_parameters(new_sid("SM"))))
        assert tags(texted) == ["Message"]

    async def test_its_callbacks_are_listened_to(self, record: Record) -> None:
        app = Application.from_resource(record, auth_token=TOKEN)
        ended: list[CallEnded] = []
        app.on(CallEnded, ended.append)
        assert app.callback(CallEnded).url == record.status_callback
        asked = request("https://example.com/old/status.php", call_parameters(new_sid("CA"), "completed"))
        assert (await app.handle(asked)).status == 204
        assert len(ended) == 1

    async def test_a_flow_takes_its_calls(self, record: Record) -> None:
        app = Application.from_resource(record, auth_token=TOKEN)

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            pressed = await call.gather()
            call.say("Nothing" if pressed is None else "Something")

        parameters = call_parameters(new_sid("CA"))
        first = await app.handle(request(reception.url, parameters, method="GET"))
        assert link(first, "Gather").startswith("https://example.com/old/voice.php?tenant=7&ringback=flow.")
        second = await app.handle(request(link(first, "Gather"), parameters | {"Digits": "1"}))
        assert served(second).findtext("Say") == "Something"

    async def test_links_say_how_they_are_asked(self, record: Record) -> None:
        record = attrs.evolve(record, voice_method="GET", sms_method="POST", status_callback_method="GET")
        app = Application.from_resource(record, auth_token=TOKEN)

        @app.on(GatherResult)
        def choose(pressed: GatherResult) -> VoiceResponse:
            return VoiceResponse()

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse()

        @app.flow(OutgoingCall)
        async def remind(call: CallFlow) -> None: ...

        @app.on(IncomingMessage)
        def reply(message: IncomingMessage) -> None: ...

        over = app.callback(CallStatusChanged)
        assert Redirect(greet).method == "GET"
        assert Redirect(remind).method == "GET"
        assert Redirect(greet, method="POST").method == "POST"
        assert Redirect(greet.url).method is None
        assert Gather(action=choose).method == "GET"
        assert Gather(partial_result_callback="/x", action=choose).partial_result_callback_method is None
        number = Number("+15017122662", status_callback=over)
        assert (number.status_callback_method, number.method) == ("GET", None)
        assert MessagingRedirect(reply).method is None
        written = str(VoiceResponse(Redirect(greet)))
        assert f'<Redirect method="GET">{greet.url}</Redirect>' in written
        # What links don't say is taken as well, but where the TwiML application says how it asks.
        assert (await app.handle(request(choose.url, call_parameters(new_sid("CA"))))).status != 405

    def test_calls_that_it_places_are_asked_about_so(self, network: Emulator, record: Record) -> None:
        record = attrs.evolve(record, voice_method="GET", status_callback_method="GET")
        app = Application.from_resource(record, auth_token=network.auth_token)
        ended: list[CallEnded] = []
        app.on(CallEnded, ended.append)

        @app.on(OutgoingCall)
        def remind(call: OutgoingCall) -> VoiceResponse:
            return VoiceResponse(Say("Hello"), Redirect(more))

        @app.on(CallRedirected)
        def more(call: CallRedirected) -> VoiceResponse:
            return VoiceResponse(Say("Once more"))

        network.mount("https://example.com", app)
        network.number(OURS)
        app.dial(network.client(), to=GUEST, from_=OURS, answer=remind)
        network.phone(GUEST).answer().expect_say("Once more")
        network.run_until_idle()
        assert len(ended) == 1
        network.check_problems()

    async def test_a_path_of_one_s_own_wins(self, record: Record) -> None:
        app = Application.from_resource(record, auth_token=TOKEN, public_url="https://example.com/new")

        @app.on(IncomingCall, path="/greet")
        def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse()

        assert greet.url == "https://example.com/new/greet"

    async def test_what_is_missing_is_named(self, record: Record) -> None:
        with pytest.raises(RegistrationError, match=r"^voice_url: "):
            Application.from_resource(attrs.evolve(record, voice_url=None, sms_url=None))
        app = Application.from_resource(attrs.evolve(record, sms_url=None), auth_token=TOKEN)
        with pytest.raises(RegistrationError, match=r"^sms_url: .*IncomingMessage"):

            @app.on(IncomingMessage)
            def reply(message: IncomingMessage) -> None: ...

    @pytest.mark.parametrize("url", ["phone", "/voice", "ftp://example.com/voice", "https:///voice"])
    async def test_what_is_no_url_is_named(self, record: Record, url: str) -> None:
        with pytest.raises(RegistrationError, match=r"^status_callback: "):
            Application.from_resource(attrs.evolve(record, status_callback=url))

    async def test_two_things_at_one_url(self, record: Record) -> None:
        with pytest.raises(RegistrationError, match=r"^path: "):
            Application.from_resource(attrs.evolve(record, message_status_callback=record.status_callback))

    def test_on_the_network(self, network: Emulator, client: Client, record: Record) -> None:
        app = Application.from_resource(record, auth_token=network.auth_token)

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(Say("Taken over"))

        network.mount("https://example.com", app)
        network.number(OURS, application_sid=record.sid)
        network.phone(GUEST).dial(OURS).expect_say("Taken over")


class TestSwitchboard:
    @staticmethod
    def greeting(public_url: str, text: str = "Hello") -> Application:
        app = Application(public_url=public_url, auth_token=TOKEN)

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(Say(text))

        return app

    @staticmethod
    async def ask(switchboard: Switchboard, app: Application, **how: str) -> str | None:
        assert app.voice_url is not None
        asked = request(app.voice_url, call_parameters(new_sid("CA")), **how)
        response = await switchboard.handle(asked)
        return served(response).findtext("Say") if response.status == 200 else str(response.status)

    async def test_each_gets_its_own(self) -> None:
        a = self.greeting("https://example.com/a", "a")
        b = self.greeting("https://example.com/a/b", "b")
        c = self.greeting("https://other.example/a", "c")
        switchboard = Switchboard(a, b, c)
        assert switchboard.applications == (a, b, c)
        assert [await self.ask(switchboard, app) for app in (a, b, c)] == ["a", "b", "c"]
        assert not switchboard.matches(WebhookRequest("POST", "https://example.com/nothing"))
        assert (await switchboard.handle(WebhookRequest("POST", "https://example.com/x"))).status == 404

    async def test_the_host_decides_only_where_the_path_does_not(self) -> None:
        a, b = self.greeting("https://example.com/a", "a"), self.greeting("https://example.com/b", "b")
        switchboard = Switchboard(a, b)
        assert await self.ask(switchboard, b, seen_as="http://10.0.0.7/b/greet") == "b"

    async def test_registering_and_leaving(self) -> None:
        app = self.greeting(URL)
        switchboard = Switchboard()
        assert await self.ask(switchboard, app) == "404"
        switchboard.register(app)
        switchboard.register(app)
        assert switchboard.applications == (app,)
        assert await self.ask(switchboard, app) == "Hello"
        switchboard.unregister(app)
        switchboard.unregister(app)
        assert await self.ask(switchboard, app) == "404"

    async def test_clashes_name_the_field(self) -> None:
        switchboard = Switchboard(self.greeting(URL))
        with pytest.raises(RegistrationError, match=r"^public_url: https://example.com/phone"):
            switchboard.register(self.greeting(URL))
        inner = Application(public_url="https://example.com", auth_token=TOKEN)
        inner.on(IncomingCall, path="/phone/greet")(lambda _: VoiceResponse())
        with pytest.raises(RegistrationError, match=r"^path: https://example.com/phone/greet"):
            switchboard.register(inner)
        with pytest.raises(RegistrationError, match=r"^application: .*str"):
            switchboard.register("app")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        assert len(switchboard.applications) == 1

    def test_synchronously(self) -> None:
        app = self.greeting(URL)
        switchboard = Switchboard(app)
        assert app.voice_url is not None
        asked = request(app.voice_url, call_parameters(new_sid("CA")))
        assert switchboard.handle_sync(asked).status == 200
        assert switchboard.max_body == app.max_body
        assert Switchboard().max_body == 0
        switchboard.close()

    def test_on_the_network(self, network: Emulator, client: Client) -> None:
        one = Application(public_url="https://example.com/one", auth_token=network.auth_token)
        two = Application(public_url="https://example.com/two", auth_token=network.auth_token)
        one.on(IncomingCall, path="/in")(lambda _: VoiceResponse(Say("First")))
        two.on(IncomingCall, path="/in")(lambda _: VoiceResponse(Say("Second")))
        network.mount("https://example.com", Switchboard(one, two))
        for app, number, text in ((one, OURS, "First"), (two, "+15005550006", "Second")):
            network.number(number)
            app.install(client, friendly_name=text, phone_number=number)
            network.phone(GUEST).dial(number).expect_say(text)
