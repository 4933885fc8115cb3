"""A store in Redis or Valkey, for the workers of many machines: `pip install ringback[redis]`."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

try:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
except ImportError as error:
    raise ImportError("this store needs redis: pip install 'ringback[redis]'") from error

from ringback.errors import InvalidValue
from ringback.stores.per_loop import PerLoop
from ringback.stores.values import check_key, check_prefix, check_value

__all__ = ["RedisStore"]

_SCHEMES: Final = ("redis", "rediss", "unix")


class RedisStore:
    """A store in a Redis server, version 6 or newer, or in Valkey.

    Connections are made when they are first needed, in each event loop and each process for itself.

    Args:
        url: Where the server is: `redis://[user:password@]host:port/database`, `rediss://` with TLS, or
            `unix:///path/of/the/socket`.
        prefix: Put before every key, for programs that share a database.
        connect_timeout: Seconds to connect in.
        timeout: Seconds to wait for an answer.

    Raises:
        InvalidValue: `url` isn't one, or a time isn't above 0.
        ImportError: The extra is missing.

    Operations raise `redis.RedisError` where the server can't be reached or refuses.
    """

    def __init__(
        self, url: str, *, prefix: str = "", connect_timeout: float = 1.0, timeout: float = 3.0
    ) -> None:
        # A password may stand in it, so that the URL itself isn't shown.
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise InvalidValue("url", url, "a redis, rediss or unix URL", secret=True) from None
        if parts.scheme not in _SCHEMES or (parts.scheme == "unix") != (not parts.netloc):
            raise InvalidValue("url", url, "a redis, rediss or unix URL", secret=True)
        for name, seconds in (("connect_timeout", connect_timeout), ("timeout", timeout)):
            if not 0 < seconds <= 60:
                raise InvalidValue(name, seconds, "seconds above 0, at most 60")
        self._place = f"{parts.scheme}://{parts.hostname or ''}{f':{port}' if port else ''}{parts.path}"
        self._prefix = check_prefix(prefix)
        # A lost answer of `add` isn't asked for again: the second try would find what the first one kept.
        self._redis = PerLoop[Redis](
            lambda: Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
                url,
                socket_connect_timeout=connect_timeout,
                socket_timeout=timeout,
                retry=Retry(NoBackoff(), 0),
            )
        )

    def __repr__(self) -> str:
        return f"RedisStore({self._place!r}, prefix={self._prefix!r})"

    async def add(self, key: str, value: bytes, ttl: float) -> bool:
        """Keep `value` for `ttl` seconds unless the key is there already; whether it was kept."""
        check_value(key, value, ttl)
        return bool(await self._redis.get().set(self._prefix + key, value, px=round(ttl * 1000), nx=True))

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key, or None."""
        check_key(key)
        value = await self._redis.get().get(self._prefix + key)
        return value.encode() if isinstance(value, str) else value

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        """Keep `value` for `ttl` seconds, in place of what was there."""
        check_value(key, value, ttl)
        await self._redis.get().set(self._prefix + key, value, px=round(ttl * 1000))

    async def remove(self, key: str) -> None:
        """Forget the key; nothing happens where it isn't there."""
        check_key(key)
        await self._redis.get().delete(self._prefix + key)

    async def aclose(self) -> None:
        """Close the connections of this event loop; new ones are made where the store is used again."""
        client = self._redis.take()
        if client is not None:
            await client.aclose()
