"""The files of messages: where they come from, and what they are."""

from __future__ import annotations

import mimetypes
import re
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.documents import content_type, most_bytes
from ringback.emulator.engine.exchange import exchange
from ringback.emulator.engine.parameters import API_VERSION
from ringback.emulator.engine.people import Attachment
from ringback.emulator.engine.records import Media
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.urls import WebUrl, shown

if TYPE_CHECKING:
    from ringback.emulator.engine.exchange import Answer, Session
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.records import Message
    from ringback.emulator.engine.world import World

__all__ = ["address_of", "attach", "fetch"]

_UNKNOWN: Final = "application/octet-stream"
_WRONG_TYPE: Final = 12300
_TOO_LARGE: Final = 11751
# All of a message's files together.
_MOST_BYTES: Final = 5_000_000
# What phones show, besides all kinds of pictures, sounds and films.
_TYPES: Final = frozenset(
    {
        "application/octet-stream",
        "application/ogg",
        "application/pdf",
        "application/vcard",
        "application/vnd.apple.pkpass",
        "text/calendar",
        "text/csv",
        "text/directory",
        "text/plain",
        "text/richtext",
        "text/rtf",
        "text/vcard",
        "text/x-vcard",
    }
)
_KINDS: Final = ("audio/", "image/", "video/")
_MEDIA: Final = re.compile(
    rf"/{API_VERSION}/Accounts/AC[0-9a-f]{{32}}/Messages/[SM]M[0-9a-f]{{32}}/Media/(ME[0-9a-f]{{32}})\Z"
)


def attach(world: World, message: Message, source: str | Attachment) -> Media:
    """Make a file part of a message.

    Args:
        world: Where it happens.
        message: The message.
        source: The file's URL, or the file.
    """
    now = world.clock.date
    given = source if isinstance(source, Attachment) else None
    url = "" if given is not None else str(source)
    media = Media(
        sid=world.sids.new("ME"),
        date_created=now,
        date_updated=now,
        account_sid=message.account_sid,
        parent_sid=message.sid,
        content_type=given.content_type if given is not None else _guessed(url),
        url=url,
        content=given.content if given is not None else None,
    )
    world.store.media[media.sid] = media
    message.media.append(media.sid)
    message.num_media += 1
    return media


def address_of(world: World, media: Media) -> str:
    """Where applications find the file."""
    place = f"/{API_VERSION}/Accounts/{media.account_sid}/Messages/{media.parent_sid}/Media/{media.sid}"
    return f"{world.home}{place}"


def fetch(world: World, session: Session, message: Message) -> Steps[Trouble | None]:
    """Get the files of a message that are on this machine; why the first that can't be sent is none."""
    size = 0
    # They may be deleted meanwhile.
    for media in [world.store.media[sid] for sid in message.media]:
        if media.content is None:
            trouble = yield from _get(world, session, message, media)
            if trouble is not None:
                return trouble
        size += len(media.content or b"")
        if size > _MOST_BYTES:
            return Trouble(_TOO_LARGE, f"files of more than {_MOST_BYTES} bytes", media.url)
    return None


def _get(world: World, session: Session, message: Message, media: Media) -> Steps[Trouble | None]:
    own = _own(world, media.url)
    if own is not None:
        media.content, media.content_type = own.content, own.content_type
        return None
    if not world.reaches(media.url):
        return None
    answer = yield from exchange(
        session,
        "GET",
        media.url,
        [],
        lane=f"{message.sid}/messaging",
        token=world.sids.uuid("token"),
        observer=world.observer(session.account, message.sid),
    )
    if isinstance(answer, Trouble):
        return answer
    kind, trouble = _judged(answer)
    if trouble is None:
        media.content, media.content_type = answer.response.body, kind
        what = f"GET {shown(media.url)} → {kind}, {len(answer.response.body)} bytes"
        world.note(message.sid, "Twilio", "fetches", what)
    return trouble


def _own(world: World, url: str) -> Media | None:
    """The file of another message that a URL of ours names: applications pass on what they got."""
    where, home = WebUrl.parse(url), WebUrl.parse(world.home)
    path = None if where is None else _MEDIA.match(where.path)
    if where is None or home is None or path is None or where.authority != home.authority:
        return None
    return world.store.media.get(path[1])


def _judged(answer: Answer) -> tuple[str, Trouble | None]:
    """What a file is, and why it can't be sent."""
    headers = answer.response.headers
    kind = content_type(headers)
    if not (kind in _TYPES or kind.startswith(_KINDS)):
        what = f"content type {kind or 'unknown'} can't be sent with a message"
        return kind, Trouble(_WRONG_TYPE, what, answer.url)
    if len(answer.response.body) > most_bytes(headers):
        return kind, Trouble(_TOO_LARGE, f"a file of more than {most_bytes(headers)} bytes", answer.url)
    return kind, None


def _guessed(url: str) -> str:
    """What a file is by its name."""
    return mimetypes.guess_type(url.partition("?")[0])[0] or _UNKNOWN
