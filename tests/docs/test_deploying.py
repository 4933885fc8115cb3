"""Every claim of docs/deploying.md; each test's docstring says which. What is said of servers is tried with
real ones, run by the page's own files and commands; what is said of workers with two applications over one
store.

Far more calls, stores and places to die at are in `tests/workers`.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from ruamel.yaml import YAML

from ringback import Application, CallEnded, CallFlow, IncomingCall, IncomingMessage
from ringback.app.flows.sharing import DRAIN
from ringback.app.settings import Settings
from ringback.emulator import Emulator
from ringback.emulator.phones import ExpectationFailed
from ringback.http import WebhookRequest, WebhookResponse
from ringback.stores import MemoryStore, PostgresStore, RedisStore, SQLiteStore
from ringback.twiml import Message, MessagingResponse
from tests.adapters import test_hosts
from tests.app.twilio import (
    TOKEN,
    call_parameters,
    eventually,
    link,
    message_parameters,
    new_sid,
    request,
    served,
)
from tests.docs.snippets import ROOT, consoles, files
from tests.stores import servers
from tests.workers.caller import Network
from tests.workers.clusters import Singles, children
from tests.workers.proofs import Stage, stage
from tests.workers.proxy import Habits, Proxy

PAGE: Final = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
URL: Final = "https://example.com/phone"
GOODBYE: Final = "You pressed 1 and 2. Goodbye."
CONSOLES: Final = [command for block in consoles(PAGE) for command in block]


def block(name: str) -> str:
    """A file that isn't Python."""
    found = re.search(rf"`{re.escape(name)}`:\n\n```\w+\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def read_yaml(name: str) -> Any:
    return YAML(typ="safe").load(block(name))  # pyright: ignore[reportUnknownMemberType]


COMPOSE: Final = read_yaml("compose.yaml")
POD: Final = read_yaml("deployment.yaml")["spec"]["template"]["spec"]
COMMAND: Final[str] = COMPOSE["services"]["web"]["command"]
PROCFILE: Final = block("Procfile").partition("web: ")[2].strip()


# --- servers


class Server:
    """A command of the page, run where its files are, until the end of the test."""

    def __init__(self, folder: Path, command: str, port: int, environment: dict[str, str]) -> None:
        self.port = port
        self._folder = folder
        self._command = re.sub(r"\b8000\b", str(port), command)
        self._environment = environment | {"PORT": str(port)}
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["sh", "-c", f"exec {self._command}"],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ready(self) -> None:
        """Wait until somebody answers."""
        deadline = time.monotonic() + 30
        while True:
            with suppress(OSError, asyncio.IncompleteReadError):
                if asyncio.run(answers(self.port)):
                    return
            assert self._process.poll() is None, f"{self._command} ended at once"
            assert time.monotonic() < deadline, f"{self._command} does not answer"
            time.sleep(0.05)

    def again(self) -> None:
        """Start it anew, after its end."""
        self._process.wait(30)
        self._process = self._start()
        self.ready()

    def end(self) -> None:
        """End all that it started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(10)


async def answers(port: int) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    try:
        return (await asyncio.wait_for(reader.read(12), 30)).startswith(b"HTTP/1.")
    finally:
        writer.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The page's Python files."""
    for name, text in files(PAGE).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def environment(port: int, store: str) -> dict[str, str]:
    """What the page says has to be set, beside what a shell has."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO")}
    return {
        **kept,
        "PATH": path,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
        "PUBLIC_URL": Network(port).home,
        "STORE_URL": store,
        "TWILIO_AUTH_TOKEN": TOKEN,
    }


@contextmanager
def running(
    folder: Path, commands: list[str], store: str
) -> Generator[tuple[Network, list[Server], Proxy], None, None]:
    """Servers, and a proxy before them that gives each request to the next."""
    with ExitStack() as stack:
        proxy = stack.enter_context(Proxy([]))
        started = environment(proxy.port, store)
        served = [Server(folder, command, servers.free_port(), started) for command in commands]
        for each in served:
            stack.callback(each.end)
        for each in served:
            each.ready()
        proxy.ports = [each.port for each in served]
        yield Network(proxy.port), served, proxy


def calls(network: Network, count: int, between: Callable[[], None] = lambda: None) -> float:
    """Something happens while calls are between their keys, and all end as they have to; how long the slowest
    waited then.
    """

    async def work() -> float:
        made = [network.call() for _ in range(count)]
        await asyncio.gather(*(call.dial() for call in made))
        await asyncio.gather(*(call.press("1") for call in made))
        await asyncio.to_thread(between)
        begun = time.monotonic()
        await asyncio.gather(*(call.press("2") for call in made))
        assert [call.heard[-1] for call in made] == [GOODBYE] * count, between
        return time.monotonic() - begun

    return asyncio.run(work())


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def redis() -> Generator[str, None, None]:
    with servers.redis() as url:
        yield url


def mailboxes(url: str) -> int:
    """How many workers have joined those that share the server."""
    port = str(urlsplit(url).port)
    asked = subprocess.run(
        ["redis-cli", "-p", port, "PUBSUB", "CHANNELS"], capture_output=True, text=True, check=True
    )
    return len(asked.stdout.split())


def test_gunicorn_on_two_machines(folder: Path, redis: str) -> None:
    """Every worker joins at once, of whatever kind it is. Then in the middle of calls: HUP, `kill -9`,
    SIGTERM to all processes of a dyno, a machine that is gone for good; and `max_requests` all the time.
    """
    [command] = [each for each in CONSOLES if each.startswith("gunicorn")]
    assert command.replace("127.0.0.1", "0.0.0.0") == COMMAND == PROCFILE.replace("$PORT", "8000")
    commands = [each.replace("--workers 4", "--workers 2") for each in (command, PROCFILE)]
    commands[1] += " --preload --max-requests 5 -k gthread --threads 2"
    with running(folder, commands, redis) as (network, [first, second], proxy):
        until(lambda: mailboxes(redis) == 4)

        def hup() -> None:
            old = set(children(first.pid))
            os.kill(first.pid, signal.SIGHUP)
            until(lambda: len(new := set(children(first.pid))) == 2 and not old & new)

        def kill() -> None:
            for pid in children(first.pid):
                os.kill(pid, signal.SIGKILL)

        def renew_dyno() -> None:
            os.killpg(second.pid, signal.SIGTERM)
            second.again()

        def lose_machine() -> None:
            first.end()
            proxy.ports = [second.port]

        for befalls in (hup, kill, renew_dyno):
            assert calls(network, 6, befalls) < 15
        assert calls(network, 6, lose_machine) < 5


def test_uvicorn(folder: Path) -> None:
    """The lifespan joins at once, FastAPI's as the page has it as well; a restart in the middle of calls; and
    a handler whose worker dies begins again, as Twilio repeats the request, and a listener doesn't.
    """
    alone, mounted = [each for each in CONSOLES if each.startswith("uvicorn")]
    assert alone.replace("reception:asgi", "web:web") == mounted
    with (folder / "reception.py").open("a", encoding="utf-8") as file:
        file.write(DYING)
    store = f"sqlite://{folder / 'ringback.db'}"
    one = alone.replace("--workers 2", "--workers 1")
    under = "gunicorn --workers 1 -k uvicorn.workers.UvicornWorker --bind 127.0.0.1:8000 reception:asgi"
    with running(folder, [mounted, one, under], store) as (network, [server, *_], proxy):
        ports = proxy.ports
        mail = folder / "ringback.db-mail"
        until(lambda: mail.exists() and len(list(mail.iterdir())) == 4)

        message = message_parameters("SM" + "1" * 32)
        proxy.ports = proxy.ports[:1]
        status, body = asyncio.run(network.post(f"{network.home}/reply#rc=2&rp=all", message))
        assert (status, (folder / "tries").read_text()) == (200, "12")
        assert b"try 2" in body
        heard = folder / "heard"
        assert not heard.exists() or heard.read_text() == "1"

        def restart() -> None:
            os.kill(server.pid, signal.SIGTERM)
            server.again()

        assert calls(network, 6, restart) < 15
        proxy.ports = ports
        assert calls(network, 3) < 5


DYING: Final = """

import signal
from ringback import IncomingMessage
from ringback.twiml import Message, MessagingResponse


def note(name):
    with open(name, "a+") as file:
        count = os.fstat(file.fileno()).st_size + 1
        file.write(str(count))
    return count


@app.on(IncomingMessage)
async def reply(message: IncomingMessage) -> MessagingResponse:
    number = note("tries")
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return MessagingResponse(Message(f"try {number}"))


app.on(IncomingMessage, lambda message: note("heard"))
"""


def test_frozen_instances(folder: Path, redis: str) -> None:
    """Serverless: instances that are stopped as soon as they have answered. The next one takes over within
    the lease, at once where that has lapsed; who is woken up serves nothing more of it; what a flow did
    between its awaits is done again, and steps aren't; and what has to happen while all sleep does so in
    `always_on.py`.
    """
    (folder / "reception.py").write_text(PROOF, encoding="utf-8")
    chosen: dict[str, int] = {}
    with ExitStack() as stack:
        instances = stack.enter_context(stage(redis, "singles", workers=2))
        instances.proxy.habits = Habits(way=lambda asked, _: chosen[asked.call])
        awake = subprocess.Popen(
            [sys.executable, "always_on.py"],
            cwd=folder,
            env=environment(0, redis) | instances.setting.environment(),
        )
        stack.callback(awake.wait, 10)
        stack.callback(awake.kill)
        until(lambda: mailboxes(redis) == 3)
        asyncio.run(frozen(instances, chosen, awake.pid))


PROOF: Final = """
from tests.workers.application import main

app = main().app
"""


async def frozen(instances: Stage, chosen: dict[str, int], awake: int) -> None:
    assert isinstance(instances.cluster, Singles)
    pids = [instances.cluster.places[place] for place in range(2)]
    led, gone, late = (instances.network.call() for _ in range(3))
    chosen.update(dict.fromkeys((led.sid, gone.sid, late.sid), 0))
    for call in (led, gone, late):
        await call.dial()
    os.kill(pids[0], signal.SIGSTOP)
    chosen.update(dict.fromkeys((led.sid, gone.sid, late.sid), 1))

    begun = time.monotonic()
    pressing = asyncio.create_task(led.press("1"))
    await asyncio.sleep(2.5)
    await gone.hang_up(callback=instances.callback)
    await pressing
    assert 2 < time.monotonic() - begun < 7
    os.kill(pids[1], signal.SIGSTOP)
    # Everybody sleeps but for the one without a port.
    await eventually(lambda: instances.ledger.counts(gone.sid)["finally"] == 1, 12)
    assert [line.pid for line in instances.ledger.lines(gone.sid) if line.what == "finally"] == [awake]

    os.kill(pids[1], signal.SIGCONT)
    begun = time.monotonic()
    await late.press("1")
    assert time.monotonic() - begun < 3.5
    os.kill(pids[0], signal.SIGCONT)
    chosen[led.sid] = 0
    await led.press("2")
    await led.speak(4)
    await led.hang_up(callback=instances.callback)
    await eventually(lambda: instances.ledger.counts(led.sid)["finally"] == 1)
    told = [(line.what, line.pid) for line in instances.ledger.lines(led.sid)]
    assert [pid for what, pid in told if what == "begun"] == pids
    assert [pid for what, pid in told if what in ("first", "effect", "second", "finally")] == [pids[1]] * 4


# --- workers


class Heard:
    """What a flow and its application were told, in which worker."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def application(self, name: str, store: MemoryStore | None, **settings: float) -> Application:
        app = Application(public_url=URL, auth_token=TOKEN, store=store, **settings)  # type: ignore[arg-type]

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            self.told.append(("begun", name))
            try:
                await call.gather(num_digits=1)
                await call.step(self.told.append, ("step", name), name="step")
                await call.gather(num_digits=1)
                call.say("Goodbye.")
            finally:
                self.told.append(("finally", name))

        @app.on(IncomingMessage)
        def reply(message: IncomingMessage) -> MessagingResponse:
            return MessagingResponse(Message(f"From {name}: {message.body}"))

        app.on(IncomingMessage, lambda _: self.told.append(("listener", name)))
        return app

    def counts(self) -> dict[str, int]:
        return dict(Counter(what for what, _ in self.told))


async def answer(app: Application, url: str, call: dict[str, str], **more: str) -> WebhookResponse:
    return await app.handle(request(url, call | more))


async def test_without_a_store() -> None:
    """Which store when: handlers need none. A flow whose process is gone: the caller hears the fallback."""
    heard = Heard()
    first, second = heard.application("first", None), heard.application("second", None)
    call = call_parameters(new_sid("CA"))
    began = await answer(first, f"{URL}/reception", call)
    lost = await answer(second, link(began, "Gather"), call, Digits="1")
    assert "something went wrong" in str(served(lost).findtext("Say"))
    message = message_parameters("SM" + "1" * 32)
    for app in (first, second):
        assert b"<Message>From " in (await answer(app, f"{URL}/reply", message)).body
        await app.aclose()


async def test_a_deploy() -> None:
    """What may run twice: `finally` runs once, at the end and not as a worker is renewed; code between awaits
    runs again, and a recorded step doesn't. A worker that lets go is followed at once.
    """
    heard, store = Heard(), MemoryStore(shared=True)
    first, second = heard.application("first", store), heard.application("second", store)
    call = call_parameters(new_sid("CA"))
    began = await answer(first, f"{URL}/reception", call)
    asked = await answer(first, link(began, "Gather"), call, Digits="1")
    await first.aclose()
    assert heard.counts() == {"begun": 1, "step": 1}
    begun = time.monotonic()
    last = await answer(second, link(asked, "Gather"), call, Digits="2")
    assert time.monotonic() - begun < 1
    assert served(last).findtext("Say") == "Goodbye."
    assert heard.told == [("begun", "first"), ("step", "first"), ("begun", "second"), ("finally", "second")]
    await second.aclose()


async def test_a_repetition() -> None:
    """What may run twice: handlers and listeners run once for each request, wherever it is repeated."""
    heard, store = Heard(), MemoryStore(shared=True)
    workers = [heard.application(name, store) for name in ("first", "second")]
    message = message_parameters("SM" + "2" * 32, Body="Hello")
    bodies = [(await answer(app, f"{URL}/reply", message)).body for app in workers]
    await eventually(lambda: heard.counts() == {"listener": 1})
    assert bodies[0] == bodies[1]
    for app in workers:
        await app.aclose()


def test_urls_ask_for_repetitions() -> None:
    """Twilio has to ask again: with a shared store all URLs say so, unless told otherwise."""
    for store, given, fragment in (
        (MemoryStore(shared=True), None, "#rc=2&rp=all"),
        (MemoryStore(shared=True), "", ""),
        (None, None, ""),
    ):
        app = Application(public_url=URL, auth_token=TOKEN, store=store, connection_overrides=given)

        @app.flow(IncomingCall)
        async def reception(call: CallFlow) -> None:
            call.say("Hello")

        assert reception.url == app.voice_url == f"{URL}/reception{fragment}"
        assert app.callback(CallEnded).url.partition("#")[2] == fragment[1:]
        with Emulator(auth_token=TOKEN) as emulator, emulator.client() as client:
            emulator.number("+15017122661")
            assert (
                app.install(client, friendly_name="x", phone_number="+15017122661").voice_url == app.voice_url
            )


@pytest.mark.parametrize(("store", "deadline", "held_after"), [("shared", 6.0, 2.5), ("own", 3.0, 3.0)])
def test_wsgi_holds_sooner(store: str, deadline: float, held_after: float) -> None:
    """gunicorn: an answer of a flow that takes long is held after 2.5 seconds there where workers share a
    store, and after `deadline` elsewhere.
    """
    shared = MemoryStore(shared=True) if store == "shared" else None
    app = Application(public_url=URL, auth_token=TOKEN, deadline=deadline, store=shared)

    @app.flow(IncomingCall)
    async def slow(call: CallFlow) -> None:
        await asyncio.sleep(held_after + 1.5)
        call.say("At last.")

    begun = time.monotonic()
    held = app.handle_sync(request(slow.url.partition("#")[0], call_parameters(new_sid("CA"))))
    assert [verb.tag for verb in served(held)] == ["Pause", "Redirect"]
    assert held_after - 0.1 < time.monotonic() - begun < held_after + 1.4
    app.close()


class TestVersions:
    """Versions and deploys."""

    def release(self, store: MemoryStore, version: str, older: str | None = None) -> Application:
        app = Application(public_url=URL, auth_token=TOKEN, store=store, deadline=0.5, hold_limit=2)

        async def lead(call: CallFlow, words: str) -> None:
            await call.gather(num_digits=1)
            call.say(words)

        @app.flow(IncomingCall, version=version)
        async def reception(call: CallFlow) -> None:
            await lead(call, f"version {version}")

        if older is not None:

            @reception.older(older)
            async def reception_before(call: CallFlow) -> None:
                await lead(call, f"version {older}")

        return app

    async def test_a_rolling_deploy(self) -> None:
        """Old calls go on with the older function, new ones begin with the new one, and an old worker that
        gets a request of a new call asks the new workers.
        """
        store = MemoryStore(shared=True)
        old, new = self.release(store, "1"), self.release(store, "2", older="1")
        before, after = call_parameters(new_sid("CA")), call_parameters(new_sid("CA"))
        began = await answer(old, f"{URL}/reception", before)
        began_later = await answer(new, f"{URL}/reception", after)
        last = await answer(old, link(began_later, "Gather"), after, Digits="1")
        assert served(last).findtext("Say") == "version 2"
        await old.aclose()
        last = await answer(new, link(began, "Gather"), before, Digits="1")
        assert served(last).findtext("Say") == "version 1"
        await new.aclose()

    async def test_a_roll_back(self) -> None:
        """Nobody knows the calls of the new version: their callers are held until `hold_limit`."""
        store = MemoryStore(shared=True)
        old, new = self.release(store, "1"), self.release(store, "2")
        call = call_parameters(new_sid("CA"))
        began = await answer(new, f"{URL}/reception", call)
        await new.aclose()
        begun = time.monotonic()
        told = await answer(old, link(began, "Gather"), call, Digits="1")
        while served(told).find("Pause") is not None:
            told = await answer(old, link(told, "Redirect"), call)
        assert 1.5 < time.monotonic() - begun < 4
        assert "something went wrong" in str(served(told).findtext("Say"))
        await old.aclose()


class Balancer:
    """Sends who has its cookie to the same process, and others to the next; without cookies, everybody."""

    max_body = 1_000_000

    def __init__(self, workers: list[Application], *, cookies: bool) -> None:
        self._workers = workers
        self._cookies = cookies
        self._turn = 0

    def handle_sync(self, asked: WebhookRequest) -> WebhookResponse:
        found = re.search(r"WORKER=w(\d)", asked.headers.get("Cookie", "")) if self._cookies else None
        if found is not None:
            return self._workers[int(found[1])].handle_sync(asked)
        self._turn = (self._turn + 1) % len(self._workers)
        told = self._workers[self._turn].handle_sync(asked)
        headers = [*told.headers.multi_items(), ("Set-Cookie", f"WORKER=w{self._turn}; path=/")]
        return WebhookResponse(told.status, headers, told.body)


@pytest.mark.parametrize("cookies", [True, False])
def test_sticky_cookies(cookies: bool) -> None:
    """Without a store: a cookie keeps a call's requests together. Without that, flows are lost."""
    heard = Heard()
    workers = [heard.application(name, None) for name in ("first", "second", "third")]
    completed = 0
    with Emulator(auth_token=TOKEN) as emulator:
        emulator.mount(URL, Balancer(workers, cookies=cookies))
        emulator.number("+15017122661", voice_url=f"{URL}/reception")
        for _ in range(6):
            call = emulator.phone("+15558675310").dial("+15017122661")
            with suppress(ExpectationFailed):
                call.press("1")
                call.press("2")
                call.expect_say("Goodbye.")
                completed += 1
            call.hangup()
        emulator.allow_problems()
    assert completed == (6 if cookies else 0)
    for app in workers:
        app.close()


# --- configuration


def test_what_is_configured() -> None:
    """Compose, Kubernetes and Heroku: everything is set that the program reads, grace is longer than an
    answer and a flow may take, and no shell stands between the signals and the server.
    """
    read = set(re.findall(r"environ\[\"(\w+)\"\]", files(PAGE)["reception.py"])) | {"TWILIO_AUTH_TOKEN"}
    web, redis = COMPOSE["services"]["web"], COMPOSE["services"]["redis"]
    [pod] = POD["containers"]
    needed = Settings(public_url=URL).deadline + DRAIN
    assert set(web["environment"]) == {each["name"] for each in pod["env"]} == read
    assert int(web["stop_grace_period"].removesuffix("s")) >= needed
    before_it = int(pod["lifecycle"]["preStop"]["exec"]["command"][1])
    assert POD["terminationGracePeriodSeconds"] >= before_it + needed
    assert " ".join(pod["command"]) == COMMAND
    assert pod["readinessProbe"]["tcpSocket"]["port"] == pod["ports"][0]["containerPort"] == 8000
    assert "--maxmemory-policy noeviction" in redis["command"]
    assert web["environment"]["STORE_URL"] == next(
        each["value"] for each in pod["env"] if each["name"] == "STORE_URL"
    )


@pytest.fixture
def imported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Imports the page's files in this process."""
    monkeypatch.syspath_prepend(folder)  # pyright: ignore[reportUnknownMemberType]
    monkeypatch.setenv("PUBLIC_URL", URL)
    monkeypatch.setenv("STORE_URL", f"sqlite://{folder / 'ringback.db'}")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", TOKEN)
    for name in files(PAGE):
        monkeypatch.delitem(sys.modules, name.removesuffix(".py"), raising=False)
    return importlib.import_module


def test_stores_by_their_urls(imported: Callable[[str], ModuleType], tmp_path: Path) -> None:
    """A file on a volume, and what platforms call a database: `postgres://…` and `rediss://…` are fine."""
    kinds = {
        f"sqlite://{tmp_path}/ringback.db": SQLiteStore,
        "redis://redis:6379/0": RedisStore,
        "rediss://user:password@host:6380": RedisStore,
        "postgres://user:password@host/database": PostgresStore,
        "postgresql://user:password@host/database": PostgresStore,
    }
    store = imported("reception").store
    for url, kind in kinds.items():
        assert type(store(url)) is kind


async def test_the_outside_address_is_enough() -> None:
    """Heroku: what the router makes of scheme and host doesn't matter."""
    app = Application(public_url=URL, auth_token=TOKEN)

    @app.flow(IncomingCall)
    async def flow(call: CallFlow) -> None:
        call.say("Hello")

    signed = request(flow.url, call_parameters(new_sid("CA")))
    inside = WebhookRequest(
        signed.method,
        signed.url.replace("https://example.com", "http://10.0.0.7:1234"),
        signed.headers,
        signed.body,
    )
    assert (await app.handle(inside)).status == 200
    await app.aclose()


def test_lambda(imported: Callable[[str], ModuleType]) -> None:
    """Serverless: the function of the page, event after event of one call."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        handler = imported("lambda_function").handler
        send, read = test_hosts.TestMangum().send, test_hosts.answer
        first = send(handler, f"{URL}/reception", CallStatus="ringing")
        second = send(handler, link(read(first), "Gather"), Digits="1")
        last = send(handler, link(read(second), "Gather"), Digits="2")
        assert GOODBYE in last["body"]
        loop.run_until_complete(imported("reception").app.aclose())
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    finally:
        asyncio.set_event_loop(None)
        loop.close()
