"""Numbers to buy, numbers that are ours, and numbers of others that we may call from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator import ACCOUNT_SID
from tests.emulator.website import HOME
from tests.official.world import ANNA, BEN, OURS, covers

if TYPE_CHECKING:
    from tests.official.world import World

ADDRESS = {
    "customer_name": "Anna",
    "street": "1 Main St",
    "city": "Springfield",
    "region": "IL",
    "postal_code": "62701",
    "iso_country": "US",
}
KINDS = ("local", "toll_free", "mobile", "national", "shared_cost", "voip", "machine_to_machine")


@covers(
    "addresses.create",
    "addresses.list",
    *("addresses(sid).fetch", "addresses(sid).update", "addresses(sid).delete"),
    "addresses(sid).dependent_phone_numbers.list",
)
def addresses(world: World) -> None:
    client = world.client
    home = client.addresses.create(friendly_name="Home", **ADDRESS)
    assert (home.street, home.iso_country, home.emergency_enabled) == ("1 Main St", "US", False)
    work = client.addresses.create(**{**ADDRESS, "customer_name": "Ben"})
    assert [each.sid for each in client.addresses.list()] == [work.sid, home.sid]
    assert [each.sid for each in client.addresses.list(customer_name="Anna")] == [home.sid]
    assert client.addresses(home.sid).update(street="2 Main St").street == "2 Main St"
    assert client.addresses(home.sid).fetch().customer_name == "Anna"
    number = client.incoming_phone_numbers.list()[0]
    assert client.addresses(home.sid).dependent_phone_numbers.list() == []
    client.incoming_phone_numbers(number.sid).update(address_sid=home.sid)
    (dependent,) = client.addresses(home.sid).dependent_phone_numbers.list()
    assert (dependent.sid, dependent.phone_number) == (number.sid, OURS)
    assert client.addresses(work.sid).delete()
    with world.refused(404, 20404):
        client.addresses(work.sid).fetch()


@covers(
    "available_phone_numbers.list",
    "available_phone_numbers(sid).fetch",
    *(f"available_phone_numbers(sid).{kind}.list" for kind in KINDS),
)
def available_phone_numbers(world: World) -> None:
    offers = world.client.available_phone_numbers
    countries = {each.country_code: each for each in offers.list()}
    us = offers("US").fetch()
    assert (us.country, us.subresource_uris) == ("United States", countries["US"].subresource_uris)
    for kind in KINDS:
        code = next(code for code, each in countries.items() if kind in each.subresource_uris)
        rows = getattr(offers(code), kind).list()
        assert rows, kind
        assert {each.iso_country for each in rows} == {code}
        assert len({each.phone_number for each in rows}) == len(rows)
    in_415 = [each.phone_number for each in offers("US").local.list(area_code=415)]
    assert in_415 == [each.phone_number for each in offers("US").local.list(area_code=415)]
    assert all(number.startswith("+1415") for number in in_415)
    ending = [each.phone_number for each in offers("US").local.list(contains="*72$")]
    assert ending
    assert all(number.endswith("72") for number in ending)
    assert all(each.capabilities["sms"] for each in offers("US").local.list(sms_enabled=True))
    with world.refused(404, 20404):
        offers("XX").fetch()


@covers(
    *("incoming_phone_numbers.create", "incoming_phone_numbers.list"),
    *(f"incoming_phone_numbers(sid).{action}" for action in ("fetch", "update", "delete")),
    *(
        f"incoming_phone_numbers.{kind}.{action}"
        for kind in ("local", "mobile", "toll_free")
        for action in ("create", "list")
    ),
)
def incoming_phone_numbers(world: World) -> None:
    client = world.client
    owned = client.incoming_phone_numbers
    us = client.available_phone_numbers("US")
    offered = us.local.list()[0].phone_number
    bought = owned.create(phone_number=offered, friendly_name="Desk", voice_url=f"{HOME}/voice")
    assert (bought.phone_number, bought.friendly_name, bought.voice_url) == (offered, "Desk", f"{HOME}/voice")
    assert offered not in {each.phone_number for each in us.local.list()}
    with world.refused(400, 21422):
        owned.create(phone_number=offered)
    assert owned.create(area_code="415").phone_number.startswith("+1415")
    kinds = {
        "local": us.local.list()[0].phone_number,
        "toll_free": us.toll_free.list()[0].phone_number,
        "mobile": client.available_phone_numbers("SE")
        .mobile.list(exclude_all_address_required=True)[0]
        .phone_number,
    }
    for kind, number in kinds.items():
        made = getattr(owned, kind).create(phone_number=number)
        assert made.phone_number == number
        assert number in {each.phone_number for each in getattr(owned, kind).list()}
    assert kinds["mobile"] not in {each.phone_number for each in owned.local.list()}
    assert [each.sid for each in owned.list(phone_number=offered)] == [bought.sid]
    assert owned(bought.sid).update(friendly_name="Kitchen", sms_url=f"{HOME}/sms").sms_url == f"{HOME}/sms"
    assert owned(bought.sid).fetch().friendly_name == "Kitchen"
    assert owned(bought.sid).delete()
    with world.refused(404, 20404):
        owned(bought.sid).fetch()


ADD_ONS = "incoming_phone_numbers(sid).assigned_add_ons"


@covers(
    *(f"{ADD_ONS}.create", f"{ADD_ONS}.list", f"{ADD_ONS}(sid).fetch", f"{ADD_ONS}(sid).delete"),
    *(f"{ADD_ONS}(sid).extensions.list", f"{ADD_ONS}(sid).extensions(sid).fetch"),
)
def assigned_add_ons(world: World) -> None:
    number = world.client.incoming_phone_numbers.list()[0]
    add_ons = world.client.incoming_phone_numbers(number.sid).assigned_add_ons
    installed = "XE" + "7" * 32
    assigned = add_ons.create(installed_add_on_sid=installed)
    assert (assigned.sid, assigned.resource_sid) == (installed, number.sid)
    assert [each.sid for each in add_ons.list()] == [assigned.sid]
    assert add_ons(assigned.sid).fetch().account_sid == ACCOUNT_SID
    (extension,) = add_ons(assigned.sid).extensions.list()
    assert add_ons(assigned.sid).extensions(extension.sid).fetch().assigned_add_on_sid == assigned.sid
    assert add_ons(assigned.sid).delete()
    assert add_ons.list() == []


CALLER_IDS = ("outgoing_caller_ids(sid).fetch", "outgoing_caller_ids(sid).update")


@covers(
    *("validation_requests.create", "outgoing_caller_ids.list", *CALLER_IDS),
    "outgoing_caller_ids(sid).delete",
)
def outgoing_caller_ids(world: World) -> None:
    client = world.client
    with world.refused(400, 21210):
        client.calls.create(to=BEN, from_=ANNA, twiml="<Response/>")
    asked = client.validation_requests.create(
        phone_number=ANNA, friendly_name="Anna", status_callback=f"{HOME}/verified"
    )
    assert (len(asked.validation_code), asked.call_sid[:2]) == (6, "CA")
    assert client.outgoing_caller_ids.list() == []
    world.wait(5)
    line = world.emulator.phone(ANNA).calls[-1]
    line.press(asked.validation_code)
    line.expect_hangup()
    world.wait(1)
    (verified,) = client.outgoing_caller_ids.list(phone_number=ANNA)
    assert (verified.sid[:2], verified.friendly_name) == ("PN", "Anna")
    (told,) = world.website.at("/verified")
    assert (told["VerificationStatus"], told["OutgoingCallerIdSid"]) == ("success", verified.sid)
    assert client.outgoing_caller_ids(verified.sid).update(friendly_name="A").friendly_name == "A"
    assert client.outgoing_caller_ids(verified.sid).fetch().phone_number == ANNA
    assert client.calls.create(to=BEN, from_=ANNA, twiml="<Response/>").from_formatted == "(555) 867-5310"
    assert client.outgoing_caller_ids(verified.sid).delete()
    with world.refused(400, 21210):
        client.calls.create(to=BEN, from_=ANNA, twiml="<Response/>")


@covers("short_codes.list", "short_codes(sid).fetch", "short_codes(sid).update")
def short_codes(world: World) -> None:
    codes = world.client.short_codes
    world.emulator.number("894546", sms_url=f"{HOME}/sms")
    (code,) = codes.list(short_code="894*46")
    assert (code.short_code, code.friendly_name, code.sms_url) == ("894546", "894546", f"{HOME}/sms")
    assert codes.list(short_code="1*") == []
    assert codes(code.sid).update(friendly_name="Votes", sms_method="GET").sms_method == "GET"
    assert codes(code.sid).fetch().friendly_name == "Votes"


@covers(
    "applications.create",
    "applications.list",
    *(f"applications(sid).{action}" for action in ("fetch", "update", "delete")),
)
def applications(world: World) -> None:
    client = world.client
    desk = client.applications.create(friendly_name="Desk", voice_url=f"{HOME}/voice")
    assert (desk.sid[:2], desk.voice_method, desk.sms_url) == ("AP", "POST", None)
    shop = client.applications.create(friendly_name="Shop")
    assert [each.sid for each in client.applications.list()] == [shop.sid, desk.sid]
    assert [each.sid for each in client.applications.list(friendly_name="Desk")] == [desk.sid]
    assert client.applications(desk.sid).update(voice_method="GET").voice_method == "GET"
    assert client.applications(desk.sid).fetch().friendly_name == "Desk"
    assert client.applications(desk.sid).delete()
    with world.refused(404, 20404):
        client.applications(desk.sid).fetch()
