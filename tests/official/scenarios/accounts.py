"""Accounts, and what signs in to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator import ACCOUNT_SID
from tests.official.console import connect_app
from tests.official.world import OURS, covers

if TYPE_CHECKING:
    from tests.official.world import World


@covers("accounts.create", "accounts.list", "accounts(sid).fetch", "accounts(sid).update", "balance.fetch")
def accounts(world: World) -> None:
    api = world.client.api.v2010
    main = api.account.fetch()
    assert (main.sid, main.owner_account_sid) == (ACCOUNT_SID, ACCOUNT_SID)
    assert (main.status, main.type) == ("active", "Full")
    assert main.subresource_uris["short_codes"] == f"/2010-04-01/Accounts/{ACCOUNT_SID}/SMS/ShortCodes.json"
    assert (api.account.balance.fetch().currency, api.account.balance.fetch().account_sid) == (
        "USD",
        ACCOUNT_SID,
    )
    branch = api.accounts.create(friendly_name="Branch")
    assert (branch.owner_account_sid, branch.status, branch.type) == (ACCOUNT_SID, "active", "Full")
    assert len(branch.auth_token) == 32
    unnamed = api.accounts.create()
    assert unnamed.friendly_name.startswith("SubAccount Created at 2026-01-05 09:00")
    assert {each.sid for each in api.accounts.list()} == {ACCOUNT_SID, branch.sid, unnamed.sid}
    assert [each.sid for each in api.accounts.list(friendly_name="Branch")] == [branch.sid]

    own = world.sign_in(branch.sid, branch.auth_token)
    assert own.api.v2010.account.fetch().friendly_name == "Branch"
    assert own.incoming_phone_numbers.list() == []
    with world.refused(401, 20003):
        own.api.v2010.accounts(ACCOUNT_SID).fetch()
    with world.refused(400, 21101):
        own.api.v2010.accounts.create()

    assert api.accounts(branch.sid).update(friendly_name="Shop").friendly_name == "Shop"
    assert api.accounts(branch.sid).update(status="suspended").status == "suspended"
    assert [each.sid for each in api.accounts.list(status="suspended")] == [branch.sid]
    assert api.accounts(branch.sid).update(status="active").status == "active"
    assert api.accounts(branch.sid).update(status="closed").status == "closed"
    with world.refused(400, 21479):
        api.accounts(branch.sid).update(status="active")
    with world.refused(400, 21477):
        api.account.update(status="closed")


@covers(
    *("keys.list", "keys(sid).fetch", "keys(sid).update", "keys(sid).delete", "new_keys.create"),
    *("signing_keys.list", "signing_keys(sid).fetch", "signing_keys(sid).update", "signing_keys(sid).delete"),
    "new_signing_keys.create",
)
def keys(world: World) -> None:
    client = world.client
    for made, kept in ((client.new_keys, client.keys), (client.new_signing_keys, client.signing_keys)):
        key = made.create(friendly_name="CI")
        assert (key.sid[:2], key.friendly_name, len(key.secret) >= 32) == ("SK", "CI", True)
        assert [each.sid for each in kept.list()] == [key.sid]
        assert kept(key.sid).fetch().friendly_name == "CI"
        assert kept(key.sid).update(friendly_name="Build").friendly_name == "Build"

        guest = world.sign_in(key.sid, key.secret)
        assert [each.phone_number for each in guest.incoming_phone_numbers.list()] == [OURS]
        with world.refused(401, 20003):
            guest.keys.list()
        with world.refused(401, 20003):
            guest.api.v2010.account.fetch()
        assert kept(key.sid).delete()
        with world.refused(401, 20003):
            guest.incoming_phone_numbers.list()
        with world.refused(404, 20404):
            kept(key.sid).fetch()


@covers("tokens.create")
def tokens(world: World) -> None:
    token = world.client.tokens.create(ttl=3600)
    assert (token.ttl, token.account_sid) == ("3600", ACCOUNT_SID)
    urls = [server["urls"] for server in token.ice_servers]
    assert [url.split(":")[0] for url in urls] == ["stun", "turn", "turn", "turn"]
    assert all(server["username"] == token.username for server in token.ice_servers[1:])
    assert world.client.tokens.create().ttl == "86400"


@covers(
    *("connect_apps.list", "connect_apps(sid).fetch", "connect_apps(sid).update", "connect_apps(sid).delete"),
    *("authorized_connect_apps.list", "authorized_connect_apps(sid).fetch"),
)
def connect_apps(world: World) -> None:
    client = world.client
    # They are made, and authorized, in Twilio's console alone.
    sid = connect_app(world.emulator, "Billing", company_name="Books Ltd")
    other = connect_app(world.emulator, "Reports", authorized=True)
    (app,) = client.connect_apps.list()
    assert (app.sid, app.friendly_name, app.company_name, app.permissions) == (
        sid,
        "Billing",
        "Books Ltd",
        [],
    )
    changed = client.connect_apps(sid).update(
        friendly_name="Invoices", permissions=["get-all", "post-all"], homepage_url="https://example.com/"
    )
    assert (changed.friendly_name, changed.permissions) == ("Invoices", ["get-all", "post-all"])
    assert client.connect_apps(sid).fetch().homepage_url == "https://example.com/"
    assert client.connect_apps(sid).delete()
    assert client.connect_apps.list() == []
    (authorized,) = client.authorized_connect_apps.list()
    assert (authorized.connect_app_sid, authorized.connect_app_friendly_name) == (other, "Reports")
    assert client.authorized_connect_apps(other).fetch().account_sid == ACCOUNT_SID
