"""Spans, with the real SDK."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from ringback import AsyncClient, Client, RetryPolicy
from ringback.errors import ConnectFailed, NotFound
from ringback.transports.otel import tracing
from ringback.transports.testing import AsyncFakeTransport, FakeTransport, json_response

SID = "AC" + "0" * 32
QUICK = RetryPolicy(backoff=0)
MISSING = json_response({"code": 20404, "message": "not here"}, status=404)


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})


def test_a_span_an_attempt(provider: TracerProvider, exporter: InMemorySpanExporter) -> None:
    fake = FakeTransport([ConnectFailed("nobody there"), MISSING])
    client = Client(SID, "token", transport=fake, retry=QUICK, hooks=[tracing(provider)])
    with provider.get_tracer("mine").start_as_current_span("outer") as outer, pytest.raises(NotFound):
        client.calls("CA" + "0" * 32).fetch()
    first, second, _ = exporter.get_finished_spans()
    assert first.name == second.name == "GET calls(sid).fetch"
    assert first.kind == SpanKind.CLIENT
    assert first.parent is not None
    assert first.parent.span_id == outer.get_span_context().span_id
    assert first.status.status_code == StatusCode.ERROR
    assert first.events[0].name == "exception"
    assert "http.request.resend_count" not in attributes(first)
    assert attributes(second) == {
        "http.request.method": "GET",
        "url.full": f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Calls/CA{'0' * 32}.json",
        "server.address": "api.twilio.com",
        "server.port": 443,
        "ringback.operation": "calls(sid).fetch",
        "http.request.resend_count": 1,
        "http.response.status_code": 404,
        "twilio.request_id": "RQ" + "0" * 32,
        "error.type": "404",
    }
    assert second.status.status_code == StatusCode.ERROR


async def test_async_and_without_numbers(provider: TracerProvider, exporter: InMemorySpanExporter) -> None:
    page = json_response({"calls": []})
    client = AsyncClient(SID, "token", transport=AsyncFakeTransport([page]), hooks=[tracing(provider)])
    assert await client.calls.list(to="+15558675310").first() is None
    (span,) = exporter.get_finished_spans()
    assert span.status.status_code == StatusCode.UNSET
    assert "5558675310" not in span.to_json()
    assert "token" not in span.to_json()
