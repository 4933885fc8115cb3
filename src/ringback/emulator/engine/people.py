"""People and their phones: what they hear, and what they do about a call.

Phone       a number, what it does when it rings, its calls and its texts
└── Line    one call from the phone's side: what was heard, keys, words, hanging up
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias, cast, get_args

from attrs import define, field, frozen

from ringback.emulator.engine import arguments
from ringback.emulator.engine.arguments import one_of
from ringback.emulator.engine.kernel.signals import Changed
from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from ringback.emulator.engine.callers import Place
    from ringback.emulator.engine.kernel.process import Process
    from ringback.emulator.engine.records import Call
    from ringback.emulator.engine.world import World

__all__ = [
    "Attachment",
    "Beep",
    "CallSide",
    "Greet",
    "HangUp",
    "Heard",
    "Hear",
    "Line",
    "OnCall",
    "OnText",
    "Pause",
    "Phone",
    "Press",
    "Reply",
    "Script",
    "Speak",
    "Step",
    "Tap",
    "Text",
    "Track",
]

State: TypeAlias = Literal["calling", "coming", "ringing", "talking", "over"]
Policy: TypeAlias = Literal["answer", "busy", "no-answer", "decline", "unreachable", "wait"]
AnsweredBy: TypeAlias = Literal[
    "human", "machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax", "unknown"
]
OnText: TypeAlias = Literal[
    "deliver", "read", "undelivered", "unreachable", "landline", "blocked", "filtered", "fail"
]
KEYS: Final = frozenset("0123456789*#")
# RFC 6838, without parameters.
_TYPE: Final = re.compile(r"[A-Za-z0-9][\w!#$&^.+-]{0,126}/[A-Za-z0-9][\w!#$&^.+-]{0,126}\Z", re.ASCII)


@frozen
class Hear:
    """Listen until something with this text was said or played to its end; give up after so many seconds."""

    text: str
    timeout: float = 60.0

    def __attrs_post_init__(self) -> None:
        arguments.text("text", self.text)
        arguments.seconds("timeout", self.timeout)


@frozen
class Press:
    """Press keys, one after the other, as soon as somebody listens for them."""

    keys: str

    def __attrs_post_init__(self) -> None:
        keys("keys", self.keys)


@frozen
class Speak:
    """Say something as soon as somebody listens; None takes as long as the text is."""

    text: str
    seconds: float | None = None

    def __attrs_post_init__(self) -> None:
        arguments.text("text", self.text)
        if self.seconds is not None:
            arguments.seconds("seconds", self.seconds, positive=True)


@frozen
class Greet:
    """Say something whether or not anybody listens, as a machine does; None takes as long as the text is."""

    text: str
    seconds: float | None = None

    def __attrs_post_init__(self) -> None:
        arguments.text("text", self.text)
        if self.seconds is not None:
            arguments.seconds("seconds", self.seconds, positive=True)


@frozen
class Beep:
    """Beep once, as a machine does before it records."""


@frozen
class Pause:
    """Do nothing for so many seconds."""

    seconds: float

    def __attrs_post_init__(self) -> None:
        arguments.seconds("seconds", self.seconds)


@frozen
class HangUp:
    """Hang up."""


Step: TypeAlias = "Hear | Press | Speak | Greet | Beep | Pause | HangUp"
Script: TypeAlias = "Callable[[Line], Iterable[Step]]"


def keys(name: str, value: object) -> None:
    """Refuse what no phone has keys for."""
    if not isinstance(value, str) or not value or not KEYS.issuperset(value):
        raise EmulatorError(f"{name}: expected 0-9, * and #, got {value!r:.80}")


@frozen
class OnCall:
    """What a phone does when it rings.

    Attributes:
        policy: `answer`, `decline` after some seconds; `busy` and `unreachable` at once; `no-answer` lets it
            ring; `wait` leaves it to whoever holds the phone.
        after: Seconds of ringing before `answer` and `decline`.
        answered_by: What an answering machine detection finds.
        script: What is done on the line once answered.
        greeting: What a machine says before it beeps; whoever waits for the end of that waits for the beep.
    """

    policy: Policy = "answer"
    after: float = 2.0
    answered_by: AnsweredBy = "human"
    script: Script | None = None
    greeting: str = ""

    def __attrs_post_init__(self) -> None:
        one_of("on_call", self.policy, get_args(Policy))
        one_of("answered_by", self.answered_by, get_args(AnsweredBy))
        arguments.seconds("after", self.after)


@define(eq=False)
class Heard:
    """Something that came out of the phone.

    Attributes:
        at: When it began, in seconds since the emulator's start.
        kind: `say`, `play`, `speech` (another person), `key` (another person's), `tone`, `music`.
        what: The text, the URL, the key, or the tone's name.
        source: The TwiML behind it, e.g. `Gather > Say`.
        document: Where that TwiML came from.
        until: When it was over, or None while it lasts.
        cut: Whether it was cut short.
        seconds: How long it takes when it isn't.
    """

    at: float
    kind: Literal["say", "play", "speech", "key", "tone", "music"]
    what: str
    source: str = ""
    document: str = ""
    until: float | None = None
    cut: bool = False
    seconds: float = 0.0

    def over(self, now: float) -> bool:
        """Whether it has come to its end."""
        return self.until is not None and self.until <= now


Track: TypeAlias = Literal["inbound_track", "outbound_track"]
Tap: TypeAlias = "Callable[[Track, Heard], None]"
"""Hears what is said on a line: by its person (inbound), or to them (outbound)."""


@frozen
class Attachment:
    """A file that a phone sends with a text.

    Attributes:
        content: The file.
        content_type: What it is, such as `image/png`.
    """

    content: bytes = field(repr=False)
    content_type: str

    def __attrs_post_init__(self) -> None:
        if not isinstance(cast("object", self.content), bytes):
            raise EmulatorError(f"content: expected bytes, got {self.content!r:.80}")
        if not isinstance(cast("object", self.content_type), str) or not _TYPE.match(self.content_type):
            raise EmulatorError(f"content_type: expected such as image/png, got {self.content_type!r:.80}")


@frozen
class Reply:
    """What a phone answers to a text.

    Attributes:
        text: Words of the text, whole ones; any text has those of "".
        reply: The answer.
    """

    text: str
    reply: str

    def __attrs_post_init__(self) -> None:
        arguments.text("text", self.text)
        arguments.text("reply", self.reply)


@frozen
class Text:
    """A text message as a phone shows it."""

    at: float
    sid: str
    from_: str
    body: str
    media: tuple[str, ...] = ()


class CallSide(Protocol):
    """Twilio's side of a call, as far as the person on the line notices it."""

    @property
    def world(self) -> World: ...

    @property
    def call(self) -> Call: ...

    @property
    def listening(self) -> frozenset[str]:
        """What it takes notice of now: `keys`, `speech`."""
        ...

    @property
    def noticed(self) -> bool:
        """Whether it has noticed all that was pressed and said."""
        ...

    @property
    def settled(self) -> bool:
        """Whether it is over and everybody who wanted to know has been told."""
        ...

    @property
    def discreet(self) -> bool:
        """Whether nobody is to see which keys are pressed."""
        ...

    def picked_up(self) -> None: ...

    def pressed(self, key: str, /) -> None: ...

    def spoke(self, text: str, seconds: float, /) -> None: ...

    def referred(self, target: str, /) -> bool:
        """The person hands the call on; whether anybody takes notice."""
        ...

    def fell_silent(self) -> None:
        """Its person stops in the middle of what they say."""
        ...

    def beeped(self, seconds: float, /) -> None: ...

    def finish(self, status: str, /, *, sip: int | None = None) -> None: ...


class Line:
    """A person's side of a call.

    Attributes:
        phone: Whose.
        leg: The other side.
        other: The number at the other end.
        state: `calling` (we ring), `coming` (on its way here: nobody notices), `ringing` (it rings here),
            `talking`, `over`.
        heard: What came out of the phone so far.
        ended_by: `me`, `Twilio`, or None while it lives.
        relay: Where no person listens but another call: what passes on to it what is heard.
        headers: SIP headers that the call came with, by name.
        parameters: What the application of a Voice SDK was told with the call.
        referred_to: Where a SIP phone was sent to, or None.
        taps: Hear everything that is heard or said here.
        messages: What the application of a Voice SDK on this line was sent, as JSON text.
        sent: What it sent.
    """

    def __init__(self, phone: Phone, leg: CallSide, other: str, *, calling: bool) -> None:
        self.phone = phone
        self.leg = leg
        self.other = other
        self.state: State = "calling" if calling else "coming"
        self.heard: list[Heard] = []
        self.ended_by: Literal["me", "Twilio"] | None = None
        self.relay: Callable[[Heard], None] | None = None
        self.headers: Mapping[str, str] = {}
        self.parameters: Mapping[str, str] = {}
        self.referred_to: str | None = None
        self.taps: list[Tap] = []
        self.messages: list[str] = []
        self.sent: list[str] = []
        # When what its person says is said.
        self._said_at = 0.0
        self._watchers: list[Process] = []

    @property
    def listening(self) -> frozenset[str]:
        """What the other end would take notice of now: `keys`, `speech`, both or nothing."""
        return self.leg.listening if self.state == "talking" else frozenset()

    @property
    def noticed(self) -> bool:
        """Whether the other end has noticed all that was pressed and said: it may stop listening for it."""
        return self.leg.noticed

    @property
    def engaged(self) -> bool:
        """Whether the phone is taken by it."""
        return self.state not in {"coming", "over"}

    @property
    def ended(self) -> bool:
        """Whether the call is over."""
        return self.state == "over"

    @property
    def speaking(self) -> bool:
        """Whether its person still says something."""
        return self.leg.world.clock.now < self._said_at

    def hear(self, heard: Heard) -> None:
        self.heard.append(heard)
        world = self.leg.world
        if heard.until is not None and heard.until > world.clock.now:
            # Its end is a moment that somebody may wait for.
            world.clock.after(heard.until - world.clock.now, self.changed)
        what = f'"{heard.what}"' if heard.kind in {"say", "speech"} else f"{heard.kind} {heard.what}"
        world.note(self.leg.call.sid, self.phone.number, "hears", what, heard.source, heard.document)
        self._act("hears", heard.what, kind=heard.kind)
        self.tapped("outbound_track", heard)
        if self.relay is not None:
            self.relay(heard)

    def end(self, heard: Heard) -> None:
        """Something that is heard is over now, unless it was before."""
        if heard.until is None:
            heard.until = self.leg.world.clock.now
            self.changed()

    def tapped(self, track: Track, heard: Heard) -> None:
        """Let those who listen in hear something."""
        for tap in tuple(self.taps):
            tap(track, heard)

    def watch(self, process: Process) -> None:
        """Tell a process whenever something about this line changes."""
        self._watchers.append(process)

    def changed(self) -> None:
        """Something about this line changed."""
        self._watchers = [each for each in self._watchers if not each.over]
        for process in self._watchers:
            process.signal(Changed())

    def pick_up(self) -> None:
        """Answer while it rings."""
        if self.state != "ringing":
            raise EmulatorError(f"{self.phone.number} can't answer: its call is {self.state}")
        self._act("answer")
        self.leg.picked_up()

    def decline(self) -> None:
        """Turn down a call while it rings."""
        if self.state != "ringing":
            raise EmulatorError(f"{self.phone.number} can't decline: its call is {self.state}")
        self.leg.world.note(self.leg.call.sid, self.phone.number, "declines")
        self._act("decline")
        self.leg.finish("busy", sip=486)

    def press(self, key: str) -> None:
        """Press one key."""
        keys("key", key)
        self._talking("press a key")
        shown = "•" if self.leg.discreet else key
        self.leg.world.note(self.leg.call.sid, self.phone.number, "presses", shown)
        self._act("press", shown)
        self.leg.pressed(key)

    def speak(self, text: str, seconds: float) -> None:
        """Say something."""
        arguments.text("text", text)
        arguments.seconds("seconds", seconds, positive=True)
        self._talking("speak")
        world = self.leg.world
        self._said_at = round(world.clock.now + seconds, 3)
        world.note(self.leg.call.sid, self.phone.number, "says", f'"{text}" ({seconds:g} s)')
        self._act("speak", text, seconds=seconds)
        self.leg.spoke(text, seconds)

    def beep(self) -> None:
        """Beep, as a machine does."""
        self._talking("beep")
        self.leg.world.note(self.leg.call.sid, self.phone.number, "beeps")
        self._act("beep")
        self.leg.beeped(self.leg.world.settings.beep)

    def refer(self, target: str) -> None:
        """Hand the call on to somebody else."""
        self._talking("hand the call on")
        if not self.phone.number.startswith(("sip:", "sips:")) or not self.leg.referred(target):
            raise EmulatorError(
                f"{self.phone.number} can't hand the call on: only a sip: phone can that a Dial has connected"
            )

    def cut_off(self) -> None:
        """Whoever its person spoke to has stopped listening: nobody goes on speaking to nobody."""
        if self.speaking:
            self._said_at = self.leg.world.clock.now
            self.leg.fell_silent()
            self.changed()

    def hang_up(self) -> None:
        """End the call from this side."""
        if self.state == "over":
            return
        self.leg.world.note(self.leg.call.sid, self.phone.number, "hangs up")
        self._act("hangup")
        self.ended_by = "me"
        answered = self.leg.call.status == "in-progress"
        # A caller who gives up while it rings has not been answered.
        self.leg.finish("completed" if answered else ("busy" if self.state == "ringing" else "no-answer"))

    def over(self) -> None:
        """The call ended; called by its leg."""
        self.state = "over"
        self.ended_by = self.ended_by or "Twilio"
        now = self.leg.world.clock.now
        self._said_at = min(self._said_at, now)
        for heard in self.heard:
            if not heard.over(now):
                heard.until, heard.cut = now, True
        self._act("over", self.ended_by)
        self.changed()

    def _act(self, did: str, what: str = "", *, kind: str = "", seconds: float = 0.0) -> None:
        self.leg.world.act(self.phone.number, self.leg.call.sid, did, what, kind=kind, seconds=seconds)

    def _talking(self, what: str) -> None:
        if self.state != "talking":
            raise EmulatorError(f"{self.phone.number} can't {what}: its call is {self.state}")


class Phone:
    """Somebody's phone.

    Attributes:
        number: E.164, `client:` and a name, a SIP address, or one of WhatsApp or Messenger.
        on_call: What it does when it rings; None for what the emulator's phones do by default.
        on_text: What becomes of texts to it.
        replies: What it answers to texts: the first that fits.
        owner: What a look-up of the caller's name finds, and what they go by on WhatsApp.
        home: Where its number belongs to; None where nobody said so.
        headers: SIP headers that it answers with, by name.
        takes_refer: Whether a SIP phone goes where it is sent to.
        lines: Its calls, oldest first.
        texts: The texts it got, oldest first.
    """

    def __init__(self, number: str, default: OnCall) -> None:
        self._default = default
        self.number = number
        self.owner = ""
        self.home: Place | None = None
        self.headers: Mapping[str, str] = {}
        self.takes_refer = True
        self.on_call: OnCall | None = None
        self.on_text: OnText = "deliver"
        self.replies: tuple[Reply, ...] = ()
        self.lines: list[Line] = []
        self.texts: list[Text] = []

    def forget(self) -> None:
        """Forget its calls and texts."""
        self.lines.clear()
        self.texts.clear()

    @property
    def behaviour(self) -> OnCall:
        """What it does when it rings."""
        return self.on_call or self._default

    @property
    def busy(self) -> bool:
        """Whether it is in a call: it takes one at a time."""
        return any(line.engaged for line in self.lines)
