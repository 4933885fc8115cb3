"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from ringback import Application, IncomingCall
from ringback.emulator import Emulator
from ringback.twiml import Say, VoiceResponse

TEST = """
from ringback.emulator import Emulator

def test_it(emulator: Emulator) -> None:
    emulator.number("+15017122661", voice_url="https://example.com/")
    call = emulator.phone("+15558675310").dial("+15017122661")
    call.expect_say("application error")
    assert call.status == "busy"
"""


def test_the_fixture_and_the_transcript_of_a_failure(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TEST)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert result.returncode == 1
    assert "What happened in the emulator" in result.stdout
    assert "+15558675310   dials +15017122661" in result.stdout


def test_an_application_without_a_token_takes_its_webhooks(emulator: Emulator) -> None:
    app = Application(public_url="https://example.com/phone")

    @app.on(IncomingCall)
    def greet(call: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Say("Hello"))

    emulator.install(app, "+15017122661")
    emulator.phone("+15558675310").dial("+15017122661").expect_say("Hello")


def test_pytest_starts_without_the_emulator() -> None:
    code = (
        "import sys, ringback.emulator.pytest_plugin as plugin\n"
        "heavy = {'cattrs', 'urllib3', 'uvicorn', 'ringback.emulator.emulator', 'ringback._generated'}\n"
        "assert plugin.emulator is not None\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
