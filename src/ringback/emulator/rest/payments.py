"""Payments that an agent takes during a call. https://www.twilio.com/docs/voice/api/payment-resource"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, cast

from ringback.emulator.engine.payment_sessions import PaymentSession
from ringback.emulator.engine.payments import DETAILS, PaymentOptions
from ringback.emulator.rest.calls import in_progress
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.writing import written

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ringback._generated.webhooks.enums import BankAccountType, PaymentMethod, PaymentTokenType
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]

_MOST: Final = Decimal(1_000_000)
_BRANDS: Final = frozenset(
    ("visa", "mastercard", "amex", "maestro", "discover", "optima", "jcb", "diners-club", "enroute")
)
_NAME: Final = "AVSName"


def _create(request: RestRequest) -> Body:
    leg, parameters, network = in_progress(request), request.parameters, request.network
    key = parameters.text("IdempotencyKey")
    here = [each for each in network.payments.values() if each.record.call_sid == leg.call.sid]
    for session in here:
        if key in session.requests:
            return written("Payment", session.record)
    if any(session.state == "open" for session in here):
        raise Refused(400, 64021, "A payment is being taken on this call already")
    session = PaymentSession(leg, _options(request), parameters.text("StatusCallback"))
    session.requests.add(key)
    network.payments[session.record.sid] = session
    return written("Payment", session.record)


def _options(request: RestRequest) -> PaymentOptions:
    parameters = request.parameters
    charge = parameters.decimal("ChargeAmount") or None
    if charge is not None and not 0 < charge < _MOST:
        raise Refused(400, 64003, f"ChargeAmount {charge} is not above 0 and below {_MOST:,}")
    method = parameters.text("PaymentMethod", "credit-card")
    given = parameters.values.get("Parameter")
    extra = cast("dict[str, object]", given) if isinstance(given, dict) else {}
    if method == "ach-debit" and _NAME not in extra:
        raise Refused(400, 64014, f"Parameter lacks {_NAME}, the name of the account's owner")
    if method == "credit-card" and parameters.text("BankAccountType"):
        raise Refused(400, 64017, "BankAccountType is for ach-debit alone")
    brands = tuple(parameters.text("ValidCardTypes").split()) or PaymentOptions().card_types
    _check("ValidCardTypes", brands, _BRANDS)
    twice = frozenset(filter(None, parameters.text("RequireMatchingInputs").replace(",", " ").split()))
    _check("RequireMatchingInputs", twice, DETAILS[:4])
    return PaymentOptions(
        method=cast("PaymentMethod", method),
        charge=charge,
        currency=parameters.text("Currency") or "usd",
        token_type=cast("PaymentTokenType", parameters.text("TokenType", "reusable")),
        description=parameters.text("Description") or None,
        connector=parameters.text("PaymentConnector") or "Default",
        card_types=brands,
        bank_account_type=cast("BankAccountType", parameters.text("BankAccountType") or "consumer-checking"),
        security_code=parameters.flag("SecurityCode", True),
        postal_code=parameters.flag("PostalCode", True),
        least_postal_code=parameters.number("MinPostalCodeLength") or 0,
        timeout=float(parameters.number("Timeout") or PaymentOptions().timeout),
        twice=twice,
        confirmation=parameters.text("Confirmation") == "true",
    )


def _check(name: str, words: Iterable[str], known: Collection[str]) -> None:
    for word in words:
        if word not in known:
            raise Refused(400, 64020, f"{name} '{word[:50]}' is not one of {', '.join(sorted(known))}")


def _update(request: RestRequest) -> Body:
    leg, parameters = in_progress(request), request.parameters
    session = request.network.payments.get(request.sid)
    if session is None or session.record.call_sid != leg.call.sid:
        raise request.missing()
    key, callback = parameters.text("IdempotencyKey"), parameters.text("StatusCallback")
    if key in session.requests:
        return written("Payment", session.record)
    capture, status = parameters.text("Capture"), parameters.text("Status")
    if bool(capture) == bool(status):
        raise Refused(400, 64018, "Either Capture or Status is needed, and not both")
    if session.state == "over":
        raise Refused(400, 64021, f"Payment {request.sid} is over")
    if status == "complete" and session.missing:
        raise Refused(400, 64019, f"Not everything was captured: {', '.join(session.missing)} is missing")
    session.requests.add(key)
    if capture:
        session.capture(capture, callback)
    elif status == "complete":
        session.complete(callback)
    else:
        session.cancel(callback)
    return written("Payment", session.record)


ACTS = {"calls(sid).payments.create": _create, "calls(sid).payments(sid).update": _update}
