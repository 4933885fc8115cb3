"""`make demo`: the restaurant of `examples/reception.py`, its callers and its guests, on this machine alone.

The emulator plays Twilio: it serves the REST API and sends signed webhooks, both over HTTP. The application
runs in a process of its own under uvicorn, as it would in production. Time passes faster than on the wall.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import cast
from urllib.parse import urlencode

import urllib3

from ringback.emulator import Emulator
from ringback.emulator.server import serving

NUMBER = "+15017122661"
SPEED = 5.0
PATIENCE = 50.0

_BOLD, _DIM, _GREEN, _RED, _OFF = ("\033[1m", "\033[2m", "\033[32m", "\033[31m", "\033[0m")


def main() -> int:
    """Tell the story; 0 when every part of it went as it should."""
    story = Story(colours=sys.stdout.isatty() and "NO_COLOR" not in os.environ)
    with (
        Emulator(clock="real", speed=SPEED, start=datetime.now(timezone.utc)) as emulator,
        serving(emulator) as api,
        reception(emulator, api) as site,
        live(emulator, story),
    ):
        emulator.number(NUMBER, application_sid=installed(emulator))
        story.say(f"the emulator plays Twilio at {api}, the application answers at {site}")
        guest = emulator.phone("+15558675310")
        neighbour = emulator.phone("+15558675311", on_call="busy")

        def message_left() -> bool:
            call = guest.dial(NUMBER)
            call.expect_say("Press 1 to leave a message")
            call.press("1")
            call.expect_tone("beep")
            call.speak("Hello, it's me. A table for four tonight, please.", seconds=4)
            call.expect_say("Got it, 4 seconds")
            return call.ended.status == "completed"

        def table_ready() -> bool:
            return ask(site, "table-ready", to=guest.number)["status"] == "completed"

        def busy_guest() -> bool:
            return ask(site, "table-ready", to=neighbour.number)["status"] == "busy"

        def text_answered() -> bool:
            guest.text(NUMBER, "What are your hours?")
            return "from five to eleven" in guest.expect_text("We are open").body

        def text_followed() -> bool:
            return ask(site, "confirm", to=guest.number)["statuses"] == ["sending", "sent", "delivered"]

        story.scene("A guest calls, hears the menu, presses a key and leaves a message", message_left)
        story.scene("The restaurant calls a guest, who answers", table_ready)
        story.scene("The restaurant calls a guest whose line is busy", busy_guest)
        story.scene("A text comes in and is answered", text_answered)
        story.scene("A text goes out and its status is followed", text_followed)
    return story.end()


class Story:
    """What is told, and whether it went well."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._results: list[bool] = []

    def say(self, text: str, style: str = "") -> None:
        """Print a line, whole."""
        with self._lock:
            print(f"{style}{text}{_OFF}" if self._colours and style else text, flush=True)

    def scene(self, title: str, act: Callable[[], bool]) -> None:
        """Tell one part of the story and judge it."""
        self.say(f"\n{title}", _BOLD)
        try:
            good = act()
            reason = "" if good else ": it did not end as it should"
        except Exception as error:
            good, reason = False, f": {error}"
        time.sleep(0.3)  # the last lines of the scene come before its verdict
        self._results.append(good)
        self.say(f"  {'done' if good else f'FAILED{reason}'}", _GREEN if good else _RED)

    def end(self) -> int:
        """The last line, and the exit status."""
        good = sum(self._results)
        seconds = time.monotonic() - self._start
        self.say(f"\n{good} of {len(self._results)} parts went as they should, in {seconds:.0f} s", _BOLD)
        return 0 if good == len(self._results) else 1


@contextmanager
def live(emulator: Emulator, story: Story) -> Generator[None]:
    """Show what happens in the emulator, as it happens."""
    done = threading.Event()

    def follow() -> None:
        shown = 0
        while not done.wait(0.05):
            entries = list(emulator.transcript)
            for entry in entries[shown:]:
                source = f"   [{entry.source}]" if entry.source else ""
                story.say(f"  {entry.at:6.1f} s  {entry.who:<13} {entry.did} {entry.what}{source}", _DIM)
            shown = len(entries)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@contextmanager
def reception(emulator: Emulator, api: str) -> Generator[str]:
    """The application under uvicorn, in a process of its own; gives its base URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = cast("int", probe.getsockname()[1])
    site = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "PUBLIC_URL": site,
        "RECEPTION_NUMBER": NUMBER,
        "RINGBACK_BASE_URL": api,
        "TWILIO_ACCOUNT_SID": emulator.account_sid,
        "TWILIO_AUTH_TOKEN": emulator.auth_token,
    }
    for name in ("TWILIO_API_KEY", "TWILIO_API_SECRET", "TWILIO_EDGE", "TWILIO_REGION"):
        environment.pop(name, None)
    command = [sys.executable, "-m", "uvicorn", "--factory", "examples.reception:create"]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
        [*command, "--port", str(port), "--log-level", "warning"], env=environment
    )
    try:
        wait_for(site, process)
        yield site
    finally:
        process.terminate()
        process.wait(timeout=10)


def wait_for(site: str, process: subprocess.Popen[bytes]) -> None:
    """Until the application answers."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"the application ended with status {process.returncode}")
        try:
            urllib3.request("GET", f"{site}/openapi.json", timeout=1.0, retries=False)
        except urllib3.exceptions.HTTPError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("the application did not start within 20 s")


def installed(emulator: Emulator) -> str:
    """The TwiML application that the reception made for itself when it started."""
    with emulator.client() as client:
        application = client.applications.list(friendly_name="The Blue Door").first()
    if application is None:
        raise SystemExit("the application did not install itself")
    return application.sid


def ask(site: str, button: str, *, to: str) -> dict[str, object]:
    """Press one of the staff's buttons."""
    url = f"{site}/{button}?{urlencode({'to': to})}"
    answer = urllib3.request("POST", url, timeout=PATIENCE, retries=False)
    if answer.status != 200:
        raise RuntimeError(f"POST {url}: {answer.status}")
    return cast("dict[str, object]", json.loads(answer.data))


if __name__ == "__main__":
    sys.exit(main())
