"""Whether Twilio sent a request: the application's side of signature checks, which fail closed."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final

from attrs import evolve

from ringback.app.loops.threads import Threads
from ringback.app.webhooks.refusals import Throttle
from ringback.errors import ConfigurationError, SignatureInvalid
from ringback.webhooks.keys import Keyring
from ringback.webhooks.signature import SIGNATURE_HEADER, claim_of

if TYPE_CHECKING:
    from ringback.app.routes import Match
    from ringback.app.settings import Settings
    from ringback.app.webhooks.refusals import Refusals
    from ringback.http import WebhookRequest
    from ringback.webhooks import Parameters

__all__ = ["SignatureCheck"]

log = logging.getLogger("ringback")

_VARIABLE: Final = "TWILIO_AUTH_TOKEN"
_LARGEST: Final = 64_000  # bytes of a body whose signature is looked into


class SignatureCheck:
    """Lets signed requests in.

    Args:
        settings: Where the secrets are. Without a token, `TWILIO_AUTH_TOKEN` is looked for in the environment
            when the first request comes.
        refusals: Where it says why something isn't let in.

    Raises:
        InvalidValue: A token or secret is empty or no text.
    """

    def __init__(self, settings: Settings, refusals: Refusals) -> None:
        token, self._shared_keys = settings.auth_token, settings.shared_keys
        # Without a token there is nothing that would check the shared keys.
        given = Keyring("none" if token is None else token, self._shared_keys)
        self._keyring = None if token is None else given
        self._refusals = refusals
        self._examined = Throttle(most=10)
        self._doctor = Threads(1)
        self.validates = settings.validate_signatures
        if not self.validates:
            log.warning("signatures of webhooks are not checked: anybody can pretend to be Twilio")

    def check_usable(self) -> None:
        """See to it that what Twilio will report can be let in.

        Raises:
            ConfigurationError: There is nothing to check signatures with.
        """
        if self.validates and (self._keyring or self._from_environment()) is None:
            raise ConfigurationError(
                "auth_token: there is none, so what Twilio reports about this couldn't be verified and would "
                f"be refused. Set {_VARIABLE} or Application(auth_token=...)"
            )

    def admits(self, request: WebhookRequest, match: Match, parameters: Parameters) -> bool:
        """Whether the request may be dispatched; why not goes to the log."""
        if not self.validates:
            return True
        where = match.route.url
        keyring = self._keyring or self._from_environment()
        if keyring is None:
            told = f"no auth token to check signatures with. Set {_VARIABLE} or Application(auth_token=...)"
            self._refusals.tell(request, where, told)
            return False
        try:
            claim = claim_of(keyring, request, match.url, parameters)
            if claim.matches():
                return True
            if match.slashed and evolve(claim, url=claim.url.with_slash_toggled()).matches():
                return True
        except SignatureInvalid as error:
            self._refusals.tell(request, where, str(error))
        else:
            self._examine(keyring, request, match)
        return False

    def _examine(self, keyring: Keyring, request: WebhookRequest, match: Match) -> None:
        """Tell which part of a request would have to differ; found out in a thread, and not for everybody."""
        if not self._examined.admits(request.headers[SIGNATURE_HEADER]):
            return
        if len(request.body) > _LARGEST:
            self._refusals.tell(request, match.route.url, "The signature does not match.")
        else:
            self._doctor.submit(self._diagnose, keyring, request, match)

    def _diagnose(self, keyring: Keyring, request: WebhookRequest, match: Match) -> None:
        from ringback.webhooks.doctor import diagnose

        found = diagnose(keyring, request, url=match.url)
        self._refusals.tell(request, match.route.url, found.verdict, found.checked)

    def _from_environment(self) -> Keyring | None:
        token = os.environ.get(_VARIABLE)
        if token:
            self._keyring = Keyring(token, self._shared_keys)
        return self._keyring
