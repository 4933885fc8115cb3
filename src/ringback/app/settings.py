"""An application's settings: their names, types, defaults and ranges, and what they come to.

They are defined here alone: from this, `python -m codegen` writes the constructors of `Application`,
`_generated/runtime/constructors.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar, cast

from ringback._core.limits import check_count, check_flag, check_seconds
from ringback.app.checks import is_sync
from ringback.app.overrides import DURABLE, check_overrides
from ringback.app.routes import check_public_url
from ringback.errors import InvalidValue
from ringback.stores.memory import MemoryStore
from ringback.stores.store import RunStore, Store
from ringback.twiml import Hangup, MessagingResponse, Say, VoiceResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringback.client import AsyncClient, Client
    from ringback.webhooks.keys import AuthToken

__all__ = ["Settings"]

D = TypeVar("D", VoiceResponse, MessagingResponse)

LONGEST_SILENCE: Final = 30 * 86_400.0  # seconds
LINGER: Final = 30.0  # seconds; by default
APOLOGY: Final = "We are sorry, something went wrong. Please call again later."


class Settings:
    """Settings, looked at where they are given: what is wrong is told then, and not by every webhook.

    Args:
        public_url: Where Twilio reaches this application: an absolute URL without query. The URLs of all
            handlers begin with it, and signatures are checked against it.
        auth_token: What Twilio signs with: one token, several of which any may fit, or tokens by account SID.
            Taken from `TWILIO_AUTH_TOKEN` by default; without one every webhook is refused.
        shared_keys: Secrets of webhook shared keys by key id, where Twilio is set up to sign with those.
        validate_signatures: False takes unsigned webhooks too. For development alone.
        fallback: What a caller hears where a handler or flow fails; an apology by default.
        message_fallback: What the sender of a message gets then; nothing by default.
        deadline: Seconds, 10 by default, counted from a request's arrival, after which one whose answer isn't
            ready is held: the caller waits on and Twilio asks again. Twilio itself gives up after 15.
        hold_limit: Seconds, 300 by default, after which the fallback is served instead, and the handler or
            flow is cancelled.
        idle_limit: Seconds, 4 hours by default, for which a flow waits for a call that nothing is heard of.
        conversation_idle_limit: Seconds, 7 days by default, for which a conversation by text waits for an
            answer where its flow doesn't say for how long.
        linger: Seconds, 30 by default and no more than `hold_limit`, for which a flow or handler may go on
            with something else after its call has ended. Then it is cancelled, and has 2 seconds for its
            `finally`. What is over is forgotten after the same time.
        max_body: Bytes that a webhook may have, 1 MB by default.
        max_parameters: Parameters that it may have, 1,000 by default.
        threads: How many functions that aren't async may run at once, 40 by default.
        client: Sends what conversations by text say where no webhook waits for it: reminders, and what comes
            after the deadline. Without one, webhooks are held for that, and `reminders=` are refused.
        store: Remembers which webhooks were answered and, where workers share it, what their flows have come
            to; see `ringback.stores`. In memory by default.
        connection_overrides: What Twilio is told about asking our URLs, in their fragment, such as
            `"rc=2&rp=all"` or `"rt=4000&rc=2&rp=all"`, or `""` for nothing. By default it is to ask twice
            more whatever went wrong, `"rc=2&rp=all"`, where workers share the store, and nothing elsewhere.

    Attributes:
        shared_store: The store, where it keeps runs and workers share it: flows outlive their worker.
        overrides: `connection_overrides`, or what they are by default.

    Raises:
        InvalidValue: `public_url` isn't one, a token is empty or no text, or a setting is out of range.
    """

    def __init__(
        self,
        *,
        public_url: str,
        auth_token: AuthToken | None = None,
        shared_keys: Mapping[str, str] | None = None,
        validate_signatures: bool = True,
        fallback: VoiceResponse | None = None,
        message_fallback: MessagingResponse | None = None,
        deadline: float = 10.0,
        hold_limit: float = 300.0,
        idle_limit: float = 14_400.0,
        conversation_idle_limit: float = 604_800.0,
        linger: float | None = None,
        max_body: int = 1_000_000,
        max_parameters: int = 1_000,
        threads: int = 40,
        client: AsyncClient | None = None,
        store: Store | None = None,
        connection_overrides: str | None = None,
    ) -> None:
        self.public_url: Final = check_public_url(public_url)
        self.auth_token: Final = auth_token
        self.shared_keys: Final = shared_keys
        self.validate_signatures: Final = check_flag("validate_signatures", validate_signatures)
        self.fallback: Final = _document("fallback", fallback, VoiceResponse(Say(APOLOGY), Hangup()))
        self.message_fallback: Final = _document("message_fallback", message_fallback, MessagingResponse())
        self.deadline: Final = check_seconds("deadline", deadline)
        self.hold_limit: Final = check_seconds("hold_limit", hold_limit)
        self.idle_limit: Final = check_seconds("idle_limit", idle_limit)
        self.conversation_idle_limit: Final = check_seconds(
            "conversation_idle_limit", conversation_idle_limit
        )
        if conversation_idle_limit > LONGEST_SILENCE:
            allowed = f"at most {LONGEST_SILENCE:g}, which is 30 days: stores keep nothing longer"
            raise InvalidValue("conversation_idle_limit", conversation_idle_limit, allowed)
        self.linger: Final = check_seconds("linger", min(LINGER, hold_limit) if linger is None else linger)
        self.max_body: Final = check_count("max_body", max_body)
        self.max_parameters: Final = check_count("max_parameters", max_parameters)
        self.threads: Final = check_count("threads", threads)
        self.client: Final = _client(client)
        self.store: Final[Store] = MemoryStore() if store is None else _store(store)
        self.shared_store: Final = _shared(self.store)
        self.overrides: Final = check_overrides(
            ("" if self.shared_store is None else DURABLE)
            if connection_overrides is None
            else connection_overrides,
            deadline=deadline,
        )


def _document(name: str, value: D | None, default: D) -> D:
    if value is None:
        return default
    if not isinstance(cast("object", value), type(default)):
        raise InvalidValue(name, value, f"a {type(default).__name__}")
    return value


def _client(value: AsyncClient | None) -> AsyncClient | None:
    if value is not None and is_sync(cast("Client | AsyncClient", value)):
        raise InvalidValue("client", value, "an AsyncClient, which any application can use")
    return value


def _store(value: Store) -> Store:
    if not _has(value, Store):
        raise InvalidValue("store", value, f"a Store, with {', '.join(_operations(Store))}")
    return value


def _shared(store: Store) -> RunStore | None:
    """The store, if it keeps runs for more than one worker."""
    alone = isinstance(store, MemoryStore) and not store.shared
    return cast("RunStore", store) if not alone and _has(store, RunStore) else None


def _has(value: object, protocol: type) -> bool:
    return not isinstance(value, type) and all(
        callable(getattr(value, name, None)) for name in _operations(protocol)
    )


def _operations(protocol: type) -> list[str]:
    return [name for cls in protocol.__mro__ for name in vars(cls) if name[0] != "_"]
