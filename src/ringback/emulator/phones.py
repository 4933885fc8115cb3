"""Phones as tests hold them: dial, answer, press, speak, listen, text.

With a manual clock, whatever waits here lets virtual time pass.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, Literal, get_args

from attrs import frozen

from ringback.app.loops.portal import in_event_loop
from ringback.emulator.engine.addresses import channel_of, on_channel
from ringback.emulator.engine.arguments import one_of
from ringback.emulator.engine.arguments import seconds as check_seconds
from ringback.emulator.engine.arguments import text as check_text
from ringback.emulator.engine.behaviours import behaviour
from ringback.emulator.engine.callers import CallerDetails, Place, is_sip
from ringback.emulator.engine.calls import call_in
from ringback.emulator.engine.destinations import domain_of, of_application, of_domain, of_number
from ringback.emulator.engine.events import from_sdk
from ringback.emulator.engine.messaging.senders import record_of
from ringback.emulator.engine.people import Attachment, Heard, Line, OnText, Reply, Text
from ringback.emulator.engine.people import keys as check_keys
from ringback.emulator.engine.phrases import has_phrase
from ringback.emulator.engine.scripts import SPOKEN, follow, length_of, matches
from ringback.emulator.engine.urls import WebUrl
from ringback.emulator.engine.user_messages import is_sdk_call, send_from
from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from ringback.emulator.driver import Driver
    from ringback.emulator.engine.behaviours import Behaviour
    from ringback.emulator.engine.destinations import Destination
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.people import AnsweredBy, Script
    from ringback.emulator.engine.transcript import Entry
    from ringback.emulator.engine.world import World

__all__ = ["CallOver", "ExpectationFailed", "Phone", "PhoneCall"]

# Wall seconds that an application's own background work gets when nothing else happens.
GRACE: Final = 0.5
_LONGEST: Final = 86_400.0


class ExpectationFailed(EmulatorError, AssertionError):
    """What was waited for did not happen; the message shows the transcript."""


@frozen
class CallOver:
    """How a call ended.

    Attributes:
        status: `completed`, `busy`, `no-answer`, `failed` or `canceled`.
        duration: Connected seconds, or None where it was never answered.
        by: Who ended it: `me` (this phone) or `Twilio`.
    """

    status: str
    duration: int | None
    by: Literal["me", "Twilio"]


class PhoneCall:
    """A call as the person on the phone has it."""

    def __init__(self, driver: Driver, line: Line) -> None:
        self._driver = driver
        self._line = line
        self._cursor = 0

    def __repr__(self) -> str:
        return f"<PhoneCall {self._line.phone.number} - {self._line.other} {self._line.state}>"

    @property
    def sid(self) -> str:
        """The call's SID."""
        return self._line.leg.call.sid

    @property
    def status(self) -> str:
        """The call's status now."""
        return self._line.leg.call.status

    @property
    def other(self) -> str:
        """The number at the other end."""
        return self._line.other

    @property
    def state(self) -> Literal["calling", "coming", "ringing", "talking", "over"]:
        """What this side is doing."""
        return self._line.state

    @property
    def heard(self) -> tuple[Heard, ...]:
        """What came out of the phone so far."""
        return tuple(self._line.heard)

    @property
    def transcript(self) -> tuple[Entry, ...]:
        """What happened to this call so far."""
        return self._line.leg.world.transcript.of(self.sid)

    def answer(self) -> PhoneCall:
        """Pick up while it rings."""
        with self._driver.touch():
            self._line.pick_up()
        return self

    def decline(self) -> None:
        """Turn it down while it rings."""
        with self._driver.touch():
            self._line.decline()

    def press(self, keys: str, *, timeout: float = 60.0) -> None:
        """Press keys one after the other, each as soon as somebody listens for keys.

        Raises:
            ExpectationFailed: Nobody listened within `timeout` seconds, or the call ended.
        """
        check_keys("keys", keys)
        for number, key in enumerate(keys):
            if number:
                self.wait(self._line.leg.world.settings.key)
            self._until_listened("keys", f"to press {key}", timeout)
            with self._driver.touch():
                self._line.press(key)

    def speak(self, text: str, *, seconds: float | None = None, timeout: float = 60.0) -> None:
        """Say something as soon as somebody listens, and go on when it is said.

        A recording that ends meanwhile cuts it off, and so does the end of the call.

        Args:
            text: What is said: what a recognition or transcription makes of it, word by word.
            seconds: How long it takes; by default as long as the text is.
            timeout: How long to wait for somebody to listen, in seconds.

        Raises:
            ExpectationFailed: Nobody listened, or the call ended.
        """
        settings = self._line.leg.world.settings
        check_text("text", text)
        length = length_of(text, settings.characters) if seconds is None else seconds
        check_seconds("seconds", length, positive=True)
        self._until_listened("speech", f'to say "{text}"', timeout)
        with self._driver.touch():
            self._line.speak(text, length)
        self._driver.let_pass(length, unless=lambda: not self._line.speaking)

    @property
    def sip_headers(self) -> Mapping[str, str]:
        """The SIP headers that the call came with, by name."""
        return dict(self._line.headers)

    @property
    def parameters(self) -> Mapping[str, str]:
        """What an application of a Voice SDK on this phone was told with the call."""
        return dict(self._line.parameters)

    @property
    def referred_to(self) -> str | None:
        """Where a `<Refer>` sent this SIP phone, or None."""
        return self._line.referred_to

    def refer(self, target: str) -> None:
        """Hand the call on to somebody else, as a SIP phone does.

        Args:
            target: Where to: a `sip:` or `tel:` address.

        Raises:
            EmulatorError: This is no `sip:` phone, or no call that a `<Dial>` has connected.
        """
        check_text("target", target)
        with self._driver.touch():
            self._line.refer(target)

    @property
    def messages(self) -> tuple[str, ...]:
        """What an application of a Voice SDK on this phone was sent within the call, as JSON text."""
        return tuple(self._line.messages)

    def send_message(self, content: str) -> str:
        """Send JSON text within the call, as an application of a Voice SDK does; the message's SID.

        Raises:
            EmulatorError: It is no JSON, this is no `client:` phone, or nobody talks.
        """
        try:
            json.loads(content)
        except (TypeError, ValueError, RecursionError):
            raise EmulatorError(f"content: expected JSON text, got {content!r:.200}") from None
        with self._driver.touch() as network:
            leg = network.legs[self.sid]
            if not is_sdk_call(leg) or self._line.state != "talking":
                who = self._line.phone.number
                raise EmulatorError(f"{who} can't send a message: only a client: phone in a call can")
            return send_from(leg, content)

    def wait(self, seconds: float) -> None:
        """Do nothing for so many virtual seconds."""
        self._driver.let_pass(seconds)

    def hangup(self) -> None:
        """End the call from this side."""
        with self._driver.touch():
            self._line.hang_up()

    def expect_answer(self, *, timeout: float = 60.0) -> None:
        """Wait until the call is answered.

        Raises:
            ExpectationFailed: It was not.
        """
        if not self._wait(lambda: self._line.state == "talking", timeout):
            raise self._failure("an answer", timeout)

    def expect_say(self, text: str, *, timeout: float = 60.0) -> Heard:
        """Wait until something with this text was said to its end (or was cut off by a key).

        What was said before the last expectation was met does not count. Upper and lower case are alike.

        Args:
            text: Any words of what is said, one after the other and whole: `hi` isn't met by `something`, nor
                `Press 1` by `Press 12`.
            timeout: In virtual seconds.

        Raises:
            ExpectationFailed: It was not said in time, or the call ended before.
        """
        return self._expect(text, SPOKEN, f'to hear "{text}"', timeout)

    def expect_play(self, url: str = "", *, timeout: float = 60.0) -> Heard:
        """The same for audio, by any part of its URL; hold music counts where no URL is named."""
        kinds = frozenset({"play"}) if url else frozenset({"play", "music"})
        return self._expect(url, kinds, f"to hear {url or 'something played'}", timeout)

    def expect_tone(self, name: str, *, timeout: float = 60.0) -> Heard:
        """The same for tones: `beep`, `busy tone`, `keys 12`, …"""
        return self._expect(name, frozenset({"tone", "key"}), f"to hear {name}", timeout)

    def expect_hangup(self, *, timeout: float = 60.0) -> CallOver:
        """Wait until the other side hangs up.

        Raises:
            ExpectationFailed: It did not.
        """
        if not self._wait(lambda: self._line.state == "over", timeout):
            raise self._failure("the other side to hang up", timeout)
        if self._line.ended_by == "me":
            raise self._failure("the other side to hang up, and hung up itself", timeout)
        return self.ended

    @property
    def ended(self) -> CallOver:
        """Wait until the call is over and everybody was told, and tell how it ended.

        Raises:
            ExpectationFailed: It does not end.
        """
        leg = self._line.leg
        if not self._driver.wait_until(lambda: leg.settled, seconds=_LONGEST, grace=GRACE, patient=False):
            raise self._failure("the end of the call", _LONGEST)
        return CallOver(leg.call.status, leg.call.duration, self._line.ended_by or "Twilio")

    def _expect(self, text: str, kinds: frozenset[str], what: str, timeout: float) -> Heard:
        found: list[int] = []

        def heard() -> bool:
            now = self._line.leg.world.clock.now
            for index in range(self._cursor, len(self._line.heard)):
                each = self._line.heard[index]
                # Hold music has no end: it counts as soon as it starts.
                if matches(each, text, kinds) and (each.over(now) or each.kind == "music"):
                    found.append(index)
                    return True
            return False

        if not self._wait(heard, timeout) and not heard():
            raise self._failure(what, timeout)
        self._cursor = found[0] + 1
        return self._line.heard[found[0]]

    def _until_listened(self, what: str, why: str, timeout: float) -> None:
        if not self._wait(lambda: self._line.noticed and what in self._line.listening, timeout):
            raise self._failure(why, timeout)

    def _wait(self, done: Callable[[], bool], timeout: float) -> bool:
        self._driver.wait_until(lambda: done() or self._line.state == "over", seconds=timeout, grace=GRACE)
        return done()

    def _failure(self, what: str, timeout: float) -> ExpectationFailed:
        world = self._line.leg.world
        if self._line.state == "over":
            why = f"its call is over ({self._line.leg.call.status})"
        else:
            why = f"not within {timeout:g} virtual seconds, or nothing happens any more"
        return _failed(world, f"{self._line.phone.number} waited {what}: {why}")


