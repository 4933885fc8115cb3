"""The secrets that webhooks are signed with: auth tokens and shared keys, and which of them count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, TypeAlias, cast

from ringback.errors import InvalidValue, SignatureInvalid
from ringback.http import WebhookRequest
from ringback.webhooks.parameters import Parameters

__all__ = ["SETTINGS_HEADER", "AuthToken", "Keyring", "SignatureAlgorithm", "check_secret", "only_header"]

SETTINGS_HEADER: Final = "X-Twilio-Webhooks-Signature-Settings"

AuthToken: TypeAlias = str | Mapping[str, str | Sequence[str]] | Sequence[str]
SignatureAlgorithm = Literal["HMAC_SHA1", "HMAC_SHA256"]

_ALGORITHMS: Final = frozenset({"HMAC_SHA1", "HMAC_SHA256"})
_ACCOUNT: Final = re.compile(r"AC[0-9a-fA-F]{32}")


class Keyring:
    """Every secret of a validator. Nothing that is shown of it holds one.

    Raises:
        InvalidValue: A token or secret is missing, empty or no text.
    """

    __slots__ = ("_by_account", "_shared_keys", "_tokens")

    def __init__(self, auth_token: AuthToken, shared_keys: Mapping[str, str] | None) -> None:
        self._by_account: dict[str, tuple[str, ...]] | None = None
        if isinstance(auth_token, Mapping):
            by_account = cast("Mapping[object, object]", auth_token)
            self._by_account = {
                _name("auth_token", account): _secrets("auth_token", given)
                for account, given in by_account.items()
            }
            every = [token for tokens in self._by_account.values() for token in tokens]
            self._tokens = _secrets("auth_token", every)
        else:
            self._tokens = _secrets("auth_token", auth_token)
        self._shared_keys = _shared_keys(shared_keys)

    def __repr__(self) -> str:
        accounts = "" if self._by_account is None else f"accounts={sorted(self._by_account)}, "
        return f"{accounts}tokens={len(self._tokens)}, shared_keys={sorted(self._shared_keys)}"

    def every(self) -> tuple[str, ...]:
        """All of them; to try out, never to show."""
        return tuple(dict.fromkeys([*self._tokens, *self._shared_keys.values()]))

    def of(
        self, request: WebhookRequest, parameters: Parameters
    ) -> tuple[tuple[str, ...], SignatureAlgorithm]:
        """Those that may have signed a request, and how.

        Raises:
            SignatureInvalid: It names a key, an algorithm or an account that isn't known.
        """
        header = only_header(request, SETTINGS_HEADER)
        if header:
            parts = (part.partition("=") for part in header.split(","))
            settings = {name.strip(): value.strip() for name, _, value in parts}
            algorithm, key = settings.get("algorithm") or "HMAC_SHA1", settings.get("key")
            if algorithm not in _ALGORITHMS:
                raise SignatureInvalid(f"the header {SETTINGS_HEADER} names an algorithm that is not known")
            if key:
                if key not in self._shared_keys:
                    raise SignatureInvalid(
                        f"the header {SETTINGS_HEADER} names a shared key that is not known"
                    )
                return (self._shared_keys[key],), cast("SignatureAlgorithm", algorithm)
            if algorithm != "HMAC_SHA1":
                raise SignatureInvalid(f"the header {SETTINGS_HEADER} names no shared key")
        account = parameters.get("AccountSid")
        if self._by_account is None or not account:
            return self._tokens, "HMAC_SHA1"
        if account not in self._by_account:
            shown = f" {account}" if _ACCOUNT.fullmatch(account) else ""
            raise SignatureInvalid(f"no auth token is known for the account{shown} that the request names")
        return self._by_account[account], "HMAC_SHA1"


def only_header(request: WebhookRequest, name: str) -> str:
    """The value of a header, empty where it isn't there.

    Raises:
        SignatureInvalid: It is there more than once: who reads the other one is told something else.
    """
    values = request.headers.get_all(name)
    if len(values) > 1:
        raise SignatureInvalid(f"the header {name} is there more than once")
    return values[0] if values else ""


def check_secret(field: str, given: object) -> str:
    """A token or secret, if it is one.

    Raises:
        InvalidValue: It is empty or no text.
    """
    return _secrets(field, given if isinstance(given, str) else (given,))[0]


def _secrets(field: str, given: object) -> tuple[str, ...]:
    allowed = "at least one token, each of them text and none empty"
    secrets = (given,) if isinstance(given, str) else given
    if not isinstance(secrets, Iterable) or isinstance(secrets, (bytes, bytearray, Mapping)):
        raise InvalidValue(field, given, f"{allowed}, not {type(given).__name__}", secret=True)
    found = tuple(cast("Iterable[object]", secrets))
    for secret in found:
        if not isinstance(secret, str):
            raise InvalidValue(field, given, f"{allowed}, not {type(secret).__name__}", secret=True)
    if not found or not all(found):
        raise InvalidValue(field, given, allowed, secret=True)
    return cast("tuple[str, ...]", found)


def _shared_keys(given: object) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        kind = type(given).__name__
        raise InvalidValue("shared_keys", given, f"secrets by key id, not {kind}", secret=True)
    secrets = cast("Mapping[object, object]", given)
    return {_name("shared_keys", key): check_secret("shared_keys", each) for key, each in secrets.items()}


def _name(field: str, given: object) -> str:
    if not isinstance(given, str) or not given:
        raise InvalidValue(field, given, "text that isn't empty, in front of each", secret=True)
    return given
