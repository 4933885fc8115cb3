"""Pay: a card or a bank account, keyed in. https://www.twilio.com/docs/voice/twiml/pay"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, cast

from ringback.emulator.engine.call_signals import HungUp, Key
from ringback.emulator.engine.payments import Details, PaymentOptions, Settlement, settle
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.urls import WebUrl, is_loopback, shown
from ringback.emulator.engine.verbs.fetching import last_words
from ringback.emulator.engine.verbs.pay_prompts import asked_twice, prompt_for, say_prompt
from ringback.emulator.engine.verbs.results import NEXT
from ringback.emulator.engine.verbs.sounds import listen, nothing
from ringback.twiml import Parameter, Prompt
from ringback.webhooks import PayResult, PayStatusChanged

if TYPE_CHECKING:
    from ringback._generated.webhooks.enums import PayErrorType, PayFor
    from ringback.emulator.engine.events import RequestFacts, VoiceQuestion
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.kernel.signals import Signal
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.results import Result
    from ringback.twiml import Pay

__all__ = ["pay"]

_DONE: Final = "#"
_STOP: Final = "*"
_BAD_ACTION: Final = 64016
_NO_NAME: Final = 64014
_NOT_A_BANK: Final = 64017
_NAME: Final = "AVSName"
# Seconds that a connector takes.
_PROCESSING: Final = 2.0


class _Interrupted(Exception):
    """Whoever pays has had enough."""


def pay(execution: Execution, verb: Pay) -> Steps[Result]:
    """Ask for one thing after the other, pay, and ask the action."""
    leg, document = execution.leg, execution.document
    url = document.link(verb.action)
    if not _is_secure(url):
        message = f"the action {shown(url)[:200]} is no https URL"
        leg.world.problem(leg.session.account, leg.call.sid, Trouble(_BAD_ACTION, message, document.url))
        return NEXT
    payment = _Payment(execution, verb)
    leg.hides_keys = True
    leg.listen_for("keys")
    try:
        settlement = yield from payment.take()
    except HungUp:
        told = payment.question(Settlement("caller-hung-up"))
        yield from last_words(leg, document.source(verb.action, "POST", told))
        raise
    finally:
        leg.listen_for()
        leg.hides_keys = False
    leg.world.note(leg.call.sid, "Twilio", "ends the payment:", settlement.result, "Pay", leg.document)
    if settlement.code is not None:
        trouble = Trouble(settlement.code, settlement.error or "", document.url)
        leg.world.problem(leg.session.account, leg.call.sid, trouble)
    return document.source(verb.action, "POST", payment.question(settlement))


def _is_secure(url: str) -> bool:
    """Whether an action may be asked. Those who develop have no certificate for their own machine."""
    parsed = WebUrl.parse(url)
    return parsed is None or parsed.scheme == "https" or is_loopback(parsed.host)


class _Payment:
    """One payment: what was keyed in so far."""

    def __init__(self, execution: Execution, verb: Pay) -> None:
        self._execution = execution
        self._leg = execution.leg
        self._verb = verb
        self._options = _options(verb)
        self._details = Details(self._options)
        self._prompts = [each for each in verb.children if isinstance(each, Prompt)]

    def take(self) -> Steps[Settlement]:
        """Ask for everything, and settle."""
        wrong = self._wrong()
        if wrong is not None:
            return wrong
        try:
            for what in self._options.details:
                if not (yield from self._enter(cast("PayFor", what))):
                    return Settlement("too-many-failed-attempts")
        except _Interrupted:
            return Settlement("caller-interrupted-with-star")
        self._tell("payment-processing", 1, None)
        self._leg.listen_for()
        yield from say_prompt(
            self._execution, prompt_for(self._prompts, "payment-processing"), "payment-processing"
        )
        yield from listen(self._leg, _PROCESSING, nothing)
        return settle(self._details, self._leg.world.sids)

    def _wrong(self) -> Settlement | None:
        if self._options.method == "credit-card":
            if self._verb.bank_account_type is not None:
                return _refused(_NOT_A_BANK, "bankAccountType is for ach-debit alone")
        elif _NAME not in self._options.parameters:
            return _refused(_NO_NAME, f"a Parameter {_NAME} is needed, the name of the account's owner")
        return None

    def _enter(self, what: PayFor) -> Steps[bool]:
        """Ask for something as often as is allowed; whether it came."""
        mistake: PayErrorType | None = None
        for attempt in range(1, (self._verb.max_attempts or 1) + 1):
            self._tell(what, attempt, mistake)
            typed = yield from self._ask(what, attempt, mistake)
            mistake = self._details.fault(what, typed, self._leg.world.clock.date.date())
            if mistake is None and asked_twice(self._prompts, what):
                again = yield from self._ask(what, attempt, None, again=True)
                mistake = None if again == typed else "input-matching-failed"
            if mistake is None:
                self._details.values[what] = typed
                return True
        return False

    def _ask(
        self, what: PayFor, attempt: int, mistake: PayErrorType | None, *, again: bool = False
    ) -> Steps[str]:
        """What is keyed in after a prompt."""
        wrong = mistake or ""
        prompt = prompt_for(
            self._prompts, what, attempt=attempt, mistake=wrong, brand=self._details.brand, again=again
        )
        signal = yield from say_prompt(self._execution, prompt, what, mistake=wrong, again=again)
        typed = ""
        while True:
            if signal is None:
                signal = yield from listen(self._leg, self._options.timeout, _is_key)
            if not isinstance(signal, Key) or signal.key == _DONE:
                return typed
            if signal.key == _STOP:
                raise _Interrupted
            typed += signal.key
            signal = None

    def _tell(self, what: PayFor, attempt: int, mistake: PayErrorType | None) -> None:
        """Tell what is asked for now."""
        verb, leg = self._verb, self._leg
        if not verb.status_callback:
            return
        leg.world.tell(
            leg.session,
            leg.call.sid,
            url=self._execution.document.link(verb.status_callback),
            method=verb.status_callback_method or "POST",
            event=PayStatusChanged(
                **self._details.entered(),
                call_sid=leg.call.sid,
                account_sid=leg.call.account_sid,
                for_=what,
                error_type=mistake,
                attempt=attempt,
            ),
            about=f"{what}, attempt {attempt}",
        )

    def question(self, settlement: Settlement) -> VoiceQuestion:
        """What the action is asked with."""

        def question(facts: RequestFacts) -> PayResult:
            return PayResult(
                **facts,
                **self._details.entered(),
                result=settlement.result,
                payment_method=self._options.method,
                profile_id=settlement.profile_id,
                payment_token=settlement.token,
                payment_confirmation_code=settlement.confirmation,
                payment_error=settlement.error,
                pay_error_code=settlement.code,
                connector_error=settlement.connector_error,
            )

        return question


def _options(verb: Pay) -> PaymentOptions:
    usual = PaymentOptions()
    charge = Decimal(str(verb.charge_amount or 0))
    return PaymentOptions(
        method=verb.payment_method or usual.method,
        charge=charge or None,
        currency=verb.currency or usual.currency,
        token_type=verb.token_type or usual.token_type,
        description=verb.description,
        connector=verb.payment_connector or usual.connector,
        card_types=tuple(verb.valid_card_types or usual.card_types),
        bank_account_type=verb.bank_account_type or usual.bank_account_type,
        security_code=verb.security_code is not False,
        postal_code=True if verb.postal_code is None else verb.postal_code,
        least_postal_code=verb.min_postal_code_length or 0,
        timeout=float(verb.timeout or usual.timeout),
        parameters={each.name: each.value for each in verb.children if isinstance(each, Parameter)},
    )


def _refused(code: int, error: str) -> Settlement:
    return Settlement("validation-error", code=code, error=error)


def _is_key(signal: Signal) -> bool:
    return isinstance(signal, Key)
