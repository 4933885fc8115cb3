"""One concept has one enum: what has one name has one set of words, in all of the specification."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from codegen import api, webhooks
from codegen.problems import SpecError
from codegen.webhooks.load import load

SPEC = Path(__file__).parents[2] / "spec"
XS = "{http://www.w3.org/2001/XMLSchema}"

# Enums of the REST API begin with the resource that takes them, as Twilio names them. Those of one set of
# words that have more than one name, and why each has its own.
NAMESAKES: dict[tuple[str, ...], str] = {
    (
        "AvailablePhoneNumberAddressRequirements",
        "DependentPhoneNumberAddressRequirements",
        "IncomingPhoneNumberAddressRequirement",
    ): "of three resources",
    ("DependentPhoneNumberEmergencyStatus", "IncomingPhoneNumberEmergencyStatus"): "of two resources",
    ("ApplicationApiVersion", "IncomingPhoneNumberApiVersion", "ShortCodeApiVersion"): "of three resources",
    (
        "CallEvent",
        "CallStatusCallbackEvent",
        "ParticipantStatusCallbackEvent",
    ): "of two resources, and an attribute",
    (
        "CallRecordingChannels",
        "ParticipantRecordingChannels",
        "RecordingChannels",
    ): "parameters of a call and a participant, and what a recording says",
    (
        "CallRecordingTrack",
        "ParticipantRecordingTrack",
        "RecordingTrack",
    ): "parameters of a call and a participant, and what a recording says",
    ("CallRecordingStatusCallbackEvent", "RecordingEvent"): "a parameter of a call, and an attribute",
    (
        "CallTrim",
        "ParticipantConferenceTrim",
        "ParticipantTrim",
        "RecordingTrim",
        "Trim",
    ): "of four parameters, and an attribute",
    (
        "CallMachineDetection",
        "MachineDetection",
        "ParticipantMachineDetection",
    ): "of two resources, and an attribute",
    ("Beep", "ParticipantBeep"): "an attribute, and a parameter",
    ("ConferenceEvent", "ParticipantConferenceStatusCallbackEvent"): "an attribute, and a parameter",
    ("ParticipantConferenceRecordingStatusCallbackEvent", "RecordingStatusCallbackEvent"): "of two resources",
    ("JitterBufferSize", "ParticipantJitterBufferSize"): "an attribute, and a parameter",
    ("Boolean", "PaymentConfirmation"): "true and false, of which Twilio's parameter makes words",
    ("PayInput", "PaymentInput"): "an attribute, and a parameter",
    ("PaymentMethod", "PaymentPaymentMethod"): "what a request says, and a parameter",
    ("PaymentTokenType", "TokenType"): "a parameter, and an attribute",
    ("RealtimeTranscriptionStatus", "SiprecStatus", "StreamStatus"): "of three resources",
    ("RealtimeTranscriptionUpdateStatus", "SiprecUpdateStatus", "StreamUpdateStatus"): "of three resources",
    (
        "MediaTrack",
        "RealtimeTranscriptionTrack",
        "SiprecTrack",
        "StreamTrack",
        "Track",
    ): "of three resources, an attribute, and what requests of all three say",
    (
        "KnownTranscriptionEngine",
        "RealtimeTranscriptionTranscriptionEngine",
    ): "an attribute that takes others too, and a parameter",
    ("CallRecordingStatus", "ConferenceRecordingStatus"): "of two resources",
    ("PayFor", "PaymentStep"): "what a request says, and an attribute",
    ("CardType", "PaymentCardType"): "an attribute, and what a request says",
    (
        "ContentType",
        "PayloadType",
    ): "of messages to a call, and of what the debugger sends: both happen to be JSON",
}
# Pairs of which most words are the same, and what the difference is.
NEARLY: dict[tuple[str, ...], str] = {
    (
        "CallRecordingStatusCallbackEvent",
        "ParticipantConferenceRecordingStatusCallbackEvent",
    ): "told of some moments: three of a call that begins, else four",
    (
        "CallRecordingStatusCallbackEvent",
        "RecordingStatusCallbackEvent",
    ): "told of some moments: three of a call that begins, else four",
    (
        "ParticipantConferenceRecordingStatusCallbackEvent",
        "RecordingEvent",
    ): "told of some moments: three of a call that begins, else four",
    (
        "RecordingEvent",
        "RecordingStatusCallbackEvent",
    ): "told of some moments: three of a call that begins, else four",
    (
        "ParticipantConferenceRecordingStatusCallbackEvent",
        "TranscriptionStatus",
    ): "of recordings and of texts",
    ("RecordingStatusCallbackEvent", "TranscriptionStatus"): "of recordings and of texts",
    ("BankAccountType", "PaymentBankAccountType"): "`<Pay>` takes savings of a company, the API does not",
    ("CallRecordingStatus", "RecordingStatus"): "a recording that goes on is not deleted and has not failed",
    (
        "ConferenceRecordingStatus",
        "RecordingStatus",
    ): "a recording that goes on is not deleted and has not failed",
    ("DialCallStatus", "FinalCallStatus"): "a leg that joined a conference is `answered` when the verb ends",
    ("FinalCallStatus", "ParticipantCallStatus"): "a participant may leave while the call goes on",
}


def words() -> dict[str, list[frozenset[str]]]:
    """Every enum of the REST API, the webhooks and TwiML by name, as often as it is there."""
    found: dict[str, list[frozenset[str]]] = {}
    for module in api.planned(SPEC).modules:
        for enum in module.enums:
            found.setdefault(enum.name, []).append(frozenset(enum.spec.values))
    for name, each in load(SPEC / "webhooks.yaml")[0].enums.items():
        found.setdefault(name, []).append(frozenset(each.values))
    for path in sorted((SPEC / "twiml").glob("*.xsd")):
        for kind in ElementTree.parse(path).getroot().iter(f"{XS}simpleType"):  # noqa: S314  (ours)
            values = [str(word.get("value")) for word in kind.iter(f"{XS}enumeration")]
            called = kind.get("name")
            if called and values:
                found.setdefault(called[0].upper() + called[1:], []).append(frozenset(values))
    return found


def test_what_has_one_name_has_one_set_of_words() -> None:
    found = words()
    assert len([name for name, sets in found.items() if len(sets) > 1]) > 5
    assert {name: sets for name, sets in found.items() if len(set(sets)) > 1} == {}


def test_what_has_one_set_of_words_has_one_name_or_a_reason() -> None:
    groups: dict[frozenset[str], list[str]] = {}
    for name, sets in words().items():
        groups.setdefault(sets[0], []).append(name)
    alike = {tuple(sorted(names)) for names in groups.values() if len(names) > 1}
    assert alike == set(NAMESAKES)


def test_what_has_nearly_the_same_words_has_a_reason() -> None:
    found = {name: sets[0] for name, sets in words().items()}
    near = {
        tuple(sorted((one, other)))
        for one, other in combinations(found, 2)
        if found[one] != found[other]
        and len(found[one] & found[other]) / len(found[one] | found[other]) >= 0.75
    }
    assert near == set(NEARLY)


@pytest.mark.parametrize(
    "written",
    ["{same_as: api/nothing.yaml}", "{same_as: api/message.yaml}", "{same_as: api/call.yaml, doc: Else.}"],
)
def test_a_reference_to_nothing_is_told_with_its_line(tmp_path: Path, written: str) -> None:
    (tmp_path / "api").symlink_to(SPEC / "api")
    text = (SPEC / "webhooks.yaml").read_text(encoding="utf-8")
    text = re.sub(r"  CallStatus: .*", f"  CallStatus: {written}", text, count=1)
    (tmp_path / "webhooks.yaml").write_text(text, encoding="utf-8")
    line = text[: text.index("  CallStatus: ")].count("\n") + 1
    with pytest.raises(SpecError) as caught:
        webhooks.render(tmp_path)
    (problem,) = caught.value.problems
    assert (problem.line, problem.message.partition(":")[0]) == (line, "enums.CallStatus")
