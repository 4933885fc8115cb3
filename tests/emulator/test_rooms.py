"""Conferences by the REST API, and the rooms that flows and applications lead by it.

https://www.twilio.com/docs/voice/api/conference-participant-resource
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping
from contextlib import suppress
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examples.warm_transfer import build
from ringback import Application, CallFlow, Client, IncomingCall, NotFound
from ringback.emulator import Emulator, ExpectationFailed, PhoneCall
from ringback.errors import InvalidRequest, InvalidValue
from ringback.twiml import Pause, Say, VoiceResponse
from ringback.webhooks import ConferenceAnnounce, ConferenceStatusChanged, ParticipantHold
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Page, Website

CARL = "+15558675312"


@pytest.fixture(params=[0, 3], ids=["one worker", "a fresh worker each time"])
def emulator_options(request: pytest.FixtureRequest) -> Mapping[str, object]:
    """Every flow is led to its end in one process, and by another one for each webhook."""
    return {"workers": cast("int", request.param)}


@pytest.fixture
def client(emulator: Emulator) -> Generator[Client]:
    with emulator.client() as client:
        yield client


@pytest.fixture
def app() -> Application:
    return Application(public_url="https://example.com/phone")


def sounds(person: PhoneCall, kind: str) -> list[str]:
    return [heard.what for heard in person.heard if heard.kind == kind]


@pytest.mark.in_turn
def test_a_warm_transfer(emulator: Emulator, app: Application) -> None:
    """The guest hears nothing of what waiter and chef say to each other, and talks to the chef then."""
    build(app, emulator.async_client(), number=OURS, waiter=BEN, chef=CARL)
    emulator.install(app, OURS)
    guest = emulator.phone(ANNA).dial(OURS)
    guest.expect_say("One moment")
    waiter = emulator.phone(BEN).answer()
    waiter.expect_say("Press star")
    guest.speak("A table for twelve, please")
    waiter.expect_say("A table for twelve")
    waiter.press("*")
    waiter.expect_say("Press 1 to call the chef")
    waiter.press("1")
    chef = emulator.phone(CARL).answer()
    assert sounds(guest, "music")[-1] == "on hold"
    waiter.expect_say("once the chef takes over")
    waiter.speak("Twelve tonight, can you?")
    chef.expect_say("Twelve tonight")
    chef.speak("I can try")
    waiter.expect_say("I can try")
    guest.speak("Hello?")
    waiter.press("*")
    waiter.expect_hangup()
    chef.speak("We have fish")
    guest.expect_say("We have fish")
    assert sounds(guest, "speech") == ["We have fish"]
    assert sounds(chef, "speech") == ["Twelve tonight, can you?"]
    chef.hangup()
    guest.expect_say("Thanks for calling")
    guest.expect_hangup()


EVENTS = "start end join leave mute hold modify announcement"
ROOM = (
    f'<Response><Dial action="/after"><Conference participantLabel="anna" statusCallback="/room" '
    f'statusCallbackEvent="{EVENTS}">kitchen</Conference></Dial></Response>'
)


class TestParticipants:
    @pytest.fixture
    def anna(self, emulator: Emulator, website: Website) -> PhoneCall:
        website.pages["/voice"] = ROOM
        anna = emulator.phone(ANNA).dial(OURS)
        emulator.advance(1)
        return anna

    def events(self, website: Website) -> list[str]:
        return [each["StatusCallbackEvent"] for each in website.at("/room")]

    def test_somebody_is_added(
        self, emulator: Emulator, client: Client, website: Website, anna: PhoneCall
    ) -> None:
        (conference,) = client.conferences.list(friendly_name="kitchen")
        assert (conference.status, conference.reason_conference_ended) == ("init", None)
        added = client.conferences("kitchen").participants.create(
            to=BEN, from_=OURS, label="big ben", end_conference_on_exit=True
        )
        assert (added.status, added.label, added.conference_sid) == ("queued", "big ben", conference.sid)
        assert (added.muted, added.hold, added.end_conference_on_exit) == (False, False, True)
        room = client.conferences(conference.sid).participants
        assert {each.label for each in room.list()} == {"anna", "big ben"}
        ben = emulator.phone(BEN).answer()
        assert ben.sid == added.call_sid
        emulator.advance(1)
        assert room("big ben").fetch().status == "connected"
        assert client.conferences(conference.sid).fetch().status == "in-progress"
        assert client.calls(added.call_sid).fetch().direction == "outbound-api"
        anna.speak("Hello Ben")
        ben.expect_say("Hello Ben")
        ben.hangup()
        anna.expect_hangup()
        ended = client.conferences(conference.sid).fetch()
        assert (ended.status, ended.reason_conference_ended, ended.call_sid_ending_conference) == (
            "completed",
            "participant-with-end-conference-on-exit-left",
            ben.sid,
        )
        assert list(room.list()) == []
        with pytest.raises(NotFound):
            room("big ben").fetch()
        with pytest.raises(NotFound) as refused:
            client.conferences(conference.sid).update(status="completed")
        assert refused.value.code == 16022

    def test_a_name_without_a_conference_begins_one(
        self, emulator: Emulator, client: Client, website: Website
    ) -> None:
        added = client.conferences("kitchen").participants.create(
            to=BEN, from_=OURS, conference_status_callback=f"{HOME}/room", wait_url=f"{HOME}/wait"
        )
        website.pages["/wait"] = "<Response><Say>Please wait</Say></Response>"
        ben = emulator.phone(BEN).answer()
        ben.expect_say("Please wait")
        assert website.at("/wait")[0]["ConferenceSid"] == added.conference_sid
        client.conferences("kitchen").participants.create(to=CARL, from_=OURS)
        emulator.phone(CARL).answer()
        emulator.advance(1)
        client.conferences(added.conference_sid).update(status="completed")
        ben.expect_hangup()
        emulator.run_until_idle()
        assert self.events(website) == ["conference-start", "conference-end"]
        assert website.at("/room")[1]["ReasonConferenceEnded"] == "conference-ended-via-api"
        again = client.conferences("kitchen").participants.create(to=BEN, from_=OURS)
        assert again.conference_sid != added.conference_sid
        (newest, first) = client.conferences.list(friendly_name="kitchen")
        assert (newest.sid, first.sid) == (again.conference_sid, added.conference_sid)
        assert [each.sid for each in client.conferences.list(status="completed")] == [first.sid]

    def test_somebody_who_does_not_come(
        self, emulator: Emulator, client: Client, website: Website, anna: PhoneCall
    ) -> None:
        emulator.phone(BEN).behave("busy")
        added = client.conferences("kitchen").participants.create(to=BEN, from_=OURS)
        emulator.advance(3)
        with pytest.raises(NotFound):
            client.conferences(added.conference_sid).participants(added.call_sid).fetch()
        emulator.run_until_idle(limit=30)
        left = website.at("/room")[-1]
        assert (
            left["StatusCallbackEvent"],
            left["ReasonParticipantLeft"],
            left["ParticipantCallStatus"],
        ) == (
            "participant-leave",
            "participant_add_failed",
            "busy",
        )
        assert anna.state == "talking"
        anna.hangup()

    def test_nobody_comes_at_all(self, emulator: Emulator, client: Client, website: Website) -> None:
        emulator.phone(BEN).behave("no-answer")
        added = client.conferences("kitchen").participants.create(to=BEN, from_=OURS, timeout=5)
        emulator.run_until_idle()
        assert client.calls(added.call_sid).fetch().status == "no-answer"
        assert client.conferences(added.conference_sid).fetch().status == "completed"
        assert not emulator.problems

    def test_mute_and_hold(
        self, emulator: Emulator, client: Client, website: Website, anna: PhoneCall
    ) -> None:
        website.pages["/music"] = "<Response><Say>Still there?</Say><Pause length='10'/></Response>"
        added = client.conferences("kitchen").participants.create(to=BEN, from_=OURS)
        ben = emulator.phone(BEN).answer()
        emulator.advance(1)
        room = client.conferences(added.conference_sid).participants
        assert room("anna").update(muted=True).muted
        with pytest.raises(ExpectationFailed):
            anna.speak("Can you hear me?", timeout=5)
        room("anna").update(muted=False)
        anna.speak("And now?")
        ben.expect_say("And now")
        held = room("anna").update(hold=True, hold_url=f"{HOME}/music")
        assert held.hold
        assert [each.label for each in room.list(hold=True)] == ["anna"]
        anna.expect_say("Still there")
        ben.speak("She is on hold")
        anna.speak("Nobody hears this")
        emulator.advance(15)
        asked = website.at("/music")
        assert len(asked) == 2  # it is asked again and again
        assert (asked[0].method, asked[0]["ConferenceSid"]) == ("GET", added.conference_sid)
        assert room("anna").update(hold=False).hold is False
        ben.speak("Welcome back")
        anna.expect_say("Welcome back")
        assert "She is on hold" not in sounds(anna, "speech")
        assert sounds(ben, "speech") == ["And now?"]
        anna.hangup()
        emulator.run_until_idle()
        assert self.events(website)[2:7] == [
            "conference-start",
            "participant-mute",
            "participant-unmute",
            "participant-hold",
            "participant-unhold",
        ]
        assert [website.at("/room")[place]["Muted"] for place in (3, 4)] == ["true", "false"]
        assert [website.at("/room")[place]["Hold"] for place in (5, 6)] == ["true", "false"]

    def test_an_announcement_comes_to_all_in_their_order(
        self, emulator: Emulator, client: Client, website: Website, anna: PhoneCall
    ) -> None:
        website.pages["/all"] = "<Response><Say>We close</Say></Response>"
        website.pages["/voice"] = ROOM.replace('participantLabel="anna" ', "")
        people = [ANNA, *(f"+1555867530{place}" for place in range(1, 9))]
        for number in people[1:]:
            emulator.phone(number).dial(OURS)
            emulator.advance(1)
        client.conferences("kitchen").update(announce_url=f"{HOME}/all")
        emulator.advance(1)
        assert [each.who for each in emulator.transcript if each.what == '"We close"'] == people

    def test_announcements(
        self, emulator: Emulator, client: Client, website: Website, anna: PhoneCall
    ) -> None:
        website.pages["/all"] = "<Response><Say>The kitchen closes</Say><Redirect>/more</Redirect></Response>"
        website.pages["/more"] = "<Response><Say>in ten minutes</Say></Response>"
        website.pages["/one"] = "<Response><Say>Only for you</Say></Response>"
        added = client.conferences("kitchen").participants.create(to=BEN, from_=OURS)
        ben = emulator.phone(BEN).answer()
        emulator.advance(1)
        client.conferences(added.conference_sid).update(announce_url=f"{HOME}/all")
        for person in (anna, ben):
            person.expect_say("The kitchen closes")
            person.expect_say("in ten minutes")
        assert len(website.at("/all")) == 1
        client.conferences(added.conference_sid).participants("anna").update(announce_url=f"{HOME}/one")
        anna.expect_say("Only for you")
        emulator.advance(3)
        assert "Only for you" not in sounds(ben, "say")
        ended = [each for each in website.at("/room") if each["StatusCallbackEvent"] == "announcement-end"]
        assert [each["AnnounceUrl"] for each in ended] == [f"{HOME}/all", f"{HOME}/one"]
        assert "CallSid" not in ended[0].given
        assert ended[1]["CallSid"] == anna.sid
        ben.speak("As I said")
        anna.expect_say("As I said")

    def test_whoever_is_removed_goes_on(
        self, emulator: Emulator, client: Client, website: Website, anna: PhoneCall
    ) -> None:
        website.pages["/after"] = "<Response><Say>You were let go</Say></Response>"
        added = client.conferences("kitchen").participants.create(to=BEN, from_=OURS)
        ben = emulator.phone(BEN).answer()
        emulator.advance(1)
        room = client.conferences(added.conference_sid).participants
        room("anna").delete()
        anna.expect_say("You were let go")
        assert website.at("/after")[0]["DialCallStatus"] == "answered"
        room(ben.sid).delete()
        ben.expect_hangup()  # nothing stands behind that conference
        emulator.run_until_idle()
        reasons = [each.given.get("ReasonParticipantLeft") for each in website.at("/room")]
        assert reasons[-3:] == ["participant_updated_via_api", "participant_updated_via_api", None]
        assert website.at("/room")[-1]["ReasonConferenceEnded"] == "last-participant-kicked"

    def test_whoever_is_removed_while_it_rings(
        self, emulator: Emulator, client: Client, website: Website, anna: PhoneCall
    ) -> None:
        emulator.phone(BEN).behave("no-answer")
        added = client.conferences("kitchen").participants.create(to=BEN, from_=OURS)
        emulator.advance(3)
        client.conferences(added.conference_sid).participants(added.call_sid).delete()
        assert client.calls(added.call_sid).fetch().status == "canceled"

    @pytest.mark.parametrize(("label", "code"), [("anna", 16026), ("a/b", 16024), (f"CA{'0' * 32}", 16024)])
    def test_labels(self, client: Client, anna: PhoneCall, label: str, code: int) -> None:
        with pytest.raises(InvalidRequest) as refused:
            client.conferences("kitchen").participants.create(to=BEN, from_=OURS, label=label)
        assert refused.value.code == code

    def test_what_is_not_there(self, emulator: Emulator, client: Client, anna: PhoneCall) -> None:
        nobody = f"CF{'0' * 32}"
        for ask in (
            lambda: client.conferences(nobody).fetch(),
            lambda: client.conferences("kitchen").fetch(),  # a name is for adding, and for ending
            lambda: list(client.conferences(nobody).participants.list()),
            lambda: client.conferences(nobody).participants("anna").update(muted=True),
        ):
            with pytest.raises(NotFound):
                ask()
        with pytest.raises(InvalidRequest, match="neither a number of this account"):
            client.conferences("kitchen").participants.create(to=BEN, from_=CARL)
        other = client.accounts.create(friendly_name="Other")
        with emulator.client() as own:
            (conference,) = own.conferences.list()
            with pytest.raises(NotFound):
                own.accounts(other.sid).conferences(conference.sid).fetch()


class TestRooms:
    """What applications and flows do with them."""

    @pytest.mark.in_turn
    def test_synchronous_code_leads_one(self, emulator: Emulator, app: Application, client: Client) -> None:
        told: list[str] = []
        app.on(ConferenceStatusChanged, lambda event: told.append(event.event))

        @app.on(ConferenceAnnounce)
        def closing(event: ConferenceAnnounce) -> VoiceResponse:
            return VoiceResponse(Say("The kitchen closes."))

        @app.on(ParticipantHold)
        def music(event: ParticipantHold) -> VoiceResponse:
            return VoiceResponse(Say("Please hold."), Pause(length=20))

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            told_to = app.callback(ConferenceStatusChanged)
            await call.join_conference("kitchen", status_callback=told_to, status_callback_event=["mute"])
            call.say("You were let go.")

        emulator.install(app, OURS)
        anna = emulator.phone(ANNA).dial(OURS)
        emulator.advance(1)
        room = app.room(client, "kitchen")
        ben = room.add(to=BEN, from_=OURS, label="ben")
        emulator.phone(BEN).answer()
        emulator.advance(1)
        assert {each.call_sid for each in room.participants()} == {anna.sid, ben.call_sid}
        assert room.mute(ben).muted
        assert not room.mute("ben", False).muted
        room.hold(anna.sid, music)
        anna.expect_say("Please hold")
        room.unhold(anna.sid)
        room.announce(closing)
        anna.expect_say("The kitchen closes")
        room.announce(closing, to=anna.sid)
        anna.expect_say("The kitchen closes")
        room.remove(anna.sid)
        anna.expect_say("You were let go")
        room.end()
        emulator.run_until_idle()
        assert told == ["participant-mute", "participant-unmute"]

    def test_whoever_is_not_there(self, emulator: Emulator, app: Application, client: Client) -> None:
        emulator.number(OURS)
        room = app.room(client, "kitchen")
        assert room.participants() == []
        asks = (
            lambda: room.mute("anna"),
            lambda: room.hold("anna"),
            lambda: room.unhold("anna"),
            lambda: room.announce(f"{HOME}/all"),
            lambda: room.remove("anna"),
            lambda: room.end(),
        )
        for ask in asks:
            with pytest.raises(NotFound):
                ask()
        room.add(to=BEN, from_=OURS)
        for ask in asks[:3]:
            with pytest.raises(NotFound):
                ask()

    def test_another_conference_of_the_name(
        self, emulator: Emulator, app: Application, client: Client
    ) -> None:
        """A room's name outlives its conferences."""
        emulator.number(OURS)
        room = app.room(client, "kitchen")
        first = room.add(to=BEN, from_=OURS)
        emulator.phone(BEN).answer().hangup()
        emulator.run_until_idle()
        assert room.participants() == []
        with emulator.client() as other:
            second = app.room(other, "kitchen").add(to=CARL, from_=OURS, label="carl")
        assert second.conference_sid != first.conference_sid
        assert room.mute("carl").call_sid == second.call_sid

    def test_links_are_looked_at(self, app: Application, client: Client) -> None:
        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None: ...

        room = app.room(client, "kitchen")
        for wrong in (
            lambda: room.announce(reception),  # type: ignore[arg-type]  # no handler of announcements
            lambda: room.hold("anna", reception),  # type: ignore[arg-type]
            lambda: room.add(to=BEN, from_=OURS, status_callback=reception),  # type: ignore[arg-type]
        ):
            with pytest.raises(InvalidValue, match="a URL or a handler of"):
                wrong()

    def test_a_flow_s_is_asynchronous(self, emulator: Emulator, app: Application, client: Client) -> None:
        emulator.allow_problems(InvalidValue)

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            call.room(client)  # type: ignore[arg-type]  # it would stop the loop

        emulator.install(app, OURS)
        emulator.phone(ANNA).dial(OURS).expect_say("something went wrong")
        (failure,) = emulator.failures
        assert "client: expected a ringback.AsyncClient" in str(failure.error)

    async def test_asynchronous_code(self, app: Application) -> None:
        with Emulator(clock="auto", applications=[app]) as emulator:
            emulator.number(OURS)
            async with emulator.async_client() as client:
                room = app.room(client, "kitchen")
                await room.add(to=BEN, from_=OURS, label="ben")
                await room.add(to=CARL, from_=OURS, label="carl")
                for _ in range(1000):
                    if {each.status for each in await room.participants()} == {"connected"}:
                        break
                    await asyncio.sleep(0.01)
                assert (await room.mute("ben")).muted
                await room.remove("ben")
                await room.end()
                assert await room.participants() == []

    def test_the_name_is_nobody_else_s(self, emulator: Emulator, app: Application) -> None:
        names: list[str] = []
        client = emulator.async_client()

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            names.extend([call.room(client).name, call.room(client).name, call.room(client, "kitchen").name])

        emulator.install(app, OURS)
        for _ in range(2):
            emulator.phone(ANNA).dial(OURS).expect_hangup()
        assert len(set(names)) == 5
        assert names[2] == names[5] == "kitchen"
        assert all(len(name) == 32 for name in names if name != "kitchen")


