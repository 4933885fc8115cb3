"""Twilio's other products, each with a host and paths of its own: an emulator of the 2010 API has none.

https://www.twilio.com/docs/usage/api lists them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ringback.emulator.rest.errors import Refused

__all__ = ["check_host", "check_path"]

# By the first label of a host, as in `verify.twilio.com`.
_BY_HOST: Final[Mapping[str, str]] = {
    "accounts": "Accounts",
    "assistants": "AI Assistants",
    "bulkexports": "Bulk Export",
    "chat": "Programmable Chat",
    "content": "Content",
    "conversations": "Conversations",
    "events": "Event Streams",
    "flex-api": "Flex",
    "frontline-api": "Frontline",
    "iam": "IAM",
    "insights": "Voice and Video Insights",
    "intelligence": "Conversational Intelligence",
    "ip-messaging": "Programmable Chat",
    "knowledge": "AI Assistants",
    "lookups": "Lookup",
    "marketplace": "Marketplace",
    "mcs": "Programmable Chat",
    "messaging": "Messaging Services",
    "monitor": "Monitor",
    "notify": "Notify",
    "numbers": "Numbers and Regulatory Compliance",
    "oauth": "OAuth",
    "preview": "Preview",
    "pricing": "Pricing",
    "proxy": "Proxy",
    "routes": "Inbound Processing Region",
    "serverless": "Functions and Assets",
    "studio": "Studio",
    "supersim": "Super SIM",
    "sync": "Sync",
    "taskrouter": "TaskRouter",
    "trunking": "Elastic SIP Trunking",
    "trusthub": "Trust Hub",
    "verify": "Verify",
    "video": "Video",
    "voice": "Voice Settings",
    "wireless": "Programmable Wireless",
}
# By version and first part of a path: clients that are pointed here say no host of Twilio's.
_BY_PATH: Final[Mapping[str, str]] = {
    "v1/a2p": "Messaging Services",
    "v1/Alerts": "Monitor",
    "v1/Assistants": "AI Assistants",
    "v1/AuthTokens": "Accounts",
    "v1/AvailableAddOns": "Marketplace",
    "v1/ByocTrunks": "Voice Settings",
    "v1/Commands": "Programmable Wireless",
    "v1/Compositions": "Video",
    "v1/Conferences": "Voice and Video Insights",
    "v1/Content": "Content",
    "v1/Conversations": "Conversations",
    "v1/CustomerProfiles": "Trust Hub",
    "v1/Deactivations": "Messaging Services",
    "v1/DialingPermissions": "Voice Settings",
    "v1/Events": "Monitor",
    "v1/Exports": "Bulk Export",
    "v1/Fleets": "Super SIM",
    "v1/FlexFlows": "Flex",
    "v1/Flows": "Studio",
    "v1/HostedNumber": "Numbers and Regulatory Compliance",
    "v1/Interactions": "Flex",
    "v1/Messaging": "Pricing",
    "v1/ParticipantConversations": "Conversations",
    "v1/PhoneNumbers": "Lookup or Pricing",
    "v1/Porting": "Numbers and Regulatory Compliance",
    "v1/RatePlans": "Programmable Wireless",
    "v1/Recordings": "Video",
    "v1/Rooms": "Video",
    "v1/SafeList": "Accounts",
    "v1/Sims": "Super SIM or Programmable Wireless",
    "v1/Sinks": "Event Streams",
    "v1/Subscriptions": "Event Streams",
    "v1/Tollfree": "Messaging Services",
    "v1/Trunks": "Elastic SIP Trunking",
    "v1/TrustProducts": "Trust Hub",
    "v1/Video": "Voice and Video Insights",
    "v1/Voice": "Voice and Video Insights or Pricing",
    "v1/Workspaces": "TaskRouter",
    "v2/Flows": "Studio",
    "v2/PhoneNumbers": "Lookup",
    "v2/RegulatoryCompliance": "Numbers and Regulatory Compliance",
    "v2/Services": "Verify",
    "v2/SipDomains": "Inbound Processing Region",
    "v2/Transcripts": "Conversational Intelligence",
    "v2/Trunking": "Pricing",
    "v2/Trunks": "Inbound Processing Region",
    "v2/Voice": "Pricing",
}
# By the kind of a service's SID: several products have services.
_BY_SERVICE: Final[Mapping[str, str]] = {
    "GA": "Conversational Intelligence",
    "IS": "Conversations, Programmable Chat, Sync or Notify",
    "KS": "Proxy",
    "MG": "Messaging Services",
    "VA": "Verify",
    "ZS": "Functions and Assets",
}
_ANY_SERVICE: Final = "Messaging Services, Verify, Sync or another product with services"
_OTHER: Final = "another product than the 2010-04-01 API"
_LONGEST: Final = 100  # characters of a path that are shown
_VERSIONED: Final = re.compile(r"/(v[0-9]{1,3})(?:/([^/]*)(?:/([^/]*))?)?")


def check_host(host: str) -> None:
    """Refuse what is meant for the host of another product; `host` is a header, with or without a port.

    Raises:
        Refused: It is.
    """
    label, _, domain = host.lower().partition(":")[0].partition(".")
    product = _BY_HOST.get(label)
    if product is not None and (domain == "twilio.com" or domain.endswith(".twilio.com")):
        raise _refused(f"{label}.{domain}", product)


def check_path(path: str) -> None:
    """Refuse what has the path of another product.

    Raises:
        Refused: It has.
    """
    found = _VERSIONED.match(path)
    if found is None:
        return
    place, sid = f"{found[1]}/{found[2] or ''}", found[3] or ""
    product = _BY_PATH.get(place, _OTHER)
    if found[2] == "Services":
        product = _BY_SERVICE.get(sid[:2], _BY_PATH.get(place, _ANY_SERVICE))
    raise _refused(f"/{place}", product)


def _refused(what: str, product: str) -> Refused:
    shown = what[:_LONGEST]
    return Refused(
        501, 20501, f"{shown} is of {product}: the emulator does the 2010-04-01 API of api.twilio.com only"
    )
