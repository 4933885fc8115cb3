"""A worker that can reach neither the store nor the flow: what it was told is told to the next one."""

from __future__ import annotations

from ringback.app import Application, CallFlow
from ringback.stores import MemoryStore
from ringback.webhooks import IncomingCall
from tests.app.twilio import TOKEN, call_parameters, link, new_sid, request, served, tags

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
