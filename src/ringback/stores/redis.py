"""A store in Redis or Valkey, for the workers of many machines: `pip install ringback[redis]`."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

try:
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as ConnectionLost
    from redis.exceptions import NoScriptError, ReadOnlyError
except ImportError as error:
    raise ImportError("this store needs redis: pip install 'ringback[redis]'") from error

from ringback._core.limits import check_seconds
from ringback.errors import InvalidValue
from ringback.stores import redis_scripts as scripts
from ringback.stores.per_loop import PerLoop
from ringback.stores.store import NEVER, Appended, Begun, Entry, Outcome, Record, Told
from ringback.stores.values import (
    LONGEST_TIMEOUT,
    check_append,
    check_begin,
    check_call,
    check_claim,
    check_due,
    check_key,
    check_prefix,
    check_pulse,
    check_run,
    check_tell,
    check_value,
    check_worker,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

__all__ = ["RedisStore"]

_SCHEMES: Final = ("redis", "rediss", "unix")
_MOST: Final = 32  # connections of one event loop; further operations wait for one

_Argument: TypeAlias = "str | bytes | float"


class _Subscription(Protocol):
    """What of `redis.asyncio.client.PubSub` is used here; the client's own types leave much open."""

    def subscribe(self, channel: str, /) -> Awaitable[object]: ...
    def get_message(self, *, timeout: float) -> Awaitable[Mapping[str, str | bytes] | None]: ...
    def ping(self) -> Awaitable[object]: ...


class _Pool(Protocol):
    """What of `redis.asyncio.BlockingConnectionPool` is used here, once it is made."""

    def disconnect(self, *, inuse_connections: bool) -> Awaitable[None]: ...


class _Client(Protocol):
    """What of `redis.asyncio.Redis` is used here."""

    @property
    def connection_pool(self) -> _Pool: ...
    def execute_command(self, *words: _Argument) -> Awaitable[Any]: ...
    def pubsub(self) -> AbstractAsyncContextManager[_Subscription]: ...
    def aclose(self) -> Awaitable[None]: ...


