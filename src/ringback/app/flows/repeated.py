"""Whether a request that starts a flow is the one that has started it already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from ringback.app.flows.run import AnyRun
    from ringback.app.webhooks.recognise import Identity

__all__ = ["Before"]


@frozen
class Before:
    """The run that a call has had so far.

    Attributes:
        flow: The URL of its flow.
        content: What the request said that started it.
        delivery: What that was told by, where anything did.
        over: Whether it leads the call no longer.
        ended: Whether the call has ended.
    """

    flow: str
    content: str
    delivery: str | None
    over: bool
    ended: bool

    @classmethod
    def of(cls, run: AnyRun) -> Before:
        """What is asked of a run that is led here."""
        identity = run.identity
        return cls(run.flow.key, identity.content, identity.delivery, run.over, run.machine.end is not None)

    def is_meant(self, flow: str, identity: Identity) -> bool:
        """Whether a request is the one that started it.

        While it is under way, any request that says the same is, whoever sends it: it must not end the run.
        Afterwards it is the call that comes by again, if it lives and anything tells that it isn't.
        """
        if self.flow != flow or self.content != identity.content:
            return False
        if identity.delivery is None or not self.over or self.ended:
            return True
        return identity.delivery == self.delivery
