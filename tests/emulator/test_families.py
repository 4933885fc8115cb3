"""Families that are no more than records: made, found, listed, changed and deleted as the spec says."""

from __future__ import annotations

import base64
import json

import pytest

from ringback import Client
from ringback._generated.api.operations import OPERATIONS
from ringback._generated.emulation.tables import FAMILIES, FAMILY_OF, MODELS, RECORDS
from ringback.emulator import Emulator
from ringback.emulator.engine.tables import Table
from ringback.emulator.transport import EmulatorTransport
from ringback.errors import AuthenticationFailed, InvalidRequest, NotFound
from ringback.http import Headers


@pytest.fixture
def client(emulator: Emulator) -> Client:
    return emulator.client()


def test_every_operation_has_a_family_and_every_family_its_record() -> None:
    assert {operation.name for operation in OPERATIONS} == set(FAMILY_OF)
    for operation in OPERATIONS:
        family = FAMILY_OF[operation.name]
        assert family.record in RECORDS
        assert operation.answer is None or operation.answer in MODELS
        for _, above, _ in family.parents:
            assert above in FAMILIES


def test_queue_of_records() -> None:
    table: Table[str] = Table()
    for number in range(6):
        table.put(f"k{number}", f"v{number}", "here" if number % 2 else "there")
    assert list(table.older("here")) == ["v5", "v3", "v1"]
    assert list(table.older("here", "k3")) == ["v1"]
    assert list(table.newer("here", "k1")) == ["v3", "v5"]
    del table["k3"]
    # Whoever reads a list may delete what it has read: the place is still known.
    assert list(table.older("here", "k3")) == ["v1"]
    assert list(table.newer("here", "k3")) == ["v5"]
    table.put("k1", "again", "there")
    assert list(table.older("here")) == ["v5"]
    assert list(table.older("there")) == ["again", "v4", "v2", "v0"]
    assert (table.count("here"), table.count("nowhere"), list(table.older("nowhere"))) == (1, 0, [])


def test_a_page_costs_the_same_however_many_there_are(emulator: Emulator, client: Client) -> None:
    """Counted by the records that are looked at."""
    for number in range(300):
        client.applications.create(friendly_name=str(number))
    names: list[str] = []
    for application in client.applications.list(page_size=50):
        names.append(application.friendly_name or "")
        client.applications(application.sid).delete()  # while it is being read
    assert names == [str(number) for number in range(299, -1, -1)]
    assert list(client.applications.list()) == []


def test_addresses(client: Client) -> None:
    address = client.addresses.create(
        customer_name="Anna",
        street="2 Hasselhoff Lane",
        city="Springfield",
        region="IL",
        postal_code="62701",
        iso_country="US",
    )
    assert (address.validated, address.verified, address.emergency_enabled) == (False, False, False)
    assert client.addresses(address.sid).fetch() == address
    changed = client.addresses(address.sid).update(city="Chicago")
    assert (changed.city, changed.region) == ("Chicago", "IL")
    assert [each.sid for each in client.addresses.list(customer_name="Anna")] == [address.sid]
    assert list(client.addresses.list(customer_name="Ben")) == []
    client.addresses(address.sid).delete()
    with pytest.raises(NotFound):
        client.addresses(address.sid).fetch()


def test_keys_sign_in_until_they_are_deleted(emulator: Emulator, client: Client) -> None:
    key = client.new_keys.create(friendly_name="robot")
    transport = EmulatorTransport(emulator.answer)
    with Client(emulator.account_sid, api_key=key.sid, api_secret=key.secret, transport=transport) as robot:
        assert list(robot.calls.list()) == []
        for closed in (
            lambda: robot.accounts(emulator.account_sid).fetch(),
            lambda: robot.keys(key.sid).fetch(),
        ):
            with pytest.raises(AuthenticationFailed):
                closed()
        shown = client.keys(key.sid).fetch()
        assert shown.friendly_name == "robot"
        assert [each.sid for each in client.signing_keys.list()] == [key.sid]
        client.keys(key.sid).delete()
        with pytest.raises(AuthenticationFailed):
            list(robot.calls.list())


