"""OpenTelemetry spans, one for each attempt: `pip install ringback[otel]`; off unless you ask for them.

```python
from ringback.transports.otel import tracing

client = Client(hooks=[tracing()])
```

A span carries the method, the server, the operation (`ringback.operation`), the status, the number of the
retry and Twilio's request id; neither query nor body, since numbers and texts of people are there.

See https://opentelemetry.io/docs/specs/semconv/http/http-spans/
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

try:
    from opentelemetry import trace
    from opentelemetry.trace import SpanKind, Status, StatusCode
except ImportError as error:
    raise ImportError("tracing needs opentelemetry-api: pip install 'ringback[otel]'") from error

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

    from ringback.http import Request
    from ringback.transports.hooks import Hook, HookRun

__all__ = ["tracing"]


def tracing(provider: TracerProvider | None = None) -> Hook:
    """A hook that makes each attempt a client span, child of the span it happens in.

    Args:
        provider: Where spans go; default the global provider.
    """
    tracer = trace.get_tracer("ringback", tracer_provider=provider)

    def traced(request: Request) -> HookRun:
        parts = urlsplit(request.url)
        attributes: dict[str, str | int] = {
            "http.request.method": request.method,
            "url.full": f"{parts.scheme}://{parts.netloc}{parts.path}",
            "server.address": parts.hostname or "",
            "server.port": parts.port or (443 if parts.scheme == "https" else 80),
        }
        if request.operation:
            attributes["ringback.operation"] = request.operation
        if request.attempt > 1:
            attributes["http.request.resend_count"] = request.attempt - 1
        name = f"{request.method} {request.operation}".rstrip()
        with tracer.start_as_current_span(name, kind=SpanKind.CLIENT, attributes=attributes) as span:
            response = yield
            span.set_attribute("http.response.status_code", response.status)
            if "twilio-request-id" in response.headers:
                span.set_attribute("twilio.request_id", response.headers["twilio-request-id"])
            if response.status >= 400:
                span.set_attribute("error.type", str(response.status))
                span.set_status(Status(StatusCode.ERROR))

    return traced
