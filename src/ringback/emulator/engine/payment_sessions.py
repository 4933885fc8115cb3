"""Payments that an agent takes during a call: whoever pays keys in one thing after the other.

https://www.twilio.com/docs/voice/api/payment-resource

What is keyed in goes to the payment alone: neither the agent nor what runs on the call hears it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias, cast

from attrs import evolve

from ringback._generated.emulation.records import PaymentRecord
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.engine.payments import Details, Settlement, settle
from ringback.emulator.engine.people import Heard
from ringback.emulator.engine.scripts import length_of
from ringback.emulator.engine.trouble import Trouble
from ringback.webhooks import PaymentSessionChanged

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import PayErrorType, PaymentCapture
    from ringback.emulator.engine.kernel.clock import Timer
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.payments import Entered, PaymentOptions

__all__ = ["PAYMENTS", "PaymentSession"]

_Field: TypeAlias = Literal[
    "payment_card_number",
    "expiration_date",
    "security_code",
    "payment_card_postal_code",
    "bank_routing_number",
    "bank_account_number",
]
PAYMENTS: Final = "calls().payments"
_MATCHER: Final = "-matcher"
# What is being typed -> what reports call it.
_FIELDS: Final[dict[str, _Field]] = {
    "payment-card-number": "payment_card_number",
    "expiration-date": "expiration_date",
    "security-code": "security_code",
    "postal-code": "payment_card_postal_code",
    "bank-routing-number": "bank_routing_number",
    "bank-account-number": "bank_account_number",
}
_SHOWN: Final = frozenset({"expiration-date", "postal-code", "bank-routing-number"})
# What is paid with.
_NUMBERS: Final = ("payment-card-number", "bank-account-number")
_DONE: Final = "#"
_AGAIN: Final = "*"


class PaymentSession:
    """One payment.

    Attributes:
        record: How it is shown.
        requests: The idempotency keys of what was asked for so far.
        state: Whether it still goes on.
    """

    def __init__(self, leg: Leg, options: PaymentOptions, callback: str) -> None:
        self._leg = leg
        self._options = options
        self._callback = callback
        self._details = Details(options)
        self._matched: set[str] = set()
        self._what = ""
        self._typed = ""
        self._timer: Timer | None = None
        self.requests: set[str] = set()
        self.state: Literal["open", "over"] = "open"
        world, call = leg.world, leg.call
        sid = world.sids.new("PK")
        self.record = PaymentRecord(
            sid=sid,
            account_sid=call.account_sid,
            call_sid=call.sid,
            date_created=world.clock.date,
            date_updated=world.clock.date,
            uri=f"/{API_VERSION}/Accounts/{call.account_sid}/Calls/{call.sid}/Payments/{sid}.json",
        )
        world.store.table(PAYMENTS, PaymentRecord).put(sid, self.record, f"{call.account_sid}/{call.sid}")
        leg.on_end.append(self._hung_up)
        world.note(call.sid, "Twilio", "takes a payment")
        self._tell(evolve(self._report(), date_created=world.clock.date), "payment started")

    @property
    def missing(self) -> tuple[str, ...]:
        """What has not been captured yet."""
        again = (
            f"{what}{_MATCHER}"
            for what in self._options.details
            if what in self._options.twice and what not in self._matched
        )
        return (*self._details.missing, *again)

    def capture(self, what: str, callback: str) -> None:
        """Have something keyed in."""
        self._turn(callback)
        self._what, self._typed = what, ""
        self._leg.keypad = self._key
        self._leg.line.changed()

    def complete(self, callback: str) -> None:
        """Pay."""
        self._turn(callback)
        if not self._options.confirmation:
            self._settle()
            return
        values = self._details.values
        last = next(values[what] for what in _NUMBERS if what in values)[-4:]
        text = f"You pay with the number that ends in {' '.join(last)}. Press 1 to go on, or 2 to cancel."
        now, leg = self._leg.world.clock.now, self._leg
        seconds = length_of(text, leg.world.settings.characters)
        leg.line.hear(Heard(now, "say", text, "payment", "", now + seconds, seconds=seconds))
        leg.keypad = self._confirm
        leg.line.changed()

    def cancel(self, callback: str) -> None:
        """Throw everything away."""
        self._turn(callback)
        self._end(None)

    def _turn(self, callback: str) -> None:
        self._callback = callback
        self.record.date_updated = self._leg.world.clock.date
        self._rest()

    def _rest(self) -> None:
        """Take no more keys."""
        if self._timer is not None:
            self._timer.cancel()
        self._leg.keypad = None
        self._leg.line.changed()

    def _key(self, key: str) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if key == _DONE:
            self._captured()
            return
        self._typed = "" if key == _AGAIN else self._typed + key
        self._tell(self._so_far(), f"{self._what} so far")
        self._timer = self._leg.world.clock.after(self._options.timeout, self._captured)

    def _captured(self) -> None:
        self._rest()
        what = self._what.removesuffix(_MATCHER)
        if what != self._what:
            error: PayErrorType | None = (
                None if self._details.values.get(what) == self._typed else "input-matching-failed"
            )
            if error is None:
                self._matched.add(what)
        else:
            error = self._details.fault(what, self._typed, self._leg.world.clock.date.date())
            if error is None:
                self._details.values[what] = self._typed
        about = f"{self._what} {error or 'captured'}"
        self._tell(evolve(self._report(), error_type=error), about)

    def _confirm(self, key: str) -> None:
        if key not in {"1", "2"}:
            return
        self._rest()
        if key == "1":
            self._settle()
        else:
            self._end(None)

    def _settle(self) -> None:
        world = self._leg.world
        settlement = settle(self._details, world.sids)
        if settlement.code is not None:
            trouble = Trouble(settlement.code, settlement.error or "", "")
            world.problem(self._leg.session.account, self._leg.call.sid, trouble)
        self._end(settlement)

    def _hung_up(self) -> None:
        if self.state == "open":
            self._rest()
            self._end(Settlement("caller-hung-up"))

    def _end(self, settlement: Settlement | None) -> None:
        """It is over; nothing came of it where it was canceled."""
        self.state = "over"
        outcome = "canceled" if settlement is None else settlement.result
        self._leg.world.note(self._leg.call.sid, "Twilio", "ends the payment:", outcome)
        report = self._report()
        if settlement is not None:
            report = evolve(
                report,
                result=settlement.result,
                profile_id=settlement.profile_id,
                payment_token=settlement.token,
                payment_confirmation_code=settlement.confirmation,
                pay_error_code=settlement.code,
                payment_error=settlement.error,
                connector_error=settlement.connector_error,
            )
        self._tell(report, f"payment {outcome}")
        # Nobody needs it any more.
        self._details.values.clear()
        self._typed = ""

    def _report(self, entered: Entered | None = None) -> PaymentSessionChanged:
        options, record = self._options, self.record
        return PaymentSessionChanged(
            **(entered or self._details.entered()),
            call_sid=record.call_sid,
            sid=record.sid,
            account_sid=record.account_sid,
            payment_connector=options.connector,
            payment_method=options.method,
            charge_amount=options.charge,
            currency=options.currency,
            token_type=None if options.charge is not None else options.token_type,
            description=options.description,
            date_updated=self._leg.world.clock.date,
            capture=cast("PaymentCapture", self._what) if self._what else None,
            required=", ".join(self.missing),
        )

    def _so_far(self) -> PaymentSessionChanged:
        """The same with what was typed by now, of which nothing is right yet."""
        what, entered = self._what.removesuffix(_MATCHER), self._details.entered()
        entered[_FIELDS[what]] = self._typed if what in _SHOWN else "x" * len(self._typed)
        return evolve(self._report(entered), partial_result=True)

    def _tell(self, report: PaymentSessionChanged, about: str) -> None:
        self._leg.world.tell(
            self._leg.session,
            self._leg.call.sid,
            url=self._callback,
            method="POST",
            event=report,
            about=about,
        )
