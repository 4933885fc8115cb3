"""Queues and who waits in them. https://www.twilio.com/docs/voice/api/queue-resource"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.events import dequeued
from ringback.emulator.engine.records import QueueRecord
from ringback.emulator.rest import generic, views
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import Newest, Rows, page

if TYPE_CHECKING:
    from ringback.emulator.engine.queues import Queue, QueueMember
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]

# Stands for the call that has waited longest.
_FRONT = "Front"


def _create(request: RestRequest) -> Body:
    return _view(request, generic.keep(request, QueueRecord))


def _list(request: RestRequest) -> Body:
    listing = Newest(request.network.store.queues, request.account.sid, lambda record: record.sid)
    return page(request, listing, lambda record: _view(request, record))


def _fetch(request: RestRequest) -> Body:
    return views.queue(_queue(request, request.sid))


def _update(request: RestRequest) -> Body:
    generic.update(request)
    queues = request.network.store.queues
    # It may have another name: who joins it asks for that.
    queues[request.sid] = queues[request.sid]
    return views.queue(_queue(request, request.sid))


def _delete(request: RestRequest) -> None:
    queue = _queue(request, request.sid)
    if queue.members:
        raise Refused(400, 22004, f"Queue {queue.sid} is not empty: {len(queue.members)} wait in it")
    generic.delete(request)
    del request.network.queues[queue.sid]


def _members(request: RestRequest) -> Body:
    queue = _queue(request, request.holes["QueueSid"])
    rows = Rows(queue.members, lambda member: member.leg.call.sid)
    return page(request, rows, lambda member: views.member(queue, member))


def _member(request: RestRequest) -> Body:
    return views.member(*_find(request))


def _redirect(request: RestRequest) -> Body:
    """Take a call out of the queue: it goes on elsewhere."""
    queue, member = _find(request)
    parameters = request.parameters
    answer = views.member(queue, member)
    queue.leave(member)
    source = Source(parameters.text("Url"), parameters.text("Method", "POST"), question=dequeued)
    member.leg.move(source)
    return answer


def _view(request: RestRequest, record: QueueRecord) -> Body:
    return views.queue(request.network.queue_of(record))


def _queue(request: RestRequest, sid: str) -> Queue:
    record = request.network.store.queues.get(sid)
    if record is None or record.account_sid != request.account.sid:
        raise request.missing()
    return request.network.queue_of(record)


def _find(request: RestRequest) -> tuple[Queue, QueueMember]:
    """Somebody who waits, by call or as the first of all."""
    queue = _queue(request, request.holes["QueueSid"])
    key = request.holes["CallSid"]
    waiting = queue.members[:1] if key == _FRONT else queue.members
    for member in waiting:
        if key in {member.leg.call.sid, _FRONT}:
            return queue, member
    raise request.missing()


ACTS = {
    "queues.create": _create,
    "queues.list": _list,
    "queues(sid).fetch": _fetch,
    "queues(sid).update": _update,
    "queues(sid).delete": _delete,
    "queues(sid).members.list": _members,
    "queues(sid).members(sid).fetch": _member,
    "queues(sid).members(sid).update": _redirect,
}
