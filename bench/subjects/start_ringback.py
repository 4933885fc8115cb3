"""A start: import, build a client, touch its messages."""

from ringback import Client

Client("AC" + "0" * 32, "token").messages  # noqa: B018
