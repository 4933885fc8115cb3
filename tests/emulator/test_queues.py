"""Queues: by the REST API, and what Enqueue and Dial with a Queue do.

https://www.twilio.com/docs/voice/api/queue-resource
"""

from __future__ import annotations

from collections.abc import Generator
from urllib.parse import parse_qsl

import pytest

from ringback import Client, NotFound, webhooks
from ringback.emulator import Emulator, PhoneCall
from ringback.errors import InvalidRequest
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website
from tests.official.requests import HOME as API
from tests.official.requests import ask

CARL = "+15558675312"
WAIT = '<Response><Enqueue action="/out" waitUrl="/line">tables</Enqueue></Response>'
LINE = "<Response><Say>Please wait</Say><Pause length='20'/></Response>"


@pytest.fixture
def client(emulator: Emulator) -> Generator[Client]:
    with emulator.client() as client:
        yield client


def waiting(emulator: Emulator, website: Website, *numbers: str) -> list[PhoneCall]:
    """People who wait for a table, each a second after the other."""
    website.pages |= {"/voice": WAIT, "/line": LINE}
    calls: list[PhoneCall] = []
    for number in numbers:
        calls.append(emulator.phone(number).dial(OURS))
        emulator.advance(1)
    return calls


def take(emulator: Emulator, website: Website, attributes: str = "", dial: str = "") -> PhoneCall:
    """Carl, who takes the next one."""
    website.pages["/voice"] = (
        f'<Response><Dial action="/taken" {dial}><Queue {attributes}>tables</Queue></Dial></Response>'
    )
    return emulator.phone(CARL).dial(OURS)


def results(website: Website) -> list[str]:
    return [each["QueueResult"] for each in website.at("/out")]


def code(refused: pytest.ExceptionInfo[InvalidRequest]) -> tuple[int, int | None]:
    return refused.value.status, refused.value.code


class TestRecords:
    def test_a_queue(self, client: Client) -> None:
        queue = client.queues.create(friendly_name="tables")
        assert (queue.max_size, queue.current_size, queue.average_wait_time) == (1000, 0, 0)
        assert queue.uri == f"/2010-04-01/Accounts/{queue.account_sid}/Queues/{queue.sid}.json"
        changed = client.queues(queue.sid).update(friendly_name="desks", max_size=2)
        assert (changed.friendly_name, changed.max_size) == ("desks", 2)
        other = client.queues.create(friendly_name="tables", max_size=5000)
        assert [each.sid for each in client.queues.list()] == [other.sid, queue.sid]
        assert client.queues(queue.sid).fetch() == changed
        client.queues(queue.sid).delete()
        with pytest.raises(NotFound):
            client.queues(queue.sid).fetch()
        assert [each.sid for each in client.queues.list()] == [other.sid]

    def test_names_are_unique_in_an_account(self, emulator: Emulator, client: Client) -> None:
        client.queues.create(friendly_name="tables")
        desks = client.queues.create(friendly_name="desks")
        with pytest.raises(InvalidRequest) as created:
            client.queues.create(friendly_name="tables")
        with pytest.raises(InvalidRequest) as renamed:
            client.queues(desks.sid).update(friendly_name="tables", max_size=7)
        assert code(created) == code(renamed) == (400, 22003)
        assert (client.queues(desks.sid).fetch().friendly_name, desks.max_size) == ("desks", 1000)
        sub = client.accounts.create(friendly_name="Other")
        other = client.accounts(sub.sid).queues.create(friendly_name="tables")
        with pytest.raises(NotFound):
            client.queues(other.sid).fetch()

    @pytest.mark.parametrize(
        "form", ["", "MaxSize=0", "MaxSize=5001", "MaxSize=x", "FriendlyName=" + "t" * 65]
    )
    def test_what_no_queue_is_made_of(self, emulator: Emulator, form: str) -> None:
        pairs = [("FriendlyName", "tables")] if form.startswith("M") else []
        answer = ask(emulator, "POST", f"{API}/Queues.json", [*pairs, *parse_qsl(form)])
        assert answer.refusal == (400, 20001)


