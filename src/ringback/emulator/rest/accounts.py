"""Accounts, subaccounts, balance. https://www.twilio.com/docs/iam/api/account"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.engine.records import Account
from ringback.emulator.rest import generic
from ringback.emulator.rest.errors import Refused
from ringback.emulator.rest.lists import Newest, page
from ringback.emulator.rest.writing import written

if TYPE_CHECKING:
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]


def _create(request: RestRequest) -> Body:
    network, owner = request.network, request.account
    if owner.owner_account_sid != owner.sid:
        raise Refused(400, 21101, "A subaccount can't have subaccounts")
    now = network.clock.date
    sid = network.sids.new("AC")
    account = Account(
        sid=sid,
        date_created=now,
        date_updated=now,
        auth_token=network.sids.token("auth token"),
        owner_account_sid=owner.sid,
        friendly_name=request.parameters.text("FriendlyName")
        or f"SubAccount Created at {now:%Y-%m-%d %I:%M} {'am' if now.hour < 12 else 'pm'}",
        type=owner.type,
    )
    network.store.accounts[sid] = account
    return _view(request, account)


def _list(request: RestRequest) -> Body:
    parameters, own = request.parameters, request.account

    def matches(account: Account) -> bool:
        name, status = parameters.text("FriendlyName"), parameters.text("Status")
        return name in {"", account.friendly_name} and status in {"", account.status}

    # A subaccount sees itself alone.
    listing = Newest(request.network.store.accounts, own.sid, lambda account: account.sid)
    if own.owner_account_sid != own.sid:
        listing = Newest(request.network.store.accounts, own.owner_account_sid, lambda account: account.sid)
        return page(
            request, listing, lambda each: _view(request, each), lambda each: each is own and matches(each)
        )
    return page(request, listing, lambda each: _view(request, each), matches)


def _fetch(request: RestRequest) -> Body:
    return _view(request, _find(request))


def _update(request: RestRequest) -> Body:
    account, parameters = _find(request), request.parameters
    status = parameters.text("Status", account.status)
    main = account.sid == account.owner_account_sid
    if main and "Status" in parameters and status != account.status:
        raise Refused(400, 21477, "A main account can't be suspended or closed through the API")
    if account.status == "closed" and status != "closed":
        raise Refused(400, 21479, "A closed account can't be opened again")
    account.status = status
    account.friendly_name = parameters.text("FriendlyName", account.friendly_name)
    account.date_updated = request.network.clock.date
    if status != "active":
        for leg in tuple(request.network.legs.values()):
            if leg.call.account_sid == account.sid:
                leg.finish("completed" if leg.call.status == "in-progress" else "canceled")
    return _view(request, account)


def _balance(request: RestRequest) -> Body:
    account = request.account
    return written("Balance", account, account_sid=account.sid, currency="USD")


def _find(request: RestRequest) -> Account:
    account = request.network.store.accounts.get(request.sid)
    if account is not None and request.account.sid != account.sid == request.account.owner_account_sid:
        raise Refused(401, 20003, "Authenticate: a subaccount's credentials don't open its parent")
    if account is None or request.account.sid not in {account.sid, account.owner_account_sid}:
        raise request.missing()
    return account


def _view(request: RestRequest, account: Account) -> Body:
    place = f"/2010-04-01/Accounts/{account.sid}"
    return written(
        "Account", account, uri=f"{place}.json", subresource_uris=generic.links(request.family, place)
    )


ACTS = {
    "accounts.create": _create,
    "accounts.list": _list,
    "accounts(sid).fetch": _fetch,
    "accounts(sid).update": _update,
    "balance.fetch": _balance,
}
