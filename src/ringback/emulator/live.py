"""An emulator that other processes reach over HTTP, as the fixture `live_emulator` gives it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from ringback.emulator.emulator import Emulator

__all__ = ["LiveEmulator"]


@frozen
class LiveEmulator:
    """An emulator over HTTP.

    Attributes:
        emulator: The emulator: phones, numbers, transcript.
        url: What clients take for their base URL; the control API is below `/_emulator/` there.
    """

    emulator: Emulator
    url: str

    @property
    def account_sid(self) -> str:
        """Its main account."""
        return self.emulator.account_sid

    @property
    def auth_token(self) -> str:
        """The account's token, with which webhooks are signed as well."""
        return self.emulator.auth_token

    @property
    def variables(self) -> dict[str, str]:
        """The variables by which SDKs find account and token, and ringback's clients the emulator."""
        return {
            "TWILIO_ACCOUNT_SID": self.account_sid,
            "TWILIO_AUTH_TOKEN": self.auth_token,
            "RINGBACK_BASE_URL": self.url,
        }

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment with those variables, for processes to start with."""
        return {**os.environ, **self.variables}
