"""What registered flows have in common, those of calls and those of conversations: versions, and links."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar, cast

from attrs import evolve, field, frozen

from ringback._core.webhooks.events import Event
from ringback.app.arguments import Arguments
from ringback.app.checks import check_flow
from ringback.app.routes import A, Link, Route
from ringback.errors import FlowError, RegistrationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from ringback.app.flows.keeper import Keeper
    from ringback.app.flows.machine import Machine
    from ringback.app.flows.run import AnyRun
    from ringback.app.hub import Hub
    from ringback.app.routes import RouteTable
    from ringback.app.settings import Settings
    from ringback.app.webhooks.recognise import Identity

__all__ = ["AnyFlowRoute", "FlowRoute", "Function"]

E = TypeVar("E", bound=Event)
V = TypeVar("V", bound=Event)
C = TypeVar("C")
P = ParamSpec("P")

Function: TypeAlias = "Callable[Concatenate[C, A], Awaitable[None]]"


@frozen(kw_only=True, eq=False, repr=False)
class FlowRoute(Route[E], Generic[E, V, C, A]):
    """A registered flow for requests of `E`, which begins for any of `V`. Calling it calls its function.

    Attributes:
        function: The coroutine function as it was before `@app.flow`.
        version: What tells it from the functions that it had before.
        versions: The flow with each of those, by their versions.
    """

    ends_by_answering: ClassVar[bool] = True
    """Whether nothing is left to do once the last answer is recorded."""

    function: Function[C, A]
    version: str = ""
    versions: dict[str, AnyFlowRoute] = field(factory=dict[str, "AnyFlowRoute"])

    @property
    def key(self) -> str:
        """What journals call it: its URL without what may change."""
        return "".join(self.location)

    def older(self, version: str, /) -> Callable[[Function[C, P]], Function[C, P]]:
        """Keep an older function for what it still leads, as a decorator. Its arguments are its own.

        Args:
            version: What its `version=` was, `""` where it had none.

        Raises:
            RegistrationError: It is the flow's own, has a function already or is no text; or the function
                isn't one of such a flow, or takes what no link can carry.
        """
        if version == self.version or version in self.versions:
            raise RegistrationError(f"version: flow {self.name} has a function for {version!r} already")

        def keep(function: Function[C, P]) -> Function[C, P]:
            check_flow(function, self.led(), version)
            arguments = Arguments.of(function)
            given = cast("Function[C, A]", function)
            self.versions[version] = evolve(self, function=given, version=version, arguments=arguments)
            return function

        return keep

    def of_version(self, version: str) -> Self | None:
        """The flow with the function that a version has; None where there is none."""
        return self if version == self.version else cast("Self | None", self.versions.get(version))

    def __call__(self, leads: C, /, *args: A.args, **kwargs: A.kwargs) -> Awaitable[None]:
        """Lead a call or conversation."""
        return self.function(leads, *args, **kwargs)

    def bind(self, /, *args: A.args, **kwargs: A.kwargs) -> Link[E]:
        """A link to it that carries arguments: the function is called with them.

        Raises:
            TypeError: One is missing, or there is none of that name.
            InvalidValue: A value isn't what the function's annotation says, or can't be carried; or the URL
                would be longer than Twilio takes.
        """
        return self._bound(args, kwargs)

    def _called(self, leads: C, arguments: Mapping[str, object]) -> Awaitable[object]:
        """The function at work; what it returns is for `_check_returned`."""
        return cast("Callable[..., Awaitable[object]]", self.function)(leads, **arguments)

    def _check_returned(self, returned: object, instead: str) -> None:
        """See to it that the function has returned nothing.

        Raises:
            FlowError: It has, and nobody would hear of it; `instead` says what is heard.
        """
        if returned is not None:
            raise FlowError(
                f"{self.name} returned a {type(returned).__name__}, and a flow returns nothing: {instead}"
            )

    @classmethod
    def led(cls) -> type[object]:
        """The class of what its function is called with."""
        raise NotImplementedError

    def leads(self, event: V) -> str:
        """What a run that the event starts leads, as stores call it."""
        raise NotImplementedError

    def patience(self, settings: Settings) -> float:
        """For how many seconds a run waits where nothing is heard of what it leads."""
        return settings.idle_limit

    def run(
        self,
        hub: Hub,
        routes: RouteTable,
        event: V,
        arguments: dict[str, object],
        *,
        id: str,
        identity: Identity,
        machine: Machine,
        keeper: Keeper,
    ) -> AnyRun:
        """Begin to lead, in this loop; see `Run`."""
        raise NotImplementedError

    def read_as(self, kind: str, given: Mapping[str, str]) -> V:
        """The event that started a run elsewhere.

        Raises:
            WebhookInvalid: It can't be read.
        """
        raise NotImplementedError


AnyFlowRoute: TypeAlias = "FlowRoute[Any, Any, Any, ...]"
