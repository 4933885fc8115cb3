"""Who takes calls that come in: numbers, TwiML applications, SIP domains."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ringback._generated.emulation.records import SipDomainRecord

if TYPE_CHECKING:
    from ringback._generated.emulation.records import ApplicationRecord
    from ringback.emulator.engine.records import Number, Store

__all__ = ["Destination", "domain_of", "of_application", "of_domain", "of_number"]

_SIP: Final = re.compile(r"sips?:(?:[^@]+@)?([^@;?:]+)", re.IGNORECASE)


@frozen
class Destination:
    """What a call comes in at, and by which settings it is answered.

    Attributes:
        account_sid: Whose it is.
        address: Who was called, as the call says it; "" where an application of a Voice SDK called another.
        name: What was called, for people.
        looks_up: Whether the caller's name is looked up.
        domain: The SIP domain that was called, and its SID.
    """

    account_sid: str
    address: str
    name: str
    voice_url: str = ""
    voice_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    status_callback_method: str = "POST"
    number_sid: str | None = None
    application_sid: str | None = None
    looks_up: bool = False
    domain: tuple[str, str] = ("", "")


def of_number(store: Store, number: Number) -> Destination:
    """A number: by the settings of its application, where it has one."""
    application = store.applications.get(number.voice_application_sid)
    settings = application or number
    return Destination(
        account_sid=number.account_sid,
        address=number.phone_number,
        name=number.phone_number,
        voice_url=settings.voice_url or "",
        voice_method=settings.voice_method or "POST",
        fallback_url=settings.voice_fallback_url or "",
        fallback_method=settings.voice_fallback_method or "POST",
        status_callback=settings.status_callback or "",
        status_callback_method=settings.status_callback_method or "POST",
        number_sid=number.sid,
        application_sid=None if application is None else application.sid,
        looks_up=bool(settings.voice_caller_id_lookup),
    )


def of_application(application: ApplicationRecord, address: str = "") -> Destination:
    """A TwiML application that is called by itself.

    Args:
        address: Who is called, as the call says it.
    """
    return Destination(
        account_sid=application.account_sid,
        address=address,
        name=application.friendly_name or application.sid,
        voice_url=application.voice_url or "",
        voice_method=application.voice_method or "POST",
        fallback_url=application.voice_fallback_url or "",
        fallback_method=application.voice_fallback_method or "POST",
        status_callback=application.status_callback or "",
        status_callback_method=application.status_callback_method or "POST",
        application_sid=application.sid,
    )


def of_domain(domain: SipDomainRecord, address: str) -> Destination:
    """A SIP domain.

    Args:
        address: The SIP address that was called there.
    """
    return Destination(
        account_sid=domain.account_sid,
        address=address,
        name=address,
        voice_url=domain.voice_url or "",
        voice_method=domain.voice_method,
        fallback_url=domain.voice_fallback_url or "",
        fallback_method=domain.voice_fallback_method,
        status_callback=domain.voice_status_callback_url or "",
        status_callback_method=domain.voice_status_callback_method,
        domain=(domain.domain_name, domain.sid),
    )


def domain_of(store: Store, address: str) -> SipDomainRecord | None:
    """The SIP domain of ours that an address is at."""
    found = _SIP.match(address)
    if found is None:
        return None
    domains = store.table("sip.domains", SipDomainRecord).values()
    return next((each for each in domains if each.domain_name.lower() == found[1].lower()), None)
