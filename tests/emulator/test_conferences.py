"""What is heard in conferences, who hears it, and what is told of it.

https://www.twilio.com/docs/voice/twiml/conference
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

from ringback import Client, NotFound, webhooks
from ringback.emulator import Emulator, PhoneCall
from ringback.errors import InvalidRequest
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website

CARL = "+15558675312"
EVENTS = "start end join leave mute hold modify speaker announcement"
TOLD = f'statusCallback="/room" statusCallbackEvent="{EVENTS}"'


@pytest.fixture
def client(emulator: Emulator) -> Generator[Client]:
    with emulator.client() as client:
        yield client


def comes(
    emulator: Emulator, website: Website, number: str, attributes: str = "", dial: str = ""
) -> PhoneCall:
    """Somebody who calls and goes to the room; a second passes."""
    website.pages["/voice"] = (
        f'<Response><Dial action="/after" {dial}><Conference {attributes}>room</Conference></Dial></Response>'
    )
    call = emulator.phone(number).dial(OURS)
    emulator.advance(1)
    return call


def heard(person: PhoneCall, *kinds: str) -> list[str]:
    return [each.what for each in person.heard if each.kind in kinds]


def says(emulator: Emulator, person: PhoneCall, text: str, seconds: float) -> None:
    """Somebody begins to say something, and no time passes."""
    with emulator.held() as network:
        network.legs[person.sid].line.speak(text, seconds)


def events(website: Website) -> list[str]:
    return [each["StatusCallbackEvent"] for each in website.at("/room")]


def codes(emulator: Emulator) -> list[tuple[int, str]]:
    return [(each.code, each.level) for each in emulator.problems]


def code(refused: pytest.ExceptionInfo[InvalidRequest]) -> tuple[int, int | None]:
    return refused.value.status, refused.value.code


class TestBeeps:
    @pytest.mark.parametrize(
        ("beep", "beeps"),
        [("", [11.0, 21.0]), ("true", [11.0, 21.0]), ("false", []), ("onEnter", [11.0]), ("onExit", [21.0])],
    )
    def test_somebody_comes_and_goes(
        self, emulator: Emulator, website: Website, beep: str, beeps: list[float]
    ) -> None:
        anna = comes(emulator, website, ANNA)
        emulator.advance(10)
        ben = comes(emulator, website, BEN, f'beep="{beep}"' if beep else "")
        emulator.advance(9)
        ben.hangup()
        emulator.advance(5)
        sounds = [each for each in anna.heard if each.kind == "tone"]
        assert [(each.what, each.at) for each in sounds] == [("beep", at) for at in beeps]
        assert [each.until for each in sounds] == [at + 0.5 for at in beeps]
        assert heard(ben, "tone") == []  # it is for the others

    def test_nobody_who_is_held_or_waits_hears_one(
        self, emulator: Emulator, website: Website, client: Client
    ) -> None:
        anna = comes(emulator, website, ANNA, 'startConferenceOnEnter="false"')
        ben = comes(emulator, website, BEN, 'startConferenceOnEnter="false" participantLabel="ben"')
        assert heard(anna, "tone") == heard(ben, "tone") == []
        (conference,) = client.conferences.list()
        client.conferences(conference.sid).participants("ben").update(hold=True)
        carl = comes(emulator, website, CARL)
        assert (heard(anna, "tone"), heard(ben, "tone")) == (["beep"], [])
        carl.hangup()
        emulator.advance(1)
        assert (heard(anna, "tone"), heard(ben, "tone")) == (["beep", "beep"], [])

    def test_the_api_silences_one(self, emulator: Emulator, website: Website, client: Client) -> None:
        anna = comes(emulator, website, ANNA, TOLD)
        ben = comes(emulator, website, BEN)
        (conference,) = client.conferences.list()
        participant = client.conferences(conference.sid).participants(ben.sid)
        participant.update(beep_on_exit=False)
        participant.update(beep_on_exit=False)
        ben.hangup()
        emulator.advance(2)
        assert heard(anna, "tone") == ["beep"]
        assert events(website).count("participant-modify") == 1

    def test_of_somebody_who_is_added(self, emulator: Emulator, website: Website, client: Client) -> None:
        anna = comes(emulator, website, ANNA)
        client.conferences("room").participants.create(to=BEN, from_=OURS, early_media=False, beep="onExit")
        ben = emulator.phone(BEN).answer()
        emulator.advance(1)
        assert heard(anna, "tone") == []
        ben.hangup()
        emulator.advance(1)
        assert heard(anna, "tone") == ["beep"]


class TestRinging:
    @pytest.mark.parametrize("early", [None, True, False])
    def test_those_who_are_in_hear_it(
        self, emulator: Emulator, website: Website, client: Client, early: bool | None
    ) -> None:
        anna = comes(emulator, website, ANNA)
        emulator.phone(BEN, on_call="answer", after=4)
        room = client.conferences("room").participants
        room.create(to=BEN, from_=OURS, early_media=early, beep="false")
        emulator.advance(10)
        rings = [each for each in anna.heard if each.what == "ringing"]
        lasted = [round((each.until or 0) - each.at, 3) for each in rings]
        assert lasted == ([] if early is False else [4.0])

    def test_until_nobody_answers(self, emulator: Emulator, website: Website, client: Client) -> None:
        anna = comes(emulator, website, ANNA)
        emulator.phone(BEN).behave("no-answer")
        client.conferences("room").participants.create(to=BEN, from_=OURS, timeout=10)
        emulator.advance(30)
        (ring,) = [each for each in anna.heard if each.what == "ringing"]
        assert round((ring.until or 0) - ring.at, 3) == 15.0  # five seconds more than was asked for


class TestCoaching:
    @pytest.fixture
    def talk(self, emulator: Emulator, website: Website) -> tuple[PhoneCall, PhoneCall]:
        """Anna, an agent, talks to Ben."""
        website.pages["/after"] = "<Response><Say>You are out</Say></Response>"
        anna = comes(emulator, website, ANNA, f'{TOLD} participantLabel="agent"')
        return anna, comes(emulator, website, BEN)

    def test_only_the_coached_one_hears_the_coach(
        self, emulator: Emulator, website: Website, client: Client, talk: tuple[PhoneCall, PhoneCall]
    ) -> None:
        anna, ben = talk
        carl = comes(emulator, website, CARL, f'coach="{anna.sid}"')
        (conference,) = client.conferences.list()
        room = client.conferences(conference.sid).participants
        coach = room(carl.sid).fetch()
        assert (coach.coaching, coach.call_sid_to_coach) == (True, anna.sid)
        assert [each.call_sid for each in room.list(coaching=True)] == [carl.sid]
        assert len(list(room.list(coaching=False))) == 2
        carl.speak("Offer him the fish")
        emulator.advance(3)
        ben.speak("What do you have?")
        emulator.advance(3)
        anna.speak("Fish")
        emulator.advance(3)
        assert heard(anna, "speech") == ["Offer him the fish", "What do you have?"]
        assert heard(ben, "speech") == ["Fish"]
        assert heard(carl, "speech") == ["What do you have?", "Fish"]
        coming = next(each for each in website.at("/room") if each.given.get("CallSid") == carl.sid)
        assert coming["Coaching"] == "true"
        room(carl.sid).update(coaching=False)
        carl.speak("Hello, I am the chef")
        ben.expect_say("I am the chef")
        assert events(website)[-3:-1] == ["participant-modify", "participant-speech-start"]

    def test_a_coach_whom_the_api_calls(
        self, emulator: Emulator, client: Client, talk: tuple[PhoneCall, PhoneCall]
    ) -> None:
        anna, ben = talk
        room = client.conferences("room").participants
        added = room.create(to=CARL, from_=OURS, call_sid_to_coach=anna.sid)
        assert (added.coaching, added.call_sid_to_coach) == (True, anna.sid)
        carl = emulator.phone(CARL).answer()
        carl.speak("Offer him the fish")
        anna.expect_say("the fish")
        assert heard(ben, "speech") == []
        one = client.conferences(added.conference_sid).participants(carl.sid)
        assert one.update(call_sid_to_coach=ben.sid).call_sid_to_coach == ben.sid
        emulator.advance(3)
        carl.speak("Take the soup")
        ben.expect_say("Take the soup")
        assert heard(anna, "speech") == ["Offer him the fish"]
        ben.hangup()  # nobody is left to hear the coach, who may still be changed
        assert one.update(muted=True).call_sid_to_coach == ben.sid

    def test_whom_nobody_can_coach(
        self, emulator: Emulator, client: Client, talk: tuple[PhoneCall, PhoneCall]
    ) -> None:
        anna, ben = talk
        room = client.conferences("room").participants
        with pytest.raises(InvalidRequest) as nobody:
            room.create(to=CARL, from_=OURS, call_sid_to_coach=f"CA{'0' * 32}")
        with pytest.raises(InvalidRequest) as elsewhere:
            client.conferences("other").participants.create(to=CARL, from_=OURS, call_sid_to_coach=anna.sid)
        with pytest.raises(InvalidRequest) as unsaid:
            room.create(to=CARL, from_=OURS, coaching=True)
        (conference,) = client.conferences.list()
        client.conferences(conference.sid).participants("agent").update(hold=True)
        with pytest.raises(InvalidRequest) as held:
            room.create(to=CARL, from_=OURS, call_sid_to_coach=anna.sid)
        with pytest.raises(InvalidRequest) as changed:
            client.conferences(conference.sid).participants(ben.sid).update(call_sid_to_coach=anna.sid)
        assert [code(each) for each in (nobody, elsewhere, unsaid, held, changed)] == [
            (400, 16028),
            (400, 16028),
            (400, 20001),
            (400, 16027),
            (400, 16027),
        ]
        assert list(client.calls.list(to=CARL)) == []

    @pytest.mark.parametrize("there", [True, False])
    def test_a_coach_of_nobody(
        self, emulator: Emulator, website: Website, client: Client, there: bool
    ) -> None:
        emulator.allow_problems(13240)
        if there:
            comes(emulator, website, ANNA)
        website.pages["/after"] = "<Response><Say>You are out</Say></Response>"
        carl = comes(emulator, website, CARL, f'coach="CA{"0" * 32}"')
        carl.expect_say("You are out")
        assert website.at("/after")[0]["DialCallStatus"] == "failed"
        assert codes(emulator) == [(13240, "error")]
        assert len(list(client.conferences.list())) == there


class TestMusic:
    def test_until_the_conference_starts(self, emulator: Emulator, website: Website) -> None:
        anna = comes(emulator, website, ANNA)
        emulator.advance(9)
        comes(emulator, website, BEN)
        (music,) = [each for each in anna.heard if each.kind == "music"]
        assert (music.what, music.at, music.until) == ("while waiting", 0.0, 10.0)

    def test_silence(self, emulator: Emulator, website: Website) -> None:
        anna = comes(emulator, website, ANNA, 'waitUrl=""')
        emulator.advance(9)
        assert anna.heard == ()

    def test_on_hold(self, emulator: Emulator, website: Website, client: Client) -> None:
        anna, _ = comes(emulator, website, ANNA), comes(emulator, website, BEN)
        (conference,) = client.conferences.list()
        participant = client.conferences(conference.sid).participants(anna.sid)
        participant.update(hold=True)
        emulator.advance(5)
        participant.update(hold=False)
        emulator.advance(1)
        music = [each for each in anna.heard if each.what == "on hold"]
        assert [(each.kind, each.at, each.until) for each in music] == [("music", 2.0, 7.0)]

    def test_another_document_to_wait_with(
        self, emulator: Emulator, website: Website, client: Client
    ) -> None:
        website.pages |= {
            "/wait": "<Response><Say>Please wait</Say><Pause length='9'/></Response>",
            "/other": "<Response><Say>Still there?</Say><Pause length='9'/></Response>",
        }
        anna = comes(emulator, website, ANNA, f'{TOLD} waitUrl="/wait" waitMethod="GET"')
        assert website.at("/wait")[0].method == "GET"
        (conference,) = client.conferences.list()
        participant = client.conferences(conference.sid).participants(anna.sid)
        participant.update(wait_url=f"{HOME}/other")
        emulator.advance(5)
        participant.update(wait_url="")
        emulator.advance(20)
        assert heard(anna, "say", "music") == ["Please wait", "Still there?"]
        assert events(website) == ["participant-join", "participant-modify", "participant-modify"]

    def test_a_document_that_can_not_be_had(self, emulator: Emulator, website: Website) -> None:
        """The call does not come in, and goes on behind the Dial."""
        emulator.number(OURS, voice_url=f"{HOME}/voice")  # and no fallback
        emulator.allow_problems(12100)
        website.pages |= {"/wait": "<", "/after": "<Response><Say>Sorry</Say></Response>"}
        anna = comes(emulator, website, ANNA, f'{TOLD} waitUrl="/wait"')
        anna.expect_say("Sorry")
        assert website.at("/after")[0]["DialCallStatus"] == "failed"
        left = website.at("/room")[1]
        assert left["ReasonParticipantLeft"] == "participant_add_failed"

    @pytest.mark.parametrize("place", ["wait", "hold", "announce"])
    def test_verbs_that_have_no_place_there(
        self, emulator: Emulator, website: Website, client: Client, place: str
    ) -> None:
        emulator.allow_problems(13238)
        website.pages["/document"] = (
            "<Response><Gather><Say>Press</Say></Gather><Say>Allowed</Say><Pause length='600'/></Response>"
        )
        anna = comes(emulator, website, ANNA, 'waitUrl="/document"' if place == "wait" else "")
        (conference,) = client.conferences.list()
        participant = client.conferences(conference.sid).participants(anna.sid)
        if place == "hold":
            participant.update(hold=True, hold_url=f"{HOME}/document")
        elif place == "announce":
            participant.update(announce_url=f"{HOME}/document")
        emulator.advance(2)
        assert heard(anna, "say") == ["Allowed"]
        assert codes(emulator) == [(13238, "error")]

    @pytest.mark.parametrize("place", ["hold", "announce"])
    def test_other_documents_that_can_not_be_had(
        self, emulator: Emulator, website: Website, client: Client, place: str
    ) -> None:
        """Nothing is heard of them, and everybody stays."""
        emulator.number(OURS, voice_url=f"{HOME}/voice")  # and no fallback
        emulator.allow_problems(12100)
        website.pages |= {"/document": "<Response><Redirect>/broken</Redirect></Response>", "/broken": "<"}
        anna = comes(emulator, website, ANNA, TOLD)
        ben = comes(emulator, website, BEN)
        (conference,) = client.conferences.list()
        participant = client.conferences(conference.sid).participants(anna.sid)
        if place == "hold":
            participant.update(hold=True, hold_url=f"{HOME}/document")
            emulator.advance(1)
            participant.update(hold=False)
        else:
            participant.update(announce_url=f"{HOME}/broken")  # it never begins
            participant.update(announce_url=f"{HOME}/document")
            emulator.advance(1)
            assert events(website).count("announcement-end") == 1
        ben.speak("Still there?")
        anna.expect_say("Still there?")


class TestGoing:
    @pytest.mark.parametrize("kicked", [True, False])
    def test_with_whoever_ends_it(
        self, emulator: Emulator, website: Website, client: Client, kicked: bool
    ) -> None:
        website.pages["/after"] = "<Response><Say>It is over</Say></Response>"
        anna = comes(emulator, website, ANNA, f'{TOLD} endConferenceOnExit="true" participantLabel="host"')
        ben = comes(emulator, website, BEN)
        (conference,) = client.conferences.list()
        if kicked:
            client.conferences(conference.sid).participants("host").delete()
        else:
            anna.hangup()
        ben.expect_say("It is over")
        emulator.advance(1)
        assert heard(ben, "tone") == []
        *_, left, end = website.at("/room")
        assert left["ReasonParticipantLeft"] == "moderator_ended_conference"
        assert (end["ParticipantLabelEndingConference"], end["CallSidEndingConference"]) == ("host", anna.sid)
        assert end["ReasonConferenceEnded"] == (
            f"participant-with-end-conference-on-exit-{'kicked' if kicked else 'left'}"
        )

    def test_while_somebody_is_called(self, emulator: Emulator, website: Website, client: Client) -> None:
        """Whoever is on the way is not called any longer."""
        anna = comes(emulator, website, ANNA, TOLD)
        emulator.phone(BEN).behave("no-answer")
        added = client.conferences("room").participants.create(to=BEN, from_=OURS)
        emulator.advance(5)
        assert client.conferences("room").update(status="completed").status == "completed"
        anna.expect_hangup()
        assert client.calls(added.call_sid).fetch().status == "canceled"
        emulator.run_until_idle()
        assert events(website)[-3:] == ["participant-leave", "participant-leave", "conference-end"]
        with pytest.raises(NotFound):
            client.conferences(added.conference_sid).participants(anna.sid).fetch()
        assert list(client.conferences(added.conference_sid).participants.list()) == []

    @pytest.mark.parametrize(("way", "seconds"), [("*", 5.0), ("timeLimit", 30.0)])
    def test_of_one_s_own_accord(
        self, emulator: Emulator, website: Website, way: str, seconds: float
    ) -> None:
        website.pages["/after"] = "<Response><Say>You left</Say></Response>"
        anna = comes(emulator, website, ANNA, dial='hangupOnStar="true" timeLimit="30"')
        emulator.advance(4)
        if way == "*":
            anna.press("*")
        assert anna.expect_say("You left").at == seconds


class TestComing:
    @pytest.mark.parametrize(
        ("label", "error"), [("a/b", 16023), ("a%2Fb", 16023), (f"CA{'0' * 32}", 16023), ("anna", 16025)]
    )
    def test_labels(
        self, emulator: Emulator, website: Website, client: Client, label: str, error: int
    ) -> None:
        emulator.allow_problems(error)
        comes(emulator, website, ANNA, 'participantLabel="anna"')
        website.pages["/voice"] = (
            f'<Response><Dial><Conference participantLabel="{label}">room</Conference></Dial>'
            "<Say>The next verb</Say></Response>"
        )
        emulator.phone(BEN).dial(OURS).expect_say("The next verb")
        assert codes(emulator) == [(error, "error")]
        (conference,) = client.conferences.list()
        assert len(list(client.conferences(conference.sid).participants.list())) == 1

    @pytest.mark.ringback(strict=False)
    def test_a_label_that_is_too_long(self, emulator: Emulator, website: Website) -> None:
        emulator.allow_problems()
        comes(emulator, website, ANNA, f'participantLabel="{"x" * 129}"')
        assert codes(emulator) == [(16023, "error")]

    @pytest.mark.ringback(strict=False)
    def test_a_room_without_a_name(self, emulator: Emulator, website: Website) -> None:
        emulator.allow_problems(13237)
        website.pages["/voice"] = "<Response><Dial><Conference> </Conference></Dial><Say>On</Say></Response>"
        emulator.phone(ANNA).dial(OURS).expect_say("On")
        assert codes(emulator) == [(13237, "warning")]

    def test_a_label_is_free_again(self, emulator: Emulator, website: Website) -> None:
        anna = comes(emulator, website, ANNA, 'participantLabel="host"')
        comes(emulator, website, BEN)
        anna.hangup()
        comes(emulator, website, CARL, 'participantLabel="host"').speak("Here I am")

    def test_where_it_is_mixed(self, emulator: Emulator, website: Website, client: Client) -> None:
        """Whoever says it first decides."""
        comes(emulator, website, ANNA)
        assert next(iter(client.conferences.list())).region == "us1"
        comes(emulator, website, BEN, 'region="ie1"')
        comes(emulator, website, CARL, 'region="sg1"')
        assert next(iter(client.conferences.list())).region == "ie1"
        added = client.conferences("other").participants.create(to=BEN, from_=OURS, region="au1")
        assert client.conferences(added.conference_sid).fetch().region == "au1"

    def test_the_most_who_may_be_in(self, emulator: Emulator, website: Website, client: Client) -> None:
        emulator.allow_problems(16020)
        room = client.conferences("room").participants
        room.create(to=ANNA, from_=OURS)
        room.create(to=BEN, from_=OURS)
        with pytest.raises(InvalidRequest) as full:
            room.create(to=CARL, from_=OURS, max_participants=2)
        assert code(full) == (400, 16020)
        emulator.phone(ANNA).answer()
        emulator.phone(BEN).answer()
        comes(emulator, website, CARL, 'maxParticipants="2"').expect_hangup()
        assert codes(emulator) == [(16020, "error")]

    def test_an_incoming_call_is_answered_on_entry(self, emulator: Emulator, website: Website) -> None:
        call = comes(emulator, website, ANNA, dial='answerOnBridge="true"')
        assert call.status == "in-progress"
        assert heard(call, "music") == ["while waiting"]

    @pytest.mark.parametrize("others", ["<Number>+15558675312</Number>", "<Conference>other</Conference>"])
    def test_not_together_with_others(self, emulator: Emulator, website: Website, others: str) -> None:
        emulator.allow_problems(13000)
        website.pages["/voice"] = f"<Response><Dial><Conference>room</Conference>{others}</Dial></Response>"
        anna = emulator.phone(ANNA).dial(OURS)
        emulator.advance(1)
        assert heard(anna, "music") == ["while waiting"]
        assert codes(emulator) == [(13000, "warning")]

    def test_what_is_not_there(self, emulator: Emulator, website: Website, client: Client) -> None:
        unknown = f"CF{'0' * 32}"
        for ask in (
            lambda: client.conferences(unknown).participants.create(to=BEN, from_=OURS),
            lambda: client.conferences(unknown).update(status="completed"),
            lambda: client.conferences("room").update(status="completed"),
        ):
            with pytest.raises(NotFound) as refused:
                ask()
            assert refused.value.code == 16022
        with pytest.raises(InvalidRequest) as nameless:
            client.conferences(" ").participants.create(to=BEN, from_=OURS)
        assert code(nameless) == (400, 16003)
        assert list(client.conferences.list()) == []

    def test_white_space_in_a_name(self, emulator: Emulator, website: Website, client: Client) -> None:
        """The one who is called comes to the room of the name as TwiML has it."""
        website.pages["/voice"] = "<Response><Dial><Conference>the  room </Conference></Dial></Response>"
        anna = emulator.phone(ANNA).dial(OURS)
        emulator.advance(1)
        client.conferences(" the room").participants.create(to=BEN, from_=OURS)
        ben = emulator.phone(BEN).answer()
        ben.speak("Hello")
        anna.expect_say("Hello")
        assert len(list(client.conferences.list(friendly_name="the room"))) == 1

    def test_whom_the_callee_sees(self, emulator: Emulator, website: Website, client: Client) -> None:
        emulator.number("+15017122662")
        room = client.conferences("room").participants
        room.create(to=BEN, from_=OURS, caller_id="+15017122662")
        assert emulator.phone(BEN).answer().other == "+15017122662"
        with pytest.raises(InvalidRequest) as refused:
            room.create(to=BEN, from_=OURS, caller_id=CARL)
        assert code(refused) == (400, 21210)

    def test_participants_page_by_page(self, emulator: Emulator, website: Website, client: Client) -> None:
        people = [comes(emulator, website, number) for number in (ANNA, BEN, CARL)]
        (conference,) = client.conferences.list()
        room = client.conferences(conference.sid).participants
        assert [each.call_sid for each in room.list(page_size=1)] == [each.sid for each in people[::-1]]


class TestEvents:
    def test_speakers(self, emulator: Emulator, website: Website, client: Client) -> None:
        anna = comes(emulator, website, ANNA, f'{TOLD} participantLabel="anna"')
        anna.speak("Nobody is here", seconds=1)
        ben = comes(emulator, website, BEN)
        says(emulator, anna, "Hello", 2)
        emulator.advance(1)
        says(emulator, anna, "and goodbye", 3)  # in the same breath
        says(emulator, ben, "Hi", 1)
        emulator.advance(9)
        spoken = [each for each in website.at("/room") if "speech" in each["StatusCallbackEvent"]]
        assert [(each["StatusCallbackEvent"], each["CallSid"]) for each in spoken] == [
            ("participant-speech-start", anna.sid),
            ("participant-speech-start", ben.sid),
            ("participant-speech-stop", ben.sid),
            ("participant-speech-stop", anna.sid),
        ]
        assert spoken[0]["ParticipantLabel"] == "anna"
        (conference,) = client.conferences.list()
        says(emulator, anna, "I will be cut off", 60)
        client.conferences(conference.sid).participants("anna").update(muted=True)
        emulator.advance(1)
        assert events(website)[-3:] == [
            "participant-speech-start",
            "participant-speech-stop",
            "participant-mute",
        ]
        says(emulator, ben, "And I hang up", 60)
        ben.hangup()
        emulator.advance(1)
        assert events(website)[-3:] == [
            "participant-speech-start",
            "participant-speech-stop",
            "participant-leave",
        ]

    def test_numbers_without_gaps(self, emulator: Emulator, website: Website, client: Client) -> None:
        """Only what somebody wants to be told is counted."""
        anna = comes(emulator, website, ANNA, 'statusCallback="/room" statusCallbackEvent="start leave end"')
        comes(emulator, website, BEN).hangup()
        emulator.advance(1)
        anna.hangup()
        emulator.run_until_idle()
        assert [(each["StatusCallbackEvent"], each["SequenceNumber"]) for each in website.at("/room")] == [
            ("conference-start", "1"),
            ("participant-leave", "2"),
            ("participant-leave", "3"),
            ("conference-end", "4"),
        ]
        end = website.at("/room")[-1]
        assert (end["ReasonConferenceEnded"], end["Reason"]) == (
            "last-participant-left",
            "The last participant left",
        )

    def test_the_first_one_decides_who_is_told(self, emulator: Emulator, website: Website) -> None:
        comes(emulator, website, ANNA, 'statusCallback="/room" statusCallbackEvent="join"')
        comes(emulator, website, BEN, 'statusCallback="/other" statusCallbackEvent="join leave"')
        assert events(website) == ["participant-join"] * 2
        assert website.at("/other") == []

    def test_by_get(self, emulator: Emulator, website: Website) -> None:
        comes(
            emulator,
            website,
            ANNA,
            'statusCallback="/room" statusCallbackEvent="join" statusCallbackMethod="GET"',
        )
        assert [each.method for each in website.at("/room")] == ["GET"]

    def test_an_announcement_to_one(self, emulator: Emulator, website: Website, client: Client) -> None:
        website.pages["/one"] = "<Response><Say>Only for you</Say></Response>"
        anna = comes(emulator, website, ANNA, f'{TOLD} participantLabel="anna"')
        ben = comes(emulator, website, BEN)
        (conference,) = client.conferences.list()
        participant = client.conferences(conference.sid).participants("anna")
        participant.update(announce_url=f"{HOME}/one")
        anna.expect_say("Only for you")
        emulator.advance(2)
        assert "Only for you" not in heard(ben, "say")
        heard_to_the_end = website.at("/room")[-1]
        assert (heard_to_the_end["ParticipantLabel"], heard_to_the_end["Muted"]) == ("anna", "false")
        participant.update(announce_url=f"{HOME}/one")
        emulator.advance(0.1)
        anna.hangup()
        emulator.advance(1)
        gone = next(
            each for each in website.at("/room")[::-1] if each["StatusCallbackEvent"] == "announcement-end"
        )
        assert "CallSid" not in gone.given
        for each in website.at("/room"):
            event = webhooks.parse(webhooks.ConferenceStatusChanged, each.given)
            assert (event.unknown_parameters, event.unreadable) == ({}, {})
