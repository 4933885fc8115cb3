"""Accounts, what signs in to them, what they have used."""

from __future__ import annotations

from decimal import Decimal

from ringback import Client
from tests.cassettes.registry import OURS, THEIRS, Wait, scenario


@scenario("accounts", live=True)
def own_account_and_balance(client: Client, _wait: Wait) -> None:
    account = client.account.fetch()
    assert account.sid == client.account_sid
    assert account.status == "active"
    assert "auth_token" not in repr(account)
    balance = client.balance.fetch()
    assert isinstance(balance.balance, Decimal)


@scenario("accounts")
def subaccount_from_birth_to_end(client: Client, _wait: Wait) -> None:
    made = client.accounts.create(friendly_name="Terrace")
    assert (made.friendly_name, made.owner_account_sid) == ("Terrace", client.account_sid)
    assert client.accounts(made.sid).update(status="suspended").status == "suspended"
    assert [item.sid for item in client.accounts.list(status="suspended")] == [made.sid]
    assert client.accounts(made.sid).update(status="closed").status == "closed"


@scenario("accounts")
def key_from_birth_to_end(client: Client, _wait: Wait) -> None:
    made = client.new_keys.create(friendly_name="CI")
    assert (made.sid[:2], made.friendly_name) == ("SK", "CI")
    assert "secret=" not in repr(made)
    assert client.keys(made.sid).update(friendly_name="Build").friendly_name == "Build"
    assert [each.sid for each in client.keys.list()] == [made.sid]
    client.keys(made.sid).delete()


@scenario("accounts")
def token_for_turn_servers(client: Client, _wait: Wait) -> None:
    token = client.tokens.create(ttl=3600)
    assert token.ttl == 3600
    assert {each.urls.partition(":")[0] for each in token.ice_servers} == {"stun", "turn"}


@scenario("accounts")
def connect_app(client: Client, _wait: Wait) -> None:
    (app,) = client.connect_apps.list()
    assert (app.friendly_name, app.permissions) == ("Billing", ())
    changed = client.connect_apps(app.sid).update(friendly_name="Invoices", permissions=["get-all"])
    assert (changed.friendly_name, changed.permissions) == ("Invoices", ("get-all",))
    assert list(client.authorized_connect_apps.list()) == []
    client.connect_apps(app.sid).delete()


@scenario("accounts")
def usage_and_a_trigger(client: Client, wait: Wait) -> None:
    trigger = client.usage.triggers.create(
        usage_category="calls", trigger_value="+9", callback_url="https://example.com/fired"
    )
    assert (trigger.sid[:2], trigger.date_fired) == ("UT", None)
    client.calls.create(to=THEIRS, from_=OURS, twiml="<Response><Say>Hello</Say></Response>")
    wait(60)
    (calls,) = client.usage.records.today.list(category="calls")
    assert (calls.count, calls.count_unit) == (Decimal(1), "calls")
    client.usage.triggers(trigger.sid).delete()