WAYS = st.tuples(
    st.sampled_from([ANNA, BEN, CARL]),
    st.sampled_from(
        [
            "come",
            "add",
            "hang up",
            "*",
            "mute",
            "hold",
            "unhold",
            "announce",
            "ends",
            "coach",
            "speak",
            "remove",
            "end",
            "move",
            "time",
        ]
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WAYS, max_size=16))
def test_every_conference_comes_to_an_end(ways: list[tuple[str, str]]) -> None:
    """Whatever is done to whom, in whatever order: it is refused or done, and nobody is left in a room."""
    pages: dict[str, Page] = {
        "/voice": '<Response><Dial hangupOnStar="true" action="/on"><Conference waitUrl="/music" '
        f'statusCallback="/room" statusCallbackEvent="{EVENTS} speaker">kitchen</Conference></Dial>'
        "</Response>",
        "/music": "<Response><Say>Wait</Say></Response>",
        "/all": "<Response><Say>Closing</Say></Response>",
        "/on": '<Response><Pause length="2"/></Response>',
    }
    with Emulator() as emulator, emulator.client() as client:
        emulator.mount(HOME, website := Website(pages))
        emulator.number(OURS, voice_url=f"{HOME}/voice", status_callback=f"{HOME}/status")
        room = Application(public_url="https://example.com").room(client, "kitchen")
        for number, way in ways:
            line = next((each for each in emulator.phone(number).calls if each.state != "over"), None)
            who = line.sid if line is not None else f"CA{'0' * 32}"
            with suppress(NotFound, InvalidRequest):
                match way:
                    case "come" if line is None:
                        emulator.phone(number).dial(OURS)
                    case "add":
                        room.add(to=number, from_=OURS, end_conference_on_exit=number == CARL)
                    case "hang up" if line is not None:
                        line.hangup()
                    case "*" if line is not None and line.state == "talking":
                        with emulator.held() as network:
                            network.legs[line.sid].line.press("*")
                    case "mute":
                        room.mute(who)
                    case "hold":
                        room.hold(who, f"{HOME}/music")
                    case "unhold":
                        room.unhold(who)
                    case "announce":
                        room.announce(f"{HOME}/all", to=who if number == ANNA else None)
                    case "ends":
                        for here in room.participants():
                            of = client.conferences(here.conference_sid).participants
                            of(here.call_sid).update(end_conference_on_exit=True)
                    case "coach":
                        for here in room.participants():
                            of = client.conferences(here.conference_sid).participants
                            of(here.call_sid).update(call_sid_to_coach=who)
                    case "speak" if line is not None and line.state == "talking":
                        with emulator.held() as network:
                            network.legs[line.sid].line.speak("Hello", 5)
                    case "remove":
                        room.remove(who)
                    case "end":
                        room.end()
                    case "move":
                        client.calls(who).update(twiml="<Response><Pause length='2'/></Response>")
                    case _:
                        emulator.advance(4)
            emulator.advance(0.3)
        emulator.advance(90)
        for number in (ANNA, BEN, CARL):
            for line in emulator.phone(number).calls:
                if line.state != "over":
                    line.hangup()
        emulator.run_until_idle()
        with emulator.held() as network:
            assert not network.conferences
            assert {each.status for each in network.store.conferences.values()} <= {"completed"}
            assert not [call.sid for call in network.store.calls.values() if call.live]
            assert not any(tuple(leg.audience()) for leg in network.legs.values())
        assert not emulator.problems
        told = website.at("/room")
        for conference in {each["ConferenceSid"] for each in told}:
            of_one = [each for each in told if each["ConferenceSid"] == conference]
            numbers = [int(each["SequenceNumber"]) for each in of_one]
            assert numbers == sorted(set(numbers))
            assert of_one[-1]["StatusCallbackEvent"] == "conference-end"
