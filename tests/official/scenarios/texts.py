"""Messages, with pictures and feedback."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.emulator.website import HOME
from tests.emulator.website import picture as picture_file
from tests.official.world import ANNA, BEN, DAY, OURS, covers

if TYPE_CHECKING:
    from tests.official.world import World


@covers(
    "messages.create",
    "messages.list",
    *("messages(sid).fetch", "messages(sid).update", "messages(sid).delete"),
    *(
        "messages(sid).media.list",
        "messages(sid).media(sid).fetch",
        "messages(sid).media(sid).delete",
    ),
    "messages(sid).feedback.create",
)
def messages(world: World) -> None:
    client = world.client
    text = client.messages.create(
        to=ANNA, from_=OURS, body="Hello", status_callback=f"{HOME}/sent", provide_feedback=True
    )
    assert (text.status, text.num_segments, text.direction) == ("queued", "1", "outbound-api")
    world.website.pages |= {"/cat.png": picture_file(), "/dog.png": picture_file()}
    picture = client.messages.create(to=BEN, from_=OURS, media_url=[f"{HOME}/cat.png", f"{HOME}/dog.png"])
    assert (picture.sid[:2], picture.num_media) == ("MM", "2")
    world.wait(30)
    assert [each["MessageStatus"] for each in world.website.at("/sent")] == ["sending", "sent", "delivered"]
    assert [each.body for each in world.emulator.phone(ANNA).texts] == ["Hello"]
    assert client.messages(text.sid).fetch().status == "delivered"
    assert [each.sid for each in client.messages.list()] == [picture.sid, text.sid]
    assert [each.sid for each in client.messages.list(to=ANNA)] == [text.sid]
    assert [each.sid for each in client.messages.list(date_sent=DAY)] == [picture.sid, text.sid]
    assert client.messages.list(date_sent_before=DAY - timedelta(days=1)) == []

    media = client.messages(picture.sid).media
    cat, dog = sorted(media.list(), key=lambda each: str(each.sid))
    assert {cat.content_type, dog.content_type} == {"image/png"}
    assert media(cat.sid).fetch().parent_sid == picture.sid
    assert media(cat.sid).delete()
    assert [each.sid for each in media.list()] == [dog.sid]

    assert client.messages(text.sid).feedback.create(outcome="confirmed").outcome == "confirmed"
    assert client.messages(text.sid).update(body="").body == ""
    assert client.messages(text.sid).delete()
    with world.refused(404, 20404):
        client.messages(text.sid).fetch()
