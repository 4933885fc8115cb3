"""Numbers are searched for, bought, set up, moved and given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from ringback import Client
from ringback.emulator import TEST_ACCOUNT_SID, Emulator
from ringback.emulator.rest import numbers
from ringback.errors import InvalidRequest, NotFound
from tests.emulator.conftest import ANNA, OURS
from tests.official.requests import ask, login

if TYPE_CHECKING:
    from collections.abc import Callable

    from ringback.emulator.numbering import AvailableNumber
    from ringback.rest import Address, AvailablePhoneNumber
    from tests.official.requests import Answer

HOME = "https://example.com"
OFFER = "+14155552671"


@pytest.fixture
def client(emulator: Emulator) -> Client:
    emulator.number(OURS)
    return emulator.client()


def at(emulator: Emulator, path: str = "") -> str:
    return f"/2010-04-01/Accounts/{emulator.account_sid}{path}"


def get(emulator: Emulator, path: str, *pairs: tuple[str, str]) -> Answer:
    return ask(emulator, "GET", at(emulator, path), pairs)


def post(emulator: Emulator, path: str, *pairs: tuple[str, str]) -> Answer:
    return ask(emulator, "POST", at(emulator, path), pairs)


def rows(answer: Answer) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", answer.body["available_phone_numbers"])


def address_in(client: Client, country: str) -> Address:
    return client.addresses.create(
        customer_name="Anna", street="1", city="1", region="1", postal_code="1", iso_country=country
    )


def first(found: list[AvailablePhoneNumber]) -> str:
    return found[0].phone_number


def nothing(*_: object, **__: object) -> list[AvailableNumber]:
    return []


def test_a_search_says_all_of_a_number_and_has_no_pages(emulator: Emulator) -> None:
    answer = get(
        emulator, "/AvailablePhoneNumbers/US/Local.json", ("AreaCode", "808"), ("InLocality", "Hilo")
    )
    assert answer.body.keys() == {"available_phone_numbers", "uri"}
    assert answer.body["uri"] == at(
        emulator, "/AvailablePhoneNumbers/US/Local.json?AreaCode=808&InLocality=Hilo"
    )
    found = rows(answer)
    assert len(found) == 30
    number = str(found[0]["phone_number"])
    assert found[0] == {
        "phone_number": number,
        "friendly_name": f"({number[2:5]}) {number[5:8]}-{number[8:]}",
        "iso_country": "US",
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": True},
        "address_requirements": "none",
        "beta": False,
        "locality": "Hilo",
        "region": "HI",
        "postal_code": "96720",
        "latitude": "19.729700",
        "longitude": "-155.090000",
        "rate_center": "HILO",
        "lata": "834",
    }
    toll_free = rows(get(emulator, "/AvailablePhoneNumbers/US/TollFree.json"))[0]
    assert (toll_free["locality"], toll_free["latitude"], toll_free["lata"]) == (None, None, None)


@pytest.mark.parametrize(("size", "found"), [("", 30), ("1", 1), ("1000", 1000)])
def test_as_many_are_found_as_are_asked_for(emulator: Emulator, size: str, found: int) -> None:
    assert len(rows(get(emulator, "/AvailablePhoneNumbers/US/Local.json", ("PageSize", size)))) == found


@pytest.mark.parametrize(
    ("path", "pairs", "status", "code"),
    [
        ("US/Local.json", {"Contains": "5"}, 400, 20001),
        ("US/Local.json", {"Contains": "4" * 17}, 400, 20001),
        ("US/Local.json", {"Contains": "41%5"}, 400, 20001),
        ("US/Local.json", {"AreaCode": "x"}, 400, 20001),
        ("US/Local.json", {"AreaCode": "41"}, 400, 21451),
        ("US/Local.json", {"Distance": "501"}, 400, 20001),
        ("US/Local.json", {"NearLatLong": "north"}, 400, 20001),
        ("US/Local.json", {"SmsEnabled": "perhaps"}, 400, 20001),
        ("US/Local.json", {"PageSize": "1001"}, 400, 20007),
        ("US/Local.json", {"InRateCenter": "OAKLAND"}, 400, 20001),
        ("GB/Local.json", {"AreaCode": "415"}, 400, 20001),
        ("US/Mobile.json", {}, 404, 20404),
        ("XX/Local.json", {}, 404, 20404),
        ("XX.json", {}, 404, 20404),
        ("U.json", {}, 404, 20404),
    ],
)
def test_searches_that_are_refused(
    emulator: Emulator, path: str, pairs: dict[str, str], status: int, code: int
) -> None:
    answer = get(emulator, f"/AvailablePhoneNumbers/{path}", *pairs.items())
    assert answer.refusal == (status, code)


def test_countries_and_what_is_sold_there(emulator: Emulator, client: Client) -> None:
    answer = get(emulator, "/AvailablePhoneNumbers.json")
    assert answer.body.keys() == {"countries", "uri"}
    countries = {each.country_code: each for each in client.available_phone_numbers.list()}
    assert len(countries) > 60
    us = client.available_phone_numbers("US").fetch()
    assert us == countries["US"]
    assert us.subresource_uris == {
        "local": at(emulator, "/AvailablePhoneNumbers/US/Local.json"),
        "toll_free": at(emulator, "/AvailablePhoneNumbers/US/TollFree.json"),
    }
    assert "machine_to_machine" in (countries["NL"].subresource_uris or {})
    assert (countries["GH"].beta, countries["GB"].beta) == (True, False)
    assert not list(client.available_phone_numbers("GH").local.list(beta=False))


def test_what_is_bought_leaves_the_search_until_it_is_released(emulator: Emulator, client: Client) -> None:
    search = client.available_phone_numbers("US").local
    before = [each.phone_number for each in search.list(contains="510555****", limit=20)]
    wanted, other = before[0], before[1]
    bought = client.incoming_phone_numbers.buy(wanted)
    assert (bought.phone_number, bought.friendly_name) == (wanted, f"(510) 555-{wanted[-4:]}")
    assert (bought.type, bought.status, bought.address_requirements) == ("local", "in-use", "none")
    emulator.phone(other)  # somebody has it
    during = [each.phone_number for each in search.list(contains="510555****", limit=20)]
    assert during[:18] == before[2:]
    for gone in (wanted, other):
        with pytest.raises(InvalidRequest) as refused:
            client.incoming_phone_numbers.buy(gone)
        assert refused.value.code == 21422
    client.incoming_phone_numbers(bought.sid).delete()
    assert wanted in [each.phone_number for each in search.list(contains="510555****", limit=20)]


def test_buying_by_area_code(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    bought = [client.incoming_phone_numbers.create(area_code="212").phone_number for _ in range(3)]
    assert all(number.startswith("+1212") for number in bought)
    assert len(set(bought)) == 3
    assert client.incoming_phone_numbers.create(area_code="416").phone_number.startswith("+1416")
    assert client.incoming_phone_numbers.create(area_code="888").type == "toll-free"
    for wrong in ("555", "41", "x", "787"):
        with pytest.raises(InvalidRequest) as refused:
            client.incoming_phone_numbers.create(area_code=wrong)
        assert refused.value.code == 21451
    monkeypatch.setattr(numbers, "search", nothing)  # there are millions
    with pytest.raises(InvalidRequest) as sold_out:
        client.incoming_phone_numbers.create(area_code="212")
    assert sold_out.value.code == 21452


@pytest.mark.parametrize(
    ("path", "pairs", "code"),
    [
        ("", {"PhoneNumber": "x"}, 21421),
        ("", {"PhoneNumber": "client:anna"}, 21421),
        ("", {}, 21421),
        ("", {"PhoneNumber": "+15551112222"}, 21422),
        ("", {"PhoneNumber": "+14159112671"}, 21422),
        ("", {"PhoneNumber": "+999123456789"}, 21422),
        ("", {"PhoneNumber": OURS}, 21422),
        ("/Local", {"PhoneNumber": "+18005552671"}, 21458),
        ("/TollFree", {"PhoneNumber": OFFER}, 21458),
        ("/Mobile", {"PhoneNumber": OFFER}, 21458),
        ("/Local", {"AreaCode": "415"}, 21457),
        ("/TollFree", {"AreaCode": "800", "PhoneNumber": "+18005552671"}, 21457),
        ("/Local", {}, 21421),
        ("", {"PhoneNumber": OFFER, "VoiceUrl": "nowhere"}, 21402),
        ("", {"PhoneNumber": OFFER, "SmsMethod": "PUT"}, 21403),
        ("", {"PhoneNumber": OFFER, "VoiceFallbackUrl": HOME}, 21405),
        ("", {"PhoneNumber": OFFER, "SmsFallbackUrl": HOME}, 21406),
        ("", {"PhoneNumber": OFFER, "VoiceApplicationSid": "AP" + "0" * 32}, 21420),
        ("", {"PhoneNumber": OFFER, "AddressSid": "AD" + "0" * 32}, 20001),
        ("", {"PhoneNumber": "+4920112345678"}, 21422),  # no range of ours
        ("", {"PhoneNumber": "+493012345678"}, 21615),
        ("", {"PhoneNumber": "+442079460958"}, 21631),
        ("", {"PhoneNumber": "+21321123456"}, 21631),
        ("", {"PhoneNumber": "+4685551234", "SmsUrl": HOME}, 21407),
        ("", {"PhoneNumber": "+4685551234", "VoiceCallerIdLookup": "true"}, 21409),
    ],
)
def test_purchases_that_are_refused(
    emulator: Emulator, client: Client, path: str, pairs: dict[str, str], code: int
) -> None:
    answer = post(emulator, f"/IncomingPhoneNumbers{path}.json", *pairs.items())
    assert answer.refusal == (400, code)
    assert [each.phone_number for each in client.incoming_phone_numbers.list()] == [OURS]


def test_addresses_and_papers_that_a_country_asks_for(client: Client) -> None:
    german, british, french = (address_in(client, country).sid for country in ("DE", "GB", "FR"))
    buy = client.incoming_phone_numbers.create

    def code_of(make: Callable[[], object]) -> int | None:
        with pytest.raises(InvalidRequest) as refused:
            make()
        return refused.value.code

    berlin, london, algiers, taipei = "+493012345678", "+442079460958", "+21321123456", "+886221234567"
    assert code_of(lambda: buy(phone_number=berlin, address_sid=british)) == 21615
    assert code_of(lambda: buy(phone_number=berlin, address_sid=german)) == 21649
    bundle, identity = "BU" + "1" * 32, "RI" + "1" * 32
    bought = buy(phone_number=berlin, address_sid=german, bundle_sid=bundle)
    assert (bought.address_requirements, bought.address_sid, bought.bundle_sid) == ("local", german, bundle)
    assert buy(phone_number=london, address_sid=french, bundle_sid=bundle).type == "local"
    assert buy(phone_number=algiers, address_sid=french).address_requirements == "foreign"
    taiwanese = address_in(client, "TW").sid
    assert code_of(lambda: buy(phone_number=taipei, address_sid=taiwanese)) == 21650
    assert buy(phone_number=taipei, address_sid=taiwanese, identity_sid=identity).identity_sid == identity
    # An address that a number needs stays.
    assert [each.sid for each in client.addresses(german).dependent_phone_numbers.list()] == [bought.sid]
    assert code_of(lambda: client.addresses(german).delete()) == 20001
    client.incoming_phone_numbers(bought.sid).delete()
    client.addresses(german).delete()


def test_dependents_of_an_address_that_is_not_there(emulator: Emulator) -> None:
    path = f"/Addresses/AD{'0' * 32}/DependentPhoneNumbers.json"
    assert get(emulator, path).refusal == (404, 20404)


def test_settings_are_taken_over_as_a_whole_or_not_at_all(emulator: Emulator, client: Client) -> None:
    application = client.applications.create(friendly_name="Desk").sid
    number = client.incoming_phone_numbers.create(
        phone_number=OFFER, voice_url=HOME, voice_fallback_url=f"{HOME}/2", voice_application_sid=application
    )
    assert (number.voice_fallback_url, number.voice_application_sid) == (f"{HOME}/2", application)
    path = f"/IncomingPhoneNumbers/{number.sid}.json"
    refused = post(emulator, path, ("FriendlyName", "New"), ("SmsFallbackUrl", HOME))
    assert refused.refusal == (400, 21406)
    assert client.incoming_phone_numbers(number.sid).fetch() == number
    assert (
        client.incoming_phone_numbers(number.sid).update(sms_url=HOME, sms_fallback_url=HOME).sms_url == HOME
    )
    # Later on, the main URL is there already.
    assert client.incoming_phone_numbers(number.sid).update(sms_fallback_url=f"{HOME}/3").sms_url == HOME


def test_lists_find_what_is_asked_for(client: Client) -> None:
    owned = client.incoming_phone_numbers
    sold = [owned.create(phone_number=each) for each in (OFFER, "+14155559671", "+18885552671")]
    address = address_in(client, "FR").sid
    ghana = first(list(client.available_phone_numbers("GH").mobile.list(limit=1)))
    mobile = owned.mobile.create(phone_number=ghana, address_sid=address)

    def found(**filters: str) -> list[str]:
        return [each.phone_number for each in owned.list(phone_number=filters["phone_number"])]

    assert found(phone_number="+1415*******") == ["+14155559671", OFFER]
    assert found(phone_number="5552671") == ["+18885552671", OFFER]
    assert found(phone_number="415555*671") == ["+14155559671", OFFER]
    assert found(phone_number="9999999") == []
    assert [each.sid for each in owned.toll_free.list()] == [sold[2].sid]
    assert [each.sid for each in owned.mobile.list()] == [mobile.sid]
    assert [each.sid for each in owned.list(beta=True)] == [mobile.sid]
    assert mobile.sid not in {each.sid for each in owned.list(beta=False)}
    assert list(owned.list(origin="hosted")) == []
    assert {each.phone_number for each in owned.local.list()} == {OURS, OFFER, "+14155559671"}


def test_numbers_move_within_a_family(emulator: Emulator, client: Client) -> None:
    sub, closed = (client.accounts.create(friendly_name=name) for name in ("Branch", "Closed"))
    client.accounts(closed.sid).close()
    number = client.incoming_phone_numbers.create(phone_number=OFFER)
    client.incoming_phone_numbers(number.sid).assigned_add_ons.create(installed_add_on_sid="XE" + "1" * 32)
    path = f"/IncomingPhoneNumbers/{number.sid}.json"
    for account_sid, code in (
        ("AC1", 21470),
        ("AC" + "0" * 32, 21471),
        (closed.sid, 21472),
        (TEST_ACCOUNT_SID, 21473),
    ):
        assert post(emulator, path, ("AccountSid", account_sid)).refusal == (400, code)
    assert client.incoming_phone_numbers(number.sid).fetch().account_sid == emulator.account_sid
    moved = client.incoming_phone_numbers(number.sid).update(account_sid=sub.sid)
    assert (moved.sid, moved.account_sid) == (number.sid, sub.sid)
    with pytest.raises(NotFound):
        client.incoming_phone_numbers(number.sid).fetch()
    of_sub = client.accounts(sub.sid).incoming_phone_numbers
    assert [each.sid for each in of_sub.list()] == [number.sid]
    assert list(of_sub(number.sid).assigned_add_ons.list()) == []
    back = ask(
        emulator,
        "POST",
        f"/2010-04-01/Accounts/{sub.sid}{path}",
        [("AccountSid", emulator.account_sid)],
        authorization=login(sub.sid, str(sub.auth_token)),
    )
    assert back.refusal == (400, 21474)
    assert of_sub(number.sid).update(account_sid=emulator.account_sid).account_sid == emulator.account_sid


def test_add_ons_of_a_number(emulator: Emulator, client: Client) -> None:
    installed, other = "XE" + "1" * 32, "XE" + "2" * 32
    one, two = (client.incoming_phone_numbers.create(area_code="415").sid for _ in range(2))
    add_ons = client.incoming_phone_numbers(one).assigned_add_ons
    assigned = add_ons.create(installed_add_on_sid=installed)
    assert (assigned.sid, assigned.resource_sid) == (installed, one)
    with pytest.raises(InvalidRequest):
        add_ons.create(installed_add_on_sid=installed)
    # The same add-on is at work on another number, too.
    client.incoming_phone_numbers(two).assigned_add_ons.create(installed_add_on_sid=installed)
    add_ons.create(installed_add_on_sid=other)
    assert [each.sid for each in add_ons.list()] == [other, installed]
    [extension] = add_ons(installed).extensions.list()
    assert (extension.assigned_add_on_sid, extension.resource_sid, extension.enabled) == (
        installed,
        one,
        True,
    )
    assert add_ons(installed).extensions(extension.sid).fetch() == extension
    with pytest.raises(NotFound):
        add_ons(other).extensions(extension.sid).fetch()
    add_ons(installed).delete()
    for gone in (add_ons(installed).fetch, add_ons(installed).extensions(extension.sid).fetch):
        with pytest.raises(NotFound):
            gone()
    assert len(list(client.incoming_phone_numbers(two).assigned_add_ons.list())) == 1
    client.incoming_phone_numbers(two).delete()
    with pytest.raises(NotFound):
        client.incoming_phone_numbers(two).assigned_add_ons(installed).fetch()


def test_a_number_that_was_bought_is_called(emulator: Emulator, client: Client) -> None:
    number = first(list(client.available_phone_numbers("US").local.list(contains="STORM", limit=1)))
    bought = client.incoming_phone_numbers.buy(number, voice_url=f"{HOME}/voice")
    emulator.phone(ANNA).dial(number)
    [call] = client.calls.list()
    assert call.to == bought.phone_number
