"""Conferences and queues: where calls meet, and wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator.website import HOME
from tests.official.world import ANNA, BEN, OURS, covers

if TYPE_CHECKING:
    from tests.official.world import World

PARTICIPANTS = "conferences(sid).participants"
RECORDINGS = "conferences(sid).recordings"


@covers(
    *("conferences.list", "conferences(sid).fetch", "conferences(sid).update"),
    *(f"{PARTICIPANTS}.create", f"{PARTICIPANTS}.list"),
    *(f"{PARTICIPANTS}(sid).{action}" for action in ("fetch", "update", "delete")),
    f"{RECORDINGS}.list",
    *(f"{RECORDINGS}(sid).{action}" for action in ("fetch", "update", "delete")),
)
def conferences(world: World) -> None:
    client = world.client
    anna = client.conferences("room").participants.create(
        to=ANNA,
        from_=OURS,
        label="anna",
        conference_record="record-from-start",
        conference_status_callback=f"{HOME}/room",
        conference_status_callback_event=["start", "end", "join", "leave", "mute", "hold"],
    )
    assert (anna.status, anna.label, anna.muted, anna.conference_sid[:2]) == ("queued", "anna", False, "CF")
    ben = client.conferences(anna.conference_sid).participants.create(to=BEN, from_=OURS)
    assert ben.conference_sid == anna.conference_sid
    world.wait(5)
    (found,) = client.conferences.list(friendly_name="room", status="in-progress")
    room = client.conferences(found.sid)
    assert (found.sid, room.fetch().status) == (anna.conference_sid, "in-progress")
    assert {each.call_sid for each in room.participants.list()} == {anna.call_sid, ben.call_sid}

    assert room.participants("anna").update(muted=True).muted is True
    assert [each.call_sid for each in room.participants.list(muted=True)] == [anna.call_sid]
    assert room.participants(ben.call_sid).update(hold=True, hold_url=f"{HOME}/music").hold is True
    assert room.participants(ben.call_sid).update(hold=False).hold is False
    assert room.participants(anna.call_sid).fetch().status == "connected"

    (recording,) = room.recordings.list()
    assert (recording.source, recording.status, recording.conference_sid) == (
        "Conference",
        "in-progress",
        found.sid,
    )
    assert room.recordings(recording.sid).update(status="paused").status == "paused"
    world.wait(2)
    assert room.recordings(recording.sid).update(status="in-progress").status == "in-progress"
    assert room.recordings(recording.sid).update(status="stopped").status in {"stopped", "processing"}
    world.wait(10)
    assert room.recordings(recording.sid).fetch().status == "completed"
    assert room.recordings(recording.sid).delete()

    assert room.update(announce_url=f"{HOME}/announce").status == "in-progress"
    world.wait(2)
    assert room.participants(anna.call_sid).delete()
    world.wait(1)
    assert [each.call_sid for each in room.participants.list()] == [ben.call_sid]
    with world.refused(404, 20404):
        room.participants(anna.call_sid).fetch()
    assert room.update(status="completed").status == "completed"
    world.wait(5)
    assert room.fetch().reason_conference_ended == "conference-ended-via-api"
    told = [each["StatusCallbackEvent"] for each in world.website.at("/room")]
    assert {
        *("conference-start", "participant-join", "participant-mute", "participant-hold"),
        *("participant-unhold", "participant-leave", "conference-end"),
    } <= set(told)


@covers(
    *("queues.create", "queues.list"),
    *(f"queues(sid).{action}" for action in ("fetch", "update", "delete")),
    "queues(sid).members.list",
    *(f"queues(sid).members(sid).{action}" for action in ("fetch", "update")),
)
def queues(world: World) -> None:
    client = world.client
    queue = client.queues.create(friendly_name="support", max_size=10)
    assert (queue.sid[:2], queue.current_size, queue.max_size, queue.average_wait_time) == ("QU", 0, 10, 0)
    assert client.queues.create(friendly_name="sales").max_size == 1000
    assert client.queues(queue.sid).update(max_size=20).max_size == 20
    world.website.pages["/voice"] = "<Response><Enqueue>support</Enqueue></Response>"
    world.website.pages["/agent"] = "<Response><Say>An agent</Say></Response>"
    callers = [world.emulator.phone(number).dial(OURS) for number in (ANNA, BEN)]
    world.wait(5)
    assert client.queues(queue.sid).fetch().current_size == 2
    members = client.queues(queue.sid).members
    assert [(each.call_sid, each.position) for each in members.list()] == [
        (callers[0].sid, 1),
        (callers[1].sid, 2),
    ]
    first = members("Front").fetch()
    assert (first.call_sid, first.queue_sid, first.wait_time) == (callers[0].sid, queue.sid, 5)
    with world.refused(400, 22004):
        client.queues(queue.sid).delete()
    assert members("Front").update(url=f"{HOME}/agent").call_sid == callers[0].sid
    callers[0].expect_say("An agent")
    assert members(callers[1].sid).fetch().position == 1
    callers[1].hangup()
    world.wait(5)
    assert members.list() == []
    with world.refused(404, 20404):
        members("Front").fetch()
    assert client.queues(queue.sid).delete()
    assert [each.friendly_name for each in client.queues.list()] == ["sales"]
