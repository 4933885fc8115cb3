"""TwiML applications. https://www.twilio.com/docs/usage/api/applications"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import fields

from ringback.emulator.engine.records import Application
from ringback.emulator.rest import views
from ringback.emulator.rest.lists import Newest, page

if TYPE_CHECKING:
    from ringback.emulator.engine.records import Configured
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS", "configure"]


def configure(record: Configured, request: RestRequest) -> None:
    """Take over every parameter that has a field of its name."""
    known = {each.name for each in fields(type(record))}
    for wire, value in request.parameters.values.items():
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in wire).lstrip("_")
        if name in known and name not in {"sid", "account_sid"}:
            setattr(record, name, value)
    record.date_updated = request.network.clock.date


def _create(request: RestRequest) -> Body:
    network = request.network
    now = network.clock.date
    application = Application(
        sid=network.sids.new("AP"), date_created=now, date_updated=now, account_sid=request.account.sid
    )
    configure(application, request)
    network.store.applications[application.sid] = application
    return views.application(application)


def _list(request: RestRequest) -> Body:
    name = request.parameters.text("FriendlyName")
    listing = Newest(request.network.store.applications, request.account.sid, lambda each: each.sid)
    return page(request, listing, views.application, lambda each: name in {"", each.friendly_name})


def _fetch(request: RestRequest) -> Body:
    return views.application(_find(request))


def _update(request: RestRequest) -> Body:
    application = _find(request)
    configure(application, request)
    return views.application(application)


def _delete(request: RestRequest) -> None:
    del request.network.store.applications[_find(request).sid]


def _find(request: RestRequest) -> Application:
    application = request.network.store.applications.get(request.sid)
    if application is None or application.account_sid != request.account.sid:
        raise request.missing()
    return application


ACTS = {
    "applications.create": _create,
    "applications.list": _list,
    "applications(sid).fetch": _fetch,
    "applications(sid).update": _update,
    "applications(sid).delete": _delete,
}
