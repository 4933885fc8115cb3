"""`/_emulator/`: what only an emulator has, over HTTP. Form parameters in, JSON out.

GET  /_emulator/                            account, numbers, phones, clock
GET  /_emulator/transcript                  what happened; `?format=text` to read, `?after=N` for news
GET  /_emulator/problems                    what the real service's debugger would show
POST /_emulator/clock                       seconds=…, minutes=…, hours=…, days=…: skip ahead
GET  /_emulator/chaos                       what goes wrong on purpose
POST /_emulator/chaos                       chaos=doubled lost=0.5: from now on; nothing where it is empty
POST /_emulator/reset                       forget everything but the accounts
GET  /_emulator/snapshot                    what is known, as JSON
POST /_emulator/restore                     that JSON as the body: know that, and nothing else
POST /_emulator/numbers                     phone_number=…, voice_url=…, sms_url=…, status_callback=…
POST /_emulator/contents                    body=…, sid=HX…: a template for `ContentSid`
GET  /_emulator/phones/{number}             its calls and texts
POST /_emulator/phones/{number}             on_call=…, after=…, answered_by=…, greeting=…, on_text=…
POST /_emulator/phones/{number}/dial        to=…
POST /_emulator/phones/{number}/text        to=…, body=…, media=…
POST /_emulator/phones/{number}/answer      and /decline, /hangup
POST /_emulator/phones/{number}/press       keys=…: when somebody listens for them
POST /_emulator/phones/{number}/speak       text=…, seconds=…: likewise
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias, cast, get_args

from attrs import asdict

from ringback.emulator.engine.arguments import whole
from ringback.emulator.engine.behaviours import BEHAVIOURS, Behaviour
from ringback.emulator.engine.people import AnsweredBy, Line, OnText, Press, Speak
from ringback.emulator.engine.scripts import follow, length_of
from ringback.emulator.rest.decoding import pairs_of
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.protocol import check_form, path_text
from ringback.emulator.state.snapshots import Snapshot
from ringback.errors import EmulatorError

if TYPE_CHECKING:
    from ringback.emulator.emulator import Emulator
    from ringback.emulator.phones import Phone
    from ringback.http import Headers

__all__ = ["PREFIX", "Control"]

PREFIX: Final = "/_emulator/"

Form: TypeAlias = "Mapping[str, str]"


class Control:
    """Drives an emulator from outside."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._acts: Mapping[str, Callable[[Phone, Form], object]] = {
            "dial": self._dial,
            "text": self._text,
            "answer": self._answer,
            "decline": self._decline,
            "hangup": self._hang_up,
            "press": self._press,
            "speak": self._speak,
        }

    def answer(self, method: str, path: str, query: str, headers: Headers, body: bytes) -> object:
        """What to send as JSON, or text where it is text; `path` is percent-encoded.

        Raises:
            Refused: The request makes no sense, or not now.
        """
        parts = [path_text(part) for part in path.removeprefix(PREFIX).split("/") if part]
        try:
            if (method, parts) == ("POST", ["restore"]):
                self._emulator.restore(Snapshot.from_json(body.decode(errors="replace")))
                return {}
            if method == "POST":
                check_form(headers, body)
            form = dict(pairs_of(query if method == "GET" else body))
            return self._act(method, parts, form)
        except EmulatorError as error:
            raise Refused(409, 20001, str(error)) from None

    def _act(self, method: str, parts: list[str], form: Form) -> object:
        match method, parts:
            case "GET", []:
                return self._overview()
            case "GET", ["transcript"]:
                return self._transcript(form)
            case "GET", ["problems"]:
                return {"problems": [_problem(each) for each in self._emulator.problems]}
            case "POST", ["clock"]:
                given = {name: _number(form, name) for name in ("minutes", "hours", "days") if form.get(name)}
                seconds = None if given and not form.get("seconds") else _number(form, "seconds")
                self._emulator.skip(seconds, **given)
                return {"now": self._emulator.now}
            case "GET", ["chaos"]:
                return self._chaos()
            case "POST", ["chaos"]:
                self._emulator.chaos = form.get("chaos", "")
                return self._chaos()
            case "POST", ["reset"]:
                self._emulator.reset()
                return {}
            case "GET", ["snapshot"]:
                return json.loads(self._emulator.snapshot().to_json())
            case "POST", ["numbers"]:
                return self._number(form)
            case "POST", ["contents"]:
                sid = form.get("sid") or None
                return {"sid": self._emulator.content_template(_required(form, "body"), sid=sid)}
            case "GET", ["phones", number]:
                return self._phone(self._emulator.phone(number))
            case "POST", ["phones", number]:
                return self._behave(self._emulator.phone(number), form)
            case "POST", ["phones", number, act] if act in self._acts:
                return self._acts[act](self._emulator.phone(number), form)
            case _:
                raise Refused(404, 20404, f"{method} {PREFIX}{'/'.join(parts)} is nothing the emulator knows")

    def _overview(self) -> object:
        with self._emulator.held() as network:
            return {
                "account_sid": self._emulator.account_sid,
                "now": network.clock.now,
                "date": network.clock.date.isoformat(),
                "numbers": [number.phone_number for number in network.store.numbers.values()],
                "phones": list(network.phones),
                "calls": {sid: call.status for sid, call in network.store.calls.items()},
            }

    def _chaos(self) -> object:
        return {"chaos": str(self._emulator.chaos), **asdict(self._emulator.chaos)}

    def _transcript(self, form: Form) -> object:
        with self._emulator.held() as network:
            if form.get("format") == "text":
                return f"{network.transcript}\n"
            after = whole(form.get("after", "")) or 0
            entries = list(network.transcript)
            return {"entries": [asdict(entry) for entry in entries[after:]], "next": len(entries)}

    def _number(self, form: Form) -> object:
        number = _address(form, "phone_number")
        sid = self._emulator.number(
            number,
            voice_url=form.get("voice_url", ""),
            voice_fallback_url=form.get("voice_fallback_url", ""),
            sms_url=form.get("sms_url", ""),
            sms_fallback_url=form.get("sms_fallback_url", ""),
            status_callback=form.get("status_callback", ""),
            application_sid=form.get("application_sid", ""),
        )
        return {"sid": sid, "phone_number": number}

    def _phone(self, phone: Phone) -> object:
        with self._emulator.held() as network:
            lines = network.phones[phone.number].lines
            return {
                "number": phone.number,
                "calls": [_line(line) for line in lines],
                "texts": [asdict(text) for text in network.phones[phone.number].texts],
            }

    def _behave(self, phone: Phone, form: Form) -> object:
        on_call = _choice(form, "on_call", BEHAVIOURS)
        if on_call:
            phone.behave(
                cast("Behaviour", on_call),
                after=_number(form, "after") if form.get("after") else None,
                answered_by=cast("AnsweredBy | None", _choice(form, "answered_by", get_args(AnsweredBy))),
                greeting=form.get("greeting") or None,
            )
        on_text = _choice(form, "on_text", get_args(OnText))
        if on_text:
            phone.receive(cast("OnText", on_text))
        return self._phone(phone)

    def _dial(self, phone: Phone, form: Form) -> object:
        call = phone.dial(
            _address(form, "to"),
            caller_name=form.get("caller_name"),
            forwarded_from=_address(form, "forwarded_from") if "forwarded_from" in form else None,
            parameters={name[2:]: text for name, text in form.items() if name.startswith("p.")},
            sip_headers={name[2:]: text for name, text in form.items() if name.startswith("h.")},
        )
        return {"call_sid": call.sid, "state": call.state}

    def _text(self, phone: Phone, form: Form) -> object:
        media = form.get("media", "").split()
        return {"message_sid": phone.text(_address(form, "to"), form.get("body", ""), media=media)}

    def _answer(self, phone: Phone, _: Form) -> object:
        return self._on_line(phone, lambda line: line.pick_up())

    def _decline(self, phone: Phone, _: Form) -> object:
        return self._on_line(phone, lambda line: line.decline())

    def _hang_up(self, phone: Phone, _: Form) -> object:
        return self._on_line(phone, lambda line: line.hang_up())

    def _press(self, phone: Phone, form: Form) -> object:
        step = Press(_required(form, "keys"))
        return self._on_line(phone, lambda line: follow(line, [step]))

    def _speak(self, phone: Phone, form: Form) -> object:
        text = _required(form, "text")
        with self._emulator.held() as network:
            usual = length_of(text, network.settings.characters)
        step = Speak(text, _number(form, "seconds", usual))
        return self._on_line(phone, lambda line: follow(line, [step]))

    def _on_line(self, phone: Phone, act: Callable[[Line], None]) -> object:
        with self._emulator.held() as network:
            lines = [line for line in network.phones[phone.number].lines if line.engaged]
            if not lines:
                raise EmulatorError(f"{phone.number} is in no call")
            act(lines[-1])
            return _line(lines[-1])


