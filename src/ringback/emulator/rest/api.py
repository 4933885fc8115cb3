"""A request to the REST API, and the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import frozen

from ringback._generated.api.operations import OPERATIONS
from ringback._generated.emulation.tables import FAMILY_OF
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.rest import (
    accounts,
    add_ons,
    available_numbers,
    call_events,
    caller_ids,
    calls,
    conferences,
    formats,
    generic,
    keys,
    magic,
    media_sessions,
    messages,
    notifications,
    numbers,
    payments,
    postal_addresses,
    queues,
    recordings,
    short_codes,
    sip,
    sms_messages,
    tokens,
    usage,
    user_messages,
)
from ringback.emulator.rest.credentials import Caller, authenticate
from ringback.emulator.rest.decoding import decode, pairs_of
from ringback.emulator.rest.errors import AnswerLost, Refused, report, report_loss
from ringback.emulator.rest.files import File, Reply
from ringback.emulator.rest.products import check_path
from ringback.emulator.rest.protocol import allow, check_form, check_text, path_text
from ringback.emulator.rest.requests import RestRequest
from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from ringback._core.operations.operation import Operation
    from ringback.emulator.engine.mishaps import Mishaps
    from ringback.emulator.engine.network import Network
    from ringback.emulator.engine.records import Account
    from ringback.emulator.rest.writing import Body
    from ringback.http import Headers

__all__ = ["Api", "act_of"]

Act: TypeAlias = "Callable[[RestRequest], Body | None]"
GetFile: TypeAlias = "Callable[[RestRequest], File]"

# Families that are no more than records: all that they do is in the specification.
PLAIN: Final = frozenset(
    {
        "addresses",
        "applications",
        "connect_apps",
        "authorized_connect_apps",
        "incoming_phone_numbers().assigned_add_ons",
        "incoming_phone_numbers().assigned_add_ons().extensions",
        "keys",
        "outgoing_caller_ids",
        "recordings().add_on_results",
        "recordings().add_on_results().payloads",
        "recordings().transcriptions",
        "signing_keys",
        "sip.credential_lists",
        "sip.credential_lists().credentials",
        "sip.domains",
        "sip.domains().auth.calls.credential_list_mappings",
        "sip.domains().auth.calls.ip_access_control_list_mappings",
        "sip.domains().auth.registrations.credential_list_mappings",
        "sip.domains().credential_list_mappings",
        "sip.domains().ip_access_control_list_mappings",
        "sip.ip_access_control_lists",
        "sip.ip_access_control_lists().ip_addresses",
        "transcriptions",
        "usage.triggers",
    }
)
# What lives, or does more than its record shows.
BY_HAND: Final[Mapping[str, Act]] = {
    **accounts.ACTS,
    **add_ons.ACTS,
    **available_numbers.ACTS,
    **call_events.ACTS,
    **caller_ids.ACTS,
    **calls.ACTS,
    **conferences.ACTS,
    **keys.ACTS,
    **media_sessions.ACTS,
    **messages.ACTS,
    **notifications.ACTS,
    **numbers.ACTS,
    **payments.ACTS,
    **postal_addresses.ACTS,
    **queues.ACTS,
    **recordings.ACTS,
    **short_codes.ACTS,
    **sip.ACTS,
    **sms_messages.ACTS,
    **tokens.ACTS,
    **usage.ACTS,
    **user_messages.ACTS,
}
# What an operation gives instead of its record, by the path's suffix.
FILES: Final[Mapping[str, Mapping[str, GetFile]]] = {**messages.FILES, **recordings.FILES}
_FAMILY_OF: Final = {**FAMILY_OF, **sms_messages.FAMILY_OF}
# What chaos answers, by status.
_BY_CHANCE: Final = {
    429: (20429, "Too Many Requests"),
    500: (20500, "Internal server error"),
    503: (20503, "Service unavailable"),
}
_ROOT: Final = f"/{API_VERSION}/"
_SUFFIX: Final = re.compile(r"\.(?:json|xml|csv|wav|mp3|txt)\Z")


@frozen
class _Route:
    operation: Operation
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, operation: Operation) -> _Route:
        path = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(operation.path.removesuffix(".json")))
        return cls(operation, re.compile(f"{path}\\Z"))


def _depth(path: str) -> int:
    return path.count("/")


def _by_depth() -> dict[int, list[_Route]]:
    routes: dict[int, list[_Route]] = {}
    for operation in (*OPERATIONS, *sms_messages.OPERATIONS):
        routes.setdefault(_depth(operation.path), []).append(_Route.of(operation))
    return routes


_ROUTES: Final = _by_depth()


class Api:
    """The REST API of one network. Not safe for threads: whoever calls it holds the network."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def answer(self, method: str, target: str, headers: Headers, body: bytes) -> Reply:
        """What the API says to a request; `target` is path and query. The body needn't be made before whoever
        holds the network has let it go.

        Raises:
            AnswerLost: The request was done, and nobody is to know.
        """
        request_id = f"RQ{self._network.sids.token('request')}"
        fields = {
            # By the clock of the network: who looks for a lost record compares it with the record's dates.
            "Date": format_datetime(self._network.clock.date, usegmt=True),
            "Twilio-Request-Id": request_id,
            "Twilio-Concurrent-Requests": "1",
        }
        path, _, query = target.partition("?")
        suffix = found[0] if (found := _SUFFIX.search(path)) else ""
        # What is no path of this API is refused as most people can read it.
        form = formats.FORMATS.get(suffix, "xml") if path.startswith(_ROOT) else "json"
        try:
            check_text(target)
            check_path(path)
            _refuse_by_chance(self._network.mishaps)
            data = self._network.store.add_on_data.find(path)
            if data is not None:
                # Whoever knows the path may have it.
                file = File.of(data.content.encode(), "application/json")
                return Reply.with_file(fields, file, headers.get("Range"))
            caller = authenticate(self._network, method.upper(), path, headers)
            operations = _operations(path, suffix)
            if method.upper() == "OPTIONS":
                return Reply.of(200, {**fields, "Allow": allow(operations)}, b"")
            operation, holes = _chosen(operations, method.upper(), path)
            if operation.method == "POST":
                check_form(headers, body)
            sent = pairs_of(query if operation.method == "GET" else body)
            content = self._perform(operation, holes, caller, path, suffix, sent)
        except Refused as refused:
            report(self._network, method, path, refused)
            fields |= refused.fields
            if refused.status == 401:
                fields["WWW-Authenticate"] = 'Basic realm="Twilio API"'
            form = "xml" if form == "csv" else form
            fields["Content-Type"] = formats.CONTENT_TYPES[form]
            return Reply.of(refused.status, fields, formats.write_error(form, refused.body()))
        if self._network.mishaps.loses_answer():
            report_loss(self._network, method, path)
            raise AnswerLost("the connection was closed before the answer came")
        if isinstance(content, File):
            return Reply.with_file(fields, content, headers.get("Range"))
        if content is None:
            return Reply.of(operation.success, fields, b"")
        fields["Content-Type"] = formats.CONTENT_TYPES[form]
        if operation.success == 307:
            fields["Location"] = str(content["redirect_to"])
        return Reply.of(operation.success, fields, formats.write(form, content, operation))

    def _perform(
        self,
        operation: Operation,
        holes: dict[str, str],
        caller: Caller,
        path: str,
        suffix: str,
        sent: tuple[tuple[str, str], ...],
    ) -> Body | File | None:
        file = FILES.get(operation.name, {}).get(suffix)
        if file is None and suffix not in formats.FORMATS:
            raise Refused(404, 20404, f"The requested resource {path} was not found")
        holes = _keys(operation, holes, path)
        account = self._owner(holes, caller, path)
        caller.check(operation, account)
        family = _FAMILY_OF[operation.name]
        act = magic.ACTS.get(operation.name) if account.test else act_of(operation)
        if act is None and account.test:
            raise Refused(403, 20008, f"Test credentials can't be used for {operation.name}")
        if act is None:
            raise Refused(501, 20501, f"The emulator does not do {operation.name} yet")
        if account.status != "active" and family.key != "accounts":
            raise Refused(403, 20005, "Account is not active")
        parameters = decode(operation, family, sent, self._network.clock.date.date())
        request = RestRequest(
            self._network, caller.account, account, operation, family, holes, parameters, sent, path, suffix
        )
        return call_events.logged(request, act) if file is None else file(request)

    def _owner(self, holes: dict[str, str], caller: Caller, path: str) -> Account:
        """Whose resources these are: one's own, or those of a subaccount.

        Raises:
            Refused: There is no such account, or the caller may not see it.
        """
        sid = holes.get("AccountSid", caller.account.sid)
        account = self._network.store.accounts.get(sid)
        if account is None or not caller.reaches(account):
            if account is not None and account.sid == caller.account.owner_account_sid:
                raise Refused(401, 20003, "Authenticate: a subaccount's credentials don't open its parent")
            raise Refused(404, 20404, f"The requested resource {path} was not found")
        return account


