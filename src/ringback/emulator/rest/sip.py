"""SIP domains, who is let in, and by what. https://www.twilio.com/docs/voice/sip/api"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

from ringback._core.emulation.records import Record
from ringback._generated.emulation.records import SipCredentialListRecord, SipDomainRecord
from ringback.emulator.rest import generic
from ringback.emulator.rest.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]

_DOMAIN: Final = re.compile(
    r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9-]+)*\.sip\.twilio\.com\Z", re.IGNORECASE
)
_CALLS: Final = "sip.domains().auth.calls"
_REGISTRATIONS: Final = "sip.domains().auth.registrations"
# Where lists are mapped for calls: the newer and the older way to the same setting.
_MAPPINGS: Final = {
    "credential": (
        "sip.domains().credential_list_mappings",
        f"{_CALLS}.credential_list_mappings",
        f"{_REGISTRATIONS}.credential_list_mappings",
    ),
    "address": ("sip.domains().ip_access_control_list_mappings", f"{_CALLS}.ip_access_control_list_mappings"),
}


def _create_domain(request: RestRequest) -> Body:
    _check_domain(request)
    return generic.create(request)


def _update_domain(request: RestRequest) -> Body:
    _check_domain(request)
    return generic.update(request)


def _check_domain(request: RestRequest) -> None:
    """A domain's name is free across all accounts."""
    name = request.parameters.text("DomainName")
    if not name:
        return
    if not _DOMAIN.match(name):
        raise Refused(
            400, 21232, f"DomainName '{name[:100]}' has to end in sip.twilio.com: letters, digits, hyphens"
        )
    for domain in request.network.store.table("sip.domains", SipDomainRecord).values():
        if domain.domain_name.lower() == name.lower() and domain.sid != request.holes.get("Sid"):
            raise Refused(400, 21232, f"DomainName '{name}' is taken")


def _map(lists: str) -> Callable[[RestRequest], Body]:
    def create(request: RestRequest) -> Body:
        sid = request.parameters.text(request.family.named_by)
        table = request.network.store.table(lists, SipCredentialListRecord)
        if table.lane(sid) != request.account.sid:
            raise Refused(404, 20404, f"{request.family.named_by} {sid} was not found")
        body = generic.create(request, friendly_name=table[sid].friendly_name)
        _tell_domain(request)
        return body

    return create


def _unmap(request: RestRequest) -> None:
    generic.delete(request)
    _tell_domain(request)


def _tell_domain(request: RestRequest) -> None:
    """A domain says by what it lets calls in."""
    store, domain = request.network.store, request.holes["SipDomainSid"]
    lane = f"{request.account.sid}/{domain}"
    kinds = {
        "IP_ACL": _MAPPINGS["address"],
        "CREDENTIAL_LIST": _MAPPINGS["credential"][:2],
    }
    store.table("sip.domains", SipDomainRecord)[domain].auth_type = ",".join(
        kind
        for kind, families in kinds.items()
        if any(store.table(each, Record).count(lane) for each in families)
    )


def _delete_list(mappings: str, code: int) -> Callable[[RestRequest], None]:
    def delete(request: RestRequest) -> None:
        generic.find(request, Record)
        if request.sid in _mapped(request, mappings):
            raise Refused(400, code, f"{request.sid} is mapped to a domain")
        generic.delete(request)

    return delete


def _mapped(request: RestRequest, mappings: str) -> Iterator[str]:
    """The SIDs of the lists that some domain lets in."""
    for family in _MAPPINGS[mappings]:
        for key in request.network.store.table(family, Record):
            yield key.rpartition("/")[2]


def _create_credential(request: RestRequest) -> Body:
    _check_password(request)
    return generic.create(request)


def _update_credential(request: RestRequest) -> Body:
    _check_password(request)
    return generic.update(request)


def _check_password(request: RestRequest) -> None:
    password = request.parameters.text("Password")
    strong = len(password) >= 12 and all(re.search(each, password) for each in ("[a-z]", "[A-Z]", "[0-9]"))
    if "Password" in request.parameters and not strong:
        raise Refused(
            400,
            21240,
            "Password is not valid: expected 12 characters, with a digit, a capital, a small letter",
        )


def _create_address(request: RestRequest) -> Body:
    _check_address(request)
    return generic.create(request)


def _update_address(request: RestRequest) -> Body:
    _check_address(request)
    return generic.update(request)


def _check_address(request: RestRequest) -> None:
    text = request.parameters.text("IpAddress")
    try:
        if text:
            ipaddress.IPv4Address(text)
    except ValueError:
        raise Refused(400, 20001, f"IpAddress '{text[:50]}' is not valid: expected an IPv4 address") from None


_CREDENTIALS: Final = _map("sip.credential_lists")
_ADDRESSES: Final = _map("sip.ip_access_control_lists")
ACTS = {
    "sip.domains.create": _create_domain,
    "sip.domains(sid).update": _update_domain,
    "sip.domains(sid).credential_list_mappings.create": _CREDENTIALS,
    "sip.domains(sid).credential_list_mappings(sid).delete": _unmap,
    "sip.domains(sid).auth.calls.credential_list_mappings.create": _CREDENTIALS,
    "sip.domains(sid).auth.calls.credential_list_mappings(sid).delete": _unmap,
    "sip.domains(sid).auth.registrations.credential_list_mappings.create": _CREDENTIALS,
    "sip.domains(sid).auth.registrations.credential_list_mappings(sid).delete": _unmap,
    "sip.domains(sid).ip_access_control_list_mappings.create": _ADDRESSES,
    "sip.domains(sid).ip_access_control_list_mappings(sid).delete": _unmap,
    "sip.domains(sid).auth.calls.ip_access_control_list_mappings.create": _ADDRESSES,
    "sip.domains(sid).auth.calls.ip_access_control_list_mappings(sid).delete": _unmap,
    "sip.credential_lists(sid).delete": _delete_list("credential", 21241),
    "sip.ip_access_control_lists(sid).delete": _delete_list("address", 21236),
    "sip.credential_lists(sid).credentials.create": _create_credential,
    "sip.credential_lists(sid).credentials(sid).update": _update_credential,
    "sip.ip_access_control_lists(sid).ip_addresses.create": _create_address,
    "sip.ip_access_control_lists(sid).ip_addresses(sid).update": _update_address,
}
