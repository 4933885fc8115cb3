"""Writes a session as it happens. Secrets are masked, but not what people press and say."""

from __future__ import annotations

import base64
import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from ringback._core.version import __version__
from ringback._generated.api.operations import OPERATIONS
from ringback.emulator.engine.urls import shown
from ringback.emulator.sessions.reading import VERSION
from ringback.errors import EmulatorError
from ringback.http import WebhookResponse

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from concurrent.futures import Future

    from ringback.emulator.driver import Sender, Sending
    from ringback.emulator.engine.acts import Act
    from ringback.emulator.engine.kernel.requests import Ask, Outcome
    from ringback.emulator.engine.network import Network

__all__ = ["Recorder"]

_SECRET: Final = frozenset(
    param.wire for operation in OPERATIONS for param in operation.params if param.secret
)
# Characters of an application's answer.
_LONGEST_ANSWER: Final = 64_000


class Recorder:
    """Writes what happens in a network.

    Args:
        path: The file; what is there already goes.

    Raises:
        EmulatorError: It can't be written.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            # Half of a surrogate pair has no place in UTF-8; with its backslash it has one in JSON.
            self._file = Path(path).open(  # noqa: SIM115 - `close` closes it
                "w", encoding="utf-8", errors="backslashreplace"
            )
        except OSError as error:
            raise EmulatorError(f"record: can't write {Path(path).name}: {error}") from None
        self._lock = threading.Lock()
        self._network: Network | None = None

    def begin(self, network: Network, seed: str) -> None:
        """Record what happens from now on."""
        self._network = network
        self._write({"session": VERSION, "ringback": __version__, "seed": seed})
        network.witnesses.append(self._act)

    def close(self) -> None:
        """Record nothing more; harmless when repeated."""
        with self._lock:
            self._file.close()

    def request(self, method: str, target: str, body: bytes, status: int) -> None:
        """A request of the API, once it is answered."""
        path, _, query = target.partition("?")
        pairs = parse_qsl(body.decode("utf-8", "replace") or query, keep_blank_values=True)
        form = [[name, "***" if name in _SECRET else self._masked(value)] for name, value in pairs]
        place = self._masked(path)
        self._write({"at": self._now, "request": method, "path": place, "form": form, "status": status})

    def sender(self, sender: Sender) -> Sender:
        """One that sends as `sender` does, and has webhooks and their answers recorded."""
        return _RecordedSender(sender, self)

    def webhook(self, ask: Ask, outcome: Outcome) -> None:
        """A webhook, once it is answered or can't be."""
        request = ask.request
        pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        line: dict[str, object] = {
            "at": self._now,
            "webhook": request.method,
            "url": self._masked(shown(request.url)),
            "form": [[name, self._masked(value)] for name, value in pairs],
        }
        if isinstance(outcome, WebhookResponse):
            answer = self._masked(outcome.body.decode("utf-8", "replace"))
            line |= {"status": outcome.status, "answer": answer[:_LONGEST_ANSWER]}
        else:
            line["failure"] = self._masked(f"{outcome.kind}: {outcome.detail}")
        self._write(line)

    def _act(self, act: Act) -> None:
        network = self._network
        phone = None if network is None else network.phones.get(act.number)
        # Of calls that are passed on, the side that is nobody's phone is no person's.
        if network is None or phone is None or network.store.number(act.number) is not None:
            return
        line: dict[str, object] = {"at": act.at, "phone": act.number}
        call = network.store.calls.get(act.subject)
        if call is not None:
            mine = [n for n, each in enumerate(phone.lines, start=1) if each.leg.call.sid == act.subject]
            if not mine:
                return
            line["call"] = mine[0]
        line["did"] = act.did
        message = network.store.messages.get(act.subject)
        if act.did == "dial" and call is not None:
            line["to"] = call.application_sid or call.to if act.number.startswith("client:") else call.to
        elif message is not None and act.did == "text":
            line |= {"to": message.to, "what": message.body, "media": self._files(network, message.media)}
        else:
            line |= {
                name: value
                for name, value in (("what", act.what), ("kind", act.kind), ("seconds", act.seconds))
                if value
            }
        self._write(line)

    def _files(self, network: Network, sids: list[str]) -> list[object]:
        files = [network.store.media[sid] for sid in sids]
        return [
            shown(each.url)
            if each.content is None
            else {
                "content_type": each.content_type,
                "content": base64.b64encode(each.content).decode("ascii"),
            }
            for each in files
        ]

    @property
    def _now(self) -> float:
        return 0.0 if self._network is None else round(self._network.clock.now, 3)

    def _masked(self, text: str) -> str:
        return text if self._network is None else self._network.masked(text)

    def _write(self, line: Mapping[str, object]) -> None:
        text = json.dumps(line, ensure_ascii=False)
        with self._lock:
            if not self._file.closed:
                self._file.write(f"{text}\n")
                self._file.flush()


class _RecordedSender:
    def __init__(self, sender: Sender, recorder: Recorder) -> None:
        self._sender = sender
        self._recorder = recorder

    def send(self, ask: Ask, /) -> Sending:
        sending = self._sender.send(ask)

        def answered(answer: Future[Outcome]) -> None:
            if not answer.cancelled():
                self._recorder.webhook(ask, answer.result())

        sending.answer.add_done_callback(answered)
        return sending
