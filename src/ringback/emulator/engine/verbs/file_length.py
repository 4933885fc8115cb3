"""How long the files that calls play are: fetched once for each URL, as Twilio caches them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ringback.emulator.engine.audio_files import read_audio
from ringback.emulator.engine.documents import content_type
from ringback.emulator.engine.exchange import exchange
from ringback.emulator.engine.trouble import Trouble
from ringback.emulator.engine.urls import WebUrl, shown

if TYPE_CHECKING:
    from ringback.emulator.engine.kernel.process import Steps
    from ringback.emulator.engine.legs import Leg
    from ringback.emulator.engine.world import World

__all__ = ["file_length"]

# Where Twilio keeps recordings, whatever address the emulator goes by.
_TWILIO: Final = "api.twilio.com"
_RECORDING: Final = re.compile(
    r"/2010-04-01/Accounts/AC[0-9a-f]{32}/Recordings/(RE[0-9a-f]{32})(?:\.wav|\.mp3)?\Z"
)


def file_length(leg: Leg, url: str) -> Steps[float | None]:
    """How many seconds the file at a URL plays; None where it can't be played, which is a problem."""
    world = leg.world
    found = _own(world, url)
    if found is None:
        found = yield from _fetched(leg, url)
    if isinstance(found, Trouble):
        world.problem(leg.session.account, leg.call.sid, found)
        return None
    return world.settings.play if found is None else found


def _own(world: World, url: str) -> float | Trouble | None:
    """The same of a recording of ours, which nobody has to be asked for; None where it is none."""
    where, home = WebUrl.parse(url), WebUrl.parse(world.home)
    if where is None or home is None or where.authority not in {home.authority, _TWILIO}:
        return None
    path = _RECORDING.match(where.path)
    if path is None:
        return None
    recording = world.store.recordings.get(path[1])
    if recording is None or recording.audio is None or recording.status == "deleted":
        return Trouble(11200, f"HTTP 404 from {shown(url)}", url)
    return recording.audio.seconds


def _fetched(leg: Leg, url: str) -> Steps[float | Trouble | None]:
    """The same of any other file; None where nobody can tell."""
    world = leg.world
    if url not in world.audio and world.reaches(url):
        answer = yield from exchange(
            leg.session,
            "GET",
            url,
            [],
            lane=f"{leg.call.sid}/voice",
            token=world.sids.uuid("token"),
            observer=world.observer(leg.session.account, leg.call.sid),
        )
        found = answer if isinstance(answer, Trouble) else read_audio(answer)
        if isinstance(answer, Trouble) or isinstance(found, Trouble):
            return found
        world.audio[url] = found
        length = "" if found is None else f", {found:g} s"
        kind = content_type(answer.response.headers)
        world.note(leg.call.sid, "Twilio", "fetches", f"GET {shown(url)} → {kind}{length}")
    return world.audio.get(url)
