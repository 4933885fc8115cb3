"""The first half of a request's way: it is found, read and verified, or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from ringback.app.tags import read_tag, untagged
from ringback.app.webhooks.answers import refusal
from ringback.app.webhooks.recognise import identify
from ringback.errors import WebhookInvalid
from ringback.webhooks import read_parameters

if TYPE_CHECKING:
    from ringback.app.routes import AnyRoute, Match, RouteTable
    from ringback.app.settings import Settings
    from ringback.app.tags import Tag
    from ringback.app.webhooks.recognise import Identity
    from ringback.app.webhooks.refusals import Refusals
    from ringback.app.webhooks.verify import SignatureCheck
    from ringback.http import WebhookRequest, WebhookResponse

__all__ = ["Admission", "Admitted"]


@frozen
class Admitted:
    """A request that is found, read and verified.

    Attributes:
        match: What it asks.
        tag: What the application wrote into the URL, or None.
        given: Twilio's parameters.
        identity: What its webhook is told by.
    """

    request: WebhookRequest
    match: Match
    tag: Tag | None
    given: dict[str, str]
    identity: Identity

    @property
    def route(self) -> AnyRoute:
        """What it asks."""
        return self.match.route


class Admission:
    """Lets requests in that are Twilio's and can be read."""

    def __init__(
        self, settings: Settings, routes: RouteTable, signatures: SignatureCheck, refusals: Refusals
    ) -> None:
        self._settings = settings
        self._routes = routes
        self._signatures = signatures
        self._refusals = refusals

    def admit(self, request: WebhookRequest) -> Admitted | WebhookResponse:
        """The request, or the refusal."""
        match = self._routes.find(request)
        if match is None:
            return self._refusals.unmatched(request, self._routes.paths)
        route, settings = match.route, self._settings
        if request.method not in route.methods:
            return self._refusals.wrong_method(request, route)
        try:
            parameters = read_parameters(
                request, max_body=settings.max_body, max_parameters=settings.max_parameters
            )
        except WebhookInvalid as error:
            return self._refusals.unreadable(request, route, error)
        if not self._signatures.admits(request, match, parameters):
            return refusal(403, "the signature is missing or wrong")
        tag = read_tag(match.url)
        identity = identify(request, match, tag, parameters, verified=self._signatures.validates)
        # Of a form, what stands in the URL is no parameter.
        given = untagged(parameters) if parameters.source == "query" else dict(parameters.items())
        return Admitted(request, match, tag, given, identity)