class TestMembers:
    def test_who_waits(self, emulator: Emulator, website: Website, client: Client) -> None:
        """Enqueue makes the queue, and those in it are counted and timed."""
        anna, ben = waiting(emulator, website, ANNA, BEN)
        (queue,) = client.queues.list()
        assert (queue.friendly_name, queue.current_size, queue.average_wait_time) == ("tables", 2, 1)
        emulator.advance(10)
        assert client.queues(queue.sid).fetch().average_wait_time == 11
        members = client.queues(queue.sid).members
        assert [(each.call_sid, each.position, each.wait_time) for each in members.list()] == [
            (anna.sid, 1, 12),
            (ben.sid, 2, 11),
        ]
        front = members("Front").fetch()
        assert front == members(anna.sid).fetch()
        assert front.date_enqueued == queue.date_created
        assert front.uri == f"{queue.uri.removesuffix('.json')}/Members/{anna.sid}.json"
        pages = list(members.list(page_size=1))
        assert [each.call_sid for each in pages] == [anna.sid, ben.sid]
        with pytest.raises(InvalidRequest) as refused:
            client.queues(queue.sid).delete()
        assert code(refused) == (400, 22004)
        anna.hangup()
        assert members(ben.sid).fetch().position == 1
        ben.hangup()
        for key in ("Front", anna.sid):
            with pytest.raises(NotFound):
                members(key).fetch()
        client.queues(queue.sid).delete()

    def test_one_is_taken_out(self, emulator: Emulator, website: Website, client: Client) -> None:
        anna, ben = waiting(emulator, website, ANNA, BEN)
        website.pages["/elsewhere"] = "<Response><Say>This way</Say></Response>"
        website.pages["/out"] = "<Response><Say>Nobody hears this</Say></Response>"
        (queue,) = client.queues.list()
        members = client.queues(queue.sid).members
        taken = members("Front").update(url=f"{HOME}/elsewhere", method="GET")
        assert (taken.call_sid, taken.position, taken.wait_time) == (anna.sid, 1, 2)
        assert [each.call_sid for each in members.list()] == [ben.sid]
        anna.expect_say("This way")
        assert results(website) == ["redirected"]
        (asked,) = website.at("/elsewhere")
        assert asked.method == "GET"
        assert webhooks.parse(webhooks.QueueDequeued, asked.given).unknown_parameters == {}
        members(ben.sid).update(url=f"{HOME}/elsewhere")
        ben.expect_say("This way")
        assert website.at("/elsewhere")[1].method == "POST"
        assert client.queues(queue.sid).fetch().current_size == 0

    def test_a_full_queue(self, emulator: Emulator, website: Website, client: Client) -> None:
        emulator.allow_problems(14207)
        queue = client.queues.create(friendly_name="tables", max_size=1)
        anna, ben = waiting(emulator, website, ANNA, BEN)
        assert website.at("/line")[0]["MaxQueueSize"] == "1"
        ben.expect_hangup()
        (refused,) = website.at("/out")
        assert refused["QueueResult"] == "queue-full"
        assert "QueueSid" not in refused.given
        assert "QueueTime" not in refused.given
        assert [(each.code, each.level) for each in emulator.problems] == [(14207, "warning")]
        client.queues(queue.sid).update(max_size=2)
        waiting(emulator, website, BEN)
        assert client.queues(queue.sid).fetch().current_size == 2
        anna.hangup()

    def test_a_renamed_queue_keeps_who_waits(
        self, emulator: Emulator, website: Website, client: Client
    ) -> None:
        (anna,) = waiting(emulator, website, ANNA)
        (queue,) = client.queues.list()
        client.queues(queue.sid).update(friendly_name="desks")
        assert client.queues(queue.sid).members("Front").fetch().call_sid == anna.sid
        waiting(emulator, website, BEN)
        assert {each.friendly_name: each.current_size for each in client.queues.list()} == {
            "desks": 1,
            "tables": 1,
        }


