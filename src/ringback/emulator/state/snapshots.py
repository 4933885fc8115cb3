"""A world as it stands, to be gone back to: records, usage, who wrote to whom, which SIDs were given.

What lives can't be kept: a call that is under way is a conversation. When a snapshot is restored, its calls
have ended, its conferences are over and nobody waits in its queues; messages that were under way go on.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import field, frozen

from ringback._core.emulation.records import Record
from ringback._generated.emulation.records import RecordingAddOnResultRecord, StreamRecord
from ringback.emulator.engine.add_ons import RESULTS
from ringback.emulator.engine.correspondence import Correspondence
from ringback.emulator.engine.media_sessions import MEDIA_FAMILIES
from ringback.emulator.engine.messaging.outgoing import resume
from ringback.emulator.engine.records import QueueRecord, Store
from ringback.emulator.state.values import read_value, write_value
from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from ringback.emulator.engine.network import Network

__all__ = ["Row", "Snapshot", "restore", "take"]

_VERSION: Final = 1
# What is in no table, each under a key of its own.
_LEDGER: Final = "ledger"
_CORRESPONDENCE: Final = "correspondence"
_SIDS: Final = "sids"
_CLOCK: Final = "clock"


@frozen
class Row:
    """A record, or something else that is kept.

    Attributes:
        family: The family of records, or "" for what is no record.
        key: Its key there.
        lane: The list that it is in.
        place: Its place among those of its family.
        value: What it holds, as JSON.
    """

    family: str
    key: str
    lane: str
    place: int
    value: str


@frozen
class Snapshot:
    """What an emulator knew at some moment: `Emulator.snapshot` takes one, `Emulator.restore` goes back.

    It holds the credentials of the emulated accounts.
    """

    rows: tuple[Row, ...] = field(repr=False)

    def to_json(self) -> str:
        """As text, which `from_json` reads."""
        rows = [[row.family, row.key, row.lane, row.place, json.loads(row.value)] for row in self.rows]
        return json.dumps({"version": _VERSION, "rows": rows})

    @classmethod
    def from_json(cls, text: str) -> Snapshot:
        """A snapshot that was kept as text.

        Raises:
            EmulatorError: It is none, or of another version.
        """
        try:
            content = json.loads(text)
            version, rows = content["version"], content["rows"]
            made = tuple(
                Row(str(family), str(key), str(lane), int(place), json.dumps(value))
                for family, key, lane, place, value in rows
            )
        except (ValueError, TypeError, KeyError) as error:
            raise EmulatorError(f"snapshot: expected what Snapshot.to_json gives: {error!r:.200}") from None
        if version != _VERSION:
            raise EmulatorError(f"snapshot: of version {version!r:.20}, this is version {_VERSION}")
        return cls(made)


def take(network: Network) -> Snapshot:
    """What a world knows now."""
    store = network.store
    rows: list[Row] = []
    for family, table in store.tables().items():
        for place, (key, lane) in enumerate(table.places()):
            rows.append(Row(family, key, lane, place, _text(table[key])))
    others: dict[str, object] = {
        _LEDGER: store.usage.entries(),
        _CORRESPONDENCE: store.correspondence,
        _SIDS: network.sids.given(),
        _CLOCK: network.clock.date,
    }
    rows += [Row("", key, "", place, _text(value)) for place, (key, value) in enumerate(others.items())]
    return Snapshot(tuple(rows))


def restore(network: Network, snapshot: Snapshot) -> None:
    """Let a world know what it knew then, and nothing else.

    Raises:
        EmulatorError: The snapshot was made by another version.
    """
    try:
        kept = [(row, read_value(json.loads(row.value))) for row in snapshot.rows]
        others = {row.key: cast("Any", value) for row, value in kept if not row.family}
        then: datetime = others.get(_CLOCK, network.clock.date)
        ahead = max((then - network.clock.date).total_seconds(), 0.0)
        sids = {str(kind): int(number) for kind, number in others.get(_SIDS, {}).items()}
        # In a store apart first: what is there is not given up for what can't be known.
        _fill(Store(), kept, others, then)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise EmulatorError(f"snapshot: it can't be read: {error!r:.200}") from None
    network.forget()
    _fill(network.store, kept, others, then)
    network.sids.load(sids)
    network.clock.put_on(ahead)
    for message in network.store.messages.values():
        resume(network, message)


def _fill(
    store: Store, kept: Iterable[tuple[Row, object]], others: Mapping[str, Any], then: datetime
) -> None:
    for row, record in kept:
        if row.family:
            store.table(row.family, Record).put(row.key, cast("Record", record), row.lane)
    store.usage.load(others.get(_LEDGER, []))
    store.correspondence = others.get(_CORRESPONDENCE, Correspondence())
    _end_what_lived(store, then)


def _text(value: object) -> str:
    return json.dumps(write_value(value), separators=(",", ":"))


def _end_what_lived(store: Store, then: datetime) -> None:
    for call in store.calls.values():
        if call.live:
            answered = call.status == "in-progress"
            call.status = "completed" if answered else "canceled"
            call.end_time = call.date_updated = then
            if answered and call.start_time is not None:
                call.duration = round((then - call.start_time).total_seconds())
    for conference in store.conferences.values():
        if conference.status != "completed":
            conference.status, conference.date_updated = "completed", then
            conference.reason_conference_ended = "last-participant-left"
    for recording in store.recordings.values():
        if recording.status in {"in-progress", "paused", "stopped", "processing"}:
            # What was on one that went on is lost with its call.
            recording.status = "absent" if recording.audio is None else "completed"
            recording.date_updated = then
    for transcription in store.transcriptions.values():
        if transcription.status == "in-progress":
            transcription.status, transcription.date_updated = "failed", then
    for result in store.table(RESULTS, RecordingAddOnResultRecord).values():
        if result.status == "in-progress":
            result.status, result.date_updated = "failed", then
    for family in MEDIA_FAMILIES:
        for session in store.table(family, StreamRecord).values():
            session.status = "stopped"
    for queue in store.table("queues", QueueRecord).values():
        queue.current_size = queue.average_wait_time = 0
