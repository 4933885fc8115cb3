"""The pages about applications and flows are true: their Python runs, and does what they say on the
emulator.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, cast

import pytest

from ringback.app import Application, replay
from ringback.app.flows.journal import Begins, Value
from ringback.emulator import Emulator
from ringback.errors import FlowChanged
from ringback.twiml import VoiceResponse
from ringback.webhooks import IncomingCall
from tests.app.twilio import until
from tests.docs.snippets import ROOT, run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from ringback.app import CallFlow, Flow
    from ringback.client import AsyncClient, Client
    from ringback.emulator import PhoneCall
    from ringback.twiml import Gather

GUEST = "+15558675310"
OURS = "+15017122661"


@pytest.fixture
def network() -> Generator[Emulator, None, None]:
    with Emulator() as emulator:
        yield emulator


def page(name: str, network: Emulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", network.auth_token)
    names: dict[str, object] = {"__name__": "page"}
    run(ROOT / "docs" / name, names)
    network.install(cast("Application", names["app"]), OURS)
    return names


def leads_to(network: Emulator, app: Application, url: str) -> None:
    """Have calls of our number come to a URL."""
    sid = network.install(app, OURS)
    with network.client() as client:
        client.applications(sid).update(voice_url=url)


class TestApplication:
    @pytest.fixture
    def names(self, network: Emulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
        return page("application.md", network, monkeypatch)

    def test_the_menu(self, network: Emulator, names: dict[str, object]) -> None:
        kitchen = network.phone("+15017122662")
        call = network.phone(GUEST).dial(OURS)
        call.expect_say("Press 1")
        call.press("2")
        call.expect_say("not an option")
        call.press("1")
        assert kitchen.answer().other == GUEST
        call.hangup()
        network.run_until_idle()
        until(lambda: len(cast("list[str]", names["ended"])) == 1)
        assert names["alarms"] == []

    def test_the_booking(self, network: Emulator, names: dict[str, object]) -> None:
        app = cast("Application", names["app"])

        @app.on(IncomingCall, path="/offer")
        def offered(call: IncomingCall) -> VoiceResponse:
            return VoiceResponse(cast("Gather", names["offer"]))

        leads_to(network, app, offered.url)
        call = network.phone(GUEST).dial(OURS)
        for key in "21":
            call.expect_say("Press 1 to confirm")
            call.press(key)
        call.expect_say("Table 4 is yours, for 2.")

    def test_the_rounds(self, network: Emulator, names: dict[str, object]) -> None:
        app = cast("Application", names["app"])
        leads_to(network, app, f"{app.public_url}/again")
        call = network.phone(GUEST).dial(OURS)
        for times in (1, 2, 3):
            call.expect_say(f"Round {times}.")
        call.hangup()

    def test_the_texts(self, network: Emulator, names: dict[str, object]) -> None:
        phone = network.phone(GUEST)
        phone.text(OURS, "What are your hours?")
        assert phone.expect_text("five to eleven").from_ == OURS
        phone.text(OURS, "Thanks")
        network.run_until_idle()
        assert len(phone.texts) == 1

    @pytest.mark.parametrize(("on_call", "status"), [("answer", "completed after 1 s"), ("busy", "busy")])
    async def test_the_reminder(
        self,
        monkeypatch: pytest.MonkeyPatch,
        on_call: str,
        status: str,
    ) -> None:
        with Emulator(clock="auto") as network:
            names = page("application.md", network, monkeypatch)
            network.phone(GUEST, on_call="answer" if on_call == "answer" else "busy")
            remind = cast("Callable[[AsyncClient, str], Awaitable[str]]", names["remind"])
            assert await remind(network.async_client(), GUEST) == status
            confirm = cast("Callable[[AsyncClient, str], Awaitable[list[str]]]", names["confirm"])
            assert (await confirm(network.async_client(), GUEST))[-1] == "delivered"


class TestFlows:
    @pytest.fixture
    def names(self, network: Emulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
        return page("flows.md", network, monkeypatch)

    def test_the_mailbox(self, network: Emulator, names: dict[str, object]) -> None:
        call = network.phone(GUEST).dial(OURS)
        call.expect_say("Press 1")
        call.expect_say("I did not hear you")
        call.press("1")
        call.speak("Hello, it's me", seconds=4)
        call.expect_say("Got it, 4 seconds")
        assert call.ended.status == "completed"
        assert len(cast("list[str]", names["mailbox"])) == 1

    def test_the_queue(self, network: Emulator, names: dict[str, object]) -> None:
        app = cast("Application", names["app"])
        leads_to(network, app, f"{app.public_url}/queue")
        call = network.phone(GUEST).dial(OURS)
        call.expect_say("Please wait")
        assert names["waiting"] == [call.sid]
        call.hangup()
        network.run_until_idle()
        until(lambda: names["lost"] == [call.sid])
        assert names["waiting"] == []

    def test_the_booking(self, network: Emulator, names: dict[str, object]) -> None:
        app = cast("Application", names["app"])
        leads_to(network, app, f"{app.public_url}/book")
        call = network.phone(GUEST).dial(OURS)
        call.expect_say("Press 1 for table 1.")
        call.expect_say("Press 1 for table 2.")
        call.press("1")
        call.expect_say("Table 2 is booked.")
        assert call.ended.status == "completed"

    def test_the_survey(self, network: Emulator, names: dict[str, object]) -> None:
        ask = cast("Callable[[Client, str], str]", names["ask"])
        phone = network.phone(GUEST)
        ask(network.client(), GUEST)
        call = phone.answer()
        call.expect_say("How was dinner")
        call.press("5")
        call.expect_say("Thank you")
        assert names["answers"] == ["5"]

    def test_moving_a_call(self, network: Emulator, names: dict[str, object]) -> None:
        move = cast("Callable[[Client, str], None]", names["move"])
        call = network.phone(GUEST).dial(OURS)
        call.expect_say("Press 1")
        move(network.client(), call.sid)
        call.expect_say("The kitchen is closed")


class TestFlowsThatOutliveTheirProcess:
    """Each webhook comes to another worker, or to the same one: neither may make a difference."""

    @pytest.fixture(params=[0, 3])
    def network(self, request: pytest.FixtureRequest) -> Generator[Emulator, None, None]:
        with Emulator(workers=cast("int", request.param), strict=True) as emulator:
            yield emulator
            emulator.check_problems()

    @pytest.fixture
    def names(self, network: Emulator, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
        return page("flows.md", network, monkeypatch)

    def dial(self, network: Emulator, names: dict[str, object], path: str, guest: str = GUEST) -> PhoneCall:
        app = cast("Application", names["app"])
        leads_to(network, app, f"{app.public_url}/{path}")
        return network.phone(guest).dial(OURS)

    def test_a_step_is_called_once(self, network: Emulator, names: dict[str, object]) -> None:
        call = self.dial(network, names, "deposit")
        call.press("1")
        call.expect_say("It is receipt 1.")
        assert list(cast("dict[str, Decimal]", names["charges"]).values()) == [Decimal("20.00")]

    def test_a_step_that_fails(self, network: Emulator, names: dict[str, object]) -> None:
        call = self.dial(network, names, "deposit", "+15550000000")
        call.expect_say("We could not charge your card.")
        assert names["charges"] == {}
        [begun, failed] = [line.entry for line in network.journal(call) if "charge" in line.name]
        assert isinstance(begun, Begins)
        assert failed == Value(value="no credit", failed="PermissionError")

    def test_a_step_in_the_background(self, network: Emulator, names: dict[str, object]) -> None:
        call = self.dial(network, names, "soup")
        call.press("1")
        call.expect_say("It is 7.50 euros.")

    def test_time_and_chance(self, network: Emulator, names: dict[str, object]) -> None:
        for _ in range(10):
            call = self.dial(network, names, "raffle")
            call.expect_say("Your number ends in")
            assert call.ended.status == "completed"
            replay(cast("Flow[...]", names["raffle"]), network.journal(call))

    def test_versions(self, network: Emulator, names: dict[str, object]) -> None:
        call = self.dial(network, names, "table")
        for key in "45":
            call.press(key)
        call.expect_say("See you then.")

    def test_an_older_function_goes_on(self, network: Emulator, names: dict[str, object]) -> None:
        app = cast("Application", names["app"])
        before = Application(public_url=app.public_url, auth_token=network.auth_token)
        function = cast("Callable[[CallFlow], Awaitable[None]]", names["table_before"])
        old = before.flow(IncomingCall, path="/table", version="1")(function)
        with Emulator(strict=True) as network:
            network.install(before, OURS)
            call = network.phone(GUEST).dial(OURS)
            call.press("4")
            call.expect_say("See you.")
            journal = network.journal(call)
        table = cast("Flow[...]", names["table"])
        replay(old, journal)
        replay(table, journal)
        alone = Application(public_url=app.public_url).flow(IncomingCall)(table.function)
        with pytest.raises(FlowChanged, match=r"out\.1: the journal has its end, .* now does Gather"):
            replay(alone, journal)