class TestWaiting:
    def test_the_document_is_asked_again_and_again(self, emulator: Emulator, website: Website) -> None:
        anna, ben = waiting(emulator, website, ANNA, BEN)
        emulator.advance(30)
        anna.hangup()
        emulator.advance(20)
        told = [
            {name: each[name] for name in ("QueuePosition", "CurrentQueueSize", "QueueTime", "AvgQueueTime")}
            for each in website.at("/line")
            if each["CallSid"] == ben.sid
        ]
        assert told[0] == {
            "QueuePosition": "2",
            "CurrentQueueSize": "2",
            "QueueTime": "0",
            "AvgQueueTime": "0",
        }
        assert told[-1]["QueuePosition"] == told[-1]["CurrentQueueSize"] == "1"
        assert told[-1]["QueueTime"] == told[-1]["AvgQueueTime"] == "41"
        assert len([each for each in ben.heard if each.what == "Please wait"]) == len(told) == 3

    @pytest.mark.parametrize(("attribute", "heard"), [("", ["music"]), ('waitUrl=""', [])])
    def test_music_until_somebody_comes(
        self, emulator: Emulator, website: Website, attribute: str, heard: list[str]
    ) -> None:
        website.pages["/voice"] = f"<Response><Enqueue {attribute}>tables</Enqueue></Response>"
        anna = emulator.phone(ANNA).dial(OURS)
        emulator.advance(10)
        assert [each.kind for each in anna.heard] == heard
        assert [each.until for each in anna.heard] == [None] * len(heard)
        take(emulator, website)
        emulator.advance(1)
        assert [each.until for each in anna.heard] == [10.0] * len(heard)

    def test_a_document_that_hangs_up(self, emulator: Emulator, website: Website) -> None:
        website.pages |= {"/voice": WAIT, "/line": "<Response><Say>Closed</Say><Hangup/></Response>"}
        emulator.phone(ANNA).dial(OURS).expect_hangup()
        emulator.run_until_idle()
        assert results(website) == ["hangup"]

    def test_a_document_that_redirects(self, emulator: Emulator, website: Website) -> None:
        """It ends back at the first one."""
        anna = waiting(emulator, website, ANNA)[0]
        website.pages |= {
            "/line": "<Response><Redirect>/joke</Redirect></Response>",
            "/joke": "<Response><Say>Knock knock</Say><Pause length='5'/></Response>",
        }
        emulator.advance(40)
        assert [each["QueuePosition"] for each in website.at("/joke")] == ["1"] * len(website.at("/joke"))
        assert len(website.at("/line")) == len(website.at("/joke")) + 1 > 3
        anna.hangup()

    def test_a_broken_document_ends_it(self, emulator: Emulator, website: Website) -> None:
        emulator.number(OURS, voice_url=f"{HOME}/voice")  # and no fallback
        emulator.allow_problems(12100)
        anna = waiting(emulator, website, ANNA)[0]
        website.pages |= {
            "/line": "<Response><Say>",
            "/out": "<Response><Say>Something is wrong</Say></Response>",
        }
        anna.expect_say("Something is wrong")
        (told,) = website.at("/out")
        assert (told["QueueResult"], told["QueueTime"]) == ("error", "21")

    def test_a_name_that_is_too_long(self, emulator: Emulator, website: Website, client: Client) -> None:
        emulator.allow_problems(14205, 14213)
        name = "t" * 64
        website.pages["/voice"] = f'<Response><Enqueue action="/out">{name}</Enqueue></Response>'
        emulator.phone(ANNA).dial(OURS).expect_hangup()
        assert results(website) == ["error"]
        website.pages["/voice"] = f"<Response><Dial><Queue>{name}</Queue></Dial><Say>On</Say></Response>"
        emulator.phone(ANNA).dial(OURS).expect_say("On")
        assert [each.code for each in emulator.problems] == [14205, 14213]
        assert list(client.queues.list()) == []

    @pytest.mark.ringback(strict=False)
    @pytest.mark.parametrize(
        ("verb", "error"),
        [
            ("<Enqueue> </Enqueue>", 14204),
            (f"<Enqueue>{'t' * 65}</Enqueue>", 14205),
            ("<Dial><Queue/></Dial>", 14212),
            (f"<Dial><Queue>{'t' * 65}</Queue></Dial>", 14213),
        ],
    )
    def test_a_name_that_the_schema_refuses(
        self, emulator: Emulator, website: Website, verb: str, error: int
    ) -> None:
        emulator.allow_problems(error)
        website.pages["/voice"] = f"<Response>{verb}<Say>On</Say></Response>"
        emulator.phone(ANNA).dial(OURS).expect_say("On")
        assert [(each.code, each.level) for each in emulator.problems] == [(error, "error")]