class RedisStore:
    """A store in a Redis server, version 6 or newer, or in Valkey.

    Connections are made when they are first needed, in each event loop and each process for itself. The clock
    is the server's, so that those of the workers may differ. Everything that is kept has a time to live; the
    server must not evict it sooner, so that its `maxmemory-policy` has to be `noeviction`.

    Redis Cluster isn't supported, as an operation touches several keys; a primary with replicas is. Where one
    of these takes over, what the primary had not sent it is lost.

    Args:
        url: Where the server is: `redis://[user:password@]host:port/database`, `rediss://` with TLS, or
            `unix:///path/of/the/socket`.
        prefix: Put before every key and every channel, for programs that share a server. A user whom an
            access control list restricts needs both, `~ringback:*` and `&ringback:*`.
        connect_timeout: Seconds to connect in.
        timeout: Seconds to wait for a connection, and for an answer.

    Raises:
        InvalidValue: `url` isn't one, or a time isn't above 0.
        ImportError: The extra is missing.

    Operations raise `redis.RedisError` where the server can't be reached or refuses.
    """

    def __init__(
        self, url: str, *, prefix: str = "ringback:", connect_timeout: float = 1.0, timeout: float = 3.0
    ) -> None:
        # A password may stand in it, so that the URL itself isn't shown.
        try:
            parts = urlsplit(url)
            port = parts.port
        except (ValueError, AttributeError):  # the latter where it is no text
            raise InvalidValue("url", url, "a redis, rediss or unix URL", secret=True) from None
        if parts.scheme not in _SCHEMES or (parts.scheme == "unix") != (not parts.netloc):
            raise InvalidValue("url", url, "a redis, rediss or unix URL", secret=True)
        check_seconds("connect_timeout", connect_timeout, most=LONGEST_TIMEOUT)
        check_seconds("timeout", timeout, most=LONGEST_TIMEOUT)
        self._place = f"{parts.scheme}://{parts.hostname or ''}{f':{port}' if port else ''}{parts.path}"
        self._prefix = check_prefix(prefix)
        self._timeout = timeout
        try:
            # Connects to nothing yet.
            _pool(url, connect_timeout, timeout).make_connection()  # type: ignore[no-untyped-call]
        except (TypeError, ValueError):
            raise InvalidValue("url", url, "a URL with options of redis-py alone", secret=True) from None
        self._redis = PerLoop(lambda: cast("_Client", Redis.from_pool(_pool(url, connect_timeout, timeout))))

    def __repr__(self) -> str:
        return f"RedisStore({self._place!r}, prefix={self._prefix!r})"

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep `value` for `ttl` seconds unless the key is there already; whether it was kept."""
        check_value(key, value, ttl)
        return bool(await self._ask("SET", self._value(key), value, "PX", _ms(ttl), "NX"))

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key, or None."""
        check_key(key)
        return cast("bytes | None", await self._ask("GET", self._value(key)))

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds, in place of what was there."""
        check_value(key, value, ttl)
        await self._ask("SET", self._value(key), value, "PX", _ms(ttl))

    async def remove(self, key: str) -> None:
        """Forget the key; nothing happens where it isn't there."""
        check_key(key)
        await self._ask("DEL", self._value(key))

    async def begin(
        self,
        call: str,
        run: str,
        fields: Mapping[str, bytes],
        *,
        owner: str,
        epoch: int = 1,
        before: str | None = None,
        note: bytes = b"",
        due: float = NEVER,
        ttl: float,
    ) -> Begun:
        """Make a run, the call's latest, unless another one is in the way; see `RunStore.begin`."""
        check_begin(call, run, fields, owner=owner, epoch=epoch, before=before, note=note, due=due, ttl=ttl)
        pairs: chain[str | bytes] = chain.from_iterable(fields.items())
        created, now, there, told = await self._do(
            scripts.BEGIN, call, run, owner, epoch, before or "", note, _due(due), _ms(ttl), *pairs
        )
        return Begun(bool(created), _record(there.decode(), now, told))

    async def append(
        self,
        run: str,
        field: str,
        value: bytes,
        *,
        epoch: int | None = None,
        want: Sequence[str] = (),
        wake: Sequence[str] = (),
        note: bytes = b"",
        due: float | None = None,
        ttl: float,
    ) -> Appended:
        """Set a field unless it is set, and say what the record has by then; see `RunStore.append`."""
        check_append(run, field, value, epoch=epoch, want=want, wake=wake, note=note, due=due, ttl=ttl)
        others = dict.fromkeys(wake)
        answer = await self._do(
            scripts.APPEND,
            *(run, field, value, "fact" if epoch is None else epoch, note),
            *("as it was" if due is None else _due(due), _ms(ttl), len(want), *want, *others),
        )
        if answer is None:
            return Appended(Outcome.MISSING)
        outcome, owner, its_epoch, told, lost, *found = answer
        fields = {name: _entry(kept) for name, kept in zip(want, found, strict=True) if kept is not None}
        if lost is not None:
            fields[field] = _entry(lost)
        return Appended(
            Outcome(outcome.decode()),
            owner.decode(),
            its_epoch,
            fields,
            Told.UNKNOWN if told < 0 else _told(told),
        )

    async def read(self, run: str) -> Record | None:
        """A run's record, or None."""
        check_run(run)
        now, told = await self._do(scripts.READ, run)
        return _record(run, now, told) if told else None

    async def claim(self, run: str, epoch: int, me: str, *, ttl: float) -> Record | None:
        """Become the owner of a run whose epoch is `epoch`; see `RunStore.claim`."""
        check_claim(run, epoch, me, ttl)
        now, told = await self._do(scripts.CLAIM, run, epoch, me, _ms(ttl))
        return _record(run, now, told) if told else None

    async def latest(self, call: str) -> str | None:
        """The id of the run that was begun last for a call, if its record is still there."""
        check_call(call)
        run = await self._do(scripts.LATEST, call)
        return None if run is None else cast("bytes", run).decode()

    async def due(self, most: int, *, again: float) -> list[str]:
        """The ids of runs that are due, which are due again in `again` seconds; see `RunStore.due`."""
        check_due(most, again)
        return [run.decode() for run in await self._do(scripts.DUE, most, again)]

    async def pulse(self, me: str, *, ttl: float) -> None:
        """Tell the others that this worker is alive, for the next `ttl` seconds."""
        check_pulse(me, ttl)
        await self._do(scripts.PULSE, me, _ms(ttl))

    async def pulse_of(self, worker: str) -> int | None:
        """How often a worker has told so; None where its last time has lapsed, or it has left."""
        check_worker(worker)
        times = await self._ask("GET", self._pulse(worker))
        return None if times is None else int(times)

    async def leave(self, me: str) -> None:
        """Tell the others that this worker is gone."""
        check_worker(me, "me")
        await self._ask("DEL", self._pulse(me))

    async def tell(self, worker: str, note: bytes) -> Told:
        """Put a note into a worker's mailbox. It may get lost."""
        check_tell(worker, note)
        return _told(await self._ask("PUBLISH", self._mailbox(worker), note))

    def mail(self, me: str) -> AsyncGenerator[bytes, None]:
        """The notes that are put into this worker's mailbox from now on, the empty one first."""
        check_worker(me, "me")
        return self._mail(self._mailbox(me))

    async def aclose(self) -> None:
        """Close the connections of this event loop; new ones are made where the store is used again."""
        client = self._redis.take()
        if client is not None:
            await client.aclose()

    async def _mail(self, channel: str) -> AsyncGenerator[bytes, None]:
        async with self._redis.get().pubsub() as subscription:
            await subscription.subscribe(channel)
            asked, subscribed = True, False
            while True:
                heard = await subscription.get_message(timeout=self._timeout)
                if heard is None:
                    # A connection may be cut without a word; a server that is there answers a ping.
                    if asked:
                        raise ConnectionLost("the mailbox's connection has gone silent")
                    await subscription.ping()
                    asked = True
                    continue
                asked = False
                if heard["type"] == "message":
                    yield cast("bytes", heard["data"])
                elif heard["type"] == "subscribe":
                    if subscribed:  # the client has connected anew by itself; what came between is lost
                        raise ConnectionLost("the mailbox's connection was lost")
                    subscribed = True
                    yield b""

    async def _ask(self, *words: _Argument) -> Any:
        client = self._redis.get()
        try:
            return await client.execute_command(*words)
        except ReadOnlyError:  # this is no longer the primary; other connections may lead there
            await client.connection_pool.disconnect(inuse_connections=False)
            raise

    async def _do(self, script: scripts.Script, *values: _Argument) -> Any:
        """What a script answers."""
        try:
            return await self._ask("EVALSHA", script.sha, 0, self._prefix, *values)
        except NoScriptError:  # a server that has yet to see it, or was started anew, has done nothing
            return await self._ask("EVAL", script.text, 0, self._prefix, *values)

    def _value(self, key: str) -> str:
        return f"{self._prefix}value:{key}"

    def _pulse(self, worker: str) -> str:
        return f"{self._prefix}pulse:{worker}"

    def _mailbox(self, worker: str) -> str:
        return f"{self._prefix}mail:{worker}"


