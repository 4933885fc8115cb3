"""Call legs: the status machine of each call, and what is told about it.

    queued → initiated → ringing → in-progress → completed
       │         │          ├────────────────────→ busy | no-answer
       │         └──────────┴────────────────────→ failed
       └─────────┴──────────┴────────────────────→ canceled

https://www.twilio.com/docs/voice/api/call-resource#call-status-values
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from attrs import frozen

from ringback.emulator.engine.call_signals import HungUp, Key, Moved, Speech
from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.events import call_facts
from ringback.emulator.engine.kernel.process import Process, Steps
from ringback.emulator.engine.kernel.signals import Interruption, Signal
from ringback.emulator.engine.people import Heard, Line, Phone
from ringback.emulator.engine.recordings import ActiveRecording, RecordingOptions, recording_facts
from ringback.emulator.engine.scripts import follow
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.usage import call_ended
from ringback.errors import EmulatorError
from ringback.webhooks import CallStatusChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ringback._generated.webhooks.enums import CallStatus
    from ringback.emulator.engine.detection import Detection
    from ringback.emulator.engine.exchange import Session
    from ringback.emulator.engine.kernel.clock import Timer
    from ringback.emulator.engine.media_sessions import MediaSession
    from ringback.emulator.engine.records import Call
    from ringback.emulator.engine.world import World

__all__ = ["Leg", "Subscription"]

_LONGEST: Final = 32015
Connect: TypeAlias = "Callable[[str], Callable[[], None] | None]"

_EVENT_OF: Final = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}


@frozen
class Subscription:
    """Where to tell about a call's progress."""

    url: str
    method: str = "POST"
    events: frozenset[str] = frozenset({"completed"})


