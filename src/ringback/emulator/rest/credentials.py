"""Who asks: an account with its token, or one of its API keys. https://www.twilio.com/docs/iam/api-keys"""

from __future__ import annotations

import base64
import hmac
import re
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ringback._generated.emulation.records import NewKeyRecord
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.rest.errors import Refused

if TYPE_CHECKING:
    from ringback._core.operations.operation import Operation
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.records import Account
    from ringback.http import Headers

__all__ = ["Caller", "authenticate"]

# What a Standard key, the only kind that this API makes, doesn't open.
_CLOSED_TO_KEYS: Final = frozenset({"accounts", "keys", "new_keys", "signing_keys", "new_signing_keys"})
# Files of messages: whoever knows the address gets them, unless an account asks for credentials.
_PUBLIC: Final = re.compile(
    rf"/{API_VERSION}/Accounts/(AC[0-9a-f]{{32}})/Messages/[SM]M[0-9a-f]{{32}}/Media/ME[0-9a-f]{{32}}\Z"
)


@frozen
class Caller:
    """Whoever asks.

    Attributes:
        account: Whose credentials these are.
        key: Whether they are those of an API key.
    """

    account: Account
    key: bool = False

    def reaches(self, account: Account) -> bool:
        """Whether these are one's own resources, or a subaccount's; keys open their own account alone."""
        return self.account.sid == account.sid or (
            not self.key and self.account.sid == account.owner_account_sid
        )

    def check(self, operation: Operation, account: Account) -> None:
        """Refuse what these credentials don't open."""
        family = operation.name.partition(".")[0].removesuffix("(sid)")
        if self.key and family in _CLOSED_TO_KEYS:
            raise Refused(401, 20003, f"Authenticate: a Standard API key can't be used for {operation.name}")
        if account.status == "closed" and self.account.sid == account.sid:
            raise Refused(401, 20003, "Authenticate: the account is closed")


def authenticate(network: Network, method: str, path: str, headers: Headers) -> Caller:
    """Who asks.

    Raises:
        Refused: Nobody that the network knows.
    """
    public = _PUBLIC.match(path) if method in {"GET", "HEAD"} else None
    if public is not None and "Authorization" not in headers:
        owner = network.store.accounts.get(public[1])
        if owner is not None:
            return Caller(owner)
    scheme, _, encoded = headers.get("Authorization", "").partition(" ")
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        name, secret = "", ""
    store = network.store
    account, known = store.accounts.get(name), ""
    if account is not None:
        known = account.auth_token
    else:
        keys = store.table("keys", NewKeyRecord)
        if name in keys:
            known = keys[name].secret
            account = store.accounts.get(keys.lane(name) or "")
    right = hmac.compare_digest(secret.encode(), known.encode())
    if scheme.lower() != "basic" or account is None or not right:
        raise Refused(401, 20003, "Authenticate")
    return Caller(account, key=account.sid != name)