class TestTaking:
    def test_they_talk(self, emulator: Emulator, website: Website, client: Client) -> None:
        anna = waiting(emulator, website, ANNA)[0]
        website.pages["/find"] = "<Response><Say>You are through</Say></Response>"
        carl = take(emulator, website, 'url="/find" method="GET"')
        anna.expect_say("You are through")
        (queue,) = client.queues.list()
        assert queue.current_size == 0
        anna.speak("Hello")
        carl.expect_say("Hello")
        (found,) = website.at("/find")
        assert (found.method, found["DequeingCallSid"], found["QueueSid"]) == ("GET", carl.sid, queue.sid)
        assert found["QueueTime"] == "1"
        assert not website.at("/out")  # it is asked once, when they part
        carl.hangup()
        anna.expect_hangup()
        emulator.run_until_idle()
        (told,) = website.at("/out")
        assert (told["QueueResult"], told["QueueTime"], told["QueueSid"]) == ("bridged", "1", queue.sid)
        (taken,) = website.at("/taken")
        assert (taken["DialCallStatus"], taken["DialBridged"], taken["DialCallSid"]) == (
            "completed",
            "true",
            anna.sid,
        )
        assert (taken["QueueSid"], taken["QueueTime"]) == (queue.sid, "1")

    def test_one_is_moved_out_of_the_bridge(
        self, emulator: Emulator, website: Website, client: Client
    ) -> None:
        anna = waiting(emulator, website, ANNA)[0]
        take(emulator, website)
        emulator.advance(2)
        client.calls(anna.sid).update(twiml="<Response><Say>Come here</Say></Response>")
        anna.expect_say("Come here")
        assert results(website) == ["redirected-from-bridged"]

    def test_the_taker_goes_before_they_meet(self, emulator: Emulator, website: Website) -> None:
        anna = waiting(emulator, website, ANNA)[0]
        website.pages |= {
            "/find": "<Response><Say>You will be through in a moment</Say></Response>",
            "/out": "<Response><Say>Sorry</Say></Response>",
        }
        carl = take(emulator, website, 'url="/find"')
        emulator.advance(1)
        carl.hangup()
        anna.expect_say("Sorry")
        assert results(website) == ["bridging-in-process"]

    def test_the_one_who_waited_goes_before_they_meet(self, emulator: Emulator, website: Website) -> None:
        anna = waiting(emulator, website, ANNA)[0]
        website.pages |= {
            "/find": "<Response><Say>You will be through in a moment</Say></Response>",
            "/taken": "<Response><Say>Nobody is left</Say></Response>",
        }
        carl = take(emulator, website, 'url="/find"')
        emulator.advance(1)
        anna.hangup()
        carl.expect_say("Nobody is left")
        assert results(website) == ["hangup"]
        assert (website.at("/taken")[0]["DialCallStatus"], website.at("/taken")[0]["DialBridged"]) == (
            "no-answer",
            "false",
        )

    def test_a_broken_whisper(self, emulator: Emulator, website: Website) -> None:
        emulator.number(OURS, voice_url=f"{HOME}/voice")  # and no fallback
        anna = waiting(emulator, website, ANNA)[0]
        emulator.allow_problems(12100)
        website.pages["/find"] = "<Response>"
        carl = take(emulator, website, 'url="/find"')
        anna.expect_hangup()
        carl.expect_hangup()
        assert results(website) == ["hangup"]
        assert website.at("/taken")[0]["DialBridged"] == "false"

    def test_the_time_is_limited(self, emulator: Emulator, website: Website) -> None:
        anna = waiting(emulator, website, ANNA)[0]
        carl = take(emulator, website, dial='timeLimit="10"')
        assert carl.ended.duration == 10
        anna.expect_hangup()

    def test_hanging_up_at_the_moment_of_being_taken(self, emulator: Emulator, website: Website) -> None:
        """Whoever takes a call that is gone does not wait for it."""
        emulator.allow_problems(32015)
        anna = waiting(emulator, website, ANNA)[0]
        carl = take(emulator, website)
        with emulator.held() as network:
            queue = next(iter(network.queues.values()))
            while queue.members:
                assert network.clock.step() or network.outbox
        anna.hangup()
        carl.expect_hangup()