def _line(line: Line) -> dict[str, object]:
    return {
        "call_sid": line.leg.call.sid,
        "other": line.other,
        "state": line.state,
        "status": line.leg.call.status,
        "listening": sorted(line.listening),
        "heard": [asdict(heard) for heard in line.heard],
    }


def _problem(problem: object) -> dict[str, object]:
    names = ("level", "code", "message", "meaning", "subject_sid", "url")
    return {name: getattr(problem, name) for name in names}


def _address(form: Form, name: str) -> str:
    """A phone number; its plus sign is a space where somebody forgot to encode it, as curl's `-d` does."""
    text = _required(form, name)
    return f"+{text[1:]}" if text.startswith(" ") else text


def _required(form: Form, name: str) -> str:
    if not form.get(name):
        raise Refused(400, 20001, f"The request lacks a parameter: {name}")
    return form[name]


def _number(form: Form, name: str, default: float | None = None) -> float:
    if default is not None and not form.get(name):
        return default
    text = _required(form, name)
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    # Not above: not-a-number has no order at all.
    if not 0 < number < 1e7:
        raise Refused(400, 20001, f"{name} '{text[:50]}' is no number of seconds")
    return number


def _choice(form: Form, name: str, allowed: tuple[str, ...]) -> str | None:
    chosen = form.get(name) or None
    if chosen is not None and chosen not in allowed:
        raise Refused(400, 20001, f"{name} '{chosen[:50]}' is not one of {', '.join(allowed)}")
    return chosen
