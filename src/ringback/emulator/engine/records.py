"""What the emulated network knows: one mutable record a resource, under its wire names in snake case."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeVar

from attrs import define, field, frozen

from ringback._core.emulation.records import Record as Kept
from ringback._generated.emulation.records import (
    ApplicationRecord,
    OutgoingCallerIdRecord,
    QueueRecord,
    RecordingRecord,
    TranscriptionRecord,
)
from ringback.emulator.audio.sounds import Audio
from ringback.emulator.engine.addresses import channel_of, is_short_code
from ringback.emulator.engine.callers import Place, SipFacts
from ringback.emulator.engine.correspondence import Correspondence
from ringback.emulator.engine.http_log import HttpLog, LoggedExchange
from ringback.emulator.engine.ledger import Ledger
from ringback.emulator.engine.tables import Table
from ringback.error_codes import explain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringback.error_codes import Level

__all__ = [
    "Account",
    "AddOnData",
    "Call",
    "ConferenceRecord",
    "Configured",
    "Content",
    "Feedback",
    "Media",
    "Message",
    "Number",
    "OutgoingMessage",
    "Problem",
    "QueueRecord",
    "Record",
    "Recording",
    "Store",
]

R = TypeVar("R", bound=Kept)
LONGEST_VALIDITY: Final = 36_000
LIVE_CALL = frozenset({"queued", "initiated", "ringing", "in-progress"})


@define(eq=False, kw_only=True)
class Record(Kept):
    sid: str
    date_created: datetime
    date_updated: datetime


def _caller_id(record: OutgoingCallerIdRecord) -> str:
    return f"{record.account_sid}/{record.phone_number}"


class _Owned(Protocol):
    @property
    def account_sid(self) -> str: ...


@define(eq=False, kw_only=True)
class Account(Record):
    auth_token: str = field(repr=False)
    owner_account_sid: str
    friendly_name: str = ""
    status: str = "active"
    type: str = "Full"
    balance: Decimal = Decimal("100.00")
    # An account of test credentials: nothing happens in it.
    test: bool = False


@define(eq=False, kw_only=True)
class Configured(Record):
    """Where Twilio asks about calls and messages."""

    account_sid: str
    friendly_name: str = ""
    api_version: str = "2010-04-01"
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    voice_caller_id_lookup: bool = False
    status_callback: str = ""
    status_callback_method: str = "POST"
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"


@define(eq=False, kw_only=True)
class Number(Configured):
    phone_number: str
    voice_application_sid: str = ""
    sms_application_sid: str = ""
    trunk_sid: str = ""
    address_sid: str = ""
    identity_sid: str = ""
    bundle_sid: str = ""
    emergency_address_sid: str = ""
    emergency_status: str = "Inactive"
    voice_receive_mode: str = "voice"

    @property
    def is_short_code(self) -> bool:
        return is_short_code(self.phone_number)


@define(eq=False, kw_only=True)
class Call(Record):
    account_sid: str
    to: str
    from_: str
    direction: Literal["inbound", "outbound-api", "outbound-dial"]
    status: str = "queued"
    parent_call_sid: str | None = None
    phone_number_sid: str | None = None
    application_sid: str | None = None
    start_time: datetime | None = None
    end_time: datetime | None = None
    duration: int | None = None
    answered_by: str | None = None
    queue_time: int = 0
    caller_name: str | None = None
    forwarded_from: str | None = None
    from_place: Place | None = None
    to_place: Place | None = None
    sip: SipFacts | None = None
    call_token: str | None = field(default=None, repr=False)
    price: Decimal | None = None

    @property
    def live(self) -> bool:
        return self.status in LIVE_CALL


@define(eq=False, kw_only=True)
class ConferenceRecord(Record):
    account_sid: str
    friendly_name: str
    status: Literal["init", "in-progress", "completed"] = "init"
    region: str | None = None
    reason_conference_ended: str | None = None
    call_sid_ending_conference: str | None = None


@frozen
class OutgoingMessage:
    """A message that is to be sent, as it was asked for.

    Attributes:
        from_: None where the messaging service has yet to choose.
        media: URLs.
        callbacks: URL and method of each place that is told of its statuses.
        told: Of which ones; all of them where there are none.
        send_at: When it may leave, where it is scheduled.
        validity: Seconds that it may wait for its turn.
        smart_encoded: Whether characters are replaced by simpler ones that look alike.
        as_mms: Whether a text goes as one MMS.
        max_price: What it may cost, in US dollars.
        from_template: Whether its text is an approved one, with which a conversation may begin.
        provide_feedback: Whether its sender will tell if it arrived.
        refused: The code for which it comes to nothing, whatever else.
    """

    to: str
    from_: str | None
    body: str
    media: tuple[str, ...] = ()
    callbacks: tuple[tuple[str, str], ...] = ()
    told: tuple[str, ...] = ()
    direction: Literal["outbound-api", "outbound-call", "outbound-reply"] = "outbound-api"
    messaging_service_sid: str | None = None
    send_at: datetime | None = None
    validity: int = LONGEST_VALIDITY
    smart_encoded: bool = False
    as_mms: bool = False
    max_price: Decimal | None = None
    from_template: bool = False
    provide_feedback: bool = False
    refused: int | None = None


@define(eq=False, kw_only=True)
class Message(Record):
    """A message.

    Attributes:
        num_media: With how many files it came or went.
        media: The SIDs of those that are still there.
        wanted: As what it was sent; None of one that came in.
    """

    account_sid: str
    to: str
    from_: str | None
    body: str
    direction: Literal["inbound", "outbound-api", "outbound-reply", "outbound-call"]
    status: str = "queued"
    num_segments: int = 1
    num_media: int = 0
    media: list[str] = field(factory=list[str])
    messaging_service_sid: str | None = None
    date_sent: datetime | None = None
    error_code: int | None = None
    error_message: str | None = None
    price: Decimal | None = None
    wanted: OutgoingMessage | None = None

    @property
    def is_mms(self) -> bool:
        return self.sid.startswith("MM")


@define(eq=False, kw_only=True)
class Content:
    """A template: a text with places to fill, `{{1}}`, and what fills those that nobody fills."""

    body: str
    samples: Mapping[str, str]


@define(eq=False, kw_only=True)
class Media(Record):
    """A file of a message.

    Attributes:
        url: Where it comes from, or "".
        content: The file itself, where it is here.
    """

    account_sid: str
    parent_sid: str
    content_type: str
    url: str
    content: bytes | None = field(default=None, repr=False)


@define(eq=False, kw_only=True)
class Feedback(Record):
    account_sid: str
    message_sid: str
    outcome: str


@define(eq=False, kw_only=True)
class Recording(RecordingRecord):
    """A recording.

    Attributes:
        track: Which side of a call it is of: `inbound`, `outbound` or `both`.
        audio: What it holds, once it is over.
    """

    track: str = "both"
    audio: Audio | None = None

    @property
    def words(self) -> str:
        """What is said in it."""
        sounds = self.audio.sounds if self.audio is not None else ()
        return " ".join(sound.what for sound in sounds if sound.kind == "speech")

    def url(self, home: str) -> str:
        """Where its audio is; `home` is scheme and host."""
        return f"{home}{self.uri.removesuffix('.json')}"


@define(eq=False, kw_only=True)
class AddOnData(Kept):
    """What an add-on sent.

    Attributes:
        sid: The payload that it is.
        path: Where it is downloaded, by whoever knows that.
        content: It, JSON.
    """

    sid: str
    path: str = field(repr=False)
    content: str = field(repr=False)


@define(eq=False, kw_only=True)
class Problem(Record):
    """What the real service would write to the debugger: an error that stopped or hurt a call or message.

    Attributes:
        level: As Twilio has it for the code: `warning` where what was asked for is done all the same.
        response_body: The beginning of the answer that is the problem, where one is.
        request_method: How `url` was asked, where it was.
        request_variables: What with, form-encoded.
        response_status: The answer's, where one came.
        response_headers: Its headers, one a line.
    """

    account_sid: str
    code: int
    message: str
    subject_sid: str
    url: str = ""
    level: Level = "error"
    response_body: str = ""
    request_method: str | None = None
    request_variables: str = field(default="", repr=False)
    response_status: int | None = None
    response_headers: str = field(default="", repr=False)

    @property
    def meaning(self) -> str:
        """What the code means, whatever happened here; "" where the message says no more than that."""
        known = explain(self.code)
        return "" if known is None or known.meaning == self.message else known.meaning

    @property
    def kind(self) -> Literal["problem", "warning"]:
        """What it is called where people read of it."""
        return "warning" if self.level == "warning" else "problem"


def _of_account(record: _Owned) -> str:
    return record.account_sid


def _called(record: QueueRecord) -> str:
    return f"{record.account_sid}/{record.friendly_name}"


def _of_what_is_recorded(recording: Recording) -> tuple[str, ...]:
    subjects = (recording.call_sid, recording.conference_sid)
    return tuple(f"{recording.account_sid}/{sid}" for sid in subjects if sid is not None)


def _of_recording(transcription: TranscriptionRecord) -> tuple[str, ...]:
    return (f"{transcription.account_sid}/{transcription.recording_sid}",)


# Families whose records are those of another one.
_SHARED: Final = {
    "calls().recordings": "recordings",
    "conferences().recordings": "recordings",
    "recordings().transcriptions": "transcriptions",
    "signing_keys": "keys",
}


class Store:
    """All records: a table for each family of the REST API, by the family's key, and what is in none."""

    def __init__(self) -> None:
        self.accounts: Table[Account] = Table(lambda account: account.owner_account_sid)
        self.applications: Table[ApplicationRecord] = Table(_of_account)
        self.numbers: Table[Number] = Table(self._numbers_of, index=lambda number: number.phone_number)
        self.calls: Table[Call] = Table(_of_account)
        self.conferences: Table[ConferenceRecord] = Table(_of_account)
        self.queues: Table[QueueRecord] = Table(_of_account, index=_called)
        self.messages: Table[Message] = Table(_of_account)
        self.media: Table[Media] = Table(lambda media: f"{media.account_sid}/{media.parent_sid}")
        self.feedback: Table[Feedback] = Table(_of_account)
        self.recordings: Table[Recording] = Table(_of_account, further=_of_what_is_recorded)
        self.transcriptions: Table[TranscriptionRecord] = Table(_of_account, further=_of_recording)
        self.problems: Table[Problem] = Table(_of_account)
        self.usage = Ledger()
        self.correspondence = Correspondence()
        # Templates of messages, which another API of Twilio's has.
        self.contents: Table[Content] = Table()
        self.add_on_data: Table[AddOnData] = Table(index=lambda data: data.path)
        caller_ids: Table[OutgoingCallerIdRecord] = Table(_of_account, index=_caller_id)
        exchanges: Table[LoggedExchange] = Table()
        self.http = HttpLog(exchanges)
        self._tables: dict[str, Table[Any]] = {
            "calls().events": exchanges,
            "accounts": self.accounts,
            "applications": self.applications,
            "calls": self.calls,
            "conferences": self.conferences,
            "contents": self.contents,
            "incoming_phone_numbers": self.numbers,
            "messages": self.messages,
            "outgoing_caller_ids": caller_ids,
            "messages().feedback": self.feedback,
            "messages().media": self.media,
            "queues": self.queues,
            "recordings": self.recordings,
            "recordings().add_on_results().payloads().data": self.add_on_data,
            "transcriptions": self.transcriptions,
            "notifications": self.problems,
        }

    def tables(self) -> dict[str, Table[Kept]]:
        """Every table, by its family; where two families share one it comes once."""
        return dict(self._tables)

    def clear(self) -> None:
        """Forget everything."""
        for table in self._tables.values():
            table.clear()
        self.usage.load([])
        self.correspondence = Correspondence()

    def table(self, family: str, kind: type[R]) -> Table[R]:  # noqa: ARG002  (it types the table)
        """The table of a family, by its key, whose records are of this kind."""
        return self._tables.setdefault(_SHARED.get(family, family), Table())

    def _numbers_of(self, number: Number) -> str:
        numbers, codes, channels = self.lanes_of_numbers(number.account_sid)
        if number.is_short_code:
            return codes
        return numbers if channel_of(number.phone_number) is None else channels

    def lanes_of_numbers(self, account_sid: str) -> tuple[str, str, str]:
        """The lanes of an account's numbers, of its short codes, and of its senders on channels."""
        return account_sid, self.short_codes_of(account_sid), f"{account_sid}/channels"

    def short_codes_of(self, account_sid: str) -> str:
        """The lane of an account's short codes, which aren't among its numbers."""
        return f"{account_sid}/short codes"

    def verified(self, account_sid: str, phone_number: str) -> bool:
        """Whether an account may call with this number, which is none of Twilio's."""
        return self._tables["outgoing_caller_ids"].find(f"{account_sid}/{phone_number}") is not None

    def number(self, phone_number: str) -> Number | None:
        """The number of ours that is written so, of any account."""
        return self.numbers.find(phone_number)

    def queue(self, account_sid: str, name: str) -> QueueRecord | None:
        """An account's queue of a name."""
        return self.queues.find(f"{account_sid}/{name}")
