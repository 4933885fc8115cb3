"""Numbers that are for sale, ours, and those of others that we may call from."""

from __future__ import annotations

from ringback import Client
from tests.cassettes.registry import THEIRS, Wait, scenario


@scenario("numbers")
def buy_change_and_release(client: Client, _wait: Wait) -> None:
    offered = client.available_phone_numbers("US").local.list(contains="+1614%", limit=3)
    number = next(each.phone_number for each in offered)
    bought = client.incoming_phone_numbers.buy(number, voice_url="https://example.com/voice")
    assert bought.capabilities is not None
    assert bought.capabilities.voice is True
    changed = client.incoming_phone_numbers(bought.sid).update(friendly_name="Front desk")
    assert changed.friendly_name == "Front desk"
    found = client.incoming_phone_numbers.list(phone_number=number).first()
    assert found is not None
    assert found.sid == bought.sid
    client.incoming_phone_numbers(bought.sid).delete()


@scenario("applications", live=True)
def application_from_birth_to_end(client: Client, _wait: Wait) -> None:
    made = client.applications.create(
        friendly_name="ringback cassette", voice_url="https://example.com/voice", voice_method="POST"
    )
    assert made.voice_url == "https://example.com/voice"
    changed = client.applications(made.sid).update(sms_url="https://example.com/sms")
    assert (changed.sms_url, changed.voice_url) == ("https://example.com/sms", made.voice_url)
    assert [item.sid for item in client.applications.list(friendly_name="ringback cassette")] == [made.sid]
    client.applications(made.sid).delete()


@scenario("numbers")
def address_and_its_numbers(client: Client, _wait: Wait) -> None:
    home = client.addresses.create(
        customer_name="Anna",
        street="1 Main St",
        city="Springfield",
        region="IL",
        postal_code="62701",
        iso_country="US",
    )
    assert (home.sid[:2], home.street, home.iso_country) == ("AD", "1 Main St", "US")
    (number,) = client.incoming_phone_numbers.list(limit=1)
    client.incoming_phone_numbers(number.sid).update(address_sid=home.sid)
    dependent = client.addresses(home.sid).dependent_phone_numbers.list()
    assert [each.phone_number for each in dependent] == [number.phone_number]
    client.incoming_phone_numbers(number.sid).update(address_sid="")
    client.addresses(home.sid).delete()


@scenario("numbers")
def caller_id_to_verify(client: Client, wait: Wait) -> None:
    asked = client.validation_requests.create(phone_number=THEIRS, friendly_name="Anna")
    assert (asked.phone_number, asked.friendly_name) == (THEIRS, "Anna")
    assert len(asked.validation_code) == 6
    wait(60)
    assert list(client.outgoing_caller_ids.list(phone_number=THEIRS)) == []
