"""Payments that an agent takes during a call: what is keyed in reaches nobody but the payment."""

from __future__ import annotations

import pytest
from attrs import define

from ringback import Client
from ringback.emulator import Emulator
from ringback.emulator.phones import PhoneCall
from ringback.errors import InvalidRequest
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Asked, Website

TOLD = f"{HOME}/paid"
CARD = {
    "payment-card-number": "4111111111111111",
    "expiration-date": "1228",
    "security-code": "123",
    "postal-code": "62701",
}


@define
class Desk:
    """An agent's tools, and the line of whoever pays."""

    emulator: Emulator
    website: Website
    client: Client
    line: PhoneCall
    requests: int = 0

    def start(self, **wanted: object) -> str:
        self.requests += 1
        payments = self.client.calls(self.line.sid).payments
        create = payments.create
        made = create(idempotency_key=str(self.requests), status_callback=TOLD, **wanted)  # type: ignore[arg-type]
        self.emulator.advance(1)
        return made.sid

    def update(self, sid: str, **wanted: object) -> None:
        self.requests += 1
        session = self.client.calls(self.line.sid).payments(sid)
        session.update(idempotency_key=str(self.requests), status_callback=TOLD, **wanted)  # type: ignore[arg-type]
        self.emulator.advance(1)

    def capture(self, sid: str, what: str, keys: str) -> Asked:
        self.update(sid, capture=what)
        self.line.press(keys)
        self.emulator.advance(6)
        return self.last

    @property
    def last(self) -> Asked:
        return self.website.at("/paid")[-1]


@pytest.fixture
def desk(emulator: Emulator, website: Website) -> Desk:
    client = emulator.client()
    website.pages["/voice"] = f"<Response><Dial>{BEN}</Dial></Response>"
    line = emulator.phone(ANNA).dial(OURS)
    emulator.advance(5)
    return Desk(emulator, website, client, line)


def test_nobody_learns_what_is_keyed_in(desk: Desk) -> None:
    sid = desk.start(charge_amount=12.5)
    for what, keys in CARD.items():
        desk.capture(sid, what, f"{keys}#")
    desk.update(sid, status="complete")
    assert (desk.last["Result"], desk.last["PaymentCardNumber"]) == ("success", "xxxxxxxxxxxx1111")
    assert (desk.last["SecurityCode"], desk.last["ChargeAmount"]) == ("xxx", "12.5")
    assert desk.last["PaymentConfirmationCode"]
    assert "PaymentToken" not in desk.last.given
    (agent,) = desk.emulator.phone(BEN).calls
    assert [each for each in agent.heard if each.kind == "key"] == []
    pressed = {each.what for each in desk.emulator.transcript if each.did == "presses"}
    assert pressed == {"•"}
    assert "4111" not in "".join(str(each.pairs) for each in desk.website.asked)
    # What is pressed afterwards is the call's again.
    desk.line.press("7")
    assert [each.what for each in agent.heard if each.kind == "key"] == ["7"]


def test_what_is_missing_is_told(desk: Desk) -> None:
    sid = desk.start(postal_code=False)
    assert desk.last["Required"] == "payment-card-number, expiration-date, security-code"
    assert "DateCreated" in desk.last.given
    desk.update(sid, capture="payment-card-number")
    desk.line.press("41")
    desk.emulator.advance(0.1)
    assert (desk.last["PartialResult"], desk.last["PaymentCardNumber"]) == ("true", "xx")
    desk.line.press("*4111111111111111")
    desk.emulator.advance(6)
    assert (desk.last["Required"], desk.last["PaymentCardType"]) == ("expiration-date, security-code", "visa")
    with pytest.raises(InvalidRequest) as refused:
        desk.update(sid, status="complete")
    assert refused.value.code == 64019


@pytest.mark.parametrize(
    ("what", "keys", "error"),
    [
        ("payment-card-number", "4111111111111112#", "invalid-card-number"),
        ("payment-card-number", "6011111111111117#", "invalid-card-type"),
        ("payment-card-number", "#", "input-timeout"),
        ("expiration-date", "1320#", "invalid-date"),
        ("expiration-date", "1225#", "invalid-date"),
        ("security-code", "123#", "invalid-card-number-security-code-capture-sequence"),
        ("postal-code", "123#", "invalid-postal-code"),
        ("payment-card-number-matcher", "4111111111111111#", "input-matching-failed"),
    ],
)
def test_what_can_not_be_right(desk: Desk, what: str, keys: str, error: str) -> None:
    sid = desk.start(min_postal_code_length=5)
    assert desk.capture(sid, what, keys)["ErrorType"] == error


