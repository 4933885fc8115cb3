"""Calls of the emulator, all at once: `inside COUNT` or `outside COUNT`.

Each hears a question, presses a key and hears an answer. Inside, the application is one of this process;
outside, it is served over HTTP by another process, and the clock is that on the wall. Prints the CPU seconds
of the emulator and those of the application.
"""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Final

import uvicorn

from ringback import Application, GatherResult, IncomingCall
from ringback.adapters.asgi import ASGIAdapter
from ringback.emulator import AUTH_TOKEN, Emulator, Hear, Line, Press, Step
from ringback.emulator.server import collecting_rarely
from ringback.twiml import Gather, Hangup, Say, VoiceResponse

OURS: Final = "+15017122661"
WARM_UP: Final = 50


def application(public_url: str) -> tuple[Application, str]:
    """The application under test, and the URL that calls are asked about."""
    app = Application(public_url=public_url, auth_token=AUTH_TOKEN)

    @app.on(GatherResult)
    async def chosen(_: GatherResult) -> VoiceResponse:
        return VoiceResponse(Say("Thanks."), Hangup())

    @app.on(IncomingCall)
    async def greet(_: IncomingCall) -> VoiceResponse:
        return VoiceResponse(Gather(Say("Press 1."), num_digits=1, action=chosen))

    return app, greet.url


def caller(_: Line) -> Iterator[Step]:
    """What each caller does."""
    yield Hear("Press 1")
    yield Press("1")
    yield Hear("Thanks")


def dial(emulator: Emulator, first: int, count: int) -> None:
    """Have them all call, and wait for their ends."""
    calls = [emulator.phone(f"+1555{first + each:07}").dial(OURS, script=caller) for each in range(count)]
    for call in calls:
        call.expect_hangup()
    wrong = {call.ended.status for call in calls} - {"completed"}
    if wrong or emulator.problems:
        raise RuntimeError(f"calls went wrong, so their time says nothing: {wrong} {emulator.problems[:3]}")


def inside(count: int) -> None:
    """The application runs in a thread of this process."""
    app, url = application("https://example.com/phone")
    with Emulator(applications=[app]) as emulator:
        emulator.number(OURS, voice_url=url)
        loop = app._hub.loop
        assert loop is not None  # noqa: S101 (it is served by an emulator)

        def spent() -> float:
            """By the loop's thread."""

            async def told() -> float:
                return time.thread_time()

            return asyncio.run_coroutine_threadsafe(told(), loop).result()

        dial(emulator, 0, WARM_UP)
        began, all_began = spent(), time.process_time()
        dial(emulator, WARM_UP, count)
        theirs, everything = spent() - began, time.process_time() - all_began
    print(json.dumps([everything - theirs, theirs]))


def outside(count: int) -> None:
    """The application runs in another process; this one does as `ringback emulator` does."""
    command = [sys.executable, "-m", "bench.subjects.emulator_calls", "serve"]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,  # noqa: S603
        Emulator(clock="real") as emulator,
        collecting_rarely(),
    ):
        asked, told = process.stdin, process.stdout
        assert asked is not None and told is not None  # noqa: S101, PT018 (they were asked for)
        emulator.number(OURS, voice_url=told.readline().strip())

        def spent() -> float:
            print(file=asked, flush=True)
            return float(told.readline())

        dial(emulator, 0, WARM_UP)
        theirs, ours = spent(), time.process_time()
        dial(emulator, WARM_UP, count)
        ours, theirs = time.process_time() - ours, spent() - theirs
        asked.close()
    print(json.dumps([ours, theirs]))


def serve() -> None:
    """Serve the application; tell the URL, and the CPU seconds so far for each line on stdin."""
    with socket.create_server(("127.0.0.1", 0), backlog=4_096) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as on a socket that uvicorn makes
        app, url = application(f"http://127.0.0.1:{listener.getsockname()[1]}/phone")
        server = uvicorn.Server(uvicorn.Config(ASGIAdapter(app), log_level="warning"))

        def told() -> None:
            for _ in sys.stdin:
                print(time.process_time(), flush=True)
            server.should_exit = True

        threading.Thread(target=told, daemon=True).start()
        print(url, flush=True)
        server.run(sockets=[listener])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["inside", count]:
            inside(int(count))
        case ["outside", count]:
            outside(int(count))
        case ["serve"]:
            serve()
        case _:
            sys.exit("what?")
