"""What everything in the emulated network works with: time, records, the transcript, ways to tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from ringback._generated.emulation.records import NewKeyRecord
from ringback.emulator.engine.acts import Act
from ringback.emulator.engine.documents import content_type
from ringback.emulator.engine.exchange import FETCH_FAILED, exchange
from ringback.emulator.engine.http_log import LoggedExchange
from ringback.emulator.engine.kernel.clock import Clock
from ringback.emulator.engine.kernel.process import Process
from ringback.emulator.engine.kernel.sids import Sids
from ringback.emulator.engine.mishaps import Mishaps, SlowOutbox
from ringback.emulator.engine.records import Problem, Store
from ringback.emulator.engine.secrets import Secrets
from ringback.emulator.engine.transcript import Entry, Transcript
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.urls import shown
from ringback.http import Headers, WebhookResponse
from ringback.webhooks import (
    CallStatusChanged,
    ConferenceStatusChanged,
    UserDefinedMessageReceived,
    wire_parameters,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ringback.emulator.engine.exchange import Observer, Session
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.kernel.requests import Outcome
    from ringback.emulator.engine.records import Account
    from ringback.emulator.engine.settings import Settings
    from ringback.webhooks import Notification

__all__ = ["World"]

# Characters of an answer that a problem keeps.
_BODY: Final = 2_000
# A fault on Twilio's side.
_FAULT: Final = 20500
_LONGEST_MESSAGE: Final = 500
# Bytes of an answer that the log keeps: as many as a document may have.
_LONGEST_BODY: Final = 65_536
_MEDIA: Final = frozenset({"audio", "image", "video"})
# What status callbacks that are answered with an error are told with; others with the code of any URL.
_CALLBACKS: Final = (
    (CallStatusChanged, 15003),
    (ConferenceStatusChanged, 16011),
    (UserDefinedMessageReceived, 32711),
)


class World:
    """The emulated world without those who live in it.

    Attributes:
        clock: Virtual time.
        store: The records.
        sids: What resources and tokens are called.
        settings: How long things take.
        mishaps: What goes wrong on purpose.
        outbox: What a driver has to send.
        transcript: What happened.
        home: Scheme and host that the URLs of recordings begin with.
        strict: Whether TwiML that the schema doesn't allow is an error instead of a warning.
        reaches: Whether a driver can fetch a file from a URL.
        audio: How many seconds the files play that were fetched, by URL; None where nobody can tell.
        watchers: Called with every entry of the transcript as it comes, and the problem that it is about.
        witnesses: Called with everything that people do or notice.
        closed: Whether nothing is noted or told any more: processes that are left end when they are
            collected, which may be as late as the interpreter's own end.
    """

    def __init__(
        self,
        *,
        start: datetime,
        seed: str,
        settings: Settings,
        reaches: Callable[[str], bool],
        strict: bool = False,
    ) -> None:
        self.clock = Clock(start)
        self.store = Store()
        self.sids = Sids(seed)
        self.settings = settings
        self.home = "https://api.twilio.com"
        self.mishaps = Mishaps(seed, self.clock, self.note)
        self.outbox = SlowOutbox(self.mishaps, self.clock, self.note)
        self.transcript = Transcript()
        self.strict = strict
        self.reaches = reaches
        self.audio: dict[str, float | None] = {}
        self.watchers: list[Callable[[Entry, Problem | None], None]] = []
        self._secrets = Secrets()
        self._secrets_known = (0, 0)  # records that have come so far
        self.witnesses: list[Callable[[Act], None]] = []
        self.closed = False

    def account(self, sid: str) -> Account:
        return self.store.accounts[sid]

    def run(self, steps: Steps[None], died: Callable[[Exception], None] = lambda _: None) -> Process:
        """Start a process; its first step runs on the clock's next turn.

        Args:
            died: What to do when it dies of a bug, see `Process`.
        """
        return Process(self.clock, self.outbox, steps, died)

    def note(
        self, subject: str, who: str, did: str, what: str = "", source: str = "", document: str = ""
    ) -> None:
        self._add(self._entry(subject, who, did, what, source, document))

    def _entry(
        self, subject: str, who: str, did: str, what: str = "", source: str = "", document: str = ""
    ) -> Entry:
        return Entry(round(self.clock.now, 3), subject, who, did, what, source, document)

    def _add(self, entry: Entry, problem: Problem | None = None) -> None:
        if self.closed:
            return
        self.transcript.add(entry)
        for watcher in self.watchers:
            watcher(entry, problem)

    def act(
        self, number: str, subject: str, did: str, what: str = "", *, kind: str = "", seconds: float = 0.0
    ) -> None:
        """Somebody does or notices something; see `Act`."""
        if self.witnesses and not self.closed:
            act = Act(round(self.clock.now, 3), number, subject, did, what, kind, seconds)
            for witness in tuple(self.witnesses):
                witness(act)

    def problem(self, account: Account, subject: str, trouble: Trouble) -> None:
        """What the debugger of the real service would show."""
        now = self.clock.date
        during = self.store.http.last(subject, shown(trouble.url))
        headers = () if during is None else during.headers
        record = Problem(
            sid=self.sids.new("NO"),
            date_created=now,
            date_updated=now,
            account_sid=account.sid,
            code=trouble.code,
            message=self.masked(trouble.told),
            subject_sid=subject,
            url=self.masked(shown(trouble.url)),
            level=trouble.level,
            response_body=self.masked(trouble.body.decode("utf-8", errors="replace"))[:_BODY],
            request_method=None if during is None else during.method,
            request_variables="" if during is None else self.masked(during.parameters),
            response_status=None if during is None else during.status,
            response_headers=self.masked("\n".join(f"{name}: {value}" for name, value in headers)),
        )
        self.store.problems[record.sid] = record
        entry = self._entry(subject, "Twilio", record.kind, f"{record.code}: {record.message}")
        self._add(entry, record)

    def masked(self, text: str) -> str:
        """Without the secrets of the accounts here, and passwords. Before it is cut off: half a token is
        one, too."""
        accounts, keys = self.store.accounts, self.store.table("keys", NewKeyRecord)
        if self._secrets_known != (known := (accounts.came, keys.came)):
            # From copies, and what is known last: who records webhooks doesn't hold the network.
            tokens = [account.auth_token for account in list(accounts.values())]
            self._secrets = Secrets([*tokens, *(key.secret for key in list(keys.values()))])
            self._secrets_known = known
        return self._secrets.masked(text)

    def observer(self, account: Account, subject: str) -> Observer:
        """Keeps what a webhook about something comes to, from now on."""
        return _Observer(self, account, subject, self.clock.now)

    def broke(self, account: Account, subject: str, error: Exception) -> None:
        """Something of ours died of a bug."""
        message = self.masked(f"the emulator broke: {type(error).__name__}: {error}")
        self.problem(account, subject, Trouble(_FAULT, message[:_LONGEST_MESSAGE], ""))

    def tell(
        self,
        session: Session,
        subject: str,
        *,
        url: str,
        method: str,
        event: Notification,
        about: str,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Tell of an event; nobody needs an answer. `then` runs when that is over."""
        if self.closed:
            return
        pairs = list(wire_parameters(event).items())
        token = self.sids.uuid("token")
        what = f"{method} {shown(url)} {about}"

        def steps(over: Callable[[], None]) -> Steps[None]:
            answer = yield from exchange(
                session,
                method,
                url,
                pairs,
                lane=f"{subject}/notifications",
                token=token,
                observer=self.observer(session.account, subject),
            )
            if isinstance(answer, Trouble):
                self.problem(session.account, subject, _of_callback(event, answer))
            else:
                self.note(subject, "Twilio", "tells", f"{what} → {answer.response.status}")
            over()

        def send(*, last: bool) -> None:
            over = then if last and then is not None else _nothing

            def died(error: Exception) -> None:
                self.broke(session.account, subject, error)
                over()

            self.run(steps(over), died)

        self.mishaps.convey(subject, what, send, then or _nothing)


