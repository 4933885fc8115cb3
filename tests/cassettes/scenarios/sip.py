"""SIP domains, and who may use them."""

from __future__ import annotations

from ringback import Client
from tests.cassettes.registry import Wait, scenario


@scenario("sip")
def domain_and_its_guests(client: Client, _wait: Wait) -> None:
    domain = client.sip.domains.create(domain_name="blue-door.sip.twilio.com")
    staff = client.sip.credential_lists.create(friendly_name="Staff")
    anna = client.sip.credential_lists(staff.sid).credentials.create(
        username="anna", password="Str0ngEnough123"
    )
    assert (domain.sid[:2], staff.sid[:2], anna.sid[:2]) == ("SD", "CL", "CR")
    calls = client.sip.domains(domain.sid).auth.calls
    assert calls.credential_list_mappings.create(credential_list_sid=staff.sid).sid == staff.sid
    calls.credential_list_mappings(staff.sid).delete()
    client.sip.domains(domain.sid).delete()
    client.sip.credential_lists(staff.sid).delete()


@scenario("sip")
def addresses_of_an_office(client: Client, _wait: Wait) -> None:
    office = client.sip.ip_access_control_lists.create(friendly_name="Office")
    addresses = client.sip.ip_access_control_lists(office.sid).ip_addresses
    door = addresses.create(friendly_name="Door", ip_address="192.0.2.7")
    assert (door.ip_address, door.cidr_prefix_length) == ("192.0.2.7", 32)
    assert [each.sid for each in addresses.list()] == [door.sid]
    client.sip.ip_access_control_lists(office.sid).delete()
