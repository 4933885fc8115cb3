"""Flows: coroutine functions that lead a whole call, top-down.

`say`, `play` and `pause` add to what the caller will hear; every `await` serves what was added so far and
returns what Twilio reports back. A caller who hangs up raises `CallHungUp` at the `await`, so `finally`
works.
"""

from __future__ import annotations

import asyncio
import secrets
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, Final, ParamSpec, TypeAlias, TypeVar

import attrs
from attrs import frozen

from ringback._core.webhooks.events import Event, VoiceRequest
from ringback.app.routes import Route
from ringback.errors import FlowError
from ringback.twiml import (
    Conference,
    Dial,
    Gather,
    Hangup,
    Pause,
    Play,
    Record,
    Redirect,
    Reject,
    Say,
    VoiceResponse,
)
from ringback.webhooks import (
    CallRedirected,
    DialResult,
    GatherResult,
    IncomingCall,
    OutgoingCall,
    RecordResult,
    TranscriptionReady,
    parse,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
    from typing import Literal

    from ringback._core.webhooks.events import Target
    from ringback._generated.twiml.types import (
        Beep,
        CallRecording,
        ConferenceEvent,
        ConferenceRecording,
        ConferenceRegion,
        DialEvent,
        GatherInput,
        GatherLanguage,
        GatherSpeechModel,
        JitterBufferSize,
        Method,
        RecordingEvent,
        RecordingTrack,
        RejectReason,
        RingTone,
        SayLanguage,
        Trim,
        Voice,
    )
    from ringback.app.flows.runner import FlowRun
    from ringback.app.tags import Tag
    from ringback.twiml import (
        Application,
        Break,
        Client,
        Emphasis,
        Lang,
        Number,
        P,
        Phoneme,
        Prosody,
        Queue,
        Raw,
        S,
        SayAs,
        Sim,
        Sip,
        Sub,
        W,
        WhatsApp,
    )
    from ringback.webhooks import (
        ConferenceRecordingEnded,
        ConferenceRecordingStatusChanged,
        ConferenceStatusChanged,
        ConferenceWait,
        DialReferred,
        GatherPartialResult,
        RecordingStatusChanged,
    )

__all__ = ["CallFlow", "ConferenceResult", "Flow", "FlowEvent", "FlowFunction"]

E = TypeVar("E", bound=VoiceRequest)
Args = ParamSpec("Args")
T = TypeVar("T")

FlowEvent: TypeAlias = IncomingCall | OutgoingCall | CallRedirected
FlowFunction: TypeAlias = "Callable[[CallFlow], Awaitable[None]]"


STUMBLES: Final = 10  # verbs that may fail one after the other before each waits a little longer


def _verb(
    method: Callable[Concatenate[CallFlow, Args], Coroutine[object, object, T]],
) -> Callable[Concatenate[CallFlow, Args], Coroutine[object, object, T]]:
    """A verb that waits, even where it fails at once: a flow that tries it again and again, whatever it
    raises, must not stop everything else in its loop.
    """

    @wraps(method)
    async def verb(call: CallFlow, /, *args: Args.args, **kwargs: Args.kwargs) -> T:
        try:
            result = await method(call, *args, **kwargs)
        except Exception:
            await asyncio.sleep(0)
            call._stumbles += 1
            if call._stumbles > STUMBLES:
                await asyncio.sleep(min(1.0, (call._stumbles - STUMBLES) / 100))
            raise
        call._stumbles = 0
        return result

    return verb


@frozen(kw_only=True, repr=False)
class ConferenceResult(DialResult):
    """A call has left its conference.

    Attributes:
        room: The conference's name.
    """

    room: str


@frozen(kw_only=True, eq=False, repr=False)
class Flow(Route[FlowEvent]):
    """A registered flow: a link target for incoming, outgoing and redirected calls.

    Attributes:
        function: The coroutine function as it was before `@app.flow`.
    """

    function: FlowFunction

    def __call__(self, call: CallFlow, /) -> Awaitable[None]:
        """Lead a call."""
        return self.function(call)

    def _kinds(self) -> tuple[type[Event], ...]:
        return (IncomingCall, OutgoingCall, CallRedirected)

    async def lead(self, run: FlowRun) -> VoiceResponse:
        """Lead a run's call to its end; what is left to serve then.

        Raises:
            FlowError: It returned something, of which nobody would hear.
        """
        call = CallFlow(run)
        returned: object = await self.function(call)  # type: ignore[func-returns-value]
        if returned is not None:
            raise FlowError(
                f"{self.name} returned a {type(returned).__name__}, and a flow returns nothing: what "
                "call.say(…) and its like add is what the caller hears, and call.redirect(…) leads on"
            )
        return VoiceResponse(*call._verbs)

    def read(self, given: Mapping[str, str], tag: Tag | None) -> FlowEvent:
        """The event that starts a run.

        Raises:
            WebhookInvalid: It can't be read.
        """
        if tag is not None and tag.kind == "moved":
            return parse(CallRedirected, given)
        if given.get("Direction", "").startswith("outbound"):
            return parse(OutgoingCall, given)
        return parse(IncomingCall, given)


class CallFlow:
    """A call, as its flow sees it.

    Keywords have the names, values and defaults of the attributes of the TwiML classes of the same name;
    those that say where a result goes (`action`, `method`) are the flow's own business.

    Attributes:
        event: What started the flow.
        sid: The call.
        from_: Who calls.
        to: Who is called.
    """

    def __init__(self, run: FlowRun, /) -> None:
        self.event: FlowEvent = run.event
        self.sid = run.call_sid
        self.from_ = run.event.from_
        self.to = run.event.to
        self._run = run
        self._verbs: list[Say | Play | Pause | Redirect | Reject | Hangup] = []
        self._last: str | None = None
        self._silent = True
        self._stumbles = 0

    def __repr__(self) -> str:
        return f"<CallFlow {self._run.flow.name} of {self.sid}>"

    # --- verbs that are added and need no await

    def say(
        self,
        *text: str | Break | Emphasis | Lang | P | Phoneme | Prosody | S | SayAs | Sub | W | Raw,
        language: SayLanguage | None = None,
        loop: int | None = None,
        voice: Voice | None = None,
        extra_attributes: Mapping[str, str] | None = None,
    ) -> None:
        """Read a text to the caller; keywords as for `ringback.twiml.Say`."""
        self._add(Say(*text, language=language, loop=loop, voice=voice, extra_attributes=extra_attributes))

    def play(
        self,
        url: str = "",
        /,
        *,
        digits: str | None = None,
        loop: int | None = None,
        extra_attributes: Mapping[str, str] | None = None,
    ) -> None:
        """Play an audio file, or touch tones; keywords as for `ringback.twiml.Play`."""
        self._add(Play(url, digits=digits, loop=loop, extra_attributes=extra_attributes))

    def pause(self, *, length: int | None = None, extra_attributes: Mapping[str, str] | None = None) -> None:
        """Be silent for `length` seconds, one by default."""
        self._add(Pause(length=length, extra_attributes=extra_attributes))

    # --- verbs that end the flow's say in the call

    def redirect(
        self,
        target: str | Target[IncomingCall] | Target[OutgoingCall] | Target[CallRedirected],
        /,
        *,
        method: Method | None = None,
        extra_attributes: Mapping[str, str] | None = None,
    ) -> None:
        """Hand the call to a URL, a handler or another flow once this one returns. Nothing can be added after
        it.
        """
        self._add(Redirect(target, method=method, extra_attributes=extra_attributes), last="redirect")

    def reject(
        self, *, reason: RejectReason | None = None, extra_attributes: Mapping[str, str] | None = None
    ) -> None:
        """Refuse the call without answering it, so that nobody pays. Nothing can be added after it.

        Raises:
            FlowError: The call isn't an incoming one, or something was added or awaited before.
        """
        if not isinstance(self.event, IncomingCall):
            raise FlowError("reject: only an incoming call can be rejected")
        if not self._silent:
            raise FlowError("reject: it has to come first, before anything that answers the call")
        self._add(Reject(reason=reason, extra_attributes=extra_attributes), last="reject")

    def hangup(self, *, extra_attributes: Mapping[str, str] | None = None) -> None:
        """End the call once this flow returns. Nothing can be added after it."""
        self._add(Hangup(extra_attributes=extra_attributes), last="hangup")

    # --- verbs that wait

    @_verb
    async def gather(
        self,
        *prompts: Say | Play | Pause | Raw,
        barge_in: bool | None = None,
        debug: bool | None = None,
        enhanced: bool | None = None,
        finish_on_key: str | None = None,
        hints: str | None = None,
        input: Sequence[GatherInput] | None = None,
        language: GatherLanguage | None = None,
        max_speech_time: int | None = None,
        num_digits: int | None = None,
        partial_result_callback: str | Target[GatherPartialResult] | None = None,
        partial_result_callback_method: Method | None = None,
        profanity_filter: bool | None = None,
        speech_model: GatherSpeechModel | None = None,
        speech_timeout: int | Literal["auto"] | None = None,
        timeout: int | None = None,
        extra_attributes: Mapping[str, str] | None = None,
    ) -> GatherResult | None:
        """Wait for keys or speech while the prompts are played; keywords as for `ringback.twiml.Gather`.

        Returns:
            What was pressed or said, or None where nothing was.

        Raises:
            CallHungUp: The call ended.
            FlowError: `redirect`, `reject` or `hangup` came before, or another await is under way.
        """
        verb = Gather(
            *prompts,
            action=self._run.url(),
            barge_in=barge_in,
            debug=debug,
            enhanced=enhanced,
            finish_on_key=finish_on_key,
            hints=hints,
            input=input,
            language=language,
            max_speech_time=max_speech_time,
            num_digits=num_digits,
            partial_result_callback=partial_result_callback,
            partial_result_callback_method=partial_result_callback_method,
            profanity_filter=profanity_filter,
            speech_model=speech_model,
            speech_timeout=speech_timeout,
            timeout=timeout,
            extra_attributes=extra_attributes,
        )
        return await self._ask(verb, GatherResult)

    @_verb
    async def record(
        self,
        *,
        finish_on_key: str | None = None,
        max_length: int | None = None,
        play_beep: bool | None = None,
        recording_configuration_id: str | None = None,
        recording_status_callback: str | Target[RecordingStatusChanged] | None = None,
        recording_status_callback_event: Sequence[RecordingEvent] | None = None,
        recording_status_callback_method: Method | None = None,
        timeout: int | None = None,
        transcribe: bool | None = None,
        transcribe_callback: str | Target[TranscriptionReady] | None = None,
        trim: Trim | None = None,
        extra_attributes: Mapping[str, str] | None = None,
    ) -> RecordResult | None:
        """Record what the caller says; keywords as for `ringback.twiml.Record`.

        With `transcribe=True` the text follows later as a `TranscriptionReady`, to the application's
        listeners unless `transcribe_callback` says otherwise.

        Returns:
            The recording, or None where nothing but silence was heard. A caller who hangs up to end the
            recording leaves one whose `digits` are `hangup`; the next await raises `CallHungUp`.

        Raises:
            CallHungUp: The call ended and there is no recording.
            FlowError: `redirect`, `reject` or `hangup` came before, or another await is under way.
        """
        if transcribe and transcribe_callback is None:
            transcribe_callback = self._run.routes.callback(TranscriptionReady)
        verb = Record(
            action=self._run.url(),
            finish_on_key=finish_on_key,
            max_length=max_length,
            play_beep=play_beep,
            recording_configuration_id=recording_configuration_id,
            recording_status_callback=recording_status_callback,
            recording_status_callback_event=recording_status_callback_event,
            recording_status_callback_method=recording_status_callback_method,
            timeout=timeout,
            transcribe=transcribe,
            transcribe_callback=transcribe_callback,
            trim=trim,
            extra_attributes=extra_attributes,
        )
        return await self._ask(verb, RecordResult)

    @_verb
    async def dial(
        self,
        *called: str | Application | Client | Conference | Number | Queue | Sim | Sip | WhatsApp | Raw,
        answer_on_bridge: bool | None = None,
        call_reason: str | None = None,
        caller_id: str | None = None,
        events: DialEvent | None = None,
        hangup_on_star: bool | None = None,
        passports: str | None = None,
        record: CallRecording | None = None,
        recording_configuration_id: str | None = None,
        recording_status_callback: str | Target[RecordingStatusChanged] | None = None,
        recording_status_callback_event: Sequence[RecordingEvent] | None = None,
        recording_status_callback_method: Method | None = None,
        recording_track: RecordingTrack | None = None,
        refer_method: Method | None = None,
        refer_url: str | Target[DialReferred] | None = None,
        ring_tone: RingTone | None = None,
        sequential: bool | None = None,
        time_limit: int | None = None,
        timeout: int | None = None,
        trim: Trim | None = None,
        extra_attributes: Mapping[str, str] | None = None,
    ) -> DialResult:
        """Connect the caller to somebody else and wait until they are done; keywords as for
        `ringback.twiml.Dial`.

        Returns:
            How it went. Where the caller hung up it is returned all the same, and the next await raises
            `CallHungUp`.

        Raises:
            CallHungUp: The call ended and Twilio reported no result.
            FlowError: `redirect`, `reject` or `hangup` came before, or another await is under way.
        """
        verb = Dial(
            *called,
            action=self._run.url(),
            answer_on_bridge=answer_on_bridge,
            call_reason=call_reason,
            caller_id=caller_id,
            events=events,
            hangup_on_star=hangup_on_star,
            passports=passports,
            record=record,
            recording_configuration_id=recording_configuration_id,
            recording_status_callback=recording_status_callback,
            recording_status_callback_event=recording_status_callback_event,
            recording_status_callback_method=recording_status_callback_method,
            recording_track=recording_track,
            refer_method=refer_method,
            refer_url=refer_url,
            ring_tone=ring_tone,
            sequential=sequential,
            time_limit=time_limit,
            timeout=timeout,
            trim=trim,
            extra_attributes=extra_attributes,
        )
        result = await self._ask(verb, DialResult)
        if result is None:
            raise FlowError("Twilio went on after a Dial without telling its result")
        return result

    @_verb
    async def join_conference(
        self,
        room: str | None = None,
        /,
        *,
        beep: Beep | None = None,
        coach: str | None = None,
        end_conference_on_exit: bool | None = None,
        event_callback_url: str | Target[ConferenceRecordingEnded] | None = None,
        jitter_buffer_size: JitterBufferSize | None = None,
        max_participants: int | None = None,
        muted: bool | None = None,
        participant_label: str | None = None,
        record: ConferenceRecording | None = None,
        recording_configuration_id: str | None = None,
        recording_status_callback: str | Target[ConferenceRecordingStatusChanged] | None = None,
        recording_status_callback_event: Sequence[RecordingEvent] | None = None,
        recording_status_callback_method: Method | None = None,
        region: ConferenceRegion | None = None,
        start_conference_on_enter: bool | None = None,
        status_callback: str | Target[ConferenceStatusChanged] | None = None,
        status_callback_event: Sequence[ConferenceEvent] | None = None,
        status_callback_method: Method | None = None,
        trim: Trim | None = None,
        wait_method: Method | None = None,
        wait_url: str | Target[ConferenceWait] | None = None,
        hangup_on_star: bool | None = None,
        time_limit: int | None = None,
        extra_attributes: Mapping[str, str] | None = None,
    ) -> ConferenceResult:
        """Put the caller into a conference and wait until they leave; keywords as for
        `ringback.twiml.Conference`.

        Args:
            room: Its name; a random one by default, which nobody else can guess.
            hangup_on_star: Whether the caller leaves by pressing `*`. (Of `Dial`.)
            time_limit: Seconds after which they have to leave. (Of `Dial`.)

        Returns:
            How it went, and the room.

        Raises:
            CallHungUp: The call ended and Twilio reported no result.
            FlowError: `redirect`, `reject` or `hangup` came before, or another await is under way.
        """
        name = secrets.token_urlsafe(12) if room is None else room
        conference = Conference(
            name,
            beep=beep,
            coach=coach,
            end_conference_on_exit=end_conference_on_exit,
            event_callback_url=event_callback_url,
            jitter_buffer_size=jitter_buffer_size,
            max_participants=max_participants,
            muted=muted,
            participant_label=participant_label,
            record=record,
            recording_configuration_id=recording_configuration_id,
            recording_status_callback=recording_status_callback,
            recording_status_callback_event=recording_status_callback_event,
            recording_status_callback_method=recording_status_callback_method,
            region=region,
            start_conference_on_enter=start_conference_on_enter,
            status_callback=status_callback,
            status_callback_event=status_callback_event,
            status_callback_method=status_callback_method,
            trim=trim,
            wait_method=wait_method,
            wait_url=wait_url,
            extra_attributes=extra_attributes,
        )
        result = await self.dial(conference, hangup_on_star=hangup_on_star, time_limit=time_limit)
        known = {field.name: getattr(result, field.name) for field in attrs.fields(DialResult)}
        return ConferenceResult(room=name, **known)

    async def put_on_hold(
        self,
        room: str | None = None,
        /,
        *,
        wait_url: str | Target[ConferenceWait] | None = None,
        wait_method: Method | None = None,
        beep: Beep | None = False,
        time_limit: int | None = None,
    ) -> ConferenceResult:
        """Let the caller wait with music, alone in a conference, until the call is redirected or somebody
        joins.

        Args:
            room: The conference's name; a random one by default.
            wait_url: What they hear, as for `ringback.twiml.Conference`; Twilio's classical music by default.
            wait_method: How `wait_url` is asked for, POST by default; an audio file is better asked by GET.
            beep: Whether a tone is heard as somebody joins or leaves; none by default, unlike in a
                conference.
            time_limit: Seconds that they wait at most; for as long as they like by default.

        Returns:
            How it went, and the room, once somebody who joined has left again, or the time was up.

        Raises:
            CallHungUp: The call ended.
            FlowError: `redirect`, `reject` or `hangup` came before, or another await is under way.
        """
        return await self.join_conference(
            room,
            beep=beep,
            start_conference_on_enter=False,
            wait_url=wait_url,
            wait_method=wait_method,
            time_limit=time_limit,
        )

    async def put_on_hold_without_music(
        self, room: str | None = None, /, *, beep: Beep | None = False, time_limit: int | None = None
    ) -> ConferenceResult:
        """The same in silence."""
        return await self.put_on_hold(room, wait_url="", beep=beep, time_limit=time_limit)

    # --- inside

    def _add(self, verb: Say | Play | Pause | Redirect | Reject | Hangup, *, last: str | None = None) -> None:
        self._check_open()
        self._verbs.append(verb)
        self._silent = False
        self._last = last

    def _check_open(self) -> None:
        if self._last is not None:
            raise FlowError(f"nothing can follow {self._last}: let the flow return")

    async def _ask(self, verb: Gather | Record | Dial, expects: type[E]) -> E | None:
        self._check_open()
        # Gather without input and Record of silence go on with the next verb; Dial always asks its action.
        onward = () if isinstance(verb, Dial) else (Redirect(self._run.url(none=True)),)
        result = self._run.serve(VoiceResponse(*self._verbs, verb, *onward), expects)
        self._verbs = []
        self._silent = False
        return await result
