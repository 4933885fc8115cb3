"""Where accounts, phones, calls and messages meet: the state of the emulated network and its outbox."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING, Final

from attrs import asdict, field, frozen

from ringback.emulator.engine.arguments import LONGEST, number
from ringback.emulator.engine.clock import Clock
from ringback.emulator.engine.exchange import Cookies, Session, Trouble, exchange
from ringback.emulator.engine.people import OnCall
from ringback.emulator.engine.process import Ask, Outcome, Process, Source, Steps
from ringback.emulator.engine.records import Account, Problem, Store
from ringback.emulator.engine.sids import Sids
from ringback.emulator.engine.transcript import Entry, Transcript
from ringback.emulator.engine.urls import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.emulator.engine.conferences import Conference
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.parameters import Pairs
    from ringback.emulator.engine.people import Phone
    from ringback.emulator.engine.queues import Queue
    from ringback.emulator.engine.records import Number

__all__ = ["Delivery", "Network", "Outbox", "Settings"]

# Characters of an answer that a problem keeps.
_BODY: Final = 2_000
# A fault on Twilio's side.
_FAULT: Final = 20500
_LONGEST_MESSAGE: Final = 500


@frozen
class Settings:
    """How long things take, in seconds, where the real network doesn't say.

    Attributes:
        initiate: From a call's turn in the queue to `initiated`.
        ring: From `initiated` to `ringing`.
        characters: How many characters a second are said.
        play: How long an audio file plays.
        beep: How long a recording's beep takes.
        key: How long a key is held, the gap after it included.
        amd: How long an answering machine detection takes.
        send: From one status of a message to the next.
        recording: From the end of a recording to its `completed`.
        transcription: From the end of a recording to its transcription.
        longest: How long a call may live.
        documents: How many documents a call may run through without a second passing.
        queue: Seconds between two outgoing calls of one account.
    """

    initiate: float = 0.2
    ring: float = 0.8
    characters: float = 15.0
    play: float = 5.0
    beep: float = 0.5
    key: float = 0.2
    amd: float = 2.0
    send: float = 0.5
    recording: float = 1.0
    transcription: float = 5.0
    longest: float = 14_400.0
    documents: int = 100
    queue: float = 1.0

    def __attrs_post_init__(self) -> None:
        for name, value in asdict(self).items():
            # Of these at least one: calls have to end, and to come to something.
            positive = name in {"characters", "documents", "longest"}
            number(f"settings.{name}", value, positive=positive, most=LONGEST)


@frozen(eq=False)
class Delivery:
    """A request that a driver has to send, and whose answer it brings to `Network.answered`."""

    ask: Ask
    number: int
    reply: Callable[[Outcome], None] = field(repr=False)


class Outbox:
    """Requests that wait for a driver, in order."""

    def __init__(self) -> None:
        self.waiting: deque[Delivery] = deque()
        self._number = 0

    def put(self, ask: Ask, reply: Callable[[Outcome], None]) -> None:
        self._number += 1
        self.waiting.append(Delivery(ask, self._number, reply))


class Network:
    """The whole emulated world.

    Attributes:
        clock: Virtual time.
        store: The records.
        outbox: What a driver has to send.
        transcript: What happened.
        phones: Everybody's phone, by number; made when first rung or asked for.
        on_call: What a phone does when it rings, where nobody said otherwise.
        legs: Every call's live side, by call SID.
        interpret: Runs a call's TwiML from a first document to the end of the call.
        loop: Connects a call to a number of ours with a call that comes in there.
        home: Scheme and host that the URLs of recordings begin with.
        conferences: Live conferences, by account SID and name; queues likewise.
        strict: Whether TwiML that the schema doesn't allow is an error instead of a warning.
        watchers: Called with every entry of the transcript as it comes, and the problem that it is about.
    """

    def __init__(
        self,
        *,
        start: datetime,
        seed: str,
        settings: Settings,
        interpret: Callable[[Leg, Source], Steps[None]],
        loop: Callable[[Leg, Number], None],
        strict: bool = False,
    ) -> None:
        self.clock = Clock(start)
        self.store = Store()
        self.sids = Sids(seed)
        self.settings = settings
        self.interpret = interpret
        self.home = "https://api.twilio.com"
        self.outbox = Outbox()
        self.transcript = Transcript()
        self.phones: dict[str, Phone] = {}
        self.legs: dict[str, Leg] = {}
        self.conferences: dict[tuple[str, str], Conference] = {}
        self.queues: dict[tuple[str, str], Queue] = {}
        self.on_call = OnCall()
        self.loop = loop
        self.strict = strict
        self.watchers: list[Callable[[Entry, Problem | None], None]] = []
        self.next_start: dict[str, float] = {}
        self._cookies: dict[frozenset[str], Cookies] = {}

    def account(self, sid: str) -> Account:
        return self.store.accounts[sid]

    def run(self, steps: Steps[None], died: Callable[[Exception], None] = lambda _: None) -> Process:
        """Start a process; its first step runs on the clock's next turn.

        Args:
            died: What to do when it dies of a bug, see `Process`.
        """
        return Process(self.clock, self.outbox, steps, died)

    def answered(self, delivery: Delivery, outcome: Outcome) -> None:
        """A driver brings what came of a delivery."""
        delivery.reply(outcome)

    def note(
        self, subject: str, who: str, did: str, what: str = "", source: str = "", document: str = ""
    ) -> None:
        self._add(self._entry(subject, who, did, what, source, document))

    def _entry(
        self, subject: str, who: str, did: str, what: str = "", source: str = "", document: str = ""
    ) -> Entry:
        return Entry(round(self.clock.now, 3), subject, who, did, what, source, document)

    def _add(self, entry: Entry, problem: Problem | None = None) -> None:
        self.transcript.add(entry)
        for watcher in self.watchers:
            watcher(entry, problem)

    def problem(self, account: Account, subject: str, trouble: Trouble) -> None:
        """What the debugger of the real service would show."""
        now = self.clock.date
        record = Problem(
            sid=self.sids.new("NO"),
            date_created=now,
            date_updated=now,
            account_sid=account.sid,
            code=trouble.code,
            message=trouble.message,
            subject_sid=subject,
            url=shown(trouble.url),
            level="warning" if trouble.warning else "error",
            response_body=self.masked(trouble.body.decode("utf-8", errors="replace"))[:_BODY],
        )
        self.store.problems[record.sid] = record
        did = "warning" if trouble.warning else "problem"
        entry = self._entry(subject, "Twilio", did, f"{trouble.code}: {trouble.message}")
        self._add(entry, record)

    def masked(self, text: str) -> str:
        """Without the auth tokens of the accounts here. Before it is cut off: half a token is one, too."""
        for account in self.store.accounts.values():
            text = text.replace(account.auth_token, "***")
        return text

    def broke(self, account: Account, subject: str, error: Exception) -> None:
        """Something of ours died of a bug."""
        message = f"the emulator broke: {type(error).__name__}: {error}"
        self.problem(account, subject, Trouble(_FAULT, message[:_LONGEST_MESSAGE], ""))

    def tell(
        self,
        session: Session,
        subject: str,
        *,
        url: str,
        method: str,
        pairs: Pairs,
        about: str,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Send a notification whose answer nobody needs; `then` runs when it is over."""
        token = self.sids.uuid("token")

        def steps() -> Steps[None]:
            answer = yield from exchange(
                session,
                method,
                url,
                pairs,
                lane=f"{subject}/notifications",
                token=token,
                warn=lambda trouble: self.problem(session.account, subject, trouble),
            )
            if isinstance(answer, Trouble):
                self.problem(session.account, subject, answer)
            else:
                self.note(
                    subject, "Twilio", "tells", f"{method} {shown(url)} {about} → {answer.response.status}"
                )
            if then is not None:
                then()

        def died(error: Exception) -> None:
            self.broke(session.account, subject, error)
            if then is not None:
                then()

        self.run(steps(), died)

    def messaging_session(self, account: Account, one: str, other: str) -> Session:
        """Messages between the same two numbers share their cookies."""
        cookies = self._cookies.setdefault(frozenset({one, other}), Cookies())
        return Session(account, "messaging", cookies)
