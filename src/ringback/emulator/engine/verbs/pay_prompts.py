"""What somebody hears who pays: the Prompt that fits best, or words of the emulator's own.

https://www.twilio.com/docs/voice/twiml/pay/prompt
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.call_signals import Key
from ringback.emulator.engine.verbs.prompts import perform
from ringback.twiml import Pause, Play, Prompt, Say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.kernel.signals import Signal
    from ringback.emulator.engine.verbs.execution import Execution
    from ringback.emulator.engine.verbs.prompts import Prompt as Sounding

__all__ = ["asked_twice", "prompt_for", "say_prompt"]

_WORDS: Final = {
    "payment-card-number": "Please enter your card number, then press pound.",
    "expiration-date": "Please enter the month and the year in which your card expires, then press pound.",
    "security-code": "Please enter the security code of your card, then press pound.",
    "postal-code": "Please enter your postal code, then press pound.",
    "bank-routing-number": "Please enter your bank's routing number, then press pound.",
    "bank-account-number": "Please enter your account number, then press pound.",
    "payment-processing": "Please wait while your payment is processed.",
}
_AGAIN: Final = "Please enter it once more, then press pound."
_MISTAKES: Final = {
    "input-timeout": "Nothing was entered.",
    "input-matching-failed": "That was not the same as before.",
    "invalid-card-type": "Cards of that brand are not taken.",
}
_MISTAKE: Final = "That is not valid."
# Mistakes that prompts call otherwise than reports do.
_CALLED: Final = {"input-timeout": "timeout"}


def prompt_for(
    prompts: Sequence[Prompt],
    what: str,
    *,
    attempt: int = 1,
    mistake: str = "",
    brand: str = "",
    again: bool = False,
) -> Prompt | None:
    """The prompt that fits best, or None.

    Args:
        prompts: All that there are.
        what: What is asked for.
        attempt: How many times, from 1.
        mistake: What was wrong the last time, or "".
        brand: Whose card it is, or "".
        again: Whether it is asked for a second time, to compare.
    """
    called = _CALLED.get(mistake, mistake)
    best: tuple[int, Prompt] | None = None
    for prompt in prompts:
        if prompt.for_ != what or bool(prompt.require_matching_inputs) != again:
            continue
        conditions = [
            (prompt.attempt, attempt),
            (prompt.error_type, called),
            (prompt.card_type, brand),
        ]
        if any(wanted and is_so not in wanted for wanted, is_so in conditions):
            continue
        fits = sum(bool(wanted) for wanted, _ in conditions)
        if best is None or fits > best[0]:
            best = fits, prompt
    return None if best is None else best[1]


def asked_twice(prompts: Sequence[Prompt], what: str) -> bool:
    """Whether something has to be entered a second time."""
    return any(prompt.for_ == what and prompt.require_matching_inputs for prompt in prompts)


def say_prompt(
    execution: Execution, prompt: Prompt | None, what: str, *, mistake: str = "", again: bool = False
) -> Steps[Signal | None]:
    """Let the person hear a prompt, or what is said without one; the key that cut it short."""
    if prompt is not None:
        place = "Pay > Prompt"
        sounding: list[Sounding] = [each for each in prompt.children if isinstance(each, (Say, Play, Pause))]
    else:
        place, words = "Pay", [_AGAIN if again else _WORDS[what]]
        if mistake:
            words.insert(0, _MISTAKES.get(mistake, _MISTAKE))
        sounding = [Say(" ".join(words))]
    for each in sounding:
        where = place if prompt is None else f"{place} > {type(each).__name__}"
        signal = yield from perform(execution.leg, execution.document, each, where, _is_key)
        if signal is not None:
            return signal
    return None


def _is_key(signal: Signal) -> bool:
    return isinstance(signal, Key)