class Leg:
    """Twilio's side of one call.

    Attributes:
        call: Its record.
        line: The person's side.
        keypad: Takes the keys in place of what it does, and nobody else hears them.
        hides_keys: Whether nobody is to see which keys are pressed for what it does.
        on_refer: Hears that a SIP phone hands the call on; None where nobody would.
        media: What passes on what is heard here.
        message_subscriptions: Where messages of an application of a Voice SDK are told, by SID.
        made: Records by the operation and the idempotency key that they were made with.
        audience: Gives the legs that hear what this one's person says: a bridge's or conference's others.
        recordings: What is recorded of it, or was.
        reported: The recording that its end is told with.
        document: Where the TwiML that runs now came from.
        settled: Whether it is over and everybody who wanted to know has been told.
    """

    def __init__(
        self,
        world: World,
        call: Call,
        session: Session,
        phone: Phone,
        *,
        subscriptions: Iterable[Subscription] = (),
        fallback_url: str = "",
        fallback_method: str = "POST",
        parent: Leg | None = None,
    ) -> None:
        self.world = world
        self.call = call
        self.session = session
        inbound = call.direction == "inbound"
        self.line = Line(phone, self, call.to if inbound else call.from_, calling=inbound)
        self.subscriptions = [each for each in subscriptions if each.url]
        self.fallback_url = fallback_url
        self.fallback_method = fallback_method
        self.process: Process | None = None
        self.keypad: Callable[[str], None] | None = None
        self.hides_keys = False
        self.on_refer: Callable[[str], None] | None = None
        self.media: list[MediaSession] = []
        self.message_subscriptions: dict[str, Subscription] = {}
        self.made: dict[tuple[str, str], object] = {}
        self._listening: frozenset[str] = frozenset()
        self.audience: Callable[[], Iterable[Leg]] = tuple
        self.document = ""
        self.settled = False
        self.on_ring: Callable[[], None] | None = None
        self.on_answer: Callable[[], None] | None = None
        self.on_speech: Callable[[float], None] | None = None
        self.on_end: list[Callable[[], None]] = []
        # How many forwarding numbers of the account led here, so that a circle of them ends.
        self.depth: int = parent.depth if parent is not None else 0
        self.detection: Detection | None = None
        self.recording_options: RecordingOptions | None = None
        self.answer_keys = ""
        self.time_limit: float | None = None
        self.documents_now: tuple[float, int] = (0.0, 0)
        self.sip_code: int | None = None
        self.recordings: list[ActiveRecording] = []
        # What its person says, as each who listens hears it.
        self._saying: list[Heard] = []
        self._answered_at: float | None = None
        self.reported: ActiveRecording | None = None
        self._sequence = 0
        self._telling = 0
        self._timers: list[Timer] = []
        phone.lines.append(self.line)

    # What happens to the call

    def initiate(self) -> None:
        """The network starts to place an outgoing call."""
        self._change("initiated")

    def ring(self) -> None:
        """The callee's phone starts to ring."""
        self.line.state = "ringing"
        self.line.changed()
        self._change("ringing")
        if self.on_ring is not None:
            self.on_ring()

    def answer(self) -> None:
        """Somebody picked up: the callee, or Twilio itself on a call that came in."""
        self._answered_at = self.world.clock.now
        self.call.start_time = self.world.clock.date
        self.line.state = "talking"
        self.line.changed()
        inbound = self.call.direction == "inbound"
        self.world.note(self.call.sid, "Twilio" if inbound else self.line.phone.number, "answers")
        self._later(min(self.time_limit or math.inf, self.world.settings.longest), self._too_long)
        self._change("in-progress")
        if inbound and self.on_answer is not None:
            self.on_answer()

    def picked_up(self) -> None:
        """The callee answers."""
        self._stop_timers()
        self.answer()
        if self.recording_options is not None:
            self.reported = self.prepare_recording(self.recording_options)
            self.record(self.reported)
        if self.on_answer is not None:
            self.on_answer()
        script = self.line.phone.behaviour.script
        if script is not None:
            follow(self.line, script(self.line))

    def finish(self, status: str, *, sip: int | None = None) -> None:
        """The call is over; does nothing where it already is."""
        if not self.call.live:
            return
        self._stop_timers()
        now = self.world.clock.now
        self.sip_code = sip
        self.call.end_time = self.world.clock.date
        if self._answered_at is not None:
            self.call.duration = math.floor(now - self._answered_at + 0.5)
        self.call.status = status
        self.call.date_updated = self.world.clock.date
        self.fell_silent()
        self.line.over()
        for recording in self.recordings:
            if recording.led_by_api:
                recording.finish()
        if self.call.duration is not None:
            call_ended(self.world, self.call)
        length = "" if self.call.duration is None else f", {self.call.duration} s"
        self.world.note(self.call.sid, "Twilio", "ends the call:", f"{status}{length}")
        self.interrupt(HungUp())
        for session in self.media:
            session.stop()
        for action in self.on_end:
            action()
        # A recording that the hang-up cut off reports its own end first.
        self.world.clock.after(0.1, self._tell_end)

    @property
    def listening(self) -> frozenset[str]:
        """What it takes notice of now: `keys`, `speech`."""
        return self._listening if self.keypad is None else self._listening | {"keys"}

    @property
    def discreet(self) -> bool:
        """Whether nobody is to see which keys are pressed."""
        return self.hides_keys or self.keypad is not None

    @property
    def noticed(self) -> bool:
        """Whether its process has learned of all that was pressed and said."""
        return self.process is None or self.process.knows_all

    def prepare_recording(self, options: RecordingOptions) -> ActiveRecording:
        """A recording of this call, ready to start."""
        document = self.document if options.place else ""
        return ActiveRecording(self.world, self.session, self.call, options, document)

    def record(self, recording: ActiveRecording) -> None:
        """Start a recording, also of what has begun already and goes on."""
        taps, tap = self.line.taps, recording.hears
        self.recordings.append(recording)
        taps.append(tap)
        recording.on_end.append(lambda: taps.remove(tap))
        recording.start()
        for said in self.saying:
            tap("inbound_track", said)
        for heard in self.line.heard:
            if not heard.over(self.world.clock.now):
                tap("outbound_track", heard)

    @property
    def saying(self) -> tuple[Heard, ...]:
        """What its person is just saying, if anything."""
        return tuple(said for said in self._saying[:1] if not said.over(self.world.clock.now))

    def start(self, steps: Steps[None]) -> None:
        """Give the leg something to do. Where that dies of a bug, the call ends: nobody else would end it."""
        self.process = self.world.run(steps, self._broke)

    def _broke(self, error: Exception) -> None:
        self.world.broke(self.session.account, self.call.sid, error)
        self.finish("completed" if self.call.status == "in-progress" else "failed")

    def attach(self, session: MediaSession) -> None:
        """Let something listen in, to the end of the call at most."""
        self.media.append(session)
        session.start()

    def listen_for(self, *what: str) -> None:
        """Take notice of `keys`, `speech`, both, or nothing from now on."""
        self._listening = frozenset(what)
        if self.process is not None:
            # What came for whoever listened until now is lost with him.
            self.process.forget(Key, Speech)
        self.line.changed()

    def signal(self, signal: Signal) -> None:
        """Tell what it does that something happened."""
        if self.process is not None:
            self.process.signal(signal)

    def interrupt(self, interruption: Interruption) -> None:
        """End what it does, if it does anything."""
        if self.process is not None:
            self.process.interrupt(interruption)

    def move(self, source: Source) -> None:
        """Leave what it does for another document."""
        if self.process is None or self.call.status != "in-progress":
            raise EmulatorError(f"call {self.call.sid} is not in progress")
        self.process.interrupt(Moved(source))

    def limit(self, seconds: float) -> None:
        """End the call when it has been connected so long."""
        self.time_limit = seconds
        if self._answered_at is not None:
            left = self._answered_at + seconds - self.world.clock.now
            self._later(left, self._too_long)

    # What its person does

    def pressed(self, key: str) -> None:
        if self.keypad is not None:
            self.keypad(key)
            return
        self._sounds("key", key, self.world.settings.key)
        # What nobody listens for is lost, as on a phone.
        if "keys" in self._listening:
            self.signal(Key(key))

    def spoke(self, text: str, seconds: float) -> None:
        if self.on_speech is not None:
            self.on_speech(seconds)
        self._saying = self._sounds("speech", text, seconds)
        if "speech" in self._listening:
            self.signal(Speech(text, seconds))

    def fell_silent(self) -> None:
        now = self.world.clock.now
        for said in self._saying:
            if not said.over(now):
                said.until, said.cut = now, True

    def beeped(self, seconds: float) -> None:
        self._sounds("tone", "beep", seconds)

    def _sounds(self, kind: Literal["key", "speech", "tone"], what: str, seconds: float) -> list[Heard]:
        """Its person makes a sound: as Twilio hears it, and as each of the others does."""
        now = self.world.clock.now
        until = round(now + seconds, 3)
        here = Heard(now, kind, what, until=until, seconds=seconds)
        if not (kind == "key" and self.hides_keys):
            self.line.tapped("inbound_track", here)
        sounds = [here]
        for leg in self.audience():
            there = Heard(now, kind, what, until=until, seconds=seconds)
            leg.line.hear(there)
            sounds.append(there)
        return sounds

    def referred(self, target: str) -> bool:
        """Its SIP phone hands the call on; whether anybody takes notice."""
        if self.on_refer is None:
            return False
        self.world.note(self.call.sid, self.line.phone.number, "refers to", target)
        self.on_refer(target)
        return True

    # What it tells

    def _change(self, status: str) -> None:
        self.call.status = status
        self.call.date_updated = self.world.clock.date
        if status in {"initiated", "ringing"}:
            what = "places the call" if status == "initiated" else "rings"
            who = "Twilio" if status == "initiated" else self.line.phone.number
            self.world.note(self.call.sid, who, what)
        self._tell(_EVENT_OF[status])

    def _tell_end(self) -> None:
        self._tell("completed")
        if not self._telling:
            self.settled = True

    def _report(self) -> CallStatusChanged:
        """Where the call is."""
        call = self.call
        ended = not call.live
        seconds = call.duration or 0
        return CallStatusChanged(
            **call_facts(call),
            status=cast("CallStatus", call.status),
            timestamp=self.world.clock.date,
            callback_source="call-progress-events",
            sequence_number=self._sequence,
            duration=seconds if ended else None,
            duration_minutes=math.ceil(seconds / 60) if ended else None,
            sip_response_code=self.sip_code if call.direction == "outbound-api" else None,
            **recording_facts(self.reported if ended else None),
            answered_by=call.answered_by,
        )

    def _tell(self, event: str) -> None:
        for subscription in self.subscriptions:
            if event not in subscription.events:
                continue
            report = self._report()
            self._sequence += 1
            self._telling += 1
            self.world.tell(
                self.session,
                self.call.sid,
                url=subscription.url,
                method=subscription.method,
                event=report,
                about=self.call.status,
                then=self._told,
            )

    def _told(self) -> None:
        self._telling -= 1
        if not self._telling and not self.call.live:
            self.settled = True

    # Timers that end with the phase they belong to

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._timers.append(self.world.clock.after(seconds, action))

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _too_long(self) -> None:
        if self.time_limit is None or self.time_limit > self.world.settings.longest:
            self.world.problem(self.session.account, self.call.sid, Trouble(_LONGEST, "", ""))
        self.world.note(self.call.sid, "Twilio", "ends what lasted too long")
        self.finish("completed")

    # Ringing

    def reach_out(self, timeout: float, connect: Connect, *, after: float = 0.0) -> None:
        """Place the call: initiated, ringing for at most `timeout`, and what the phone then does.

        Args:
            connect: Gives what connects it to an address of ours, which is nobody's phone; None for a phone.
        """
        settings = self.world.settings
        self._later(after + settings.initiate, lambda: self._initiated(timeout, connect))

    def _initiated(self, timeout: float, connect: Connect) -> None:
        self.initiate()
        self._later(self.world.settings.ring, lambda: self._reached(timeout, connect))

    def _reached(self, timeout: float, connect: Connect) -> None:
        person = self.line.phone
        on_call = person.behaviour
        others = any(line.engaged for line in person.lines if line is not self.line)
        forward = connect(person.number)
        if forward is not None:
            self.ring()
            self._later(timeout, lambda: self.finish("no-answer", sip=487))
            forward()
            return
        self.world.act(person.number, self.call.sid, "rings", on_call.policy)
        if on_call.policy == "unreachable":
            self.finish("failed", sip=404)
        elif on_call.policy == "busy" or others:
            self.world.note(self.call.sid, person.number, "is busy")
            self.finish("busy", sip=486)
        else:
            self.ring()
            self._later(timeout, lambda: self.finish("no-answer", sip=487))
            if on_call.policy == "answer":
                self._later(on_call.after, self.line.pick_up)
            elif on_call.policy == "decline":
                self._later(on_call.after, self.line.decline)
