"""The emulator as tests and servers hold it."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, TypeVar, cast, get_args

from ringback.app import Application as RingbackApplication
from ringback.app import Switchboard
from ringback.app.loops.portal import portal_loop
from ringback.emulator.driver import Driver, Mode, Sender
from ringback.emulator.engine.addresses import channel_of, is_short_code, text_address
from ringback.emulator.engine.arguments import duration, is_phone_number, one_of, printable
from ringback.emulator.engine.arguments import number as check_number
from ringback.emulator.engine.arguments import text as check_text
from ringback.emulator.engine.behaviours import behaviour
from ringback.emulator.engine.chaos import Chaos
from ringback.emulator.engine.messaging.incoming import receive
from ringback.emulator.engine.messaging.senders import record_of
from ringback.emulator.engine.network import Network
from ringback.emulator.engine.records import Account, Content, Number
from ringback.emulator.engine.settings import Settings
from ringback.emulator.engine.verbs.run import interpret
from ringback.emulator.phone_book import read_entries
from ringback.emulator.phones import Phone
from ringback.emulator.problems import ProblemsLeft, Wrongs, in_short
from ringback.emulator.rest.api import Api
from ringback.emulator.rest.connect_apps import new_connect_app
from ringback.emulator.sessions.reading import read_session
from ringback.emulator.sessions.recording import Recorder
from ringback.emulator.sessions.replaying import replay
from ringback.emulator.state.keeping import StateKeeper
from ringback.emulator.state.snapshots import Snapshot, restore, take
from ringback.emulator.transport import AsyncEmulatorTransport, EmulatorTransport
from ringback.emulator.waits import Polls, Waits
from ringback.emulator.webhook_sender import WebhookSender
from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator, Iterable, Mapping
    from types import TracebackType

    from typing_extensions import Self

    from ringback.app import HandlerFailed, Journal
    from ringback.client import AsyncClient, Client
    from ringback.emulator.engine.behaviours import Behaviour
    from ringback.emulator.engine.people import AnsweredBy, Script
    from ringback.emulator.engine.records import Problem
    from ringback.emulator.engine.transcript import Transcript
    from ringback.emulator.phone_book import Entry
    from ringback.emulator.phones import PhoneCall
    from ringback.emulator.problems import Allowance, ProblemKind
    from ringback.emulator.webhook_sender import Handler
    from ringback.http import Headers, Response

T = TypeVar("T")

__all__ = ["ACCOUNT_SID", "AUTH_TOKEN", "TEST_ACCOUNT_SID", "TEST_AUTH_TOKEN", "Emulator"]

# No account has these: the emulator takes them so that nobody is tempted to put real ones into a test.
ACCOUNT_SID: Final = "AC" + "e" * 32
AUTH_TOKEN: Final = "emulated" * 4
# Credentials with which nothing happens but what magic numbers stand for.
TEST_ACCOUNT_SID: Final = "AC" + "7e57" * 8
TEST_AUTH_TOKEN: Final = "untested" * 4
_METHODS: Final = ("GET", "POST")
# Nobody's number or name is longer than a SIP address may be.
_LONGEST_NAME: Final = 255
_START: Final = datetime(2026, 1, 5, 9, 0, tzinfo=timezone.utc)
_ACCOUNT: Final = re.compile(r"AC[0-9a-f]{32}\Z")
_CONTENT: Final = re.compile(r"HX[0-9a-fA-F]{32}\Z")
_A_DAY: Final = 86_400.0
_FASTEST: Final = 1e6
# The calendar has to have room for what happens.
_FIRST_YEAR: Final = 1970
_MOST_WORKERS: Final = 16
_LAST_YEAR: Final = 9000


class Emulator:
    """A phone and messaging network of its own, with Twilio's API, webhooks and TwiML.

    Args:
        account_sid: The main account.
        auth_token: What its requests authenticate with and its webhooks are signed with.
        applications: Applications and switchboards of this process, whose webhooks are delivered by a call
            instead of HTTP.
        clock: `manual`: time moves only while a test waits for something; `auto`: time moves by itself and
            skips what nobody waits for; `real`: as on the wall.
        speed: Virtual seconds for each second on the wall, with a real clock.
        start: What the calendar says at first; aware.
        seed: What SIDs and tokens are made from: the same seed and input give the same ones.
        settings: How long things take.
        on_call: What phones do when they ring, unless told otherwise, see `Phone.behave`.
        after: Seconds of ringing before they answer or decline.
        phones: A phone book, see `phone_book`.
        any_host: Send webhooks to other machines too, and fetch files from there; by default only from this
            one and from `applications`.
        strict: Take TwiML that the schema doesn't allow for an error (12200) that ends the document. Twilio,
            and the emulator by default, ignores what it doesn't know, and leaves a warning.
        state: A SQLite file to keep records in: an emulator that is opened with it again knows them. Calls
            that were under way have ended then. It holds the credentials of the accounts.
        chaos: What goes wrong on purpose, decided by the seed: `doubled reordered`, `lost=0.5 429`, or a
            `Chaos`.
        record: A file to write the session to, as JSON lines, for `replay`: what people do and notice,
            requests of the API, webhooks and their answers.
        workers: Have the flows of applications of this process led by so many workers, of which each webhook
            gets the next, which takes the flow over from the one before: what a flow does between its awaits
            is done again then. 0, the default, is as in production without a shared store.

    Raises:
        EmulatorError: A value is out of range.
    """

    def __init__(
        self,
        *,
        account_sid: str = ACCOUNT_SID,
        auth_token: str = AUTH_TOKEN,
        applications: Iterable[RingbackApplication | Switchboard] = (),
        clock: Mode = "manual",
        speed: float = 1.0,
        start: datetime = _START,
        seed: str = "ringback",
        settings: Settings | None = None,
        on_call: Behaviour = "answer",
        after: float | None = None,
        phones: str | os.PathLike[str] | Mapping[str, object] | None = None,
        any_host: bool = False,
        strict: bool = False,
        workers: int = 0,
        chaos: str | Chaos = "",
        record: str | os.PathLike[str] | None = None,
        state: str | os.PathLike[str] | None = None,
    ) -> None:
        if start.utcoffset() is None:
            raise EmulatorError(f"start: expected a datetime with a time zone, got {start!r}")
        if not _FIRST_YEAR <= start.year <= _LAST_YEAR:
            raise EmulatorError(
                f"start: expected a year from {_FIRST_YEAR} to {_LAST_YEAR}, got {start.year}"
            )
        one_of("clock", clock, get_args(Mode))
        check_text("seed", seed)
        check_number("speed", speed, positive=True, most=_FASTEST)
        if not _ACCOUNT.match(account_sid):
            raise EmulatorError(f"account_sid: expected AC and 32 hex digits, got {account_sid!r}")
        if not auth_token:
            raise EmulatorError("auth_token: expected text, got ''")
        if isinstance(cast("object", workers), bool) or workers not in (0, *range(2, _MOST_WORKERS + 1)):
            raise EmulatorError(f"workers: expected 0, or 2 to {_MOST_WORKERS}, got {workers!r}")
        entries = read_entries(phones) if phones is not None else ()
        self._workers = workers
        self.account_sid = account_sid
        self.auth_token = auth_token
        self._webhook_sender = WebhookSender(any_host=any_host)
        self._keeper = StateKeeper(state) if state is not None else None
        self._network = Network(
            start=start.astimezone(timezone.utc),
            # What is made in this run is called otherwise than what was made in those before.
            seed=seed if self._keeper is None or self._keeper.run == 1 else f"{seed}/{self._keeper.run}",
            settings=settings or Settings(),
            interpret=interpret,
            receive=receive,
            on_call=behaviour(on_call, after=after),
            reaches=self._webhook_sender.reaches,
            strict=strict,
        )
        self.chaos = chaos
        # Clients wait by the clock on the wall, whatever the emulator's says.
        self._network.mishaps.retry_after = int(clock == "real")
        if self._keeper is not None:
            self._keeper.load(self._network)
        self._open_accounts()
        self._wrongs = Wrongs(lambda: self.problems)
        self._watched: list[RingbackApplication] = []
        self._api = Api(self._network)
        self._recorder = Recorder(record) if record is not None else None
        sender: Sender = self._webhook_sender
        if self._recorder is not None:
            self._recorder.begin(self._network, seed)
            sender = self._recorder.sender(sender)
        self._driver = Driver(self._network, sender, mode=clock, speed=speed)
        self._waits = Waits(self._driver, self._network)
        self._polls = Polls(self._driver, self._network)
        for application in applications:
            self._serve(application)
        self._phones: dict[str, Phone] = {}
        for entry in entries:
            self._enter(entry)
        if self._keeper is not None:
            self._keeper.begin(self._driver)

    def _open_accounts(self) -> None:
        self._open(self.account_sid, self.auth_token, "Emulated account", test=False)
        self._open(TEST_ACCOUNT_SID, TEST_AUTH_TOKEN, "Emulated test credentials", test=True)

    def _open(self, sid: str, token: str, name: str, *, test: bool) -> None:
        kept = self._network.store.accounts.get(sid)
        if kept is not None:
            kept.auth_token = token
            return
        now = self._network.clock.date
        self._network.store.accounts[sid] = Account(
            sid=sid,
            date_created=now,
            date_updated=now,
            auth_token=token,
            owner_account_sid=sid,
            friendly_name=name,
            test=test,
        )

    def __repr__(self) -> str:
        return f"<Emulator {self.account_sid} at {self.now:.1f} s>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop time and end the flows of its calls; harmless when repeated."""
        if self._keeper is not None:
            self._keeper.end()
        if self._recorder is not None:
            self._recorder.close()
        watched, self._watched = self._watched, []
        calls = tuple(self._network.store.calls)
        for application in watched:
            application._forget(calls)
            _beside(application._unwatch_flows())
        self._driver.part_from(watched)
        self._driver.close()
        self._webhook_sender.close()
        self._network.closed = True
        for application in watched:
            application._hub.watchers.remove(self._failed)
            application._hub.timekeepers.remove(self._waits.begin)

    # Chaos

    @property
    def chaos(self) -> Chaos:
        """What goes wrong on purpose from now on; may be set to words, too."""
        return self._network.mishaps.chaos

    @chaos.setter
    def chaos(self, chaos: Chaos | str) -> None:
        given = cast("object", chaos)
        if not isinstance(given, (str, Chaos)):
            raise EmulatorError(f"chaos: expected words or a Chaos, got {given!r:.80}")
        self._network.mishaps.chaos = Chaos.parse(given) if isinstance(given, str) else given

    # Time

    @property
    def now(self) -> float:
        """Virtual seconds since the start."""
        return self._network.clock.now

    @property
    def date(self) -> datetime:
        """What the calendar says."""
        return self._network.clock.date

    def advance(
        self,
        seconds: float | timedelta | None = None,
        *,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
    ) -> None:
        """Let so much virtual time pass, with everything that happens in it: `advance(minutes=5)`.

        Raises:
            EmulatorError: It is no time, or longer than a year.
        """
        self._driver.let_pass(duration(seconds, minutes=minutes, hours=hours, days=days))

    def run_until_idle(self, *, limit: float = _A_DAY) -> None:
        """Let time pass until nothing is going to happen any more.

        What is due in an hour or later, such as the end of a call that nobody ends, does not count.

        Raises:
            EmulatorError: Things still happen after `limit` virtual seconds.
        """
        self._driver.wait_until(lambda: False, seconds=limit, patient=False)
        if not self._driver.idle:
            raise EmulatorError(f"not idle after {limit:g} virtual seconds\n\n{self.transcript}")

    def skip(
        self,
        seconds: float | timedelta | None = None,
        *,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
    ) -> None:
        """Move a clock that runs by itself ahead, without waiting for what happens meanwhile.

        Raises:
            EmulatorError: It is no time, or longer than a year.
        """
        self._driver.skip(duration(seconds, minutes=minutes, hours=hours, days=days))

    # State

    def snapshot(self) -> Snapshot:
        """What is known now, to go back to with `restore`; `snapshot().to_json()` keeps it as text.

        Calls, conferences and queues that live can't be kept: after `restore` they are over.
        """
        with self._driver.touch() as network:
            return take(network)

    def restore(self, snapshot: Snapshot) -> None:
        """Know what was known when the snapshot was taken, and nothing else. What is under way is cut off,
        and nobody is told; phones keep their behaviour, and SIDs never come twice.

        Raises:
            EmulatorError: The snapshot was taken by another version of ringback.
        """
        with self._driver.touch() as network:
            restore(network, snapshot)
            self._open_accounts()

    def reset(self) -> None:
        """Forget everything but the accounts that the emulator began with; see `restore`."""
        with self._driver.touch() as network:
            network.forget()
            self._open_accounts()

    # Sessions

    def replay(self, session: str | os.PathLike[str]) -> None:
        """Do again what people did in a session that was recorded (`Emulator(record=…)`, `ringback emulator
        --record FILE`), at their virtual times, and compare what they hear and read with what they did then.

        Applications and numbers have to be there as they were. Requests of the API aren't repeated: those of
        applications come again by themselves.

        Raises:
            SessionDiffers: People hear or read something else; the message shows what.
            EmulatorError: It is no session, or has a mistake, whose line the message has.
        """
        replay(self._driver, self._network, self.phone, read_session(session))

    # Who is there

    def phone(
        self,
        number: str,
        *,
        on_call: Behaviour | None = None,
        after: float | None = None,
        answered_by: AnsweredBy | None = None,
        script: Script | None = None,
    ) -> Phone:
        """Somebody's phone: the same one for the same number.

        Args:
            number: E.164, `client:` and a name, or somebody's on WhatsApp or Messenger, such as
                `whatsapp:+15558675310`.
            on_call: What it does when it rings, see `Phone.behave`; None leaves that as it is.
            after: See there.
            answered_by: See there.
            script: See there.

        Raises:
            EmulatorError: The number belongs to an account here.
        """
        printable("number", number, _LONGEST_NAME)
        with self._driver.touch() as network:
            if record_of(network.store, number) is not None:
                raise EmulatorError(f"{number} belongs to an account of this emulator: it is nobody's phone")
            phone = self._phones.setdefault(number, Phone(self._driver, network, number))
        if on_call is not None or script is not None:
            phone.behave(on_call or "answer", after=after, answered_by=answered_by, script=script)
        return phone

    def phone_book(self, book: str | os.PathLike[str] | Mapping[str, object]) -> Mapping[str, Phone]:
        """Have phones do what a phone book says; the phones by number. See `ringback.emulator.phone_book`.

        Args:
            book: A YAML file, or a mapping like what it says.

        Raises:
            ConfigurationError: It is a file, and ruamel.yaml isn't installed.
            EmulatorError: There is a mistake in it, whose line and word the message has.
        """
        # All of it is read before the first phone changes.
        entries = read_entries(book)
        return {entry.number: self._enter(entry) for entry in entries}

    def _enter(self, entry: Entry) -> Phone:
        try:
            phone = self.phone(entry.number)
        except EmulatorError as error:
            raise EmulatorError(f"{entry.where}: {error}") from None
        with self._driver.touch() as network:
            entry.enter(network.phone(entry.number))
        return phone

    def number(
        self,
        phone_number: str,
        *,
        voice_url: str = "",
        voice_method: str = "POST",
        voice_fallback_url: str = "",
        sms_url: str = "",
        sms_method: str = "POST",
        sms_fallback_url: str = "",
        status_callback: str = "",
        application_sid: str = "",
        account_sid: str | None = None,
    ) -> str:
        """Give an account a phone number, or change one it has; the number's SID.

        Args:
            phone_number: E.164, a short code, or a sender on WhatsApp or Messenger with settings of its own:
                `whatsapp:+14155238886`, `messenger:4711`. On WhatsApp any other number takes messages, too.
            voice_url: Where calls to it are asked about.
            sms_url: Where texts to it are asked about.
            status_callback: Where the ends of its calls are told.
            application_sid: An application (`AP…`) that decides all that instead.
            account_sid: Whose it is; the main account's by default.

        Raises:
            EmulatorError: It is no phone number, or somebody's phone; or there is no such application,
                account or method.
        """
        one_of("voice_method", voice_method, _METHODS)
        one_of("sms_method", sms_method, _METHODS)
        if not is_phone_number(phone_number) and not _is_on_channel(phone_number):
            raise EmulatorError(
                "phone_number: expected E.164, such as +15017122661, a short code, or a sender on a channel, "
                f"such as whatsapp:+15017122661, got {phone_number!r:.80}"
            )
        with self._driver.touch() as network:
            record = network.store.number(phone_number)
            if record is None and phone_number in network.phones:
                raise EmulatorError(f"{phone_number} is somebody's phone already")
            if application_sid and application_sid not in network.store.applications:
                raise EmulatorError(f"application_sid: {application_sid!r} is no application here")
            if account_sid is not None and account_sid not in network.store.accounts:
                raise EmulatorError(f"account_sid: {account_sid!r} is no account here")
            if record is None:
                now = network.clock.date
                record = Number(
                    sid=network.sids.new(_number_prefix(phone_number)),
                    date_created=now,
                    date_updated=now,
                    account_sid=account_sid or self.account_sid,
                    phone_number=phone_number,
                    friendly_name=phone_number,
                )
                network.store.numbers[record.sid] = record
            record.voice_url, record.voice_method = voice_url, voice_method
            record.voice_fallback_url = voice_fallback_url
            record.sms_url, record.sms_method = sms_url, sms_method
            record.sms_fallback_url = sms_fallback_url
            record.status_callback = status_callback
            record.voice_application_sid = record.sms_application_sid = application_sid
            return record.sid

    def content_template(
        self, body: str, *, samples: Mapping[str, str] | None = None, sid: str | None = None
    ) -> str:
        """Make an approved template of messages, which Twilio's Content API has; its SID (`HX…`).

        Args:
            body: The text, with places to fill: `Your code is {{1}}.`
            samples: What stands there unless `ContentVariables` say otherwise, by the name of the place.
            sid: The one that the application knows; a new one by default.

        Raises:
            EmulatorError: It is no text, or no such SID.
        """
        check_text("body", body)
        given = dict(samples or {})
        for name, text in given.items():
            check_text("samples", name)
            check_text(f"samples[{name!r:.40}]", text)
        if sid is not None and not _CONTENT.match(sid):
            raise EmulatorError(f"sid: expected HX and 32 hex digits, got {sid!r:.80}")
        with self._driver.touch() as network:
            sid = sid or network.sids.new("HX")
            network.store.contents[sid] = Content(body=body, samples=given)
        return sid

    def connect_app(
        self,
        friendly_name: str,
        *,
        company_name: str = "",
        authorized: bool = False,
        account_sid: str | None = None,
    ) -> str:
        """Make a Connect app, which the API can't; its SID (`CN…`).

        Args:
            friendly_name: The name that customers see.
            company_name: The company that they see.
            authorized: Whether it is somebody else's, to which the account has given access.
            account_sid: Whose it is, or who gave access; the main account's by default.

        Raises:
            EmulatorError: There is no such account, or a name is none.
        """
        printable("friendly_name", friendly_name, 64)
        check_text("company_name", company_name)
        with self._driver.touch() as network:
            owner = account_sid or self.account_sid
            if owner not in network.store.accounts:
                raise EmulatorError(f"account_sid: {account_sid!r} is no account here")
            return new_connect_app(network, owner, friendly_name, company_name, authorized=authorized)

    def mount(self, public_url: str, handler: Handler) -> None:
        """Deliver what goes to `public_url`, and below it, by calling `handler.handle_sync`."""
        self._webhook_sender.mount(public_url, handler)
        self._watch(handler)

    def install(self, application: RingbackApplication, phone_number: str) -> str:
        """Run an application of this process behind a number, as `Application.install` does.

        Returns the SID of the TwiML application that was made for it.
        """
        self._serve(application)
        with self._driver.touch() as network:
            missing = network.store.number(phone_number) is None
        if missing:
            self.number(phone_number)
        # This is how a test begins, and none of what it tests.
        chaos, self.chaos = self.chaos, Chaos()
        try:
            with self.client() as client:
                name = application.public_url[:64]
                return application.install(client, friendly_name=name, phone_number=phone_number).sid
        finally:
            self.chaos = chaos

    def _serve(self, application: RingbackApplication | Switchboard) -> None:
        each = (application,) if isinstance(application, RingbackApplication) else application.applications
        for one in each:
            self._webhook_sender.mount(one.public_url, application)
        self._webhook_sender.install(application)
        self._watch(application)

    def _watch(self, handler: object) -> None:
        """Hear of an application's failures, and let it forget what another emulator told it."""
        if isinstance(handler, Switchboard):
            for each in handler.applications:
                self._watch(each)
        elif isinstance(handler, RingbackApplication) and handler not in self._watched:
            self._webhook_sender.loop = handler._hub.loop = self._driver.applications_loop()
            handler._forget()
            handler._hub.watchers.append(self._failed)
            handler._hub.timekeepers.append(self._waits.begin)
            handler._watch_flows(self._workers)
            self._watched.append(handler)

    def journal(self, call: PhoneCall | str, /) -> Journal:
        """What happened to the flow that leads, or led, a call: for a look at it, and for `replay`.

        Args:
            call: The call, or its SID.

        Raises:
            EmulatorError: No flow of an application of this process has led it.
        """
        sid = call if isinstance(call, str) else cast("object", getattr(call, "sid", None))
        if not isinstance(sid, str):
            raise EmulatorError(f"call: expected a PhoneCall, or the SID of a call, got {call!r}")
        for application in self._watched:
            flows = application._flows
            found = _beside(flows.journal(sid))
            if found is not None:
                return found
        raise EmulatorError(f"call: no flow of an application of this process has led {sid}")

    def _failed(self, failure: HandlerFailed) -> None:
        self._wrongs.failures.append(failure)
        with self._driver.condition:
            self._network.note(
                failure.call_sid or failure.message_sid or "",
                "application",
                "raises",
                self._network.masked(in_short(failure)),
            )

    # The API

    def transport(self) -> EmulatorTransport:
        """What carries a client's requests to this emulator, without HTTP."""
        return EmulatorTransport(self._answer_test)

    def async_transport(self) -> AsyncEmulatorTransport:
        """The same for `AsyncClient`."""
        return AsyncEmulatorTransport(self._answer_test)

    def client(self) -> Client:
        """A client of the main account."""
        from ringback.client import Client

        return Client(self.account_sid, self.auth_token, transport=self.transport())

    def async_client(self) -> AsyncClient:
        """An async client of the main account."""
        from ringback.client import AsyncClient

        return AsyncClient(self.account_sid, self.auth_token, transport=self.async_transport())

    def _answer_test(self, method: str, target: str, headers: Headers, body: bytes) -> Response:
        self._polls.check(method, target)
        return self.answer(method, target, headers, body)

    def answer(self, method: str, target: str, headers: Headers, body: bytes) -> Response:
        """What the API says to a request; `target` is its path and query."""
        with self._driver.touch():
            reply = self._api.answer(method, target, headers, body)
        if self._recorder is not None:
            self._recorder.request(method, target, body, reply.status)
        # Time goes on meanwhile: audio takes a while to make.
        return reply.response(method)

    @contextmanager
    def held(self) -> Generator[Network]:
        """Hold the network while looking at it or changing it: for what this class has no method for."""
        with self._driver.touch() as network:
            yield network

    @property
    def home(self) -> str:
        """Scheme and host that recordings' URLs begin with; `https://api.twilio.com` unless served."""
        return self._network.home

    @home.setter
    def home(self, url: str) -> None:
        self._network.home = url

    # What happened

    @property
    def transcript(self) -> Transcript:
        """Everything that happened so far."""
        return self._network.transcript

    @property
    def problems(self) -> list[Problem]:
        """What the debugger of the real service would show, oldest first."""
        return list(self._network.store.problems.values())

    @property
    def failures(self) -> list[HandlerFailed]:
        """What handlers, flows and listeners of the applications here raised, in order."""
        return list(self._wrongs.failures)

    def allow_problems(self, *kinds: ProblemKind) -> Allowance:
        """Expect problems and failures, before or after this, which then don't fail the test.

        As a context manager (`with emulator.allow_problems(11200): …`) it allows those that come within the
        block alone.

        Args:
            kinds: Which: Twilio's error codes, classes of what a handler, flow or listener raises, or text
                from the message. All of them by default.

        Raises:
            EmulatorError: A kind is none of these.
        """
        return self._wrongs.allow(kinds, self._driver.settle)

    def check_problems(self) -> None:
        """Raise unless all problems and failures so far are allowed.

        The fixture `emulator` does it at the end of a test.

        Raises:
            ProblemsLeft: Some are not.
        """
        self._driver.settle()
        left = self._wrongs.left()
        if left:
            raise ProblemsLeft(f"{left}\n\n{self.transcript}")


def _is_on_channel(address: str) -> bool:
    return channel_of(address) is not None and text_address(address) == address


def _number_prefix(phone_number: str) -> str:
    if phone_number.startswith("+"):
        return "PN"
    return "SC" if is_short_code(phone_number) else "XE"


def _beside(work: Coroutine[object, object, T]) -> T:
    """What a coroutine returns that runs beside whatever loop runs here, and doesn't take long."""
    return asyncio.run_coroutine_threadsafe(work, portal_loop()).result()
