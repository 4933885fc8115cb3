"""Whatever document a call is given: it ends, nothing breaks, and it goes the same way again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import partial
from typing import Final

import pytest
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringback.emulator import Emulator, HangUp, Hear, Pause, Press, Settings, Speak, Step
from ringback.emulator.engine.documents import Source
from ringback.emulator.engine.network import Network
from ringback.http import Headers, WebhookRequest, WebhookResponse
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME
from tests.twiml.support import Sample, corpus

SAMPLES: Final = [*corpus("valid"), *corpus("invalid"), *corpus("flagged")]
VOICE: Final = [sample for sample in SAMPLES if sample.document == "voice"]
TYPES: Final = st.sampled_from(["text/xml", "text/html", "text/plain", "audio/mpeg", "application/json"])


class Pages:
    """A document for the first request, others for those that follow, nothing after them."""

    def __init__(self, *pages: WebhookResponse) -> None:
        self._pages = list(pages)

    def handle_sync(self, request: WebhookRequest, /) -> WebhookResponse:
        return self._pages.pop(0) if self._pages else page(b"<Response/>")


def page(body: bytes, kind: str = "text/xml") -> WebhookResponse:
    return WebhookResponse(200, Headers({"Content-Type": kind}), body)


@frozen
class Order:
    """What somebody does through the API to one of the calls, after some seconds."""

    after: float
    which: int
    twiml: str | None

    def carry_out(self, network: Network) -> None:
        live = [leg for leg in network.legs.values() if leg.call.status == "in-progress"]
        if not live:
            return
        leg = live[self.which % len(live)]
        if self.twiml is None or leg.process is None:
            leg.finish("completed")
        else:
            leg.move(Source("", twiml=self.twiml))


def ran(
    pages: list[WebhookResponse],
    steps: list[Step],
    *,
    orders: Iterable[Order] = (),
    text: bool = False,
    strict: bool = False,
) -> str:
    """The transcript of a call, or of a text, that comes to an end."""
    # Whom nobody listens to doesn't hang up: then the network does.
    with Emulator(strict=strict, settings=Settings(longest=900)) as emulator:
        emulator.mount(HOME, Pages(*pages))
        emulator.number(OURS, voice_url=f"{HOME}/a/voice", sms_url=f"{HOME}/a/sms")
        emulator.phone(BEN, script=lambda _: [Pause(5), HangUp()])
        phone = emulator.phone(ANNA)
        with emulator.held() as network:
            for order in orders:
                network.clock.after(order.after, partial(order.carry_out, network))
        if text:
            phone.text(OURS, "Hi")
        else:
            phone.dial(OURS, script=lambda _: steps)
        emulator.run_until_idle()
        with emulator.held() as network:
            assert not [call.sid for call in network.store.calls.values() if call.live]
            assert all(leg.settled for leg in network.legs.values())
            assert not network.conferences
            assert all(each.status != "processing" for each in network.store.recordings.values())
            assert all(leg.process is None or leg.process.over for leg in network.legs.values())
        return str(emulator.transcript)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
@pytest.mark.parametrize("strict", [True, False], ids=["strict", "lenient"])
def test_every_document_of_the_corpus_ends_and_goes_the_same_way_again(sample: Sample, strict: bool) -> None:
    steps: list[Step] = [Press("1"), Speak("one two three", 2), Press("#"), Pause(200), HangUp()]
    first, second = (
        ran([page(sample.xml)], steps, text=sample.document == "messaging", strict=strict) for _ in range(2)
    )
    assert first == second


STEPS: Final = st.lists(
    st.one_of(
        st.sampled_from("0123456789*#").map(Press),
        st.builds(Speak, st.sampled_from(["yes", "a table for two"]), st.sampled_from([0.5, 2.0, 100.0])),
        st.sampled_from([1.0, 7.0, 61.0]).map(Pause),
        st.just(Hear("hello", 10)),
    ),
    max_size=5,
)


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """A document of the corpus in which something was changed, left out, or put in from another one."""
    body = draw(st.sampled_from(VOICE)).xml
    elements = re.findall(rb"<(\w+)[^<>]*?/>|<(\w+)[^<>]*>[^<>]*</\w+>", body)
    kind = draw(st.sampled_from(["as it is", "attribute", "nested", "cut", "bytes"]))
    if kind == "attribute":
        values = [match.span(1) for match in re.finditer(rb'="([^"]*)"', body)]
        if values:
            start, end = draw(st.sampled_from(values))
            value = draw(
                st.sampled_from([b"", b"0", b"-1", b"99999999999", b"nan", b"true", b"#", b"http://[::1"])
            )
            return body[:start] + value + body[end:]
    if kind == "nested" and elements:
        other = draw(st.sampled_from(VOICE)).xml
        inner = re.sub(rb"<\?[^>]*\?>|</?Response[^>]*>", b"", other)
        return body.replace(b"</Response>", inner + b"</Response>")
    if kind == "cut":
        return body[: draw(st.integers(0, len(body)))]
    if kind == "bytes":
        at = draw(st.integers(0, len(body)))
        return body[:at] + draw(st.binary(max_size=5)) + body[at:]
    return body


ORDERS: Final = st.lists(
    st.builds(
        Order,
        st.floats(0, 30).map(lambda seconds: round(seconds, 1)),
        st.integers(0, 3),
        st.none() | st.sampled_from([sample.xml.decode(errors="replace") for sample in VOICE]),
    ),
    max_size=3,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.builds(page, mangled(), TYPES), min_size=1, max_size=3), STEPS, ORDERS, st.booleans())
def test_whatever_documents_a_call_is_given_it_ends(
    pages: list[WebhookResponse], steps: list[Step], orders: list[Order], strict: bool
) -> None:
    ran(pages, [*steps, Pause(1), HangUp()], orders=orders, strict=strict)
