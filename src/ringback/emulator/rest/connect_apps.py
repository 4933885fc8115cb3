"""Connect apps, which are made in Twilio's console alone. https://www.twilio.com/docs/iam/connect-apps"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback._generated.emulation.records import AuthorizedConnectAppRecord, ConnectAppRecord
from ringback.emulator.engine.parameters import API_VERSION

if TYPE_CHECKING:
    from ringback.emulator.engine.world import World

__all__ = ["new_connect_app"]


def new_connect_app(world: World, account_sid: str, name: str, company_name: str, *, authorized: bool) -> str:
    """A Connect app of an account, or one of somebody else's that it has given access; its SID."""
    sid = world.sids.new("CN")
    home = f"/{API_VERSION}/Accounts/{account_sid}"
    if authorized:
        record = AuthorizedConnectAppRecord(
            connect_app_sid=sid,
            account_sid=account_sid,
            connect_app_friendly_name=name,
            connect_app_company_name=company_name or None,
            permissions=("get-all",),
            uri=f"{home}/AuthorizedConnectApps/{sid}.json",
        )
        world.store.table("authorized_connect_apps", AuthorizedConnectAppRecord).put(sid, record, account_sid)
    else:
        app = ConnectAppRecord(
            sid=sid,
            account_sid=account_sid,
            friendly_name=name,
            company_name=company_name or None,
            deauthorize_callback_method="POST",
            uri=f"{home}/ConnectApps/{sid}.json",
        )
        world.store.table("connect_apps", ConnectAppRecord).put(sid, app, account_sid)
    return sid
