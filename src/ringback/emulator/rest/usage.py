"""Usage records and triggers. https://www.twilio.com/docs/usage/api"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final

from ringback._generated.api.usage import USAGE_CATEGORY
from ringback._generated.emulation.records import UsageTriggerRecord
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.engine.usage import TRIGGERS, current
from ringback.emulator.rest import generic
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import Rows, page
from ringback.emulator.rest.writing import written

if TYPE_CHECKING:
    from ringback.emulator.engine.ledger import Figures
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]

Span = tuple[date, date]

_SPANS: Final = {
    "all_time": "AllTime",
    "daily": "Daily",
    "last_month": "LastMonth",
    "monthly": "Monthly",
    "this_month": "ThisMonth",
    "today": "Today",
    "yearly": "Yearly",
    "yesterday": "Yesterday",
}
_MOST: Final = Decimal(10**15)
_PLACES: Final = 15
_UNITS: Final = {
    "calls": ("calls", "minutes"),
    "sms": ("messages", "messages"),
    "mms": ("messages", "messages"),
    "recordings": ("recordings", "minutes"),
    "transcriptions": ("transcriptions", "minutes"),
    "phonenumbers": ("numbers", "numbers"),
    "totalprice": ("", "usd"),
}


def _month(day: date) -> Span:
    return day.replace(day=1), day.replace(day=monthrange(day.year, day.month)[1])


def _year(day: date) -> Span:
    return day.replace(month=1, day=1), day.replace(month=12, day=31)


def _day(day: date) -> Span:
    return day, day


def _list(spans: Callable[[RestRequest, Span], Iterator[Span]]) -> Callable[[RestRequest], Body]:
    """A list with a record a category for each span, the newest span first."""

    def listed(request: RestRequest) -> Body:
        asked = request.parameters.text("Category")
        categories = [asked] if asked else USAGE_CATEGORY.values
        accounts = _accounts(request)
        rows = [
            (category, span) for span in spans(request, _asked(request, accounts)) for category in categories
        ]

        def view(row: tuple[str, Span]) -> Body:
            category, (first, last) = row
            figures = request.network.store.usage.total(accounts, category, first, last)
            return _record(request, category, first, last, figures)

        return page(request, Rows(rows, lambda row: f"{row[0]}/{row[1][0]}"), view)

    return listed


def _accounts(request: RestRequest) -> list[str]:
    own = request.account.sid
    if not request.parameters.flag("IncludeSubaccounts", default=True):
        return [own]
    accounts = request.network.store.accounts.values()
    return [each.sid for each in accounts if own in {each.sid, each.owner_account_sid}]


def _asked(request: RestRequest, accounts: list[str]) -> Span:
    """The days that a list is about: all since the account was opened where none are named."""
    today = request.network.clock.date.date()
    opened = min([request.account.date_created.date(), *request.network.store.usage.days(accounts)])
    first, last = (request.parameters.day(name) for name in ("StartDate", "EndDate"))
    # Nothing was used before the account was opened, nor will be tomorrow.
    return max(first or opened, opened), min(last or today, today)


def _whole(_request: RestRequest, span: Span) -> Iterator[Span]:
    yield span


def _each(part: Callable[[date], Span]) -> Callable[[RestRequest, Span], Iterator[Span]]:
    def spans(_request: RestRequest, span: Span) -> Iterator[Span]:
        first, last = span
        day = last
        while day >= first:
            begin, end = part(day)
            yield max(begin, first), min(end, last)
            if begin == date.min:
                return
            day = begin - timedelta(days=1)

    return spans


def _one(of: Callable[[date], Span]) -> Callable[[RestRequest, Span], Iterator[Span]]:
    def spans(request: RestRequest, _span: Span) -> Iterator[Span]:
        yield of(request.network.clock.date.date())

    return spans


def _record(request: RestRequest, category: str, first: date, last: date, figures: Figures) -> Body:
    home = f"/{API_VERSION}/Accounts/{request.account.sid}/Usage/Records"
    count_unit, usage_unit = _UNITS.get(category.partition("-")[0], ("", ""))
    return written(
        "UsageRecord",
        figures,
        account_sid=request.account.sid,
        category=category,
        description=category.replace("-", " ").capitalize(),
        start_date=first,
        end_date=last,
        as_of=request.network.clock.date,
        count_unit=count_unit,
        usage_unit=usage_unit,
        price_unit="usd",
        api_version=API_VERSION,
        subresource_uris={name: f"{home}/{part}.json?Category={category}" for name, part in _SPANS.items()},
        uri=f"{request.place}.json?Category={category}&StartDate={first}&EndDate={last}",
    )


# Triggers


def _create(request: RestRequest) -> Body:
    text = request.parameters.text("TriggerValue").strip()
    category, by = request.parameters.text("UsageCategory"), request.parameters.text("TriggerBy", "usage")
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("nan")
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or abs(value) > _MOST or exponent < -_PLACES:
        allowed = "a number, such as 1000 or +30"
        raise Refused(400, 20001, f"TriggerValue '{text[:50]}' is not valid: expected {allowed}")
    record = generic.keep(
        request,
        UsageTriggerRecord,
        trigger_value=value,
        current_value=Decimal(0),
        date_fired=None,
        usage_record_uri=f"/{API_VERSION}/Accounts/{request.account.sid}/Usage/Records.json?Category={category}",
    )
    record.trigger_by = by
    if text.startswith("+"):
        record.trigger_value += current(request.network, record)
    return _trigger(request, record)


def _triggers(request: RestRequest) -> Body:
    for record in request.network.store.table(TRIGGERS, UsageTriggerRecord).values():
        record.current_value = current(request.network, record)
    return generic.listed(request)


def _fetch(request: RestRequest) -> Body:
    return _trigger(request, generic.find(request, UsageTriggerRecord))


def _trigger(request: RestRequest, record: UsageTriggerRecord) -> Body:
    record.current_value = current(request.network, record)
    return written("UsageTrigger", record)


def _yesterday(day: date) -> Span:
    before = day - timedelta(days=1)
    return before, before


def _last_month(day: date) -> Span:
    return _month(day.replace(day=1) - timedelta(days=1))


ACTS = {
    "usage.records.list": _list(_whole),
    "usage.records.all_time.list": _list(_whole),
    "usage.records.daily.list": _list(_each(_day)),
    "usage.records.monthly.list": _list(_each(_month)),
    "usage.records.yearly.list": _list(_each(_year)),
    "usage.records.today.list": _list(_one(_day)),
    "usage.records.yesterday.list": _list(_one(_yesterday)),
    "usage.records.this_month.list": _list(_one(_month)),
    "usage.records.last_month.list": _list(_one(_last_month)),
    "usage.triggers.create": _create,
    "usage.triggers.list": _triggers,
    "usage.triggers(sid).fetch": _fetch,
}
