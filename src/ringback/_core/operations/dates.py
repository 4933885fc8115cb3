"""Dates as HTTP headers write them."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

__all__ = ["read_http_date"]


def read_http_date(text: str) -> datetime | None:
    """The moment, aware; None where it isn't one, or none that this calendar has."""
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc)
    except (ValueError, TypeError, OverflowError):
        return None
