"""What is made in Twilio's console alone, and not by its API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringback.emulator import Emulator

__all__ = ["connect_app"]


def connect_app(emulator: Emulator, name: str, *, company_name: str = "", authorized: bool = False) -> str:
    """A Connect app of the main account, or one of somebody else that it has authorized."""
    return emulator.connect_app(name, company_name=company_name, authorized=authorized)
