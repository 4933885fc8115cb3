"""What docs/emulator.md says of containers, CI and other SDKs, and docs/testing.md of phone books and chaos.

Their Python: tests/emulator/test_docs.py.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, cast

import pytest
import urllib3
from attrs import fields_dict
from ruamel.yaml import YAML

from ringback._generated.api.operations import OPERATIONS
from ringback.emulator import ACCOUNT_SID, AUTH_TOKEN, Emulator
from ringback.emulator.engine.chaos import Chaos
from ringback.emulator.engine.verbs.table import VERBS
from ringback.twiml import tables
from tests.docs.snippets import ROOT

PAGE: Final = (ROOT / "docs" / "emulator.md").read_text(encoding="utf-8")
TESTING: Final = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")
DOCKERFILE: Final = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
LOCAL: Final = "127.0.0.1"
OURS: Final = "+15017122661"


def block(name: str, page: str = PAGE) -> str:
    found = re.search(rf"`{re.escape(name)}`:\n\n```yaml\n(.*?)```", page, re.DOTALL)
    assert found is not None
    return found[1]


def read_yaml(name: str) -> Any:
    return YAML(typ="safe").load(block(name))  # pyright: ignore[reportUnknownMemberType]


def instructions(name: str) -> list[str]:
    return re.findall(rf"^\s*{name} +(.*)$", DOCKERFILE, re.MULTILINE)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        return cast("int", probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int) -> Generator[None]:
    """The emulator, as a command of the page or the image starts it, but on loopback alone."""
    arguments = [LOCAL if each == "0.0.0.0" else each for each in command]
    assert arguments.pop(0) == "ringback"
    process = subprocess.Popen(
        [sys.executable, "-m", "ringback.cli", *arguments, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                urllib3.request("GET", f"http://{LOCAL}:{port}/_emulator/", retries=False)
                break
            except urllib3.exceptions.HTTPError:
                assert process.poll() is None, "it ended at once"
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


def entry_point() -> list[str]:
    [entry] = instructions("ENTRYPOINT")
    return cast("list[str]", json.loads(entry))


def test_the_image_answers_by_its_name_and_is_healthy(port: int) -> None:
    *_, defaults = instructions("CMD")
    [health] = re.findall(r"^HEALTHCHECK.*? CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    with running([*entry_point(), *json.loads(defaults)], port):
        answer = urllib3.request(
            "GET", f"http://{LOCAL}:{port}/_emulator/", headers={"Host": "emulator:4010"}
        )
        assert answer.status == 200
        check: list[str] = [each.replace("4010", str(port)) for each in json.loads(health)]
        subprocess.run([sys.executable, *check[1:]], check=True)
    assert instructions("USER") == ["emulator"]


def test_the_image_has_all_that_the_package_is_built_from(tmp_path: Path) -> None:
    for copied in instructions("COPY"):
        *sources, target = copied.split()
        if sources[0].startswith("--from"):
            continue
        for source in map(ROOT.__truediv__, sources):
            if source.is_dir():
                shutil.copytree(source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, tmp_path / target)
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=tmp_path, check=True)
    [wheel] = (tmp_path / "dist").glob("ringback-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"ringback/emulator/cli.py", "ringback/twiml/schemas/voice.xsd"} <= set(names), names
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    sent = {each.removeprefix("!") for each in kept if each.startswith("!")}
    local = [each.split()[:-1] for each in instructions("COPY") if not each.startswith("--from")]
    assert {source for sources in local for source in sources} == sent


def test_the_compose_file_starts_what_its_application_asks(port: int, tmp_path: Path) -> None:
    services = read_yaml("compose.yaml")["services"]
    command: list[str] = services["emulator"]["command"]
    asked = services["web"]["environment"]
    [volume] = services["emulator"]["volumes"]
    assert volume.partition(":")[2] in instructions("VOLUME")
    assert asked["TWILIO_ACCOUNT_SID"] == ACCOUNT_SID
    assert asked["TWILIO_AUTH_TOKEN"] == AUTH_TOKEN
    name = asked["RINGBACK_BASE_URL"].removeprefix("http://")
    with running([*entry_point(), *(each.replace("/state", str(tmp_path)) for each in command)], port):
        numbers = f"http://{LOCAL}:{port}/2010-04-01/Accounts/{ACCOUNT_SID}/IncomingPhoneNumbers.json"
        headers = urllib3.make_headers(basic_auth=f"{ACCOUNT_SID}:{AUTH_TOKEN}") | {"Host": name}
        [number] = urllib3.request("GET", numbers, headers=headers).json()["incoming_phone_numbers"]
    assert number["voice_url"].startswith(asked["PUBLIC_URL"])
    assert (tmp_path / "twilio.db").exists()


def test_the_workflow_runs_its_steps(port: int, tmp_path: Path) -> None:
    """All but those that install something, and with what other tests say in the place of `npm test`."""
    [job] = read_yaml(".github/workflows/test.yaml")["jobs"].values()
    assert job["env"] == {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN}
    steps: list[str] = [step["run"] for step in job["steps"] if "run" in step and "if" not in step]
    began, *rest = [each for each in steps if not each.startswith(("pip", "npm"))]
    command, _, log = began.partition(" > ")
    assert log == "emulator.log 2>&1 &"
    with running(command.split(), port):
        for step in rest:
            done = subprocess.run(
                ["sh", "-ec", step.replace("4010", str(port))],
                cwd=tmp_path,
                capture_output=True,
                check=True,
                env=os.environ | job["env"],
            )
            assert json.loads(done.stdout)["account_sid"] == ACCOUNT_SID


def test_the_phone_book_is_one(tmp_path: Path) -> None:
    book = tmp_path / "phones.yaml"
    book.write_text(block("phones.yaml", TESTING), encoding="utf-8")
    with Emulator(phones=book) as emulator:
        emulator.number(OURS)
        carla = emulator.phone("+15558675312")
        carla.text(OURS, "hello")
        with emulator.client() as client:
            client.messages.create(to=carla.number, from_=OURS, body="Cancel, please.")
            emulator.run_until_idle()
            assert [text.body for text in client.messages.list(from_=carla.number, limit=1)] == ["OFF"]
        assert emulator.phone("+15558675311").calls == ()


def test_every_word_of_chaos_is_in_its_table() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \| ([\d.]+) \|", TESTING[TESTING.index("## Chaos") :], re.MULTILINE)
    assert len(rows) == len(fields_dict(Chaos))
    for word, share in rows:
        assert Chaos.parse(word) == Chaos.parse(f"{word}={share}")


def test_all_operations_and_verbs_are_done() -> None:
    assert len(OPERATIONS) == 197
    for page in (PAGE, (ROOT / "README.md").read_text(encoding="utf-8")):
        assert re.search(r"\ball 197\s+operations", page, re.IGNORECASE)
    # Helper libraries alone let a Queue stand there.
    verbs = set(tables.children(tables.root("voice"))) - {"Queue"}
    assert verbs == {verb.__name__ for verb in VERBS}


def test_the_table_of_clients_is_what_the_programs_do() -> None:
    programs = (ROOT / "docs" / "languages.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| Twilio's for \w+ \| `(.*)` \|$", PAGE, re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        assert f"\n{line}\n" in programs
    assert '--user "$TWILIO_ACCOUNT_SID:$TWILIO_AUTH_TOKEN"' in programs
