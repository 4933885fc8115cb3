"""A start: import, build a client, touch its messages."""

from twilio.rest import Client

Client("AC" + "0" * 32, "token").messages  # noqa: B018
