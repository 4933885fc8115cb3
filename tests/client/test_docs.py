"""What docs/client.md says is true: it runs, as one program, on the emulator."""

from __future__ import annotations

import pytest

from ringback.emulator import Emulator
from ringback.emulator.server import serving
from tests.docs.snippets import ROOT, run


def test_the_page_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with Emulator() as emulator:
        emulator.number("+15017122661")
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", emulator.account_sid)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", emulator.auth_token)
        names: dict[str, object] = {"__name__": "client_page"}
        with serving(emulator) as url:
            monkeypatch.setenv("RINGBACK_BASE_URL", url)
            run(ROOT / "docs" / "client.md", names)
            for name in ("client", "patient"):
                closing = getattr(names[name], "close", None)
                assert closing is not None
                closing()
    told = capsys.readouterr().out
    assert "messages.list 200" in told
    assert "201 RQ" in told
