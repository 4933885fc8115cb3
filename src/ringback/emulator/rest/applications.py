"""TwiML applications. https://www.twilio.com/docs/usage/api/applications"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import fields

from ringback.emulator.engine.records import Application
from ringback.emulator.rest import views
from ringback.emulator.rest.lists import page

if TYPE_CHECKING:
    from ringback.emulator.engine.records import Configured
    from ringback.emulator.rest.decoding import Asked
    from ringback.emulator.rest.views import Body

__all__ = ["ACTS", "configure"]


def configure(record: Configured, asked: Asked) -> None:
    """Take over every parameter that has a field of its name."""
    known = {each.name for each in fields(type(record))}
    for wire, value in asked.given.values.items():
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in wire).lstrip("_")
        if name in known and name not in {"sid", "account_sid"}:
            setattr(record, name, value)
    record.date_updated = asked.network.clock.date


def _create(asked: Asked) -> Body:
    network = asked.network
    now = network.clock.date
    application = Application(
        sid=network.sids.new("AP"), date_created=now, date_updated=now, account_sid=asked.account.sid
    )
    configure(application, asked)
    network.store.applications[application.sid] = application
    return views.application(application)


def _list(asked: Asked) -> Body:
    name = asked.given.text("FriendlyName")
    found = [
        application
        for application in asked.network.store.applications.values()
        if application.account_sid == asked.account.sid and name in {"", application.friendly_name}
    ]
    return page(asked, "applications", found, views.application)


def _fetch(asked: Asked) -> Body:
    return views.application(_find(asked))


def _update(asked: Asked) -> Body:
    application = _find(asked)
    configure(application, asked)
    return views.application(application)


def _delete(asked: Asked) -> None:
    del asked.network.store.applications[_find(asked).sid]


def _find(asked: Asked) -> Application:
    application = asked.network.store.applications.get(asked.sid)
    if application is None or application.account_sid != asked.account.sid:
        raise asked.missing()
    return application


ACTS = {
    "applications.create": _create,
    "applications.list": _list,
    "applications(sid).fetch": _fetch,
    "applications(sid).update": _update,
    "applications(sid).delete": _delete,
}
