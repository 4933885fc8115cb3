"""What a SID's prefix says: the Python type of each kind, so that type checkers tell them apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ANY: Final = "AnySid"
WRONG: Final = "WrongSid"

TYPES: Final[Mapping[str, str]] = {
    "AC": "AccountSid",
    "AD": "AddressSid",
    "AL": "IpAccessControlListSid",
    "AP": "ApplicationSid",
    "BU": "BundleSid",
    "BY": "ByocTrunkSid",
    "CA": "CallSid",
    "CF": "ConferenceSid",
    "CL": "CredentialListSid",
    "CN": "ConnectAppSid",
    "CR": "CredentialSid",
    "GP": "CallGroupSid",
    "GT": "RealtimeTranscriptionSid",
    "HX": "ContentSid",
    "IP": "IpAddressSid",
    "ME": "MediaSid",
    "MG": "MessagingServiceSid",
    "MM": "MessageSid",
    "MZ": "StreamSid",
    "NO": "NotificationSid",
    "PK": "PaymentSid",
    "PN": "PhoneNumberSid",
    "QU": "QueueSid",
    "RE": "RecordingSid",
    "RI": "IdentitySid",
    "SC": "ShortCodeSid",
    "SD": "SipDomainSid",
    "SK": "ApiKeySid",
    "SM": "MessageSid",
    "SR": "SiprecSid",
    "TK": "TrunkSid",
    "TR": "TranscriptionSid",
    "UT": "UsageTriggerSid",
    "XB": "AddOnExtensionSid",
    "XE": "AddOnSid",
    "XF": "AddOnConfigurationSid",
    "XH": "AddOnPayloadSid",
    "XR": "AddOnResultSid",
    "ZY": "UserDefinedMessageSubscriptionSid",
}


def type_of(prefixes: tuple[str, ...]) -> str:
    """The type of a SID that has one of these prefixes."""
    names = {TYPES.get(prefix, ANY) for prefix in prefixes}
    return names.pop() if len(names) == 1 else ANY
