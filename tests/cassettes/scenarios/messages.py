"""Messages, with pictures and feedback; codes that are shorter than numbers."""

from __future__ import annotations

import pytest

from ringback import Client
from ringback.errors import NotFound
from tests.cassettes.registry import OURS, THEIRS, Wait, scenario


@scenario("messages", live=True)
def send_and_look_up(client: Client, _wait: Wait) -> None:
    sent = client.messages.create(to=THEIRS, from_=OURS, body="Your table is ready: café, 7 €.")
    assert sent.sid.startswith("SM")
    assert (sent.to, sent.from_, sent.direction) == (THEIRS, OURS, "outbound-api")
    assert sent.status in {"queued", "accepted"}
    assert sent.price is None
    found = client.messages(sent.sid).fetch()
    assert (found.sid, found.body) == (sent.sid, sent.body)
    assert found.date_created.tzinfo is not None


@scenario("messages")
def page_through_a_list(client: Client, _wait: Wait) -> None:
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
def redact_and_delete(client: Client, wait: Wait) -> None:
    sent = client.messages.create(to=THEIRS, from_=OURS, body="Forget this.")
    wait(10)
    assert client.messages(sent.sid).update(body="").body == ""
    client.messages(sent.sid).delete()
    with pytest.raises(NotFound) as caught:
        client.messages(sent.sid).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)
    assert caught.value.request_id


@scenario("messages")
def picture_and_feedback(client: Client, _wait: Wait) -> None:
    sent = client.messages.create(
        to=THEIRS, from_=OURS, media_url=["https://example.com/menu.png"], provide_feedback=True
    )
    assert sent.sid.startswith("MM")
    assert sent.num_media == 1
    media = list(client.messages(sent.sid).media.list())
    assert [item.parent_sid for item in media] == [sent.sid]
    outcome = client.messages(sent.sid).feedback.create(outcome="confirmed")
    assert outcome.outcome == "confirmed"


@scenario("messages")
def short_code(client: Client, _wait: Wait) -> None:
    (code,) = client.short_codes.list(short_code="894*")
    assert (code.sid[:2], code.short_code) == ("SC", "894546")
    changed = client.short_codes(code.sid).update(friendly_name="Votes", sms_url="https://example.com/votes")
    assert (changed.friendly_name, changed.sms_url) == ("Votes", "https://example.com/votes")
    assert client.short_codes(code.sid).fetch() == changed
