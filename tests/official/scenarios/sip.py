"""SIP domains, and who may use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator.website import HOME
from tests.official.world import covers

if TYPE_CHECKING:
    from tests.official.world import World

MAPPINGS = (
    "credential_list_mappings",
    "ip_access_control_list_mappings",
    "auth.calls.credential_list_mappings",
    "auth.calls.ip_access_control_list_mappings",
    "auth.registrations.credential_list_mappings",
)


@covers(
    "sip.credential_lists.create",
    "sip.credential_lists.list",
    *(f"sip.credential_lists(sid).{action}" for action in ("fetch", "update", "delete")),
    *(f"sip.credential_lists(sid).credentials.{action}" for action in ("create", "list")),
    *(f"sip.credential_lists(sid).credentials(sid).{action}" for action in ("fetch", "update", "delete")),
)
def credential_lists(world: World) -> None:
    lists = world.client.sip.credential_lists
    staff = lists.create(friendly_name="Staff")
    assert (staff.sid[:2], staff.friendly_name) == ("CL", "Staff")
    assert lists(staff.sid).update(friendly_name="Team").friendly_name == "Team"
    assert [each.friendly_name for each in lists.list()] == ["Team"]
    credentials = lists(staff.sid).credentials
    anna = credentials.create(username="anna", password="Str0ngEnough123")
    assert (anna.sid[:2], anna.username, anna.credential_list_sid) == ("CR", "anna", staff.sid)
    with world.refused(400, 21240):
        credentials.create(username="ben", password="weak")
    assert credentials(anna.sid).update(password="Str0ngerStill456").sid == anna.sid
    assert credentials(anna.sid).fetch().username == "anna"
    assert [each.sid for each in credentials.list()] == [anna.sid]
    assert credentials(anna.sid).delete()
    assert credentials.list() == []
    assert lists(staff.sid).fetch().sid == staff.sid
    assert lists(staff.sid).delete()
    with world.refused(404, 20404):
        lists(staff.sid).fetch()


@covers(
    "sip.ip_access_control_lists.create",
    "sip.ip_access_control_lists.list",
    *(f"sip.ip_access_control_lists(sid).{action}" for action in ("fetch", "update", "delete")),
    *(f"sip.ip_access_control_lists(sid).ip_addresses.{action}" for action in ("create", "list")),
    *(
        f"sip.ip_access_control_lists(sid).ip_addresses(sid).{action}"
        for action in ("fetch", "update", "delete")
    ),
)
def ip_access_control_lists(world: World) -> None:
    lists = world.client.sip.ip_access_control_lists
    office = lists.create(friendly_name="Office")
    assert (office.sid[:2], office.friendly_name) == ("AL", "Office")
    assert lists(office.sid).update(friendly_name="Offices").friendly_name == "Offices"
    assert [each.sid for each in lists.list()] == [office.sid]
    addresses = lists(office.sid).ip_addresses
    door = addresses.create(friendly_name="Door", ip_address="192.0.2.7")
    assert (door.sid[:2], door.ip_address, door.cidr_prefix_length) == ("IP", "192.0.2.7", 32)
    block = addresses.create(friendly_name="Floor", ip_address="198.51.100.0", cidr_prefix_length=24)
    assert block.cidr_prefix_length == 24
    assert addresses(door.sid).update(ip_address="192.0.2.8").ip_address == "192.0.2.8"
    assert addresses(door.sid).fetch().friendly_name == "Door"
    assert {each.sid for each in addresses.list()} == {door.sid, block.sid}
    assert addresses(block.sid).delete()
    assert [each.sid for each in addresses.list()] == [door.sid]
    assert lists(office.sid).fetch().sid == office.sid
    assert lists(office.sid).delete()
    assert lists.list() == []


@covers(
    "sip.domains.create",
    "sip.domains.list",
    *(f"sip.domains(sid).{action}" for action in ("fetch", "update", "delete")),
    *(
        f"sip.domains(sid).{mapping}{action}"
        for mapping in MAPPINGS
        for action in (".create", ".list", "(sid).fetch", "(sid).delete")
    ),
)
def domains(world: World) -> None:
    sip = world.client.sip
    domain = sip.domains.create(domain_name="desk.sip.twilio.com", friendly_name="Desk")
    assert (domain.sid[:2], domain.domain_name, domain.voice_method) == ("SD", "desk.sip.twilio.com", "POST")
    assert (domain.sip_registration, domain.secure, domain.auth_type) == (False, False, "")
    with world.refused(400, 21232):
        sip.domains.create(domain_name="desk.sip.twilio.com")
    changed = sip.domains(domain.sid).update(voice_url=f"{HOME}/voice", sip_registration=True)
    assert (changed.voice_url, changed.sip_registration) == (f"{HOME}/voice", True)
    assert [each.sid for each in sip.domains.list()] == [domain.sid]
    staff = sip.credential_lists.create(friendly_name="Staff").sid
    office = sip.ip_access_control_lists.create(friendly_name="Office").sid
    here = sip.domains(domain.sid)
    mapped: dict[Any, dict[str, str]] = {
        here.credential_list_mappings: {"credential_list_sid": staff},
        here.ip_access_control_list_mappings: {"ip_access_control_list_sid": office},
        here.auth.calls.credential_list_mappings: {"credential_list_sid": staff},
        here.auth.calls.ip_access_control_list_mappings: {"ip_access_control_list_sid": office},
        here.auth.registrations.credential_list_mappings: {"credential_list_sid": staff},
    }
    for mappings, which in mapped.items():
        (sid,) = which.values()
        mapping = mappings.create(**which)
        assert (mapping.sid, mapping.friendly_name) == (sid, "Staff" if sid == staff else "Office")
        assert [each.sid for each in mappings.list()] == [sid]
        assert mappings(sid).fetch().date_created is not None
        assert mappings(sid).delete()
        assert mappings.list() == []
    here.credential_list_mappings.create(credential_list_sid=staff)
    assert here.fetch().auth_type == "CREDENTIAL_LIST"
    with world.refused(400, 21241):
        sip.credential_lists(staff).delete()
    assert here.delete()
    with world.refused(404, 20404):
        here.fetch()
