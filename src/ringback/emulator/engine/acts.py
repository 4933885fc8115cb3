"""What people do and notice, as it is told to whoever records it."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Act"]


@frozen
class Act:
    """Something that a person does, or that their phone lets them notice.

    Attributes:
        at: When, in seconds since the emulator's start.
        number: Of their phone.
        subject: The SID of the call or message.
        did: `dial`, `answer`, `decline`, `press`, `speak`, `beep`, `hangup`, `text`; what they notice is
            `rings`, `hears`, `reads`, `over`.
        what: The key, the words, what is heard or read; of `rings` what the phone does about it, of `over`
            who ended the call.
        kind: Of what is heard.
        seconds: How long it takes.
    """

    at: float
    number: str
    subject: str
    did: str
    what: str = ""
    kind: str = ""
    seconds: float = 0.0
