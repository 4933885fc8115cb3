"""Pay: what is asked for, in which words, what is told on the way, what comes of it."""

from __future__ import annotations

import pytest

from ringback.emulator import Emulator
from ringback.emulator.phones import PhoneCall
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import Asked, Website

pytestmark = pytest.mark.ringback(strict=False)
CARD = ("4111111111111111#", "1228#", "123#", "62701#")


@pytest.fixture
def paying(emulator: Emulator, website: Website) -> Website:
    website.pages["/paid"] = "<Response><Say>Thank you</Say></Response>"
    return website


def call(emulator: Emulator, website: Website, attributes: str = "", content: str = "") -> PhoneCall:
    website.pages["/voice"] = (
        f"<Response><Pay action='/paid' statusCallback='/step' {attributes}>{content}</Pay></Response>"
    )
    return emulator.phone(ANNA).dial(OURS)


def result(website: Website) -> Asked:
    return website.at("/paid")[0]


def test_a_card_is_charged(emulator: Emulator, paying: Website) -> None:
    line = call(emulator, paying, "chargeAmount='20.45' currency='eur'")
    for asked, keys in zip(("card number", "month", "security code", "postal code"), CARD, strict=True):
        line.expect_say(asked)
        line.press(keys)
    line.expect_say("is processed")
    line.expect_say("Thank you")
    told = result(paying)
    assert (told["Result"], told["PaymentCardNumber"], told["PaymentCardType"]) == (
        "success",
        "xxxxxxxxxxxx1111",
        "visa",
    )
    assert (told["SecurityCode"], told["ExpirationDate"], told["PaymentMethod"]) == (
        "xxx",
        "1228",
        "credit-card",
    )
    assert told["PaymentConfirmationCode"]
    assert "PaymentToken" not in told.given
    assert [(each["For"], each["Attempt"]) for each in paying.at("/step")] == [
        ("payment-card-number", "1"),
        ("expiration-date", "1"),
        ("security-code", "1"),
        ("postal-code", "1"),
        ("payment-processing", "1"),
    ]
    assert {each.what for each in emulator.transcript if each.did == "presses"} == {"•"}
    assert "4111" not in f"{emulator.transcript}{[each.pairs for each in paying.asked]}"


def test_a_card_gets_a_token(emulator: Emulator, paying: Website) -> None:
    line = call(emulator, paying, "securityCode='false' postalCode='94105' tokenType='one-time'")
    for keys in CARD[:2]:
        line.press(keys)
    line.expect_say("Thank you")
    told = result(paying)
    assert (told["Result"], told["PaymentCardPostalCode"]) == ("success", "94105")
    assert told["PaymentToken"]
    assert told["ProfileId"]
    assert "PaymentConfirmationCode" not in told.given


def test_keys_are_complete_after_a_while(emulator: Emulator, paying: Website) -> None:
    line = call(emulator, paying, "securityCode='false' postalCode='false' timeout='3'")
    line.press(CARD[0].removesuffix("#"))
    line.expect_say("month")
    line.press("0127")
    line.expect_say("Thank you")
    assert result(paying)["Result"] == "success"


PROMPTS = """
<Prompt for="payment-card-number"><Say>Card please</Say></Prompt>
<Prompt for="payment-card-number" attempt="2 3"><Say>Card again</Say></Prompt>
<Prompt for="payment-card-number" attempt="2 3" errorType="timeout"><Say>Too slow</Say></Prompt>
<Prompt for="security-code" cardType="amex"><Say>Four digits</Say></Prompt>
<Prompt for="security-code" cardType="visa mastercard"><Say>Three digits</Say></Prompt>
<Prompt for="payment-processing"><Say>One moment</Say></Prompt>
"""


def test_the_prompt_that_fits_best_is_heard(emulator: Emulator, paying: Website) -> None:
    line = call(emulator, paying, "maxAttempts='3' postalCode='false' timeout='3'", PROMPTS)
    line.expect_say("Card please")
    line.press("1234#")
    line.expect_say("Card again")
    emulator.advance(4)
    line.expect_say("Too slow")
    line.press("378282246310005#")
    line.expect_say("month")
    line.press("0127#")
    line.expect_say("Four digits")
    line.press("1234#")
    line.expect_say("One moment")
    line.expect_say("Thank you")
    assert (result(paying)["Result"], result(paying)["PaymentCardType"]) == ("success", "amex")
    steps = [(each["For"], each["Attempt"], each.given.get("ErrorType")) for each in paying.at("/step")]
    assert steps[:3] == [
        ("payment-card-number", "1", None),
        ("payment-card-number", "2", "invalid-card-number"),
        ("payment-card-number", "3", "input-timeout"),
    ]


