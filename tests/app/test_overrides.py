"""What Twilio is told about asking our URLs: in their fragment, which is neither sent nor signed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback import Application, CallEnded, Client, IncomingCall, IncomingMessage, InvalidValue, OutgoingCall
from ringback.app import CallFlow, Switchboard
from ringback.app.overrides import check_overrides
from ringback.emulator import Emulator
from ringback.http import WebhookRequest
from ringback.stores import MemoryStore
from ringback.twiml import Gather, MessagingResponse, Redirect, Say, VoiceResponse
from ringback.webhooks import GatherResult, MessageStatusChanged
from tests.app.twilio import TOKEN, call_parameters, new_sid, request, until

if TYPE_CHECKING:
    from collections.abc import Generator

    from ringback.rest import Application as Record
    from ringback.stores import Store

GUEST = "+15558675310"
OURS = "+15017122661"
URL = "https://example.com/phone"
DURABLE = "rc=2&rp=all"


class Small:
    """A store that keeps values and no runs."""

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        return True

    async def get(self, key: str) -> bytes | None:
        return None

    async def put(self, key: str, value: bytes, ttl: float) -> None: ...

    async def remove(self, key: str) -> None: ...


@pytest.fixture
def network() -> Generator[Emulator, None, None]:
    with Emulator() as emulator:
        yield emulator


def make(network: Emulator | None = None, *, overrides: str | None = None) -> Application:
    token = TOKEN if network is None else network.auth_token
    return Application(
        public_url=URL, auth_token=token, store=MemoryStore(shared=True), connection_overrides=overrides
    )


def fragment(url: str | None) -> str:
    return urlsplit(url or "").fragment


class TestSetting:
    @pytest.mark.parametrize(
        ("store", "given", "expected"),
        [
            (None, None, ""),
            (MemoryStore(), None, ""),
            (Small(), None, ""),
            (MemoryStore(shared=True), None, DURABLE),
            (MemoryStore(shared=True), "", ""),
            (MemoryStore(shared=True), "rc=1", "rc=1"),
            (None, DURABLE, DURABLE),
        ],
    )
    def test_where_workers_share_a_store(self, store: Store | None, given: str | None, expected: str) -> None:
        app = Application(public_url=URL, auth_token=TOKEN, store=store, connection_overrides=given)
        assert fragment(app.callback(CallEnded).url) == expected

    @pytest.mark.parametrize(
        "fine",
        [
            "",
            DURABLE,
            "ct=100&tt=15000&rc=0&rp=4xx,5xx,ct,rt&sni=n&e=ashburn,sao-paulo,frankfurt-ix",
            "ct=10000",
            "rc=5",
            "rt=10001",
        ],
    )
    def test_what_twilio_understands(self, fine: str) -> None:
        assert check_overrides(fine, deadline=10) == fine

    @pytest.mark.parametrize(
        ("wrong", "told"),
        [
            (None, "settings such as"),
            (b"rc=2", "settings such as"),
            ("#rc=2", "settings such as"),
            ("rc", "rc= a whole number from 0 to 5"),
            ("retries=2", "of ct, rt, tt, rc, rp, sni, e, each once"),
            ("rc=2&rc=3", "each once"),
            ("rc=2&", "settings such as"),
            ("rc=2;rp=all", "rc= a whole number from 0 to 5"),
            ("rc=6", "rc= a whole number from 0 to 5"),
            ("rc=-1", "rc= a whole number from 0 to 5"),
            ("rc=٢", "rc= a whole number from 0 to 5"),
            ("ct=99", "ct= a whole number from 100 to 10000"),
            ("tt=15001", "tt= a whole number from 100 to 15000"),
            ("rt=1e3", "rt= a whole number from 100 to 15000"),
            ("rp=", "rp= some of 4xx, 5xx, ct, rt, all"),
            ("rp=all,", "rp= some of"),
            ("rp=6xx", "rp= some of"),
            ("sni=yes", "sni= y or n"),
            ("e=Ashburn", "e= edge locations"),
            ("e=a b", "e= edge locations"),
            ("rt=10000", r"rt= more milliseconds than the deadline of 10 s"),
        ],
    )
    def test_what_it_does_not(self, wrong: str, told: str) -> None:
        with pytest.raises(InvalidValue, match=f"^connection_overrides: expected .*{told}"):
            check_overrides(wrong, deadline=10)

    @given(st.text(alphabet="abcrtpx0123456789=&,#%l \n", max_size=30))
    def test_whatever_is_given_is_refused_or_fits_in_a_url(self, text: str) -> None:
        try:
            check_overrides(text, deadline=1)
        except InvalidValue:
            return
        assert urlsplit(f"{URL}#{text}").fragment == text
        assert not any(letter in text for letter in "# %\n")


class TestUrls:
    """Every URL that Twilio is given has them, and the request that comes is found and verified."""

    def test_of_everything_that_can_be_linked_to(self, network: Emulator) -> None:
        app = make(network)

        @app.on(GatherResult, path="/keys")
        def choose(pressed: GatherResult) -> VoiceResponse:
            return VoiceResponse()

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(Gather(action=choose), Redirect(greet))

        @app.on(IncomingMessage)
        def reply(message: IncomingMessage) -> None: ...

        @app.flow(OutgoingCall)
        async def reminder(call: CallFlow) -> None: ...

        for url in (choose.url, greet.url, reminder.url, app.voice_url, app.message_url):
            assert fragment(url) == DURABLE
        assert f'action="{URL}/keys#rc=2&amp;rp=all"' in str(greet(IncomingCall.__new__(IncomingCall)))
        client = network.client()
        record = app.install(client, friendly_name="Reception")
        urls = (record.voice_url, record.sms_url, record.status_callback, record.message_status_callback)
        assert [fragment(url) for url in urls] == [DURABLE] * 4

    async def test_requests_come_without_them(self) -> None:
        app = make()
        seen: list[str] = []

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            seen.append(call.call_sid)
            return VoiceResponse()

        url, _, overrides = greet.url.partition("#")
        assert overrides == DURABLE
        sid = new_sid("CA")
        assert (await app.handle(request(url, call_parameters(sid)))).status == 200
        assert seen == [sid]
        assert app.matches(WebhookRequest("POST", url))
        assert Switchboard(app).matches(WebhookRequest("POST", url))

    def test_two_applications_at_one_url_clash_all_the_same(self) -> None:
        with pytest.raises(Exception, match="belongs to another application"):
            Switchboard(make(), make(overrides="rc=1"))

    def test_a_whole_call_with_a_flow_and_a_held_answer(self, network: Emulator) -> None:
        app = make(network)

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            pressed = await call.gather(Say("Press a key."), num_digits=1, timeout=60)
            call.say(f"Thank you for {pressed.digits if pressed else 'nothing'}.")

        ended: list[CallEnded] = []
        app.on(CallEnded, ended.append)
        network.install(app, OURS)
        call = network.phone(GUEST).dial(OURS)
        call.expect_say("Press a key")
        call.press("7")
        call.expect_say("Thank you for 7")
        network.run_until_idle()
        until(lambda: [event.call_sid for event in ended] == [call.sid])

    def test_dialled_and_texted(self, network: Emulator) -> None:
        app = make(network)
        network.install(app, OURS)
        network.phone(GUEST)
        client = network.client()
        call = app.dial(client, to=GUEST, from_=OURS, answer=VoiceResponse(Say("Hello")))
        text = app.text(client, to=GUEST, from_=OURS, body="Hello")
        network.run_until_idle()
        assert call.wait_for(CallEnded, timeout=5).status == "completed"
        delivered = text.wait_for(
            MessageStatusChanged, where=lambda event: event.status == "delivered", timeout=5
        )
        assert delivered.message_sid == text.sid


class TestAdopting:
    def record(self, client: Client, overrides: str) -> Record:
        return client.applications.create(
            friendly_name="Made by hand",
            voice_url=f"https://example.com/old/voice.php?tenant=7{overrides}",
            status_callback=f"https://example.com/old/status.php{overrides}",
            sms_url=f"https://example.com/old/texts.php{overrides}",
        )

    @pytest.mark.parametrize(
        ("there", "expected"), [("#rc=1", "rc=1"), ("", DURABLE), ("#rc=2&rp=all", DURABLE)]
    )
    async def test_what_is_there_stays(self, network: Emulator, there: str, expected: str) -> None:
        record = self.record(network.client(), there)
        assert fragment(record.voice_url) == there[1:]
        app = Application.from_resource(record, auth_token=TOKEN, store=MemoryStore(shared=True))
        assert app.public_url == "https://example.com/old"
        seen: list[str] = []

        @app.on(IncomingCall)
        def greet(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse()

        @app.on(IncomingMessage)
        def reply(message: IncomingMessage) -> MessagingResponse:
            return MessagingResponse()

        app.on(CallEnded, lambda event: seen.append(event.call_sid))
        assert app.voice_url == f"https://example.com/old/voice.php?tenant=7#{expected}"
        assert fragment(reply.url) == fragment(app.callback(CallEnded).url) == expected
        sid = new_sid("CA")
        asked = request("https://example.com/old/voice.php?tenant=7", call_parameters(sid))
        assert (await app.handle(asked)).status == 200
        ended = call_parameters(sid, CallStatus="completed")
        assert (await app.handle(request("https://example.com/old/status.php", ended))).status == 204
        assert seen == [sid]
