"""Which of our numbers messages go from and come in at: SMS, and channels such as WhatsApp."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.addresses import bare, channel_of, on_channel
from ringback.emulator.numbering import range_of

if TYPE_CHECKING:
    from ringback.emulator.engine.addresses import Channel
    from ringback.emulator.engine.records import Account, Number, Store

__all__ = ["can_text", "record_of", "senders"]


def record_of(store: Store, address: str) -> Number | None:
    """Which number an address of ours is. On WhatsApp every number can be had as it is."""
    found = store.number(address)
    if found is None and channel_of(address) == "whatsapp":
        found = store.number(bare(address))
    return found


def can_text(number: str) -> bool:
    """Whether a number is of a kind that texts go from."""
    kind = range_of(number)
    return kind is None or kind.capabilities.sms


def senders(store: Store, account: Account, channel: Channel | None) -> tuple[str, ...]:
    """The addresses that an account's messaging services choose from, the oldest first."""
    numbers, codes, others = (
        [store.numbers[key].phone_number for key in store.numbers.keys_in(lane)]
        for lane in store.lanes_of_numbers(account.sid)
    )
    if channel is None:
        return (*filter(can_text, numbers), *codes)
    own = [each for each in others if channel_of(each) == channel]
    if channel == "whatsapp":
        own += [each for number in numbers if (each := on_channel("whatsapp", number)) not in own]
    return tuple(own)
