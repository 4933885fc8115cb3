"""Accounts, subaccounts, balance. https://www.twilio.com/docs/iam/api/account"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.records import Account
from ringback.emulator.rest import views
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import page

if TYPE_CHECKING:
    from ringback.emulator.rest.decoding import Asked
    from ringback.emulator.rest.views import Body

__all__ = ["ACTS"]


def _create(asked: Asked) -> Body:
    network, owner = asked.network, asked.account
    if owner.owner_account_sid != owner.sid:
        raise Refused(400, 20001, "A subaccount can't have subaccounts")
    now = network.clock.date
    sid = network.sids.new("AC")
    account = Account(
        sid=sid,
        date_created=now,
        date_updated=now,
        auth_token=network.sids.token("auth token"),
        owner_account_sid=owner.sid,
        friendly_name=asked.given.text("FriendlyName") or f"SubAccount Created at {now:%Y-%m-%d %I:%M %p}",
    )
    network.store.accounts[sid] = account
    return views.account(account)


def _list(asked: Asked) -> Body:
    given = asked.given
    found = [
        account
        for account in asked.network.store.accounts.values()
        if asked.account.sid in {account.sid, account.owner_account_sid}
        and given.text("FriendlyName") in {"", account.friendly_name}
        and given.text("Status") in {"", account.status}
    ]
    return page(asked, "accounts", found, views.account)


def _fetch(asked: Asked) -> Body:
    return views.account(_find(asked))


def _update(asked: Asked) -> Body:
    account, given = _find(asked), asked.given
    status = given.text("Status", account.status)
    if account.status == "closed" and status != "closed":
        raise Refused(400, 20001, "A closed account can't be opened again")
    if status != "active" and account.sid == account.owner_account_sid:
        raise Refused(400, 20001, "A main account can't be suspended or closed through the API")
    account.status = status
    account.friendly_name = given.text("FriendlyName", account.friendly_name)
    account.date_updated = asked.network.clock.date
    if status != "active":
        for leg in tuple(asked.network.legs.values()):
            if leg.call.account_sid == account.sid:
                leg.finish("completed" if leg.call.status == "in-progress" else "canceled")
    return views.account(account)


def _balance(asked: Asked) -> Body:
    return views.balance(asked.account)


def _find(asked: Asked) -> Account:
    account = asked.network.store.accounts.get(asked.sid)
    if account is None or asked.account.sid not in {account.sid, account.owner_account_sid}:
        raise asked.missing()
    return account


ACTS = {
    "accounts.create": _create,
    "accounts.list": _list,
    "accounts(sid).fetch": _fetch,
    "accounts(sid).update": _update,
    "balance.fetch": _balance,
}
