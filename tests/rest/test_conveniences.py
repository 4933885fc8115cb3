"""Closing accounts, buying numbers, counting segments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ringback
from ringback import AsyncClient, Client, InvalidValue
from ringback.rest import Account, IncomingPhoneNumber, Segments, segments
from tests.rest.samples import ACCOUNT, record
from tests.rest.transports import Answers, AsyncAnswers

SUBACCOUNT = "AC" + "9" * 32


@pytest.mark.parametrize(
    ("action", "status"), [("suspend", "suspended"), ("activate", "active"), ("close", "closed")]
)
async def test_an_account_is_closed_by_name(action: str, status: str) -> None:
    answers = Answers(200, record("Account"))
    client = Client(ACCOUNT, "secret", transport=answers)
    other = AsyncClient(ACCOUNT, "secret", transport=AsyncAnswers(answers))
    for account, sid in (
        (client.account, ACCOUNT),
        (client.accounts(SUBACCOUNT), SUBACCOUNT),
        (other.account, ACCOUNT),
        (other.accounts(SUBACCOUNT), SUBACCOUNT),
    ):
        result = getattr(account, action)()
        changed = result if isinstance(result, Account) else await result
        assert isinstance(changed, Account)
        assert answers.requests[-1].method == "POST"
        assert answers.url.path == f"/2010-04-01/Accounts/{sid}.json"
        assert answers.form == [("Status", status)]


async def test_a_number_is_bought_from_a_search_result() -> None:
    found = record("AvailablePhoneNumber") | {"phone_number": "+16145550123"}
    answers = Answers(200, {"available_phone_numbers": [found]})
    client = Client(ACCOUNT, "secret", transport=answers)
    other = AsyncClient(ACCOUNT, "secret", transport=AsyncAnswers(answers))
    number = client.available_phone_numbers("US").local.list(area_code=614).first()
    again = await other.available_phone_numbers("US").local.list(area_code=614).first()
    assert number is not None
    assert again is not None

    answers.status, answers.body = 201, record("IncomingPhoneNumber")
    bought = client.incoming_phone_numbers.buy(
        number, friendly_name="Kitchen", voice_url="https://example.com/"
    )
    assert isinstance(bought, IncomingPhoneNumber)
    assert answers.url.path == f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json"
    assert answers.form == [
        ("PhoneNumber", "+16145550123"),
        ("FriendlyName", "Kitchen"),
        ("VoiceUrl", "https://example.com/"),
    ]

    for buy in (client.incoming_phone_numbers.buy, other.incoming_phone_numbers.buy):
        result = buy(
            "+16145550124",
            voice_application_sid="AP" + "1" * 32,
            sms_url="https://example.com/sms",
            sms_application_sid="AP" + "2" * 32,
            address_sid="AD" + "1" * 32,
            bundle_sid="BU" + "1" * 32,
            identity_sid="RI" + "1" * 32,
        )
        assert isinstance(
            result if isinstance(result, IncomingPhoneNumber) else await result, IncomingPhoneNumber
        )
        assert dict(answers.form) == {
            "PhoneNumber": "+16145550124",
            "VoiceApplicationSid": "AP" + "1" * 32,
            "SmsUrl": "https://example.com/sms",
            "SmsApplicationSid": "AP" + "2" * 32,
            "AddressSid": "AD" + "1" * 32,
            "BundleSid": "BU" + "1" * 32,
            "IdentitySid": "RI" + "1" * 32,
        }
    await other.incoming_phone_numbers.buy(again)
    assert answers.form == [("PhoneNumber", "+16145550123")]


# --- segments ---------------------------------------------------------------------------------------------

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"


@pytest.mark.parametrize(
    ("body", "encoding", "lengths", "left"),
    [
        ("", "GSM-7", [], 160),
        ("a", "GSM-7", [1], 159),
        ("a" * 160, "GSM-7", [160], 0),
        ("a" * 161, "GSM-7", [153, 8], 145),
        ("a" * 306, "GSM-7", [153, 153], 0),
        ("a" * 307, "GSM-7", [153, 153, 1], 152),
        ("€" * 80, "GSM-7", [80], 0),
        # 153 is odd: the 77th would be cut in two.
        ("€" * 81, "GSM-7", [76, 5], 143),
        ("a" * 159 + "€", "GSM-7", [153, 7], 145),
        ("a" * 152 + "€" * 5, "GSM-7", [152, 5], 143),
        ("ł", "UCS-2", [1], 69),
        ("ł" * 70, "UCS-2", [70], 0),
        ("ł" * 71, "UCS-2", [67, 4], 63),
        ("😀" * 35, "UCS-2", [35], 0),
        ("😀" * 36, "UCS-2", [33, 3], 61),
        ("a" * 66 + "😀" * 3, "UCS-2", [66, 3], 61),
        ("ê", "UCS-2", [1], 69),
        ("\x1b", "UCS-2", [1], 69),
        ("`", "UCS-2", [1], 69),
        ("ç", "UCS-2", [1], 69),  # only the capital is in the alphabet
    ],
)
def test_segments_of(body: str, encoding: str, lengths: list[int], left: int) -> None:
    counted = segments(body)
    assert counted.encoding == encoding
    assert [len(part) for part in counted.parts] == lengths
    assert counted.count == len(lengths)
    assert counted.left == left


def test_the_alphabet_is_that_of_gsm() -> None:
    """127 characters and the way to 10 more."""
    assert len(BASIC) == len(set(BASIC)) == 127
    assert segments(BASIC) == Segments("GSM-7", (BASIC,), 127, 33)
    assert segments(EXTENSION) == Segments("GSM-7", (EXTENSION,), 20, 140)
    others = [chr(code) for code in range(0x3000) if chr(code) not in BASIC + EXTENSION]
    assert {segments(character).encoding for character in others} == {"UCS-2"}


@given(st.text(st.sampled_from(BASIC + EXTENSION)) | st.text() | st.text("a€😀ł", max_size=400))
def test_what_is_cut_is_whole_again(body: str) -> None:
    counted = segments(body)
    assert "".join(counted.parts) == body
    assert all(counted.parts)
    gsm = set(body) <= set(BASIC + EXTENSION)
    assert counted.encoding == ("GSM-7" if gsm else "UCS-2")
    sizes = [
        sum(1 + (character in EXTENSION) for character in part) if gsm else len(part.encode("utf-16-le")) // 2
        for part in counted.parts
    ]
    assert counted.units == sum(sizes)
    room = {True: (160, 153), False: (70, 67)}[gsm][counted.units > (160 if gsm else 70)]
    assert all(size <= room for size in sizes)
    # None has room for the first character of the next.
    for size, part in zip(sizes, counted.parts[1:], strict=False):
        assert size + 1 + (part[0] in EXTENSION if gsm else part[0] > "\uffff") > room
    assert counted.left == (room - sizes[-1] if sizes else room)


@pytest.mark.parametrize("body", ["a\ud83d", "\udc00", None, 7, b"bytes"])
def test_what_is_no_text_is_refused(body: str) -> None:
    with pytest.raises(InvalidValue, match=r"^body: expected text"):
        segments(body)


def test_it_is_at_the_top_too() -> None:
    assert ringback.segments is segments
