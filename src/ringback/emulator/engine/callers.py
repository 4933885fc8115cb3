"""What is known of whoever calls, or is called, besides the number."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

__all__ = ["CallerDetails", "Place", "SipFacts", "is_sip", "passed_on"]


@frozen
class Place:
    """Where a number belongs to; each "" where nobody knows, and None where it isn't said at all.

    Attributes:
        country: Two letters.
    """

    city: str | None = ""
    state: str | None = ""
    zip_code: str | None = ""
    country: str | None = ""


@frozen
class SipFacts:
    """What is known of the SIP side of a call.

    Attributes:
        call_id: Its `Call-ID`.
        domain: The SIP domain that was called, or "".
        domain_sid: The SID of that domain, or "".
        source_ip: Where the call came from, or "".
        headers: Those that are passed on, by name.
    """

    call_id: str
    domain: str = ""
    domain_sid: str = ""
    source_ip: str = ""
    headers: Mapping[str, str] = field(factory=dict[str, str])


@frozen
class CallerDetails:
    """What a call that comes in says of its caller.

    Attributes:
        name: The caller's name; None where it has to be looked up.
        forwarded_from: The number that passed the call on, or None.
        place: Where the caller's number belongs to; None where that is known of the phone, or not at all.
        sip_headers: Headers of the caller's SIP phone, by name.
        parameters: What an application of a Voice SDK tells whom it calls.
    """

    name: str | None = None
    forwarded_from: str | None = None
    place: Place | None = None
    sip_headers: Mapping[str, str] = field(factory=dict[str, str])
    parameters: Mapping[str, str] = field(factory=dict[str, str])


def is_sip(address: str) -> bool:
    """Whether somebody is called over SIP."""
    return address.startswith(("sip:", "sips:"))


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """The SIP headers that one side learns of the other."""
    return {
        name: text
        for name, text in headers.items()
        if name.lower().startswith("x-") or name.lower() == "user-to-user"
    }