def _nothing() -> None:
    """Nobody waits for it."""


def _of_callback(event: Notification, trouble: Trouble) -> Trouble:
    """A notification's trouble, with the code that it has for it."""
    if trouble.code != FETCH_FAILED:
        return trouble
    return evolve(
        trouble, code=next((code for kind, code in _CALLBACKS if isinstance(event, kind)), trouble.code)
    )


def _is_media(headers: Headers) -> bool:
    """Whether an answer is nothing to read."""
    return content_type(headers).partition("/")[0] in _MEDIA


@frozen
class _Observer:
    """Keeps what a webhook comes to."""

    world: World
    account: Account
    subject: str
    began: float

    def warn(self, trouble: Trouble) -> None:
        self.world.problem(self.account, self.subject, trouble)

    def exchanged(self, method: str, url: str, form: str, outcome: Outcome) -> None:
        answer = outcome if isinstance(outcome, WebhookResponse) else None
        headers = Headers() if answer is None else answer.headers
        clock = self.world.clock
        entry = LoggedExchange(
            method,
            shown(url),
            form,
            None if answer is None else answer.status,
            headers.multi_items(),
            b"" if answer is None or _is_media(headers) else answer.body[:_LONGEST_BODY],
            clock.date,
            round((clock.now - self.began) * 1000),
        )
        self.world.store.http.add(self.subject, entry)
