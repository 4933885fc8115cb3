"""Looking for what a create has made whose answer was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, TypeVar

from ringback._core.operations.dates import read_http_date
from ringback.errors import InvalidValue, OutcomeUnknown

if TYPE_CHECKING:
    from ringback._core.operations.exchange import Exchange
    from ringback._core.operations.exchanges import Exchanges
    from ringback._core.operations.operation import Operation
    from ringback._core.operations.paging import PageContent

__all__ = ["reconcile"]

T = TypeVar("T")

# What tells one record from another, for each operation that can be looked for.
_TELLING: Final[Mapping[str, tuple[str, ...]]] = {
    "accounts.create": ("friendly_name",),
    "applications.create": ("friendly_name",),
    "calls.create": ("to", "from_"),
    "incoming_phone_numbers.create": ("phone_number",),
    "incoming_phone_numbers.local.create": ("phone_number",),
    "incoming_phone_numbers.mobile.create": ("phone_number",),
    "incoming_phone_numbers.toll_free.create": ("phone_number",),
    "messages.create": ("to", "from_", "messaging_service_sid", "body"),
    "queues.create": ("friendly_name",),
}
_NEWEST_FIRST: Final = frozenset({"calls.create", "messages.create"})
_PHONE_FIELDS: Final = frozenset({"to", "from_", "phone_number"})
_PHONE_FILLING: Final = str.maketrans("", "", " -.()\u00a0")
_PAGE_SIZE: Final = 100
_MAX_PAGES: Final = 10
# Twilio writes whole seconds, and the two clocks are compared by an answer that took its time.
_MARGIN: Final = timedelta(seconds=3)
_ANOTHER_AGE: Final = timedelta(days=36_500)


def reconcile(
    exchanges: Exchanges, raised: BaseException, model: type[T], operations: Sequence[Operation]
) -> Exchange[T | None]:
    """An exchange that gives the record that may have been made although `raised` was, or None.

    Raises:
        InvalidValue: No create was lost, the operation can't be looked for, or gives another model.
    """
    error = _loss_behind(raised)
    telling = _TELLING.get(error.operation)
    if telling is None or error.sent_at is None:
        raise InvalidValue("error", error.operation, f"the loss of one of {', '.join(sorted(_TELLING))}")
    create = next(operation for operation in operations if operation.name == error.operation)
    lister = next(each for each in operations if each.path == create.path and each.action == "list")
    if model.__name__ != create.answer:
        raise InvalidValue("model", model, f"{create.answer}, which {create.name} gives")
    wanted = {
        param.name: _plain(param.name, error.sent[param.wire])
        for param in create.params
        if param.name in telling and param.wire in error.sent
    }
    return _look(exchanges, error, lister, model, wanted, error.sent_at)


def _loss_behind(raised: BaseException) -> OutcomeUnknown:
    # The causes alone: what else hangs on an error may have happened long before it.
    error: BaseException | None = raised
    for _ in range(100):
        if error is None:
            break
        if isinstance(error, OutcomeUnknown):
            return error
        error = error.__cause__
    raise InvalidValue("error", type(raised), "an OutcomeUnknown, or an error whose cause is one")


def _look(
    exchanges: Exchanges,
    error: OutcomeUnknown,
    lister: Operation,
    model: type[T],
    wanted: Mapping[str, str],
    sent_at: datetime,
) -> Exchange[T | None]:
    # No filter by date: it goes by the day of sending, which a record that still waits doesn't have.
    filters = [wanted.get(param.name) for param in lister.params]
    url: str | None = exchanges.first_page(lister, error.path, filters, None, _PAGE_SIZE, None)
    for _ in range(_MAX_PAGES):
        if url is None:
            return None
        content = yield from exchanges.page(url, lister, model, None)
        earliest = sent_at + _clock_difference(content) - _MARGIN
        recent = [item for item in content.items if _made_at(item, earliest) >= earliest]
        for item in recent:
            if all(_plain(name, getattr(item, name)) == text for name, text in wanted.items()):
                return item
        if error.operation in _NEWEST_FIRST and len(recent) < len(content.items):
            return None
        url = content.next_uri
    return None


def _plain(name: str, value: object) -> str:
    text = "" if value is None else str(value)
    if name in _PHONE_FIELDS and text.startswith("+"):
        return text.translate(_PHONE_FILLING)
    return text.strip()


def _made_at(item: object, otherwise: datetime) -> datetime:
    moment = getattr(item, "date_created", None)
    return moment if isinstance(moment, datetime) else otherwise


def _clock_difference(content: PageContent[T]) -> timedelta:
    """How far Twilio's clock is ahead; nothing where the answer has no date, or one of another age."""
    theirs = read_http_date(content.date or "")
    if theirs is None:
        return timedelta()
    difference = theirs - datetime.now(timezone.utc)
    return difference if abs(difference) < _ANOTHER_AGE else timedelta()
