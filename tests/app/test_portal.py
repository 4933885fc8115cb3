"""The background loop of synchronous servers, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time

import pytest

PRELUDE = """
import os
import threading
from ringback.app import Application, CallFlow
from ringback.webhooks import IncomingCall, sign
from ringback.twiml import Say, VoiceResponse
from tests.app.twilio import TOKEN, call_parameters, link, new_sid, request, tags

app = Application(public_url="https://example.com", auth_token=TOKEN)

@app.on(IncomingCall, path="/plain")
def plain(call: IncomingCall) -> VoiceResponse:
    return VoiceResponse(Say("Hello"))

@app.flow(IncomingCall)
async def flow(call: CallFlow) -> None:
    try:
        await call.gather()
    finally:
        print("cleaned up", flush=True)

def ask(url: str):
    return app.handle_sync(request(url, call_parameters(new_sid("CA"))))
"""


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def test_a_process_ends_though_flows_are_under_way() -> None:
    started = time.monotonic()
    assert "cleaned up" in run("assert tags(ask(flow.url)) == ['Gather', 'Redirect']")
    assert time.monotonic() - started < 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is nothing to fork with")
def test_a_forked_process_has_a_portal_of_its_own() -> None:
    out = run(
        """
        assert tags(ask(flow.url)) == ["Gather", "Redirect"]
        app.close()
        child = os.fork()
        if child == 0:
            ok = tags(ask(flow.url)) == ["Gather", "Redirect"]
            os._exit(0 if ok else 1)
        _, status = os.waitpid(child, 0)
        assert status == 0, status
        assert tags(ask(plain.url)) == ["Say"]
        print("both")
        """
    )
    assert "both" in out


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is nothing to fork with")
def test_a_forked_process_has_threads_locks_and_listeners_of_its_own() -> None:
    """As with `gunicorn --preload`: the parent has served webhooks before."""
    out = run(
        """
        import faulthandler, gc, time
        from ringback.app import HandlerFailed
        from ringback.webhooks import CallEnded

        heard = []
        app.on(CallEnded, lambda event: heard.append(event.call_sid))
        app.on(HandlerFailed, lambda failed: heard.append(failed.route))
        ended = app.callback(CallEnded).url

        def notify():
            sid = new_sid("CA")
            assert app.handle_sync(request(ended, call_parameters(sid, "completed"))).status == 204
            assert sid in heard

        parents = ask(flow.url)
        assert tags(ask(plain.url)) == ["Say"]
        notify()
        # Some thread of the parent holds each lock at the moment of the fork.
        locks = [
            vars(each)["_lock"]
            for each in gc.get_objects()
            if type(each).__module__.startswith("ringback.app.") and "_lock" in getattr(each, "__dict__", ())
        ]
        assert len(locks) > 7
        for lock in locks:
            lock.acquire()
        child = os.fork()
        if child == 0:
            faulthandler.dump_traceback_later(20, exit=True)
            assert tags(ask(plain.url)) == ["Say"]
            assert tags(ask(flow.url)) == ["Gather", "Redirect"]
            notify()
            sid = new_sid("CA")
            lost = request(link(parents, "Gather"), call_parameters(sid, Digits="1"))
            assert tags(app.handle_sync(lost)) == ["Say", "Hangup"]  # it is led by the parent
            while "flow" not in heard:
                time.sleep(0.01)
            app.close()
            os._exit(0)
        for lock in locks:
            lock.release()
        _, status = os.waitpid(child, 0)
        assert status == 0, status
        assert tags(ask(plain.url)) == ["Say"]
        print("both")
        """
    )
    assert "both" in out


@pytest.mark.parametrize("close", ["app.close()", ""])
def test_a_process_ends_though_a_thread_is_stuck(close: str) -> None:
    started = time.monotonic()
    out = run(
        f"""
        app = Application(public_url="https://example.com", auth_token=TOKEN, deadline=0.05)

        @app.on(IncomingCall)
        def stuck(call: IncomingCall) -> VoiceResponse:
            threading.Event().wait()
            return VoiceResponse()

        assert tags(ask(stuck.url)) == ["Pause", "Redirect"]
        {close}
        print("the end")
        """
    )
    assert "the end" in out
    assert time.monotonic() - started < 10


def test_a_process_that_ends_lets_handlers_finish() -> None:
    out = run(
        """
        import time
        app = Application(public_url="https://example.com", auth_token=TOKEN, deadline=0.05)

        @app.on(IncomingCall)
        def slow(call: IncomingCall) -> VoiceResponse:
            time.sleep(0.5)
            print("written down", flush=True)
            return VoiceResponse()

        assert tags(ask(slow.url)) == ["Pause", "Redirect"]
        """
    )
    assert "written down" in out


def test_an_endless_handler_does_not_stop_others() -> None:
    out = run(
        """
        app = Application(public_url="https://example.com", auth_token=TOKEN, deadline=0.05, hold_limit=0.1)
        stop = threading.Event()

        @app.on(IncomingCall)
        def endless(call: IncomingCall) -> VoiceResponse:
            stop.wait(20)
            return VoiceResponse()

        app.on(IncomingCall, path="/plain")(plain.function)
        parameters = call_parameters(new_sid("CA"))
        answer = app.handle_sync(request(endless.url, parameters))
        while tags(answer) == ["Pause", "Redirect"]:
            assert tags(app.handle_sync(request("https://example.com/plain", parameters))) == ["Say"]
            answer = app.handle_sync(request(link(answer, "Redirect"), parameters))
        assert tags(answer) == ["Say", "Hangup"]
        stop.set()
        print("done")
        """
    )
    assert "done" in out
