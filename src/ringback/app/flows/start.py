"""A request that starts a flow, as far as flows are concerned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from attrs import frozen

from ringback.app.flows.journal import Started
from ringback.app.webhooks.recognise import Identity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringback._core.webhooks.events import Event
    from ringback.app.flows.route import AnyFlowRoute

__all__ = ["Start"]

F = TypeVar("F", bound="AnyFlowRoute")
V = TypeVar("V", bound="Event")


@frozen(kw_only=True)
class Start(Generic[F, V]):
    """What starts a flow.

    Attributes:
        flow: The flow.
        event: What it is called for.
        given: What the event says, as it came.
        url: The URL that was asked for.
        arguments: What that URL carries.
        identity: What the request is told by.
    """

    flow: F
    event: V
    given: Mapping[str, str]
    url: str
    arguments: dict[str, object]
    identity: Identity

    def started(self, seed: str) -> Started:
        """How a journal has it; `seed` is where chance comes from."""
        return Started(
            flow=self.flow.key,
            version=self.flow.version,
            url=self.url,
            kind=type(self.event).__name__,
            parameters=self.given,
            content=self.identity.content,
            delivery=self.identity.delivery,
            seed=seed,
        )
