"""What goes wrong on purpose: callbacks late, doubled, reordered, lost; refusals; lost answers."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Generator
from contextlib import suppress
from typing import cast
from urllib.parse import urlencode

import pytest
import urllib3

from ringback import (
    Application,
    AsyncClient,
    CallEnded,
    CallFlow,
    CallHungUp,
    CallRinging,
    CallStatusChanged,
    Client,
    GatherResult,
    IncomingCall,
    MessageStatusChanged,
    OutcomeUnknown,
    OutgoingCall,
    RateLimited,
    RetryPolicy,
    ServerError,
)
from ringback.emulator import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    Chaos,
    Emulator,
    Hear,
    Line,
    Press,
    Step,
    serving,
)
from ringback.emulator.cli import add_parser
from ringback.errors import EmulatorError, TransportError
from ringback.rest import Message
from ringback.twiml import Gather, Say, VoiceResponse
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website

# Answers that come at once are asked for at once.
EAGER = RetryPolicy(attempts=10, backoff=0)


def client_of(emulator: Emulator, retry: RetryPolicy = EAGER) -> Client:
    return Client(emulator.account_sid, emulator.auth_token, transport=emulator.transport(), retry=retry)


def call_anna(emulator: Emulator) -> str:
    """A call that tells `/progress` of all its steps; its SID."""
    call = emulator.client().calls.create(
        to=ANNA,
        from_=OURS,
        url=f"{HOME}/voice",
        status_callback=f"{HOME}/progress",
        status_callback_event=["initiated", "ringing", "answered", "completed"],
    )
    emulator.run_until_idle()
    return call.sid


def steps(website: Website) -> list[str]:
    return [each["CallStatus"] for each in website.at("/progress")]


def did(emulator: Emulator, what: str) -> list[str]:
    """What chaos did."""
    return [entry.what for entry in emulator.transcript if entry.who == "chaos" and entry.did == what]


# Words


def test_words() -> None:
    assert Chaos.parse("doubled reordered") == Chaos(doubled=0.5, reordered=0.5)
    assert Chaos.parse("late=0.2, 429=1  5xx=.5,lost-answers=0") == Chaos(
        late=0.2, too_many_requests=1, server_errors=0.5
    )
    assert Chaos.parse(" ") == Chaos()
    for text in ("", "429=0.25", "late=0.5 doubled=0.125 lost-answers=1"):
        assert str(Chaos.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dubbled", "chaos: expected some of late, doubled, reordered, lost, slow, 429, 5xx, lost-answers"),
        ("dubbled", "got 'dubbled'; did you mean doubled?"),
        ("late=1.5", "chaos: late: expected a share from 0 to 1, got '1.5'"),
        ("late=", "chaos: late: expected a share from 0 to 1, got ''"),
        ("late=nan", "got 'nan'"),
        ("late lost late=1", "chaos: late is there twice"),
        ("too_many_requests", "got 'too_many_requests'"),
    ],
)
def test_words_that_mean_nothing(text: str, told: str) -> None:
    with pytest.raises(EmulatorError) as caught:
        Emulator(chaos=text)
    assert told in str(caught.value)


def test_shares_that_are_none() -> None:
    with pytest.raises(EmulatorError, match=r"chaos\.lost: expected a share of at least 0, at most 1, got 2"):
        Chaos(lost=2)
    with pytest.raises(EmulatorError, match="chaos: expected words or a Chaos, got 7"):
        Emulator(chaos=7)  # type: ignore[arg-type]


# Callbacks


@pytest.mark.ringback(chaos="doubled=1")
def test_doubled_callbacks_come_twice_and_are_the_same(emulator: Emulator, website: Website) -> None:
    call_anna(emulator)
    told = website.at("/progress")
    assert len(told) == 8
    assert len({each["SequenceNumber"] for each in told}) == 4
    for number in "0123":
        first, second = (each for each in told if each["SequenceNumber"] == number)
        token = "I-Twilio-Idempotency-Token"
        assert first.given == second.given
        assert first.headers[token] == second.headers[token]
    assert len(did(emulator, "doubles")) == 4


@pytest.mark.ringback(chaos="reordered=1")
def test_reordered_callbacks_change_places(emulator: Emulator, website: Website) -> None:
    call_anna(emulator)
    assert steps(website) == ["ringing", "initiated", "completed", "in-progress"]


@pytest.mark.ringback(chaos="reordered=1")
def test_a_callback_that_nothing_overtakes_comes_all_the_same(emulator: Emulator, website: Website) -> None:
    emulator.phone(ANNA).dial(OURS).hangup()
    before = emulator.now
    emulator.run_until_idle()
    assert len(website.at("/status")) == 1
    assert emulator.now - before == pytest.approx(10, abs=0.1)


@pytest.mark.ringback(chaos="late=1")
def test_late_callbacks_come_when_other_things_have_happened(emulator: Emulator, website: Website) -> None:
    sid = call_anna(emulator)
    told = [(entry.at, entry.what) for entry in emulator.transcript.of(sid) if entry.did == "tells"]
    planned = [entry for entry in emulator.transcript.of(sid) if entry.did == "delays"]
    assert len(told) == len(planned) == 4
    for entry in planned:
        what, _, by = entry.what.partition(" by ")
        assert 1 <= float(by.removesuffix(" s")) <= 30
        [at] = [at for at, told_what in told if told_what.startswith(what)]
        assert at == pytest.approx(entry.at + float(by.removesuffix(" s")), abs=0.01)


@pytest.mark.ringback(chaos="lost=1")
def test_lost_callbacks_never_come_and_nobody_waits_for_them(emulator: Emulator, website: Website) -> None:
    sid = call_anna(emulator)
    assert steps(website) == []
    assert len(did(emulator, "loses")) == 4
    call = emulator.phone(ANNA).calls[-1]
    assert (call.sid, call.ended.status) == (sid, "completed")


@pytest.mark.ringback(chaos="slow=1")
def test_slow_webhooks_take_time_that_counts(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Say>Hello</Say></Response>"
    call = emulator.phone(ANNA).dial(OURS)
    assert call.expect_say("Hello").at >= 1
    [slowed] = did(emulator, "slows")
    assert slowed.startswith("POST https://example.com/voice by ")
    emulator.allow_problems(11205)
    # One second is less than any of them takes.
    emulator.number(OURS, voice_url=f"{HOME}/voice#tt=900", voice_fallback_url=f"{HOME}/fallback")
    emulator.phone(BEN).dial(OURS)
    emulator.run_until_idle()
    assert [each["ErrorCode"] for each in website.at("/fallback")] == ["11205"]


# Applications


class Desk:
    """An application of handlers, listeners and a flow.

    Attributes:
        told: What its listeners were told, as often as they were.
        rang: How often its flow began.
    """

    def __init__(self) -> None:
        self.app = Application(public_url=HOME, auth_token=AUTH_TOKEN)
        self.told: list[str] = []
        self.texts: list[str] = []
        self.rang = 0
        self._reminder = self.app.flow(OutgoingCall)(self._remind)
        self.app.on(CallStatusChanged, self._note)
        self.app.on(MessageStatusChanged, self._note_text)

    async def _remind(self, call: CallFlow) -> None:
        self.rang += 1
        pressed = await call.gather(Say("Press 1 to confirm."), num_digits=1, timeout=60)
        call.say("Goodbye." if pressed is None else "Confirmed.")

    def _note(self, event: CallStatusChanged) -> None:
        self.told.append(event.status)

    def _note_text(self, event: MessageStatusChanged) -> None:
        self.texts.append(event.status)

    async def remind(self, client: AsyncClient) -> str:
        """Call Anna; how that ended, whatever becomes of the callbacks."""
        call = await self.app.dial(client, to=ANNA, from_=OURS, answer=self._reminder)
        with suppress(CallHungUp, TimeoutError):
            await call.wait_for(CallRinging, timeout=120)
        try:
            return (await call.wait_for(CallEnded, timeout=600)).status
        except TimeoutError:
            return (await call.refresh()).status


def confirm(line: Line) -> list[Step]:
    return [Hear("Press 1"), Press("1"), Hear("Confirmed")]


def work(emulator: Emulator) -> Desk:
    """A desk that has called Anna, been called by Ben and sent a text."""
    desk = Desk()

    @desk.app.on(GatherResult)
    def chosen(pressed: GatherResult) -> VoiceResponse:
        return VoiceResponse(Say(f"You pressed {pressed.digits}."))

    @desk.app.on(IncomingCall)
    def greet(_: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Gather(Say("Press 1."), num_digits=1, action=chosen))

    emulator.install(desk.app, OURS)
    emulator.phone(ANNA, script=confirm)
    assert asyncio.run(desk.remind(emulator.async_client())) == "completed"
    assert any("Confirmed." in heard.what for heard in emulator.phone(ANNA).calls[0].heard)
    call = emulator.phone(BEN).dial(OURS)
    call.press("1")
    call.expect_say("You pressed 1")
    call.expect_hangup()
    asyncio.run(text(desk.app, emulator.async_client()))
    emulator.phone(ANNA).expect_text("Tonight")
    emulator.run_until_idle()
    return desk


async def text(app: Application, client: AsyncClient) -> None:
    await app.text(client, to=ANNA, from_=OURS, body="Tonight at seven.")


CALM = ["completed", "completed", "in-progress", "initiated", "ringing"]


@pytest.mark.parametrize(
    "chaos", ["", "doubled=1", "reordered=1", "late=1", "doubled=0.6 reordered late slow"]
)
def test_an_application_is_told_of_everything_once(chaos: str) -> None:
    with Emulator(strict=True, chaos=chaos) as emulator:
        desk = work(emulator)
        emulator.check_problems()
    assert sorted(desk.told) == CALM
    assert sorted(desk.texts) == ["delivered", "sending", "sent"]
    assert desk.rang == 1


@pytest.mark.parametrize("seed", ["one", "two", "three"])
def test_an_application_survives_what_it_is_never_told(seed: str) -> None:
    with Emulator(strict=True, chaos="lost=0.5 doubled late", seed=seed) as emulator:
        desk = work(emulator)
        emulator.check_problems()
        assert did(emulator, "loses")
    assert len(desk.told) + len(desk.texts) == 8 - len(did(emulator, "loses"))


@pytest.mark.parametrize("chaos", ["doubled reordered late=0.5 lost slow", "doubled=1"])
def test_the_same_seed_has_the_same_mishaps(chaos: str) -> None:
    def run(seed: str) -> str:
        with Emulator(chaos=chaos, seed=seed) as emulator:
            work(emulator)
            # The application's own URLs have tags that are drawn by chance.
            return str(emulator.transcript.with_paths())

    assert run("a seed") == run("a seed") != run("another")


@pytest.mark.ringback(chaos="doubled reordered")
def test_chaos_begins_and_ends_when_it_is_told_to(emulator: Emulator, website: Website) -> None:
    assert emulator.chaos == Chaos.parse("doubled reordered")
    emulator.chaos = ""
    call_anna(emulator)
    assert steps(website) == ["initiated", "ringing", "in-progress", "completed"]
    emulator.chaos = Chaos(lost=1)
    website.asked.clear()
    call_anna(emulator)
    assert steps(website) == []


# The API


@pytest.mark.ringback(chaos="429=0.2 5xx=0.3")
def test_a_client_survives_refusals(emulator: Emulator, website: Website) -> None:
    with client_of(emulator) as client:
        for number in range(20):
            while True:
                # A create may not be repeated where a server failed: only its maker knows that it may.
                with suppress(ServerError):
                    client.messages.create(to=ANNA, from_=OURS, body=f"Number {number}")
                    break
        assert set(refusals(emulator)) == {"429, 20429", "500, 20500", "503, 20503"}
        # Nothing was done that was refused.
        assert len(list(client.messages.list())) == 20


@pytest.mark.ringback(chaos="429=1")
def test_refusals_say_when_to_come_again(emulator: Emulator) -> None:
    with client_of(emulator, RetryPolicy(attempts=1)) as client, pytest.raises(RateLimited) as caught:
        client.messages.list().first()
    assert (caught.value.code, caught.value.retry_after) == (20429, 0)


def test_whose_clock_goes_as_on_the_wall_is_asked_to_wait() -> None:
    with (
        Emulator(clock="real", chaos="429=1") as emulator,
        client_of(emulator, RetryPolicy(attempts=1)) as client,
        pytest.raises(RateLimited) as caught,
    ):
        client.balance.fetch()
    assert caught.value.retry_after == 1


@pytest.mark.ringback(chaos="reordered=1 doubled=1")
def test_what_was_held_back_is_forgotten_with_the_rest(emulator: Emulator, website: Website) -> None:
    emulator.phone(ANNA).dial(OURS).hangup()
    emulator.reset()
    emulator.run_until_idle()
    assert website.asked == []


@pytest.mark.ringback(chaos="429=0.2")
def test_refusals_come_in_bursts(emulator: Emulator) -> None:
    with client_of(emulator, RetryPolicy(attempts=1)) as client:
        fates = ""
        for _ in range(100):
            try:
                client.balance.fetch()
                fates += " "
            except RateLimited:
                fates += "x"
    assert "xx" in fates
    assert " x " in fates


@pytest.mark.ringback(chaos="lost-answers=1")
def test_a_create_whose_answer_was_lost_is_found_again(emulator: Emulator, website: Website) -> None:
    with client_of(emulator) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            client.messages.create(to=ANNA, from_=OURS, body="Once")
        with pytest.raises(TransportError):
            client.messages.list().first()
        emulator.chaos = ""
        found = client.reconcile(caught.value, Message)
        assert found is not None
        assert found.body == "Once"
        assert len(list(client.messages.list())) == 1
    assert did(emulator, "loses the answer to")[0] == (
        f"POST /2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"
    )


@pytest.mark.ringback(chaos="lost-answers 429 5xx")
def test_everybody_is_texted_exactly_once(emulator: Emulator, website: Website) -> None:
    """Whatever happens, with what docs/client.md says to do."""
    with client_of(emulator) as client:
        for number in range(25):
            sent: Message | None = None
            while sent is None:
                try:
                    sent = client.messages.create(to=ANNA, from_=OURS, body=f"Number {number}")
                except ServerError:
                    continue
                except OutcomeUnknown as lost:
                    sent = client.reconcile(lost, Message)
    emulator.run_until_idle()
    bodies = [each.body for each in emulator.phone(ANNA).texts]
    assert sorted(bodies) == sorted(f"Number {number}" for number in range(25))
    assert did(emulator, "loses the answer to")


def refusals(emulator: Emulator) -> list[str]:
    """Status and code of each refusal."""
    told = [entry.what for entry in emulator.transcript if entry.did == "refuses"]
    return [each.partition("HTTP ")[2].partition(":")[0] for each in told]


# Over HTTP


@pytest.fixture
def url() -> Generator[str]:
    with Emulator(clock="auto") as emulator, serving(emulator) as url:
        emulator.number(OURS)
        yield url


def asked(method: str, url: str, body: str = "") -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager() as http:
        return http.request(method, url, body=body)


def set_chaos(url: str, words: str) -> dict[str, object]:
    answer = asked("POST", f"{url}/_emulator/chaos", urlencode({"chaos": words}))
    return cast("dict[str, object]", json.loads(answer.data))


def test_answers_are_lost_over_http_as_well(capfd: pytest.CaptureFixture[str], url: str) -> None:
    assert set_chaos(url, "lost-answers=1")["chaos"] == "lost-answers=1"
    with Client(ACCOUNT_SID, AUTH_TOKEN, base_url=url) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            client.messages.create(to=ANNA, from_=OURS, body="Once")
        assert set_chaos(url, "")["chaos"] == ""
        found = client.reconcile(caught.value, Message)
        assert found is not None
        assert found.body == "Once"
    assert json.loads(asked("GET", f"{url}/_emulator/chaos").data)["lost_answers"] == 0
    # The server has nothing to say of it.
    assert capfd.readouterr().err == ""


def test_words_that_mean_nothing_are_refused(url: str) -> None:
    assert "did you mean doubled?" in str(set_chaos(url, "dubbled")["message"])


def test_the_command_line_takes_words() -> None:
    parser = argparse.ArgumentParser()
    add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["emulator", "--chaos", "doubled lost"])
    assert Chaos.parse(arguments.chaos) == Chaos(doubled=0.5, lost=0.2)
    wrong = parser.parse_args(["emulator", "--port", "0", "--chaos", "no such"])
    with pytest.raises(EmulatorError, match="chaos: expected some of"):
        wrong.run(wrong)
