"""Whether Twilio sent a request: the application's side of signature checks, which fail closed."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from ringback.errors import ConfigurationError, SignatureInvalid
from ringback.webhooks import SignatureValidator

if TYPE_CHECKING:
    from ringback.app.routes import Match
    from ringback.http import WebhookRequest
    from ringback.webhooks import Parameters

__all__ = ["AuthToken", "Gate"]

AuthToken: TypeAlias = str | Mapping[str, str] | Sequence[str]

log = logging.getLogger("ringback")


class Gate:
    """Lets signed requests in.

    Args:
        auth_token: One token, several, or tokens by account SID; None looks for `TWILIO_AUTH_TOKEN` in the
            environment when the first request comes.
        shared_keys: Secrets of webhook shared keys by key id.
        validate: False lets everything in.
    """

    def __init__(
        self, auth_token: AuthToken | None, shared_keys: Mapping[str, str] | None, *, validate: bool
    ) -> None:
        self._auth_token = auth_token
        self._shared_keys = shared_keys
        self._validate = validate
        self._validator: SignatureValidator | None = None
        if not validate:
            log.warning("signatures of webhooks are not checked: anybody can pretend to be Twilio")

    def check_usable(self) -> None:
        """See to it that what Twilio will report can be let in.

        Raises:
            ConfigurationError: There is nothing to check signatures with.
        """
        if self._validate and (self._validator or self._make()) is None:
            raise ConfigurationError(
                "auth_token: there is none, so what Twilio reports about this couldn't be verified and would "
                "be refused. Set TWILIO_AUTH_TOKEN or Application(auth_token=...)"
            )

    def admits(self, request: WebhookRequest, match: Match, parameters: Parameters) -> bool:
        """Whether the request may be dispatched; why not goes to the log."""
        if not self._validate:
            return True
        path = match.url.partition("?")[0]
        validator = self._validator or self._make()
        if validator is None:
            log.error(
                "refused %s %s: no auth token to check signatures with. "
                "Set TWILIO_AUTH_TOKEN or Application(auth_token=...)",
                request.method,
                path,
            )
            return False
        try:
            validator.validate(request, url=match.url, parameters=parameters)
        except SignatureInvalid as error:
            log.warning("refused %s %s: %s", request.method, path, error)
            if log.isEnabledFor(logging.DEBUG):
                log.debug("signature of %s: %s", path, validator.explain(request, url=match.url))
            return False
        return True

    def _make(self) -> SignatureValidator | None:
        token = self._auth_token or os.environ.get("TWILIO_AUTH_TOKEN")
        self._validator = SignatureValidator(token, shared_keys=self._shared_keys) if token else None
        return self._validator
