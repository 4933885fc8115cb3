"""What accounts use and what it costs, and the triggers that watch it.

https://www.twilio.com/docs/usage/api/usage-record
"""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, cast

from ringback._generated.emulation.records import UsageTriggerRecord
from ringback.emulator.engine.addresses import channel_of, is_short_code
from ringback.emulator.engine.exchange import Session
from ringback.emulator.engine.ledger import Figures
from ringback.webhooks import UsageTriggered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ringback._generated.webhooks.enums import UsageTriggerBy, UsageTriggerRecurring
    from ringback.emulator.engine.records import Account, Call, Message
    from ringback.emulator.engine.world import World

__all__ = ["TRIGGERS", "call_ended", "current", "message_ended", "price_of_call", "price_of_message", "used"]

TRIGGERS: Final = "usage.triggers"
TOTAL: Final = "totalprice"
# Twilio looks about once a minute.
_EVERY: Final = 60.0
# What a minute or a message costs, in US dollars: what Twilio asks in the United States, roughly.
_INBOUND_MINUTE: Final = Decimal("0.0085")
_TOLL_FREE_MINUTE: Final = Decimal("0.0220")
_OUTBOUND_MINUTE: Final = Decimal("0.0140")
_CLIENT_MINUTE: Final = Decimal("0.0040")
_SEGMENT: Final = Decimal("0.0083")
_PICTURE: Final = Decimal("0.0220")
_CHANNEL: Final = Decimal("0.0050")
_TOLL_FREE: Final = ("+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888")


def price_of_call(call: Call) -> tuple[int, Decimal]:
    """The minutes of a call that are charged, and what they cost."""
    minutes = math.ceil((call.duration or 0) / 60)
    far = call.to if call.direction != "inbound" else call.from_
    if far.startswith(("client:", "sip:", "sips:")):
        rate = _CLIENT_MINUTE
    elif call.direction != "inbound":
        rate = _OUTBOUND_MINUTE
    else:
        rate = _TOLL_FREE_MINUTE if call.to.startswith(_TOLL_FREE) else _INBOUND_MINUTE
    return minutes, minutes * rate


def price_of_message(message: Message) -> Decimal:
    """What a message costs."""
    if channel_of(message.to) is not None:
        return _CHANNEL
    return _PICTURE if message.is_mms else message.num_segments * _SEGMENT


def used(world: World, account: Account, categories: Iterable[str], figures: Figures) -> None:
    """Something was used now: it counts in each of these categories, and costs once."""
    ledger, today = world.store.usage, world.clock.date.date()
    for category in categories:
        ledger.add(account.sid, today, category, figures)
    ledger.add(account.sid, today, TOTAL, Figures(figures.price, figures.price, figures.price))
    world.account(account.owner_account_sid).balance -= figures.price
    if not ledger.watched and len(world.store.table(TRIGGERS, UsageTriggerRecord)):
        ledger.watched = True
        world.clock.after(_EVERY, lambda: _look(world))


def call_ended(world: World, call: Call) -> None:
    """A call that was answered is over."""
    minutes, price = price_of_call(call)
    call.price = -price
    inbound = call.direction == "inbound"
    names = ["calls", "calls-inbound" if inbound else "calls-outbound"]
    if inbound:
        names.append("calls-inbound-tollfree" if call.to.startswith(_TOLL_FREE) else "calls-inbound-local")
    for kind in ("client", "sip"):
        if call.to.startswith(kind) or call.from_.startswith(kind):
            names.append(f"calls-{kind}")
    used(world, world.account(call.account_sid), names, Figures(Decimal(1), Decimal(minutes), price))


def message_ended(world: World, message: Message) -> None:
    """A message came in, or left for a phone."""
    price = price_of_message(message)
    message.price = -price
    inbound = message.direction == "inbound"
    way = "inbound" if inbound else "outbound"
    channel = channel_of(message.to)
    if channel is None:
        ours = message.to if inbound else message.from_ or ""
        kind = "mms" if message.is_mms else "sms"
        names = [kind, f"{kind}-{way}", f"{kind}-{way}-{_sort(ours)}"]
    else:
        names = ["channels", "channels-messaging", f"channels-messaging-{way}"]
        if channel == "whatsapp":
            names += ["channels-whatsapp", f"channels-whatsapp-{way}"]
    used(world, world.account(message.account_sid), names, Figures(Decimal(1), Decimal(1), price))


def _sort(number: str) -> str:
    """Which sort of number messages go from or come in at, as categories have it."""
    if is_short_code(number):
        return "shortcode"
    return "tollfree" if number.startswith(_TOLL_FREE) else "longcode"


def _period_start(recurring: str | None, today: date, created: date) -> date:
    """The day from which on a trigger counts."""
    starts = {"daily": today, "monthly": today.replace(day=1), "yearly": today.replace(month=1, day=1)}
    return starts.get(recurring or "", min(created, date.min))


def _look(world: World) -> None:
    world.store.usage.watched = False
    for trigger in tuple(world.store.table(TRIGGERS, UsageTriggerRecord).values()):
        today = world.clock.date.date()
        start = _period_start(trigger.recurring, today, trigger.date_created.date())
        fired: datetime | None = trigger.date_fired
        if fired is not None and (trigger.recurring in {None, "alltime"} or fired.date() >= start):
            continue
        value = current(world, trigger)
        if value >= trigger.trigger_value:
            trigger.date_fired = trigger.date_updated = world.clock.date
            _fire(world, trigger, value)


def current(world: World, trigger: UsageTriggerRecord) -> Decimal:
    """What a trigger's figure stands at."""
    today = world.clock.date.date()
    start = _period_start(trigger.recurring, today, trigger.date_created.date())
    figures = world.store.usage.total([trigger.account_sid], trigger.usage_category, start, today)
    value: Decimal = getattr(figures, trigger.trigger_by)
    return value


def _fire(world: World, trigger: UsageTriggerRecord, value: Decimal) -> None:
    account = world.account(trigger.account_sid)
    event = UsageTriggered(
        account_sid=account.sid,
        usage_trigger_sid=trigger.sid,
        date_fired=trigger.date_fired,
        recurring=cast("UsageTriggerRecurring | None", trigger.recurring),
        usage_category=trigger.usage_category,
        trigger_by=cast("UsageTriggerBy", trigger.trigger_by),
        trigger_value=trigger.trigger_value,
        current_value=value,
        usage_record_uri=trigger.usage_record_uri,
        idempotency_token=f"{trigger.sid}-{trigger.date_fired:%Y%m%d%H%M%S}",
    )
    world.tell(
        Session(account, "voice"),
        trigger.sid,
        url=trigger.callback_url,
        method=trigger.callback_method,
        event=event,
        about=f"usage of {trigger.usage_category}: {value:f}",
    )
