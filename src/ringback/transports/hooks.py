"""Code of yours around each attempt: a middleware that the client builds from `Client(hooks=[...])`.

A hook is a generator function. What is before its `yield` runs before each attempt, retries included; what
is after it, when the answer is there. Where no answer came, the error is thrown in at the `yield`.

```python
def timed(request: Request) -> HookRun:
    start = time.monotonic()
    try:
        response = yield
    except TransportError as error:
        print(request.operation, "try", request.attempt, "failed:", error)
        raise
    print(request.operation, response.status, time.monotonic() - start)

client = Client(hooks=[timed])
```

The same hooks serve `Client` and `AsyncClient`; they watch and must not block. What a hook raises ends the
call as it is and nothing is sent again for it; where a POST had been sent by then, the error's cause is an
`OutcomeUnknown`. To change what is sent or answered, write a transport around a transport.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

from ringback.errors import ConfigurationError, ConnectFailed, TransportError
from ringback.http import Request, Response
from ringback.transports import AsyncTransport, Transport

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ringback.http import Delivery
    from ringback.transports.streams import AsyncResponseStream, ResponseStream

__all__ = ["AsyncHookedTransport", "Hook", "HookRun", "HookedTransport"]

HookRun: TypeAlias = Generator[None, Response, None]
Hook: TypeAlias = Callable[[Request], HookRun]


class HookedTransport(Transport):
    """A transport with hooks around each request; of a stream, they see status and headers.

    Args:
        transport: What carries the requests.
        hooks: The first is the outermost.
    """

    def __init__(self, transport: Transport, hooks: Sequence[Hook]) -> None:
        self._transport = transport
        self._hooks = tuple(hooks)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport!r})"

    def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        with _Runs(self._hooks, request) as runs:
            with _Told(request.delivery) as told:
                response = self._transport.send(request)
                told.answered(response.status)
            runs.finish(response)
            return response

    def stream(self, request: Request, /) -> ResponseStream:
        """See `Transport.stream`."""
        with _Runs(self._hooks, request) as runs:
            with _Told(request.delivery) as told:
                answer = self._transport.stream(request)
                told.answered(answer.status)
            try:
                runs.finish(Response(answer.status, answer.headers))
            except BaseException:
                answer.close()
                raise
            return answer

    def close(self) -> None:
        """Close the transport within."""
        self._transport.close()


class AsyncHookedTransport(AsyncTransport):
    """The same for asyncio."""

    def __init__(self, transport: AsyncTransport, hooks: Sequence[Hook]) -> None:
        self._transport = transport
        self._hooks = tuple(hooks)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._transport!r})"

    async def send(self, request: Request, /) -> Response:
        """See `Transport.send`."""
        with _Runs(self._hooks, request) as runs:
            with _Told(request.delivery) as told:
                response = await self._transport.send(request)
                told.answered(response.status)
            runs.finish(response)
            return response

    async def stream(self, request: Request, /) -> AsyncResponseStream:
        """See `Transport.stream`."""
        with _Runs(self._hooks, request) as runs:
            with _Told(request.delivery) as told:
                answer = await self._transport.stream(request)
                told.answered(answer.status)
            try:
                runs.finish(Response(answer.status, answer.headers))
            except BaseException:
                await answer.aclose()
                raise
            return answer

    async def aclose(self) -> None:
        """Close the transport within."""
        await self._transport.aclose()


class _Told:
    """Tells of a transport what it doesn't tell itself, so that it isn't taken for what a hook does."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def __enter__(self) -> Self:
        return self

    def answered(self, status: int) -> None:
        if not self._delivery.told:
            self._delivery.start()
            self._delivery.answered(status)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, TransportError) and not self._delivery.told:
            self._delivery.start()
            self._delivery.failed(error, sent=not isinstance(error, ConnectFailed))


class _Runs:
    """The hooks of one attempt; each that began is also ended, whatever the others do."""

    def __init__(self, hooks: Sequence[Hook], request: Request) -> None:
        self._hooks = hooks
        self._request = request
        self._open: list[HookRun] = []

    def __enter__(self) -> Self:
        try:
            for hook in self._hooks:
                run = hook(self._request)
                if not isinstance(cast("object", run), Generator):
                    raise _not_once(hook)
                try:
                    next(run)
                except StopIteration:
                    raise _not_once(hook) from None
                self._open.append(run)
        except BaseException as error:
            self._request.delivery.told = True  # by us: nobody was asked to send anything
            self._fail(error)
            raise
        return self

    def finish(self, response: Response) -> None:
        """Tell them what came, the innermost first."""
        while self._open:
            run = self._open.pop()
            try:
                run.send(response)
            except StopIteration:
                continue
            run.close()
            raise _not_once(run)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        current = error
        while self._open:
            run = self._open.pop()
            try:
                run.throw(current)
            except StopIteration:
                # It has seen the error; whether there is an answer is not for a hook to say.
                continue
            except BaseException as raised:
                current = raised
            else:
                run.close()
                current = _not_once(run)
        if current is not error:
            raise current


def _not_once(hook: object) -> ConfigurationError:
    return ConfigurationError(f"a hook is a generator function and must yield exactly once: {hook!r}")
