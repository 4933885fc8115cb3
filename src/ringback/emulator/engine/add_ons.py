"""What add-ons make of recordings: those that are assigned to the number of the call.

https://www.twilio.com/docs/voice/api/recording#recordings-add-on-results-resource. An add-on is a program of
somebody else, which nobody knows here: its result is what was said.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from ringback._generated.emulation.records import (
    IncomingPhoneNumberAssignedAddOnRecord,
    RecordingAddOnResultPayloadRecord,
    RecordingAddOnResultRecord,
)
from ringback.emulator.engine.records import AddOnData

if TYPE_CHECKING:
    from ringback.emulator.engine.records import Call, Recording
    from ringback.emulator.engine.world import World

__all__ = ["PAYLOADS", "RESULTS", "ask_add_ons"]

RESULTS: Final = "recordings().add_on_results"
PAYLOADS: Final = "recordings().add_on_results().payloads"
_ASSIGNED: Final = "incoming_phone_numbers().assigned_add_ons"


def ask_add_ons(world: World, call: Call, recording: Recording) -> None:
    """Have every add-on of the call's number look at a recording that is completed."""
    assigned = world.store.table(_ASSIGNED, IncomingPhoneNumberAssignedAddOnRecord)
    for key in assigned.keys_in(f"{call.account_sid}/{call.phone_number_sid}"):
        _ask(world, assigned[key].sid, recording)


def _ask(world: World, configuration: str, recording: Recording) -> None:
    sid, now, account = world.sids.new("XR"), world.clock.date, recording.account_sid
    place = f"{recording.url('')}/AddOnResults/{sid}"
    result = RecordingAddOnResultRecord(
        sid=sid,
        account_sid=account,
        status="in-progress",
        add_on_sid=_add_on(configuration),
        add_on_configuration_sid=configuration,
        reference_sid=recording.sid,
        date_created=now,
        date_updated=now,
        subresource_uris={"payloads": f"{place}/Payloads.json"},
    )
    results = world.store.table(RESULTS, RecordingAddOnResultRecord)
    results.put(sid, result, f"{account}/{recording.sid}")
    world.clock.after(world.settings.add_on, lambda: _answered(world, result, recording, place))


def _answered(world: World, result: RecordingAddOnResultRecord, recording: Recording, place: str) -> None:
    if result.sid not in world.store.table(RESULTS, RecordingAddOnResultRecord):
        return  # it was deleted meanwhile
    now, account = world.clock.date, recording.account_sid
    result.date_updated = result.date_completed = now
    if recording.status == "deleted":
        result.status = "failed"
        return
    result.status = "completed"
    sid = world.sids.new("XH")
    payload = RecordingAddOnResultPayloadRecord(
        sid=sid,
        add_on_result_sid=result.sid,
        account_sid=account,
        label=sid,
        add_on_sid=result.add_on_sid,
        add_on_configuration_sid=result.add_on_configuration_sid,
        content_type="application/json",
        reference_sid=recording.sid,
        date_created=now,
        date_updated=now,
        subresource_uris={"data": f"{place}/Payloads/{sid}/Data.json"},
    )
    lane = f"{account}/{recording.sid}/{result.sid}"
    world.store.table(PAYLOADS, RecordingAddOnResultPayloadRecord).put(sid, payload, lane)
    content = {
        "status": "successful",
        "message": None,
        "code": None,
        "request_sid": result.sid,
        "results": {"text": recording.words},
    }
    data = AddOnData(
        sid=sid, path=f"/AddOnData/{world.sids.token('add-on data')}", content=json.dumps(content)
    )
    world.store.add_on_data.put(sid, data, f"{lane}/{sid}")


def _add_on(configuration: str) -> str:
    """The add-on itself, of which this is an installation."""
    return f"XB{configuration[2:]}"