def _operations(path: str, suffix: str) -> dict[str, tuple[Operation, dict[str, str]]]:
    """What a path has, by method, each with what fills the path's holes.

    Raises:
        Refused: There is no such path.
    """
    place = path.removesuffix(suffix)
    found = [
        (route.operation, match.groupdict())
        for route in _ROUTES.get(_depth(place), ())
        if (match := route.pattern.match(place)) is not None
    ]
    if not found:
        raise Refused(404, 20404, f"The requested resource {path} was not found")
    # `IncomingPhoneNumbers/Local.json` is a list of its own and no number named `Local`.
    fewest = min(len(holes) for _, holes in found)
    return {operation.method: (operation, holes) for operation, holes in found if len(holes) == fewest}


def _chosen(
    operations: Mapping[str, tuple[Operation, dict[str, str]]], method: str, path: str
) -> tuple[Operation, dict[str, str]]:
    """The one that a request is for: HEAD asks for what GET does.

    Raises:
        Refused: There is none of this method.
    """
    wanted = "GET" if method == "HEAD" else method
    if wanted not in operations:
        allowed = {"Allow": allow(operations)}
        raise Refused(405, 20004, f"Method not allowed: {method} on {path}", fields=allowed)
    return operations[wanted]


def act_of(operation: Operation) -> Act | None:
    """What does an operation: by hand, or as the specification says; None where nothing does it yet."""
    plain = generic.ACTS[operation.action] if _FAMILY_OF[operation.name].key in PLAIN else None
    return BY_HAND.get(operation.name, plain)


def _refuse_by_chance(mishaps: Mishaps) -> None:
    """Turn away a request that chaos wants turned away."""
    status = mishaps.refusal()
    if status is not None:
        fields = {"Retry-After": str(mishaps.retry_after)} if status == 429 else {}
        raise Refused(status, *_BY_CHANCE[status], fields=fields)


def _keys(operation: Operation, holes: dict[str, str], path: str) -> dict[str, str]:
    """What the holes of a path hold, each read as the kind that the spec says it is.

    Raises:
        Refused: One isn't of its kind. There is no such resource then, whatever the operation is.
    """
    try:
        return {
            name: str(kind.decode(name, path_text(text)))
            for (name, text), kind in zip(holes.items(), operation.path_kinds, strict=True)
        }
    except InvalidValue:
        raise Refused(404, 20404, f"The requested resource {path} was not found") from None