def test_a_card_that_is_no_test_card(desk: Desk) -> None:
    sid = desk.start(postal_code=False, security_code=False)
    desk.capture(sid, "payment-card-number", "4539578763621486#")
    desk.capture(sid, "expiration-date", "0127#")
    desk.update(sid, status="complete")
    assert (desk.last["Result"], desk.last["PayErrorCode"]) == ("payment-connector-error", "64022")
    assert [each.code for each in desk.emulator.problems] == [64022]
    desk.emulator.allow_problems(64022)


def test_a_bank_account_gets_a_token(desk: Desk) -> None:
    with pytest.raises(InvalidRequest) as refused:
        desk.start(payment_method="ach-debit")
    assert refused.value.code == 64014
    sid = desk.start(payment_method="ach-debit", parameter={"AVSName": "Anna"})
    desk.capture(sid, "bank-routing-number", "110000000#")
    desk.capture(sid, "bank-account-number", "000123456789#")
    desk.update(sid, status="complete")
    assert (desk.last["Result"], desk.last["BankAccountNumber"]) == ("success", "xxxxxxxx6789")
    assert desk.last["PaymentToken"]


def test_keying_in_twice_and_agreeing(desk: Desk) -> None:
    sid = desk.start(
        postal_code=False,
        security_code=False,
        require_matching_inputs="expiration-date",
        confirmation="true",
    )
    desk.capture(sid, "payment-card-number", "378282246310005#")
    last = desk.capture(sid, "expiration-date", "0127#")
    assert last["Required"] == "expiration-date-matcher"
    desk.capture(sid, "expiration-date-matcher", "0127#")
    desk.update(sid, status="complete")
    desk.line.expect_say("ends in 0 0 0 5")
    desk.line.press("1")
    desk.emulator.advance(1)
    assert (desk.last["Result"], desk.last["PaymentCardType"]) == ("success", "amex")


def test_who_agrees_hears_what_is_paid_with(desk: Desk) -> None:
    sid = desk.start(payment_method="ach-debit", parameter={"AVSName": "Anna"}, confirmation="true")
    desk.capture(sid, "bank-routing-number", "110000000#")
    desk.capture(sid, "bank-account-number", "000123456789#")
    desk.update(sid, status="complete")
    desk.line.expect_say("ends in 6 7 8 9")


def test_states_of_a_session(desk: Desk) -> None:
    sid = desk.start()
    payments = desk.client.calls(desk.line.sid).payments
    # The same request again changes nothing.
    assert payments.create(idempotency_key="1", status_callback=TOLD).sid == sid
    for wanted, code in (({}, 64018), ({"status": "complete", "capture": "postal-code"}, 64018)):
        with pytest.raises(InvalidRequest) as refused:
            desk.update(sid, **wanted)
        assert refused.value.code == code
    with pytest.raises(InvalidRequest) as refused:
        desk.start()
    assert refused.value.code == 64021
    desk.update(sid, status="cancel")
    assert "Result" not in desk.last.given
    with pytest.raises(InvalidRequest) as refused:
        desk.update(sid, status="complete")
    assert refused.value.code == 64021
    assert desk.start() != sid


def test_who_pays_hangs_up(desk: Desk) -> None:
    desk.start()
    desk.line.hangup()
    desk.emulator.advance(1)
    assert desk.last["Result"] == "caller-hung-up"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"charge_amount": 1_000_000}, 64003),
        ({"charge_amount": -1}, 64003),
        ({"bank_account_type": "consumer-savings"}, 64017),
        ({"valid_card_types": "visa club"}, 64020),
        ({"require_matching_inputs": "postal-code, name"}, 64020),
    ],
)
def test_what_a_payment_can_not_be(desk: Desk, wanted: dict[str, object], code: int) -> None:
    with pytest.raises(InvalidRequest) as refused:
        desk.start(**wanted)
    assert refused.value.code == code