class Phone:
    """Somebody's phone. It is in one call at a time and busy for others.

    Attributes:
        number: E.164, or `client:` and a name, a SIP address, or one of WhatsApp or Messenger.
    """

    def __init__(self, driver: Driver, network: Network, number: str) -> None:
        self._driver = driver
        self._network = network
        self._phone = network.phone(number)
        self._cursor = 0
        self.number = number

    def __repr__(self) -> str:
        return f"Phone({self.number!r})"

    def behave(
        self,
        on_call: Behaviour,
        *,
        after: float | None = None,
        answered_by: AnsweredBy | None = None,
        script: Script | None = None,
        greeting: str | None = None,
    ) -> Phone:
        """Say what it does when it rings.

        Args:
            on_call: `answer` or `decline` (after some seconds of ringing), `busy`, `no-answer`,
                `unreachable`, or `wait`: it rings until `answer()` or `decline()` is called. Or somebody
                ready-made: `voicemail`, a machine that answers after 20 seconds, greets, beeps and records a
                minute of silence; `wrong-language`, who speaks Spanish and hangs up; `hangs-up`, who does so
                at once; `fax`.
            after: Those seconds: two unless said otherwise.
            answered_by: What an answering machine detection finds: a human unless said otherwise.
            script: Gives the steps that are done once answered: `Hear`, `Press`, `Speak`, `Pause`, `HangUp`;
                and `Greet` and `Beep`, as machines do.
            greeting: What the voicemail says before it beeps.

        Raises:
            EmulatorError: A value is none that is allowed.
        """
        made = behaviour(on_call, after=after, answered_by=answered_by, script=script, greeting=greeting)
        with self._driver.touch():
            self._phone.on_call = made
        return self

    def reply(self, text: str, reply: str) -> Phone:
        """Have it answer texts by itself: to each the reply that was first said for it.

        Args:
            text: Words of the text, whole ones; `""` answers any.
            reply: What is answered.

        Raises:
            EmulatorError: One is no text.
        """
        made = Reply(text, reply)
        with self._driver.touch():
            self._phone.replies = (*self._phone.replies, made)
        return self

    def receive(self, on_text: OnText) -> Phone:
        """Say what becomes of texts to it.

        Args:
            on_text: `deliver`; `read`, on WhatsApp, which tells so; `undelivered`, as the number is unknown,
                `unreachable`, `landline`, `blocked` by its carrier, or `filtered` as spam; `fail`.

        Raises:
            EmulatorError: It is none of these, or `read` where nobody learns of it.
        """
        one_of("on_text", on_text, get_args(OnText))
        if on_text == "read" and channel_of(self.number) is None:
            raise EmulatorError(f"on_text: {self.number} isn't on WhatsApp, where senders learn of `read`")
        with self._driver.touch():
            self._phone.on_text = on_text
        return self

    def busy(self) -> Phone:
        """From now on, be busy."""
        return self.behave("busy")

    @property
    def calls(self) -> tuple[PhoneCall, ...]:
        """Its calls, oldest first."""
        return tuple(PhoneCall(self._driver, line) for line in self._phone.lines)

    @property
    def texts(self) -> tuple[Text, ...]:
        """The texts it got, oldest first."""
        return tuple(self._phone.texts)

    def register(
        self,
        *,
        name: str = "",
        city: str = "",
        state: str = "",
        zip_code: str = "",
        country: str = "",
        sip_headers: Mapping[str, str] | None = None,
        takes_refer: bool = True,
    ) -> Phone:
        """Say what the network knows of it and its owner.

        Args:
            name: What a look-up finds, where a number has `voice_caller_id_lookup`, and what they go by on
                WhatsApp (`ProfileName`).
            city: Where the number belongs to: `FromCity` and the like.
            state: The same.
            zip_code: The same.
            country: Two letters.
            sip_headers: What a `sip:` phone answers calls with, by name.
            takes_refer: Whether a `sip:` phone goes where a `<Refer>` sends it.
        """
        given = {"name": name, "city": city, "state": state, "zip_code": zip_code, "country": country}
        for argument, text in given.items():
            check_text(argument, text)
        with self._driver.touch():
            self._phone.owner = name
            self._phone.home = Place(city, state, zip_code, country)
            self._phone.headers = _texts("sip_headers", sip_headers)
            self._phone.takes_refer = takes_refer
        return self

    def dial(
        self,
        to: str,
        *,
        script: Script | None = None,
        parameters: Mapping[str, str] | None = None,
        caller_name: str | None = None,
        forwarded_from: str | None = None,
        sip_headers: Mapping[str, str] | None = None,
    ) -> PhoneCall:
        """Call somebody of the emulator's accounts.

        Args:
            to: A number, E.164; an address at one of the SIP domains; or, where this is a `client:` phone,
                the SID of a TwiML application (`AP…`), as applications of a Voice SDK call it.
            script: Gives the steps that are done on the line, as in `behave`.
            parameters: What an application of a Voice SDK gives to `connect()`.
            caller_name: What the call says of its caller, whatever a look-up would find.
            forwarded_from: The number that passed the call on.
            sip_headers: Headers of a `sip:` phone; those that begin with `X-`, and `User-to-User`, arrive.

        Raises:
            EmulatorError: There is nobody at `to`, or this phone can't call there, or is in a call.
        """
        details = CallerDetails(
            caller_name,
            forwarded_from,
            sip_headers=_texts("sip_headers", sip_headers),
            parameters=_texts("parameters", parameters),
        )
        for name, text in (("caller_name", caller_name), ("forwarded_from", forwarded_from)):
            if text is not None:
                check_text(name, text)
        if details.parameters and not self.number.startswith("client:"):
            raise EmulatorError(f"parameters: only a client: phone gives some, and {self.number} is none")
        if details.sip_headers and not is_sip(self.number):
            raise EmulatorError(f"sip_headers: only a sip: phone sends some, and {self.number} is none")
        with self._driver.touch() as network:
            destination = self._destination(network, to, details)
            if self._phone.busy:
                raise EmulatorError(f"{self.number} is in a call")
            leg = call_in(network, self._phone, destination, details, from_sdk(details.parameters))
            if script is not None:
                follow(leg.line, script(leg.line))
        return PhoneCall(self._driver, leg.line)

    def _destination(self, network: Network, to: str, details: CallerDetails) -> Destination:
        store = network.store
        if is_sip(to):
            domain = domain_of(store, to)
            if domain is None:
                raise EmulatorError(f"{to} is at no SIP domain of this emulator's accounts")
            if not domain.auth_type:
                raise EmulatorError(
                    f"{to} is refused: no list of credentials or addresses is mapped to {domain.domain_name}"
                )
            return of_domain(domain, to)
        application = store.applications.get(to)
        if application is not None:
            if not self.number.startswith("client:"):
                raise EmulatorError(f"{to} is an application: only a client: phone calls one")
            return of_application(application, details.parameters.get("To", ""))
        number = store.number(to)
        if number is None:
            owned = ", ".join(each.phone_number for each in store.numbers.values()) or "none"
            raise EmulatorError(f"{to} is no number of this emulator's accounts, which own: {owned}")
        return of_number(store, number)

    def answer(self, *, timeout: float = 60.0) -> PhoneCall:
        """Wait until it rings, and pick up.

        Raises:
            ExpectationFailed: It did not ring within so many virtual seconds.
        """
        call = self._ringing(timeout)
        with self._driver.touch():
            if call.state == "ringing":
                call.answer()
        return call

    def decline(self, *, timeout: float = 60.0) -> PhoneCall:
        """Wait until it rings, and turn the call down."""
        call = self._ringing(timeout)
        call.decline()
        return call

    def text(self, to: str, body: str, *, media: Iterable[str | Attachment] = ()) -> str:
        """Send a text to a number of the emulator's accounts; the message's SID.

        Args:
            to: The number: E.164, or a short code; from phones on a channel, the number there.
            body: The text.
            media: Pictures and the like: each an `Attachment`, or a URL. Files on this machine are fetched:
                applications can download them; of those elsewhere they are told the type alone.

        Raises:
            EmulatorError: Nobody owns the number; or a URL is none.
        """
        check_text("body", body)
        for file in (files := tuple(media)):
            if isinstance(file, Attachment):
                continue
            check_text("media", file)
            if WebUrl.parse(file) is None:
                raise EmulatorError(
                    f"media: expected an Attachment, or an absolute http or https URL, got {file!r:.200}"
                )
        channel = channel_of(self.number)
        address = to if channel_of(to) is not None else on_channel(channel, to)
        if channel_of(address) != channel:
            raise EmulatorError(f"to: {self.number} can't text {to}, which is on another channel")
        with self._driver.touch() as network:
            number = record_of(network.store, address)
            if number is None:
                raise EmulatorError(f"{to} is no number of this emulator's accounts")
            return network.receive(self._phone, number, address, body, files).sid

    def expect_text(self, body: str = "", *, timeout: float = 60.0) -> Text:
        """Wait for a text with these words in its body, whole ones.

        Those before the last one waited for don't count.

        Raises:
            ExpectationFailed: It did not come in time.
        """
        found: list[int] = []

        def came() -> bool:
            for index in range(self._cursor, len(self._phone.texts)):
                if has_phrase(self._phone.texts[index].body, body):
                    found.append(index)
                    return True
            return False

        if not self._driver.wait_until(came, seconds=timeout, grace=GRACE):
            raise _failed(
                self._network,
                f'{self.number} waited for a text with "{body}": none within {timeout:g} virtual seconds',
            )
        self._cursor = found[0] + 1
        return self._phone.texts[found[0]]

    def _ringing(self, timeout: float) -> PhoneCall:
        def waiting() -> Line | None:
            for line in self._phone.lines:
                if line.leg.call.direction != "inbound" and line.state in {"ringing", "talking"}:
                    return line
            return None

        if not self._driver.wait_until(lambda: waiting() is not None, seconds=timeout, grace=GRACE):
            raise _failed(
                self._network, f"{self.number} waited for a call: none within {timeout:g} virtual seconds"
            )
        line = waiting()
        if line is None:
            raise ExpectationFailed(f"{self.number} waited for a call, which ended at once")
        return PhoneCall(self._driver, line)


def _texts(name: str, given: Mapping[str, str] | None) -> dict[str, str]:
    """Names and texts, checked."""
    found = dict(given or {})
    for key, text in found.items():
        check_text(name, key)
        check_text(f"{name}[{key!r}]", text)
    return found


def _failed(world: World, why: str) -> ExpectationFailed:
    """The error of a wait that was in vain, with all that happened and what may have been in its way."""
    if in_event_loop() and len(asyncio.all_tasks()) > 1:
        why += (
            ". An event loop runs in this thread, whose tasks stood still meanwhile: let them go on with "
            "await asyncio.to_thread(call.expect_say, …)"
        )
    return ExpectationFailed(f"{why}\n\n{world.transcript.text()}")