def test_an_update_that_is_refused_changes_nothing(client: Client) -> None:
    client.queues.create(friendly_name="desk")
    other = client.queues.create(friendly_name="bar", max_size=5)
    with pytest.raises(InvalidRequest):
        client.queues(other.sid).update(friendly_name="desk", max_size=7)
    assert client.queues(other.sid).fetch() == other


def test_sip(client: Client) -> None:
    domain = client.sip.domains.create(domain_name="acme.sip.twilio.com")
    assert (domain.auth_type, domain.voice_method, domain.secure) == ("", "POST", False)
    people = client.sip.credential_lists.create(friendly_name="people")
    with pytest.raises(InvalidRequest) as taken:
        client.sip.credential_lists.create(friendly_name="people")
    assert taken.value.code == 21240
    credentials = client.sip.credential_lists(people.sid).credentials
    anna = credentials.create(username="anna", password="Abcdefgh1234")
    assert anna.credential_list_sid == people.sid
    with pytest.raises(InvalidRequest) as weak:
        credentials.create(username="ben", password="short")
    assert "short" not in str(weak.value)
    mapping = client.sip.domains(domain.sid).credential_list_mappings.create(credential_list_sid=people.sid)
    assert (mapping.sid, mapping.friendly_name, mapping.domain_sid) == (people.sid, "people", domain.sid)
    with pytest.raises(InvalidRequest) as twice:
        client.sip.domains(domain.sid).credential_list_mappings.create(credential_list_sid=people.sid)
    assert twice.value.code == 21231
    assert client.sip.domains(domain.sid).fetch().auth_type == "CREDENTIAL_LIST"
    with pytest.raises(InvalidRequest) as mapped:
        client.sip.credential_lists(people.sid).delete()
    assert mapped.value.code == 21241
    client.sip.domains(domain.sid).credential_list_mappings(people.sid).delete()
    assert client.sip.domains(domain.sid).fetch().auth_type == ""
    client.sip.credential_lists(people.sid).delete()
    with pytest.raises(NotFound):
        client.sip.credential_lists(people.sid).credentials(anna.sid).fetch()
    hosts = client.sip.ip_access_control_lists.create(friendly_name="hosts")
    entry = client.sip.ip_access_control_lists(hosts.sid).ip_addresses.create(
        friendly_name="office", ip_address="198.51.100.7"
    )
    assert entry.cidr_prefix_length == 32
    client.sip.domains(domain.sid).auth.calls.ip_access_control_list_mappings.create(
        ip_access_control_list_sid=hosts.sid
    )
    assert client.sip.domains(domain.sid).fetch().auth_type == "IP_ACL"
    with pytest.raises(InvalidRequest) as odd:
        client.sip.domains.create(domain_name="acme.example.com")
    assert odd.value.code == 21232


def test_what_is_below_another_accounts_record_is_not_there(emulator: Emulator, client: Client) -> None:
    other = client.accounts.create(friendly_name="other")
    mine = client.sip.credential_lists.create(friendly_name="mine")
    path = f"/2010-04-01/Accounts/{other.sid}/SIP/CredentialLists/{mine.sid}/Credentials.json"
    secret = base64.b64encode(f"{emulator.account_sid}:{emulator.auth_token}".encode()).decode()
    answer = emulator.answer("GET", path, Headers({"Authorization": f"Basic {secret}"}), b"")
    assert answer.status == 404


def test_a_subaccount_does_not_open_its_parent(emulator: Emulator, client: Client) -> None:
    sub = client.accounts.create(friendly_name="sub")
    secret = base64.b64encode(f"{sub.sid}:{sub.auth_token}".encode()).decode()
    headers = Headers({"Authorization": f"Basic {secret}"})
    path = f"/2010-04-01/Accounts/{emulator.account_sid}/Calls.json"
    answer = emulator.answer("GET", path, headers, b"")
    assert (answer.status, json.loads(answer.body)["code"]) == (401, 20003)