def _pool(url: str, connect_timeout: float, timeout: float) -> BlockingConnectionPool:
    # What the URL asks for comes first. Values are bytes, and answers have one form, whatever it asks for.
    place, _, query = url.partition("?")
    options = [option for option in parse_qsl(query) if option[0] not in {"decode_responses", "protocol"}]
    keepalive = {} if place.startswith("unix:") else {"socket_keepalive": True}
    return BlockingConnectionPool.from_url(  # pyright: ignore[reportUnknownMemberType]
        f"{place}?{urlencode(options)}",
        protocol=2,
        max_connections=_MOST,
        timeout=timeout,
        socket_connect_timeout=connect_timeout,
        socket_timeout=timeout,
        # A lost answer of `add` isn't asked for again: the second try would find what the first one kept.
        retry=Retry(NoBackoff(), 0),
        **keepalive,
    )


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _due(seconds: float) -> float | str:
    return "never" if seconds == NEVER else seconds


def _told(receivers: int) -> Told:
    return Told.REACHED if receivers else Told.NOT_REACHED


def _entry(kept: bytes) -> Entry:
    at, _, value = kept.partition(b" ")
    return Entry(value, float(at))


def _record(run: str, now: bytes, told: list[bytes]) -> Record:
    kept = dict(zip(told[::2], told[1::2], strict=True))
    call, owner, epoch = (kept.pop(name) for name in (b"@call", b"@owner", b"@epoch"))
    fields = {name.decode(): _entry(value) for name, value in kept.items()}
    return Record(run, call.decode(), owner.decode(), int(epoch), fields, float(now))
