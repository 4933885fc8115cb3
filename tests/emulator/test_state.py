"""What an emulator knows outlives it: in a file, or as a snapshot that it goes back to."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
import urllib3

from ringback import Client, twiml
from ringback.cli import main
from ringback.emulator import Emulator, serving
from ringback.emulator.state.files import StateFile
from ringback.emulator.state.keeping import StateKeeper
from ringback.emulator.state.snapshots import Snapshot
from ringback.errors import EmulatorError, NotFound
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website, picture


def fill(emulator: Emulator) -> dict[str, object]:
    """Records of many families; what a client sees of them."""
    client = emulator.client()
    emulator.number(OURS, voice_url=f"{HOME}/x")
    client.messages.create(to=ANNA, from_=OURS, body="Hello")
    client.calls.create(to=ANNA, from_=OURS, twiml=twiml.VoiceResponse(twiml.Pause(length=30)))
    client.applications.create(friendly_name="Desk")
    client.new_keys.create(friendly_name="robot")
    people = client.sip.credential_lists.create(friendly_name="people")
    domain = client.sip.domains.create(domain_name="acme.sip.twilio.com")
    client.sip.domains(domain.sid).credential_list_mappings.create(credential_list_sid=people.sid)
    client.accounts.create(friendly_name="Branch")
    emulator.run_until_idle()
    return seen(client)


def seen(client: Client) -> dict[str, object]:
    [domain] = client.sip.domains.list()
    return {
        "messages": list(client.messages.list()),
        "calls": list(client.calls.list()),
        "numbers": list(client.incoming_phone_numbers.list()),
        "applications": list(client.applications.list()),
        "keys": list(client.keys.list()),
        "signing keys": list(client.signing_keys.list()),
        "lists": list(client.sip.credential_lists.list()),
        "mappings": list(client.sip.domains(domain.sid).credential_list_mappings.list()),
        "accounts": list(client.accounts.list()),
        "usage": [each.count for each in client.usage.records.all_time.list(category="calls")],
        "balance": client.balance.fetch(),
    }


def test_a_file_is_known_again(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Emulator(state=path) as emulator:
        before = fill(emulator)
        sids = {message.sid for message in emulator.client().messages.list()}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with Emulator(state=path) as emulator:
        client = emulator.client()
        assert seen(client) == before
        again = client.messages.create(to=ANNA, from_=OURS, body="Again")
        assert again.sid not in sids
        client.applications(next(iter(client.applications.list())).sid).delete()
    with Emulator(state=path) as emulator:
        client = emulator.client()
        assert [each.body for each in client.messages.list()] == ["Again", "Hello"]
        assert list(client.applications.list()) == []


def test_nothing_is_written_while_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Snapshot] = []
    save = StateFile.save

    def count(file: StateFile, snapshot: Snapshot) -> None:
        written.append(snapshot)
        save(file, snapshot)

    monkeypatch.setattr(StateFile, "save", count)
    with Emulator() as emulator:
        keeper = StateKeeper(tmp_path / "state.db")
        keeper.begin(emulator._driver)
        emulator.client().applications.create(friendly_name="Desk")
        for _ in range(3):
            keeper._save()
        before = len(written)
        emulator.client().applications.create(friendly_name="Shop")
        keeper._save()
        keeper._save()
        assert (before, len(written)) == (1, 2)
        keeper.end()


def test_one_emulator_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    locked = r"^state: .*state.db can't be used: database is locked"
    with Emulator(state=path), pytest.raises(EmulatorError, match=locked):
        Emulator(state=path)


def test_what_is_no_state(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but a text that is long enough to look like something" * 20)
    for wrong in (path, tmp_path / "nowhere" / "x.db"):
        with pytest.raises(EmulatorError, match=r"^state: .* can't be used"):
            Emulator(state=wrong)


def test_a_snapshot_is_gone_back_to(emulator: Emulator, website: Website) -> None:
    before = fill(emulator)
    text = emulator.snapshot().to_json()
    client = emulator.client()
    late = client.messages.create(to=ANNA, from_=OURS, body="Late")
    live = client.calls.create(to=ANNA, from_=OURS, twiml=twiml.VoiceResponse(twiml.Pause(length=3000)))
    emulator.advance(10)
    emulator.restore(Snapshot.from_json(text))
    assert seen(client) == before
    with pytest.raises(NotFound):
        client.calls(live.sid).fetch()
    assert client.messages.create(to=ANNA, from_=OURS, body="New").sid != late.sid
    emulator.run_until_idle()
    assert emulator.phone(ANNA).calls == ()


def test_calls_that_lived_have_ended(emulator: Emulator, website: Website) -> None:
    client = emulator.client()
    live = client.calls.create(to=ANNA, from_=OURS, twiml=twiml.VoiceResponse(twiml.Pause(length=3000)))
    emulator.advance(63)
    assert client.calls(live.sid).fetch().status == "in-progress"
    emulator.restore(emulator.snapshot())
    call = client.calls(live.sid).fetch()
    assert (call.status, call.duration) == ("completed", 60)


def test_recordings_that_went_on_are_lost_and_others_are_heard(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Record transcribe='true' action='/done'/></Response>"
    website.pages["/done"] = "<Response><Pause length='60'/></Response>"
    client = emulator.client()
    call = emulator.phone(ANNA).dial(OURS)
    call.speak("Call me back", seconds=3)
    emulator.advance(5.5)
    assert call.sid is not None
    client.calls(call.sid).recordings.create()
    snapshot = Snapshot.from_json(emulator.snapshot().to_json())
    emulator.reset()
    emulator.restore(snapshot)
    lost, kept = client.recordings.list()
    assert (lost.status, kept.status, kept.duration) == ("absent", "completed", 3)
    assert client.recordings(kept.sid).download(io.BytesIO()).size > 1_000
    assert [each.sid for each in client.calls(call.sid).recordings.list()] == [lost.sid, kept.sid]
    (text,) = client.recordings(kept.sid).transcriptions.list()
    assert text.status == "failed"


def test_reset(emulator: Emulator, website: Website) -> None:
    fill(emulator)
    emulator.reset()
    client = emulator.client()
    lists = (client.messages.list(), client.calls.list(), client.keys.list())
    assert [list(each) for each in lists] == [[], [], []]
    assert [each.sid for each in client.accounts.list()] == [emulator.account_sid]
    assert client.balance.fetch().balance == Decimal(100)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"version": 2, "rows": []}', '{"version": 1, "rows": [1]}', "\ud800"]
)
def test_what_is_no_snapshot(text: str) -> None:
    with pytest.raises(EmulatorError, match=r"^snapshot: "):
        Snapshot.from_json(text)


def test_over_http(emulator: Emulator, website: Website) -> None:
    before = fill(emulator)
    with serving(emulator) as url:
        kept = urllib3.request("GET", f"{url}/_emulator/snapshot").data
        assert urllib3.request("POST", f"{url}/_emulator/reset").status == 200
        assert list(emulator.client().messages.list()) == []
        assert urllib3.request("POST", f"{url}/_emulator/restore", body=kept).status == 200
        assert seen(emulator.client()) == before
    assert json.loads(kept)["version"] == 1


def test_a_long_one_over_http(emulator: Emulator, website: Website) -> None:
    client = emulator.client()
    for _ in range(3):
        client.messages.create(to=ANNA, from_=OURS, media_url=[f"{HOME}/picture"])
    website.pages["/picture"] = picture(bytes(200_000))
    emulator.run_until_idle()
    kept = emulator.snapshot().to_json()
    assert len(kept) > 1_000_000
    with serving(emulator) as url:
        emulator.reset()
        assert urllib3.request("POST", f"{url}/_emulator/restore", body=kept).status == 200
        assert urllib3.request("POST", f"{url}/_emulator/clock", body=kept).status == 413
    assert len(list(client.messages.list())) == 3


@pytest.mark.parametrize(
    "row",
    [
        ["calls", "CA1", "AC1", 0, 5],
        ["calls", "CA1", "AC1", 0, {"$": "datetime", "is": "yesterday"}],
        ["calls", "CA1", "AC1", 0, {"is": 1}],
        ["", "sids", "", 0, {"$": "list", "is": [1]}],
        ["", "clock", "", 0, {"$": "datetime", "is": "2031-01-01T00:00:00"}],
        ["", "ledger", "", 0, 7],
    ],
)
def test_what_can_not_be_known_changes_nothing(
    emulator: Emulator, website: Website, row: list[object]
) -> None:
    before = fill(emulator)
    odd = json.dumps({"version": 1, "rows": [row]})
    with serving(emulator) as url:
        assert urllib3.request("POST", f"{url}/_emulator/restore", body=odd).status == 409
    assert seen(emulator.client()) == before


def test_the_last_day_of_calendars_may_be_kept(emulator: Emulator) -> None:
    last = ["", "clock", "", 0, {"$": "datetime", "is": "9999-12-31T23:59:59+00:00"}]
    emulator.restore(Snapshot.from_json(json.dumps({"version": 1, "rows": [last]})))
    emulator.advance(hours=1)
    assert emulator.date.year == 9999


def test_what_hangs_on_calls_and_messages_is_kept(emulator: Emulator, website: Website) -> None:
    """Whatever was put into a snapshot comes out of it: taken again it is the same."""
    client = emulator.client()
    fill(emulator)
    [people] = client.sip.credential_lists.list()
    client.sip.credential_lists(people.sid).credentials.create(username="anna", password="Secret-1-Secret")
    client.usage.triggers.create(callback_url=f"{HOME}/used", trigger_value="+1", usage_category="calls")
    client.queues.create(friendly_name="desk")
    emulator.content_template("Your code is {{1}}.")
    emulator.connect_app("Robots")
    emulator.number(OURS, voice_url=f"{HOME}/voice", sms_url=f"{HOME}/text")
    emulator.allow_problems()
    website.pages["/voice"] = (
        "<Response><Say>Hello</Say><Record maxLength='3' transcribe='true'/>"
        "<Dial><Conference record='record-from-start'>room</Conference></Dial></Response>"
    )
    website.pages["/text"] = "<Response><Nope/></Response>"
    website.pages["/picture"] = picture()
    client.messages.create(to=ANNA, from_=OURS, media_url=[f"{HOME}/picture"])
    line = emulator.phone(ANNA).dial(OURS)
    emulator.advance(1)
    client.calls(line.sid).streams.create(url="wss://example.com/media")
    line.speak("A message")
    other = emulator.phone(BEN).dial(OURS)
    emulator.advance(20)
    line.hangup()
    other.hangup()
    emulator.phone(ANNA).text(OURS, "Stop")
    emulator.run_until_idle()
    kept = emulator.snapshot()
    families = {row.family for row in kept.rows}
    wanted = {"calls().events", "calls().streams", "recordings", "transcriptions", "conferences", "contents"}
    assert wanted | {"messages().media", "notifications", "queues", "usage.triggers"} <= families
    emulator.restore(Snapshot.from_json(kept.to_json()))
    assert emulator.snapshot() == kept


def test_by_command(
    emulator: Emulator, website: Website, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = fill(emulator)
    file = str(tmp_path / "before.json")
    with serving(emulator) as url:
        assert main(["state", "save", file, "--url", url]) == 0
        assert main(["state", "reset", "--url", url]) == 0
        assert list(emulator.client().messages.list()) == []
        assert main(["state", "load", file, "--url", url]) == 0
        assert seen(emulator.client()) == before
        (tmp_path / "odd.json").write_text("{}")
        assert main(["state", "load", str(tmp_path / "odd.json"), "--url", url]) == 2
        assert "snapshot: expected what Snapshot.to_json gives" in capsys.readouterr().err
    for wrong in (["state", "save"], ["state", "reset", file], ["state", "reset", "--url", "nowhere"]):
        assert main(wrong) == 2
    assert main(["state", "reset", "--url", "http://127.0.0.1:1"]) == 2
    assert "refused" in capsys.readouterr().err


SERVE = """
import sys
from ringback.emulator import Emulator
from ringback import twiml
emulator = Emulator(state=sys.argv[1], clock="real")
emulator.number("+15017122661")
sid = emulator.client().applications.create(friendly_name="kept").sid
print(sid, flush=True)
input()
"""


def test_a_killed_process_gives_no_sid_twice(tmp_path: Path) -> None:
    sids: list[str] = []
    for _ in range(2):
        command = [sys.executable, "-c", SERVE, str(tmp_path / "state.db")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            sids.append(process.stdout.readline().strip())
            os.kill(process.pid, signal.SIGKILL)
    assert sids[0] != sids[1]
