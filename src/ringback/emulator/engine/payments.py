"""What somebody keys in to pay, whether it can be right, and what a payment connector makes of it.

https://www.twilio.com/docs/voice/twiml/pay

Every connector here is in test mode: it knows some well-known test numbers, and refuses all others.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final, TypeAlias, TypedDict, cast

from attrs import define, field, frozen

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import (
        BankAccountType,
        PayErrorType,
        PaymentCardType,
        PaymentMethod,
        PaymentTokenType,
        PayOutcome,
    )
    from ringback.emulator.engine.kernel.sids import Sids

__all__ = ["DETAILS", "Details", "Entered", "PaymentOptions", "Settlement", "settle"]

DETAILS: Final = (
    "payment-card-number",
    "expiration-date",
    "security-code",
    "postal-code",
    "bank-routing-number",
    "bank-account-number",
)
# Brand -> how its numbers begin, and how long they are.
_BRANDS: Final = {
    "visa": (re.compile(r"4"), (13, 16, 19)),
    "mastercard": (re.compile(r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720"), (16,)),
    "amex": (re.compile(r"3[47]"), (15,)),
    "discover": (re.compile(r"6011|65|64[4-9]"), (16,)),
    "jcb": (re.compile(r"352[89]|35[3-8]"), (16,)),
    "diners-club": (re.compile(r"30[0-5]|3[68]"), (14,)),
    "enroute": (re.compile(r"2014|2149"), (15,)),
    "maestro": (re.compile(r"50|5[6-9]|6"), tuple(range(12, 20))),
}
_TEST_CARDS: Final = frozenset(
    {
        *("4111111111111111", "4242424242424242", "4012888888881881", "4222222222222"),
        *("5555555555554444", "5105105105105100", "2223003122003222"),
        *("378282246310005", "371449635398431"),
        *("6011111111111117", "6011000990139424"),
        *("3530111333300000", "3566002020360505"),
        *("30569309025904", "38520000023237"),
        *("6759649826438453", "6304000000000000"),
    }
)
# What payment providers decline, so that one can test for it.
_DECLINED: Final = "4000000000000002"
_TEST_BANK: Final = "110000000"
_TEST_ACCOUNTS: Final = frozenset({"000123456789", "000222222227", "000333333335"})
_SHOWN: Final = 4
_CARD_REFUSED: Final = 64012
_NO_TEST_CARD: Final = 64022
_NO_TEST_ACCOUNT: Final = 64023

Parameters: TypeAlias = "Mapping[str, str]"


@frozen
class PaymentOptions:
    """What a payment was asked for with.

    Attributes:
        charge: How much to charge; None where a token is wanted.
        card_types: Which brands are taken.
        security_code: Whether it has to be keyed in.
        postal_code: The same; or the code itself, where that is known.
        least_postal_code: How many digits it has at least.
        timeout: Seconds until what was keyed in is taken as complete.
        twice: What has to be keyed in twice.
        confirmation: Whether whoever pays has to agree in the end.
        parameters: What the connector is told besides.
    """

    method: PaymentMethod = "credit-card"
    charge: Decimal | None = None
    currency: str = "usd"
    token_type: PaymentTokenType = field(default="reusable")
    description: str | None = None
    connector: str = "Default"
    card_types: tuple[str, ...] = ("visa", "mastercard", "amex")
    bank_account_type: BankAccountType = "consumer-checking"
    security_code: bool = True
    postal_code: bool | str = True
    least_postal_code: int = 0
    timeout: float = 5.0
    twice: frozenset[str] = frozenset()
    confirmation: bool = False
    parameters: Parameters = field(factory=dict[str, str], repr=False)

    @property
    def details(self) -> tuple[str, ...]:
        """What has to be keyed in, in order."""
        if self.method == "ach-debit":
            return ("bank-routing-number", "bank-account-number")
        return (
            "payment-card-number",
            "expiration-date",
            *(("security-code",) if self.security_code else ()),
            *(("postal-code",) if self.postal_code is True else ()),
        )


class Entered(TypedDict):
    """What reports of a payment say of what was keyed in."""

    payment_card_number: str | None
    payment_card_type: PaymentCardType | None
    expiration_date: str | None
    security_code: str | None
    payment_card_postal_code: str | None
    bank_account_number: str | None
    bank_routing_number: str | None
    bank_account_type: BankAccountType | None


@define
class Details:
    """What was keyed in so far, by what it is."""

    options: PaymentOptions
    values: dict[str, str] = field(factory=dict[str, str], repr=False)

    @property
    def brand(self) -> str:
        """Of the card, or ""."""
        return brand_of(self.values.get("payment-card-number", ""))

    @property
    def missing(self) -> tuple[str, ...]:
        """What has not been keyed in yet."""
        return tuple(what for what in self.options.details if what not in self.values)

    def fault(self, what: str, digits: str, today: date) -> PayErrorType | None:
        """What is wrong with an input, or None."""
        if not digits:
            return "input-timeout"
        match what:
            case "payment-card-number":
                return self._fault_of_card(digits)
            case "expiration-date":
                return None if _expires(digits, today) else "invalid-date"
            case "security-code":
                if not self.brand:
                    return "invalid-card-number-security-code-capture-sequence"
                return None if len(digits) == security_code_length(self.brand) else "invalid-security-code"
            case "postal-code":
                long = len(digits) >= max(1, self.options.least_postal_code)
                return None if long else "invalid-postal-code"
            case "bank-routing-number":
                return None if _is_routing_number(digits) else "invalid-bank-routing-number"
            case _:
                return None if 4 <= len(digits) <= 17 else "invalid-bank-account-number"

    def _fault_of_card(self, digits: str) -> PayErrorType | None:
        brand = brand_of(digits)
        if not brand or not _luhn(digits):
            return "invalid-card-number"
        return None if brand in self.options.card_types else "invalid-card-type"

    def entered(self) -> Entered:
        """What may be shown of it."""
        bank = self.options.method == "ach-debit"
        postal_code = self.options.postal_code
        number, account = self.values.get("payment-card-number"), self.values.get("bank-account-number")
        code = self.values.get("security-code")
        return {
            "payment_card_number": masked(number),
            "payment_card_type": cast("PaymentCardType | None", self.brand or None),
            "expiration_date": self.values.get("expiration-date"),
            "security_code": None if code is None else "x" * len(code),
            "payment_card_postal_code": self.values.get("postal-code")
            or (postal_code if isinstance(postal_code, str) else None),
            "bank_account_number": masked(account),
            "bank_routing_number": self.values.get("bank-routing-number"),
            "bank_account_type": self.options.bank_account_type if bank else None,
        }


@frozen
class Settlement:
    """What a payment came to.

    Attributes:
        result: How it ended.
        profile_id: The customer's, at the payment provider.
        token: Stands for the card, where one was wanted.
        confirmation: The provider's, where something was charged.
        code: Twilio's code, where it failed.
        error: Why, in Twilio's words.
        connector_error: And in the provider's.
    """

    result: PayOutcome
    profile_id: str | None = None
    token: str | None = field(default=None, repr=False)
    confirmation: str | None = None
    code: int | None = None
    error: str | None = None
    connector_error: str | None = None


def settle(details: Details, sids: Sids) -> Settlement:
    """Hand the payment to the connector."""
    options = details.options
    if options.method == "credit-card":
        number = details.values["payment-card-number"]
        if number == _DECLINED:
            return _failed(_CARD_REFUSED, "The payment provider refused the card", "card_declined")
        if number not in _TEST_CARDS:
            return _failed(_NO_TEST_CARD, "Only test cards are taken in test mode")
    elif (
        details.values["bank-routing-number"] != _TEST_BANK
        or details.values["bank-account-number"] not in _TEST_ACCOUNTS
    ):
        return _failed(_NO_TEST_ACCOUNT, "Only test bank accounts are taken in test mode")
    if options.charge is not None:
        return Settlement("success", confirmation=f"ch_{sids.token('payment')[:24]}")
    profile = f"cus_{sids.token('payment profile')[:14]}"
    return Settlement("success", profile_id=profile, token=f"card_{sids.token('payment token')[:24]}")


def brand_of(number: str) -> str:
    """Who issued a card, or "" where nobody has numbers like it."""
    for brand, (start, lengths) in _BRANDS.items():
        if start.match(number) and len(number) in lengths:
            return brand
    return ""


def security_code_length(brand: str) -> int:
    """How many digits it has: most have three."""
    return 4 if brand == "amex" else 3


def masked(number: str | None) -> str | None:
    """All but the last digits as `x`."""
    if number is None:
        return None
    return f"{'x' * (len(number) - _SHOWN)}{number[-_SHOWN:]}" if len(number) > _SHOWN else "x" * len(number)


def _failed(code: int, error: str, connector_error: str | None = None) -> Settlement:
    return Settlement("payment-connector-error", code=code, error=error, connector_error=connector_error)


def _luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _expires(digits: str, today: date) -> bool:
    """Whether this is a month and year, `MMYY`, that isn't over."""
    if len(digits) != 4 or not 1 <= (month := int(digits[:2])) <= 12:
        return False
    year = today.year - today.year % 100 + int(digits[2:])
    return date(year, month, monthrange(year, month)[1]) >= today


def _is_routing_number(digits: str) -> bool:
    weights = (3, 7, 1) * 3
    total = sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=False))
    return len(digits) == len(weights) and total % 10 == 0
