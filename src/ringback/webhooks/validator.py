"""Tells requests of Twilio from those of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.errors import SignatureInvalid
from ringback.webhooks.keys import Keyring
from ringback.webhooks.signature import claim_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringback.http import WebhookRequest
    from ringback.webhooks.keys import AuthToken
    from ringback.webhooks.parameters import Parameters

__all__ = ["SignatureValidator"]


class SignatureValidator:
    """Tells requests of Twilio from those of others.

    Args:
        auth_token: The auth token; several while one is being replaced; or by account SID where requests of
            several accounts come in: then the request's `AccountSid` says which one counts, and all are tried
            where it names none.
        shared_keys: Secrets of webhook shared keys by key id, for requests whose settings header names one.

    Raises:
        InvalidValue: No token, an empty one, or one that is no text.
    """

    __slots__ = ("_keyring",)

    def __init__(self, auth_token: AuthToken, *, shared_keys: Mapping[str, str] | None = None) -> None:
        self._keyring = Keyring(auth_token, shared_keys)

    def __repr__(self) -> str:
        return f"SignatureValidator({self._keyring!r})"

    def validate(
        self, request: WebhookRequest, *, url: str | None = None, parameters: Parameters | None = None
    ) -> None:
        """Accept the request or raise.

        Args:
            request: What came in; nothing about it is trusted.
            url: The URL that Twilio asked for, where a proxy makes `request.url` differ from it: see
                `public_url_of`.
            parameters: What `read_parameters` gave, where it was called already.

        Raises:
            SignatureInvalid: It can't be told to be Twilio's. The message says why, and holds no secret.
        """
        if not claim_of(self._keyring, request, url, parameters).matches():
            raise SignatureInvalid("the signature does not match the URL, the parameters and the auth token")

    def is_valid(
        self, request: WebhookRequest, *, url: str | None = None, parameters: Parameters | None = None
    ) -> bool:
        """Whether `validate` accepts the request."""
        try:
            self.validate(request, url=url, parameters=parameters)
        except SignatureInvalid:
            return False
        return True

    def explain(
        self, request: WebhookRequest, *, url: str | None = None, parameters: Parameters | None = None
    ) -> str:
        """Why a request is refused, and which part would have to differ for the signature to match.

        For development: it tries hundreds of variants. It never raises and tells no secret.
        """
        from ringback.webhooks.doctor import diagnose

        return str(diagnose(self._keyring, request, url=url, parameters=parameters))
