"""A request to the REST API, and the answer."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import frozen

from ringback._generated.api.operations import OPERATIONS
from ringback.emulator.rest import accounts, applications, calls, conferences, magic, messages, numbers
from ringback.emulator.rest.decoding import Asked, decode, pairs_of
from ringback.emulator.rest.errors import Refused, report
from ringback.errors import InvalidValue
from ringback.http import Headers, Response

if TYPE_CHECKING:
    from ringback._core.operations.operation import Operation
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.records import Account
    from ringback.emulator.rest.views import Body

__all__ = ["Api"]

Act: TypeAlias = "Callable[[Asked], Body | None]"

ACTS: Final[Mapping[str, Act]] = {
    **accounts.ACTS,
    **applications.ACTS,
    **calls.ACTS,
    **conferences.ACTS,
    **messages.ACTS,
    **numbers.ACTS,
}
# An older path of messages, which old clients still use.
_OLD_MESSAGES: Final = re.compile(r"^(/2010-04-01/Accounts/[^/]+)/SMS/Messages(?=[/.])")


@frozen
class _Route:
    operation: Operation
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, operation: Operation) -> _Route:
        path = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+?)", re.escape(operation.path))
        return cls(operation, re.compile(f"{path}\\Z"))


_ROUTES: Final = tuple(_Route.of(operation) for operation in OPERATIONS)


class Api:
    """The REST API of one network. Not safe for threads: whoever calls it holds the network."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def answer(self, method: str, target: str, headers: Headers, body: bytes) -> Response:
        """What the API says to a request; `target` is path and query."""
        request_id = f"RQ{self._network.sids.token('request')}"
        fields = {
            # By the clock of the network: who looks for a lost record compares it with the record's dates.
            "Date": format_datetime(self._network.clock.date, usegmt=True),
            "Twilio-Request-Id": request_id,
            "Twilio-Concurrent-Requests": "1",
        }
        try:
            status, content = self._act(method.upper(), target, headers, body)
        except Refused as refused:
            report(self._network, method, target.partition("?")[0], refused)
            status, content = refused.status, refused.body()
            if status == 401:
                fields["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        if content is None:
            return Response(status, Headers(fields))
        fields["Content-Type"] = "application/json;charset=utf-8"
        return Response(status, Headers(fields), json.dumps(content).encode())

    def _act(self, method: str, target: str, headers: Headers, body: bytes) -> tuple[int, Body | None]:
        path, _, query = target.partition("?")
        caller = self._authenticate(headers)
        path = _OLD_MESSAGES.sub(r"\1/Messages", path)
        routes = [(route, found) for route in _ROUTES if (found := route.pattern.match(path))]
        if not routes:
            raise Refused(404, 20404, f"The requested resource {path} was not found")
        # `IncomingPhoneNumbers/Local.json` is a list of its own and no number named `Local`.
        fewest = min(len(found.groupdict()) for _, found in routes)
        for route, found in routes:
            if route.operation.method == method and len(found.groupdict()) == fewest:
                return self._perform(route.operation, found.groupdict(), caller, path, query, body)
        raise Refused(405, 20004, f"Method not allowed: {method} on {path}")

    def _perform(
        self,
        operation: Operation,
        holes: dict[str, str],
        caller: Account,
        path: str,
        query: str,
        body: bytes,
    ) -> tuple[int, Body | None]:
        holes = _keys(operation, holes, path)
        account = self._owner(holes, caller, path)
        act = (magic.ACTS if account.test else ACTS).get(operation.name)
        if act is None and account.test:
            raise Refused(403, 20008, f"Test credentials can't be used for {operation.name}")
        if act is None:
            raise Refused(501, 20501, f"The emulator does not do {operation.name} yet")
        if account.status != "active" and operation.name.split(".")[0] not in {"accounts", "accounts(sid)"}:
            raise Refused(403, 20005, "Account is not active")
        sent = pairs_of(query if operation.method == "GET" else body)
        given = decode(operation, sent)
        content = act(Asked(self._network, account, holes, given, sent, path))
        return operation.success, content

    def _authenticate(self, headers: Headers) -> Account:
        scheme, _, encoded = headers.get("Authorization", "").partition(" ")
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            name, secret = "", ""
        account = self._network.store.accounts.get(name)
        known = account.auth_token if account is not None else ""
        right = hmac.compare_digest(secret.encode(), known.encode())
        if scheme.lower() != "basic" or account is None or not right:
            raise Refused(401, 20003, "Authenticate")
        return account

    def _owner(self, holes: dict[str, str], caller: Account, path: str) -> Account:
        """Whose resources these are: one's own, or those of a subaccount."""
        sid = holes.get("AccountSid", caller.sid)
        account = self._network.store.accounts.get(sid)
        if account is None or caller.sid not in {account.sid, account.owner_account_sid}:
            raise Refused(404, 20404, f"The requested resource {path} was not found")
        return account


def _keys(operation: Operation, holes: dict[str, str], path: str) -> dict[str, str]:
    """What the holes of a path hold, each read as the kind that the spec says it is.

    Raises:
        Refused: One isn't of its kind. There is no such resource then, whatever the operation is.
    """
    try:
        return {
            name: str(kind.decode(name, text))
            for (name, text), kind in zip(holes.items(), operation.path_kinds, strict=True)
        }
    except InvalidValue:
        raise Refused(404, 20404, f"The requested resource {path} was not found") from None
