"""Conferences and queues: where calls meet, and wait."""

from __future__ import annotations

from ringback import Client
from tests.cassettes.registry import OURS, THEIRS, Wait, scenario


@scenario("rooms")
def conference_from_birth_to_end(client: Client, wait: Wait) -> None:
    added = client.conferences("kitchen").participants.create(to=THEIRS, from_=OURS, label="anna")
    client.conferences("kitchen").participants.create(to="+15558675311", from_=OURS)
    wait(5)
    (room,) = client.conferences.list(friendly_name="kitchen", status="in-progress")
    assert room.sid == added.conference_sid
    conference = client.conferences(room.sid)
    assert len(list(conference.participants.list())) == 2
    assert conference.participants("anna").update(muted=True).muted
    conference.participants(added.call_sid).delete()
    assert conference.update(status="completed").status == "completed"


@scenario("rooms")
def queue_and_who_waits(client: Client, wait: Wait) -> None:
    queue = client.queues.create(friendly_name="support", max_size=10)
    assert (queue.sid[:2], queue.current_size, queue.max_size) == ("QU", 0, 10)
    waiting = client.calls.create(
        to=THEIRS, from_=OURS, twiml="<Response><Enqueue>support</Enqueue></Response>"
    )
    wait(10)
    members = client.queues(queue.sid).members
    assert [(each.call_sid, each.position) for each in members.list()] == [(waiting.sid, 1)]
    assert members("Front").fetch().call_sid == waiting.sid
    client.calls(waiting.sid).update(status="completed")
    wait(5)
    client.queues(queue.sid).delete()