def test_what_is_entered_twice_has_to_be_the_same(emulator: Emulator, paying: Website) -> None:
    again = "<Prompt for='expiration-date' requireMatchingInputs='true'><Say>Once more</Say></Prompt>"
    line = call(emulator, paying, "maxAttempts='2' postalCode='false' securityCode='false'", again)
    line.press(CARD[0])
    line.expect_say("month")
    line.press("0127#")
    line.expect_say("Once more")
    line.press("0128#")
    line.expect_say("not the same as before")
    line.press("0127#")
    line.expect_say("Once more")
    line.press("0127#")
    line.expect_say("Thank you")
    assert result(paying)["Result"] == "success"
    assert paying.at("/step")[2]["ErrorType"] == "input-matching-failed"


@pytest.mark.parametrize(
    ("attributes", "keys", "words"),
    [
        ("", "4111111111111112#", "not valid"),
        ("validCardTypes='amex'", "4111111111111111#", "brand are not taken"),
    ],
)
def test_too_many_failed_attempts(
    emulator: Emulator, paying: Website, attributes: str, keys: str, words: str
) -> None:
    line = call(emulator, paying, f"maxAttempts='2' {attributes}")
    line.press(keys)
    line.expect_say(words)
    line.press(keys)
    line.expect_say("Thank you")
    assert result(paying)["Result"] == "too-many-failed-attempts"


def test_star_is_the_end_of_it(emulator: Emulator, paying: Website) -> None:
    line = call(emulator, paying)
    line.press(f"{CARD[0]}*")
    line.expect_say("Thank you")
    assert result(paying)["Result"] == "caller-interrupted-with-star"


def test_who_pays_hangs_up(emulator: Emulator, paying: Website) -> None:
    line = call(emulator, paying)
    line.press(CARD[0])
    line.hangup()
    emulator.run_until_idle()
    assert (result(paying)["Result"], result(paying)["CallStatus"]) == ("caller-hung-up", "completed")


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [("4000000000000002", "64012", "card_declined"), ("4539578763621486", "64022", None)],
)
def test_a_connector_refuses(
    emulator: Emulator, paying: Website, number: str, code: str, said: str | None
) -> None:
    line = call(emulator, paying, "postalCode='false' securityCode='false' chargeAmount='1'")
    line.press(f"{number}#")
    line.press("0127#")
    line.expect_say("Thank you")
    told = result(paying)
    assert (told["Result"], told["PayErrorCode"]) == ("payment-connector-error", code)
    assert told.given.get("ConnectorError") == said
    assert [str(each.code) for each in emulator.problems] == [code]
    emulator.allow_problems()


def test_a_bank_account(emulator: Emulator, paying: Website) -> None:
    name = "<Parameter name='AVSName' value='Anna'/>"
    line = call(emulator, paying, "paymentMethod='ach-debit' bankAccountType='consumer-savings'", name)
    line.expect_say("routing number")
    line.press("110000000#")
    line.expect_say("account number")
    line.press("000123456789#")
    line.expect_say("Thank you")
    told = result(paying)
    assert (told["Result"], told["BankRoutingNumber"], told["BankAccountNumber"]) == (
        "success",
        "110000000",
        "xxxxxxxx6789",
    )
    assert told["BankAccountType"] == "consumer-savings"


@pytest.mark.parametrize(
    ("attributes", "code"),
    [("paymentMethod='ach-debit'", "64014"), ("bankAccountType='consumer-savings'", "64017")],
)
def test_what_can_not_be_paid(emulator: Emulator, paying: Website, attributes: str, code: str) -> None:
    line = call(emulator, paying, attributes)
    line.expect_say("Thank you")
    assert (result(paying)["Result"], result(paying)["PayErrorCode"]) == ("validation-error", code)
    emulator.allow_problems(int(code))


def test_an_account_that_is_no_test_account(emulator: Emulator, paying: Website) -> None:
    name = "<Parameter name='AVSName' value='Anna'/>"
    line = call(emulator, paying, "paymentMethod='ach-debit'", name)
    line.press("021000021#")
    line.press("123456#")
    line.expect_say("Thank you")
    assert result(paying)["PayErrorCode"] == "64023"
    emulator.allow_problems(64023)


def test_the_action_has_to_be_secure(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = "<Response><Redirect>http://pay.example/pay</Redirect></Response>"
    insecure = Website(
        {"/pay": "<Response><Pay action='/paid'/><Say>Next</Say></Response>"}, home="http://pay.example"
    )
    emulator.mount("http://pay.example", insecure)
    emulator.phone(ANNA).dial(OURS).expect_say("Next")
    assert [(each.code, each.level) for each in emulator.problems] == [(64016, "error")]
    emulator.allow_problems(64016)


def test_a_prompt_by_itself_is_heard(emulator: Emulator, website: Website) -> None:
    website.pages["/voice"] = (
        "<Response><Prompt for='postal-code'><Say>Hello</Say><Pause/></Prompt><Say>Next</Say></Response>"
    )
    line = emulator.phone(ANNA).dial(OURS)
    line.expect_say("Hello")
    assert line.expect_say("Next").at == 1.5
