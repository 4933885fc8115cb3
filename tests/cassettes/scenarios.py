"""What is recorded and replayed: conversations with the REST API, each one cassette.

A scenario asserts what it is told, so that it tests the service while it is recorded and the client while it
is replayed. Those marked `live` cost next to nothing and leave nothing behind; the others are recorded from
the emulator alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from decimal import Decimal
from typing import Final, TypeAlias

import pytest
from attrs import frozen

from ringback import ApiError, Client
from ringback.errors import AuthenticationFailed, InvalidRequest, NotFound

# Waits until nothing goes on any more at the other end.
Settle: TypeAlias = Callable[[], None]
Act: TypeAlias = Callable[[Client, Settle], None]

# The numbers that stand in every cassette, whoever recorded it.
OURS: Final = "+15017122661"
THEIRS: Final = "+15558675310"
WRONG_TOKEN: Final = "f" * 32


@frozen
class Scenario:
    """One conversation.

    Attributes:
        module: The folder of its cassette.
        name: The name of its cassette.
        act: Has it; takes a client, and a way to let the other end settle.
        live: Whether it may be had with the live service.
        wrong_token: Whether its client has a token that is refused.
    """

    module: str
    name: str
    act: Act
    live: bool = False
    wrong_token: bool = False


SCENARIOS: Final[list[Scenario]] = []


def scenario(module: str, *, live: bool = False, wrong_token: bool = False) -> Callable[[Act], Act]:
    """Register a conversation."""

    def register(act: Act) -> Act:
        SCENARIOS.append(Scenario(module, act.__name__, act, live, wrong_token))
        return act

    return register


@scenario("messages", live=True)
def send_and_look_up(client: Client, _settle: Settle) -> None:
    sent = client.messages.create(to=THEIRS, from_=OURS, body="Your table is ready: café, 7 €.")
    assert sent.sid.startswith("SM")
    assert (sent.to, sent.from_, sent.direction) == (THEIRS, OURS, "outbound-api")
    assert sent.status in {"queued", "accepted"}
    assert sent.price is None
    found = client.messages(sent.sid).fetch()
    assert (found.sid, found.body) == (sent.sid, sent.body)
    assert found.date_created.tzinfo is not None


@scenario("messages")
def page_through_a_list(client: Client, _settle: Settle) -> None:
    sids = [client.messages.create(to=THEIRS, from_=OURS, body=f"Number {n}").sid for n in range(5)]
    pager = client.messages.list(to=THEIRS, page_size=2)
    assert [message.sid for message in pager] == sids[::-1]
    pages = list(pager.pages())
    assert [len(page) for page in pages] == [2, 2, 1]
    previous = pages[1].previous()
    assert previous is not None
    assert previous.items == pages[0].items
    assert [message.sid for message in client.messages.list(limit=3)] == sids[:1:-1]


@scenario("messages")
def redact_and_delete(client: Client, settle: Settle) -> None:
    sent = client.messages.create(to=THEIRS, from_=OURS, body="Forget this.")
    settle()
    assert client.messages(sent.sid).update(body="").body == ""
    client.messages(sent.sid).delete()
    with pytest.raises(NotFound) as caught:
        client.messages(sent.sid).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)
    assert caught.value.request_id


@scenario("messages")
def picture_and_feedback(client: Client, _settle: Settle) -> None:
    sent = client.messages.create(
        to=THEIRS, from_=OURS, media_url=["https://example.com/menu.png"], provide_feedback=True
    )
    assert sent.sid.startswith("MM")
    assert sent.num_media == 1
    media = list(client.messages(sent.sid).media.list())
    assert [item.parent_sid for item in media] == [sent.sid]
    outcome = client.messages(sent.sid).feedback.create(outcome="confirmed")
    assert outcome.outcome == "confirmed"


@scenario("calls")
def place_and_end(client: Client, _settle: Settle) -> None:
    placed = client.calls.create(
        to=THEIRS,
        from_=OURS,
        twiml="<Response><Say>Your table is ready.</Say></Response>",
        status_callback="https://example.com/status",
        status_callback_event=["initiated", "answered", "completed"],
        timeout=20,
    )
    assert placed.sid.startswith("CA")
    assert (placed.status, placed.duration, placed.answered_by) == ("queued", None, None)
    assert client.calls(placed.sid).update(status="canceled").sid == placed.sid
    listed = client.calls.list(to=THEIRS, start_time_after=datetime(2020, 1, 1, tzinfo=timezone.utc), limit=5)
    assert isinstance([call.sid for call in listed], list)
    client.calls(placed.sid).fetch()


@scenario("accounts", live=True)
def own_account_and_balance(client: Client, _settle: Settle) -> None:
    account = client.account.fetch()
    assert account.sid == client.account_sid
    assert account.status == "active"
    assert "auth_token" not in repr(account)
    balance = client.balance.fetch()
    assert isinstance(balance.balance, Decimal)


@scenario("accounts")
def subaccount_from_birth_to_end(client: Client, _settle: Settle) -> None:
    made = client.accounts.create(friendly_name="Terrace")
    assert (made.friendly_name, made.owner_account_sid) == ("Terrace", client.account_sid)
    assert client.accounts(made.sid).update(status="suspended").status == "suspended"
    assert [item.sid for item in client.accounts.list(status="suspended")] == [made.sid]
    assert client.accounts(made.sid).update(status="closed").status == "closed"


@scenario("applications", live=True)
def application_from_birth_to_end(client: Client, _settle: Settle) -> None:
    made = client.applications.create(
        friendly_name="ringback cassette", voice_url="https://example.com/voice", voice_method="POST"
    )
    assert made.voice_url == "https://example.com/voice"
    changed = client.applications(made.sid).update(sms_url="https://example.com/sms")
    assert (changed.sms_url, changed.voice_url) == ("https://example.com/sms", made.voice_url)
    assert [item.sid for item in client.applications.list(friendly_name="ringback cassette")] == [made.sid]
    client.applications(made.sid).delete()


@scenario("numbers")
def buy_change_and_release(client: Client, _settle: Settle) -> None:
    offered = client.available_phone_numbers("US").local.list(contains="+1614%", limit=3)
    number = next(each.phone_number for each in offered)
    bought = client.incoming_phone_numbers.buy(number, voice_url="https://example.com/voice")
    assert bought.capabilities is not None
    assert bought.capabilities.voice is True
    changed = client.incoming_phone_numbers(bought.sid).update(friendly_name="Front desk")
    assert changed.friendly_name == "Front desk"
    found = client.incoming_phone_numbers.list(phone_number=number).first()
    assert found is not None
    assert found.sid == bought.sid
    client.incoming_phone_numbers(bought.sid).delete()


@scenario("errors", live=True)
def invalid_number(client: Client, _settle: Settle) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client.messages.create(to="+1", from_=OURS, body="Hello")
    assert (caught.value.status, caught.value.code) == (400, 21211)
    assert caught.value.more_info == "https://www.twilio.com/docs/errors/21211"


@scenario("errors", live=True)
def unknown_resource(client: Client, _settle: Settle) -> None:
    with pytest.raises(NotFound) as caught:
        client.calls("CA" + "0" * 32).fetch()
    assert caught.value.code == 20404
    assert "/Calls/CA" in caught.value.message


@scenario("errors", live=True, wrong_token=True)
def wrong_token(client: Client, _settle: Settle) -> None:
    with pytest.raises(AuthenticationFailed) as caught:
        client.account.fetch()
    assert caught.value.code == 20003
    assert isinstance(caught.value, ApiError)
    assert WRONG_TOKEN not in str(caught.value)
