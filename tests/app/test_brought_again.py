"""A worker that can reach neither the store nor the flow: what it was told is told to the next one."""

from __future__ import annotations

import asyncio

from ringback.app import Application, CallFlow
from ringback.stores import MemoryStore, Told
from ringback.twiml import Say
from ringback.webhooks import IncomingCall
from tests.app.twilio import TOKEN, call_parameters, eventually, link, new_sid, request, served, tags

URL = "https://example.com/phone"


class CutOff(MemoryStore):
    """A store that this worker reaches no longer once it is told so."""

    def __init__(self, reached: MemoryStore) -> None:
        super().__init__(shared=True)
        self.reached = reached
        self.cut = False

    def __getattribute__(self, name: str) -> object:
        if name in ("begin", "append", "read", "claim", "latest", "due", "pulse", "pulse_of", "tell", "mail"):
            if object.__getattribute__(self, "cut"):
                raise ConnectionError("cut off")
            return getattr(object.__getattribute__(self, "reached"), name)
        return super().__getattribute__(name)


def application(store: MemoryStore, deadline: float = 2.0) -> Application:
    app = Application(public_url=URL, auth_token=TOKEN, store=store, deadline=deadline)

    @app.flow(IncomingCall, path="/flow")
    async def flow(call: CallFlow) -> None:
        pressed = await call.gather(num_digits=1)
        call.say(f"You pressed {pressed and pressed.digits}")

    return app


async def test_what_a_worker_could_not_keep_is_brought_again() -> None:
    store = MemoryStore(shared=True)
    cut = CutOff(store)
    good, cut_off = application(store), application(cut, deadline=0.3)
    call = call_parameters(new_sid("CA"))
    first = await good.handle(request(f"{URL}/flow", call))
    cut.cut = True
    held = await cut_off.handle(request(link(first, "Gather"), call | {"Digits": "7", "FinishedOnKey": "#"}))
    assert tags(held) == ["Pause", "Redirect"]
    # Twilio says nothing of keys when it follows a redirect: what the URL has in it is all there is.
    answer = await good.handle(request(link(held, "Redirect"), call))
    assert served(answer).findtext("Say") == "You pressed 7"
    await good.aclose()
    await cut_off.aclose()


async def test_what_is_too_long_for_a_url_waits_for_the_store() -> None:
    store = MemoryStore(shared=True)
    cut = CutOff(store)
    good, cut_off = application(store), application(cut, deadline=0.3)
    call = call_parameters(new_sid("CA"))
    first = await good.handle(request(f"{URL}/flow", call))
    cut.cut = True
    held = await cut_off.handle(request(link(first, "Gather"), call | {"SpeechResult": "word " * 800}))
    assert ".held" in link(held, "Redirect")
    assert len(link(held, "Redirect")) < 2_000
    await good.aclose()
    await cut_off.aclose()


async def test_a_worker_that_the_call_has_left_behind() -> None:
    """It can't reach the store, and its flow hasn't come to the step that a webhook is for."""
    store = MemoryStore(shared=True)
    cut = CutOff(store)
    good, left_behind = two_keys(store), two_keys(cut, deadline=0.3)
    call = call_parameters(new_sid("CA"))
    first = await left_behind.handle(request(f"{URL}/flow", call))
    await claim(store, call["CallSid"])  # as if the others had taken it for dead
    second = await good.handle(request(link(first, "Gather"), call | {"Digits": "1"}))
    assert served(second).findtext("Gather/Say") == "got 1"
    cut.cut = True
    held = await left_behind.handle(request(link(second, "Gather"), call | {"Digits": "2"}))
    assert tags(held) == ["Pause", "Redirect"]
    answer = await good.handle(request(link(held, "Redirect"), call))
    assert served(answer).findtext("Say") == "got 1 2"
    await good.aclose()
    await left_behind.aclose()


async def test_what_failed_since_the_process_slept_is_asked_again() -> None:
    """An owner that was stopped in the middle of asking the store, and superseded, doesn't take the store for
    away and go on from memory.
    """
    store = MemoryStore(shared=True)
    cut = CutOff(store)
    goes_on = asyncio.Event()
    slept = two_keys(cut, deadline=0.3, goes_on=goes_on)
    call = call_parameters(new_sid("CA"))
    first = await slept.handle(request(f"{URL}/flow", call))
    asked = request(link(first, "Gather"), call | {"Digits": "1"})
    held = await slept.handle(asked)
    assert tags(held) == ["Pause", "Redirect"]
    sharing = slept._flows.sharing
    assert sharing is not None
    await claim(store, call["CallSid"])
    sharing.worker._alive -= 10
    cut.cut = True
    goes_on.set()
    assert tags(await slept.handle(request(link(held, "Redirect"), call))) == ["Pause", "Redirect"]
    cut.cut = False
    await eventually(lambda: len(slept._flows.by_id) == 0)
    record = await store.read(str(await store.latest(call["CallSid"])))
    assert record is not None
    assert "out.1" not in record.fields
    await slept.aclose()


def two_keys(store: MemoryStore, deadline: float = 2.0, goes_on: asyncio.Event | None = None) -> Application:
    app = Application(public_url=URL, auth_token=TOKEN, store=store, deadline=deadline)

    @app.flow(IncomingCall, path="/flow")
    async def flow(call: CallFlow) -> None:
        first = await call.gather(num_digits=1)
        if goes_on is not None:
            await goes_on.wait()
        second = await call.gather(Say(f"got {first and first.digits}"), num_digits=1)
        call.say(f"got {first and first.digits} {second and second.digits}")

    return app


async def claim(store: MemoryStore, call_sid: str) -> None:
    run = await store.latest(call_sid)
    assert run is not None
    assert await store.claim(run, 1, "nobody", ttl=60) is not None


async def test_who_just_woke_up_takes_nobody_for_dead() -> None:
    """The others may have slept, too, as on a machine that was suspended: they have a moment to say so."""
    app = application(MemoryStore(shared=True))
    app.start()
    sharing = app._flows.sharing
    assert sharing is not None
    worker = sharing.worker
    await worker.join()
    assert await worker.gone("who-never-was", Told.UNKNOWN)
    worker._alive -= 10
    assert not await worker.gone("who-never-was", Told.UNKNOWN)
    await eventually(lambda: not worker.slept)
    assert await worker.gone("who-never-was", Told.UNKNOWN)
    await app.aclose()
