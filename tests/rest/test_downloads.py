"""Recordings and media come whole from a real server that redirects, breaks off and changes its mind."""

from __future__ import annotations

import io
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ringback import AsyncClient, Client, InvalidValue, NotFound, RequestOptions, RetryPolicy
from ringback.errors import ApiError, ResponseInvalid, TransportError
from ringback.rest import Download
from tests.rest.samples import ACCOUNT
from tests.rest.storage import Storage, serving

RECORDING = "RE" + "1" * 32
MESSAGE = "MM" + "2" * 32
MEDIA = "ME" + "3" * 32
CONTENT = b"".join(number.to_bytes(4, "big") for number in range(75_000))
PATIENT = RetryPolicy(attempts=3, backoff=0)


def files(folder: Path) -> list[Path]:
    """What is in a folder."""
    return sorted(folder.iterdir())


Getting = Callable[..., Awaitable[Download]]


@pytest.fixture
def storage() -> Iterator[Storage]:
    with serving(Storage(CONTENT)) as started:
        yield started


@pytest.fixture(params=["sync", "async"])
def recording(request: pytest.FixtureRequest, storage: Storage) -> Getting:
    """`client.recordings(…).download`, either way."""

    async def get(*arguments: Any, **settings: Any) -> Download:
        settings = {"options": RequestOptions(retry=PATIENT), **settings}
        if request.param == "sync":
            with Client(ACCOUNT, "secret", base_url=storage.api) as client:
                return client.recordings(RECORDING).download(*arguments, **settings)
        async with AsyncClient(ACCOUNT, "secret", base_url=storage.api) as client_:
            return await client_.recordings(RECORDING).download(*arguments, **settings)

    return get


@pytest.fixture(params=["sync", "async"])
def media(request: pytest.FixtureRequest, storage: Storage) -> Getting:
    """The same for a file of a message."""

    async def get(*arguments: Any, **settings: Any) -> Download:
        if request.param == "sync":
            with Client(ACCOUNT, "secret", base_url=storage.api) as client:
                return client.messages(MESSAGE).media(MEDIA).download(*arguments, **settings)
        async with AsyncClient(ACCOUNT, "secret", base_url=storage.api) as client_:
            return await client_.messages(MESSAGE).media(MEDIA).download(*arguments, **settings)

    return get


async def test_to_a_path(recording: Getting, storage: Storage, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []

    def watch(received: int, total: int | None) -> None:
        seen.append((received, total))

    path = tmp_path / "call.mp3"
    path.write_bytes(b"an older file")
    got = await recording(path, progress=watch)
    assert got == Download(path, len(CONTENT), "audio/mpeg")
    assert path.read_bytes() == CONTENT
    assert files(tmp_path) == [path]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)
    assert len(seen) > 1
    (_, asked, first), (host, _, second) = storage.asked
    assert asked == f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}.mp3"
    assert first["authorization"].startswith("Basic ")
    assert host == "files"
    assert "authorization" not in second


async def test_to_a_folder_it_has_the_name_of_its_sid(recording: Getting, tmp_path: Path) -> None:
    got = await recording(tmp_path, format="wav")
    assert got.path == tmp_path / f"{RECORDING}.wav"
    assert (tmp_path / f"{RECORDING}.wav").read_bytes() == CONTENT
    with pytest.raises(FileNotFoundError):
        await recording(f"{tmp_path}/missing/")


async def test_format_and_channels(recording: Getting, storage: Storage, tmp_path: Path) -> None:
    await recording(str(tmp_path / "a"), format="wav", channels=2)
    assert storage.asked[0][1].endswith(f"/Recordings/{RECORDING}.wav?RequestedChannels=2")


async def test_into_an_open_file(recording: Getting, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    assert await recording(buffer) == Download(None, len(CONTENT), "audio/mpeg")
    assert buffer.getvalue() == CONTENT
    with (tmp_path / "raw").open("wb", buffering=0) as raw:
        await recording(raw)
    assert (tmp_path / "raw").read_bytes() == CONTENT


class Sips(io.RawIOBase):
    """Takes a little at a time, as pipes and sockets do."""

    def __init__(self, at_most: int) -> None:
        self.taken = bytearray()
        self.at_most = at_most

    def write(self, data: Any, /) -> int:
        self.taken += bytes(data[: self.at_most])
        return min(len(data), self.at_most)


async def test_into_a_file_that_takes_a_little_at_a_time(recording: Getting) -> None:
    file = Sips(1000)
    await recording(file)
    assert bytes(file.taken) == CONTENT
    with pytest.raises(OSError, match="takes no more bytes"):
        await recording(Sips(0))


@pytest.mark.parametrize("lengths", [True, False])
@pytest.mark.parametrize("to", ["path", "file"])
async def test_a_broken_connection_is_taken_up(
    to: str, lengths: bool, recording: Getting, storage: Storage, tmp_path: Path
) -> None:
    storage.lengths = lengths
    # More breaks than tries: bytes that come start the count anew.
    storage.breaks = [100_000, 0, 50_000, 70_000, 0, 10]
    buffer = io.BytesIO()
    got = await recording(tmp_path / "a" if to == "path" else buffer)
    assert ((tmp_path / "a").read_bytes() if to == "path" else buffer.getvalue()) == CONTENT
    assert got.size == len(CONTENT)
    assert got.resumed_from == 0
    asked = [int((text or "bytes=0-").removeprefix("bytes=")[:-1]) for text in storage.ranges_asked()]
    assert asked == [0, 100_000, 100_000, 150_000, 220_000, 220_000, 220_010]
    assert all("authorization" not in headers for host, _, headers in storage.asked if host == "files")


@pytest.mark.parametrize("to", ["path", "file"])
async def test_a_server_without_ranges_sends_it_all_again(
    to: str, recording: Getting, storage: Storage, tmp_path: Path
) -> None:
    storage.ranges = False
    storage.breaks = [200_000, 100_000]
    buffer = io.BytesIO()
    await recording(tmp_path / "a" if to == "path" else buffer)
    assert ((tmp_path / "a").read_bytes() if to == "path" else buffer.getvalue()) == CONTENT


async def test_it_gives_up_and_the_next_download_goes_on(
    recording: Getting, storage: Storage, tmp_path: Path
) -> None:
    path = tmp_path / "a.mp3"
    storage.breaks = [100_000, 0, 0]
    with pytest.raises(TransportError):
        await recording(path)
    assert not path.exists()
    (part,) = files(tmp_path)
    assert part.name == f"a.mp3.{RECORDING}-mp3.part"
    assert part.stat().st_size == 100_000

    storage.asked.clear()
    got = await recording(path)
    assert storage.ranges_asked() == ["bytes=100000-"]
    assert got == Download(path, len(CONTENT), "audio/mpeg", resumed_from=100_000)
    assert path.read_bytes() == CONTENT
    assert files(tmp_path) == [path]


async def test_half_of_another_format_is_not_gone_on_with(
    recording: Getting, storage: Storage, tmp_path: Path
) -> None:
    storage.breaks = [100_000, 0, 0]
    with pytest.raises(TransportError):
        await recording(tmp_path / "a")
    await recording(tmp_path / "a", format="wav")
    assert storage.ranges_asked()[-1] is None
    await recording(tmp_path / "a", channels=1)
    assert storage.ranges_asked()[-1] is None


@pytest.mark.parametrize("size", [len(CONTENT), len(CONTENT) + 1])
async def test_a_part_that_is_no_beginning_is_thrown_away(
    size: int, recording: Getting, storage: Storage, tmp_path: Path
) -> None:
    (tmp_path / f"a.{RECORDING}-mp3.part").write_bytes(b"x" * size)
    got = await recording(tmp_path / "a")
    assert got == Download(tmp_path / "a", len(CONTENT), "audio/mpeg", resumed_from=0)
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert storage.ranges_asked() == [f"bytes={size}-", None]


async def test_a_file_that_changes_meanwhile(recording: Getting, storage: Storage, tmp_path: Path) -> None:
    """A path starts over; what went into an open file can't be taken back."""
    new = CONTENT[::-1]

    def change(*_: object) -> None:
        storage.content, storage.etag = new, '"2"'

    storage.breaks = [100_000]
    await recording(tmp_path / "a", progress=change)
    assert (tmp_path / "a").read_bytes() == new

    storage.content, storage.etag, storage.breaks = CONTENT, '"1"', [100_000]
    with pytest.raises(ResponseInvalid, match="the file changed while it was downloaded"):
        await recording(io.BytesIO(), progress=change)


async def test_a_weak_validator_is_none(recording: Getting, storage: Storage, tmp_path: Path) -> None:
    storage.etag = 'W/"1"'
    storage.breaks = [100_000]
    await recording(tmp_path / "a")
    assert "if-range" not in storage.asked[-1][2]
    assert (tmp_path / "a").read_bytes() == CONTENT


async def test_a_writer_that_says_nothing(recording: Getting) -> None:
    class Silent:
        taken = b""

        def write(self, data: bytes) -> None:
            self.taken += data

    silent = Silent()
    await recording(silent)
    assert silent.taken == CONTENT


async def test_other_bytes_than_those_asked_for(recording: Getting, storage: Storage, tmp_path: Path) -> None:
    storage.breaks = [100_000]
    storage.shift = 1
    with pytest.raises(ResponseInvalid, match="expected the bytes from 100000 on"):
        await recording(tmp_path / "a")


async def test_an_empty_file(recording: Getting, storage: Storage, tmp_path: Path) -> None:
    storage.content = b""
    assert (await recording(tmp_path / "a")).size == 0
    assert (tmp_path / "a").read_bytes() == b""


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (416, ApiError)])
async def test_a_refusal_leaves_nothing_behind(
    status: int, error: type[ApiError], recording: Getting, storage: Storage, tmp_path: Path
) -> None:
    storage.status = status
    with pytest.raises(error, match="not there"):
        await recording(tmp_path / "a")
    with pytest.raises(error, match="not there"):
        await recording(io.BytesIO())
    assert files(tmp_path) == []


async def test_an_answer_that_is_no_file(recording: Getting, storage: Storage, tmp_path: Path) -> None:
    storage.status = 204
    with pytest.raises(ResponseInvalid, match="expected a file"):
        await recording(tmp_path / "a")
    assert files(tmp_path) == []


async def test_an_error_of_progress_is_ours_to_see(recording: Getting, tmp_path: Path) -> None:
    """It ends the download; what came is kept for the next one."""

    def stop(received: int, total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await recording(tmp_path / "a", progress=stop)
    (part,) = files(tmp_path)
    assert part.stat().st_size > 0


@pytest.mark.parametrize("to", ["", None, 7, b"path", io.StringIO()], ids=lambda to: type(to).__name__)
async def test_nothing_is_sent_where_nothing_can_be_written(
    to: object, recording: Getting, storage: Storage
) -> None:
    with pytest.raises(InvalidValue, match=r"^to: expected a path, or a file open for writing bytes"):
        await recording(to)
    assert storage.asked == []


@pytest.mark.parametrize(
    "settings", [{"format": "ogg"}, {"channels": 3}, {"channels": True}, {"channels": "2"}], ids=repr
)
async def test_settings_that_do_not_exist(
    settings: dict[str, object], recording: Getting, storage: Storage, tmp_path: Path
) -> None:
    with pytest.raises(InvalidValue, match=f"^{next(iter(settings))}: expected "):
        await recording(tmp_path / "a", **settings)
    assert storage.asked == []


def test_recordings_of_calls_and_conferences(storage: Storage, tmp_path: Path) -> None:
    """Their audio is where that of all recordings is."""
    with Client(ACCOUNT, "secret", base_url=storage.api) as client:
        subaccount = "AC" + "9" * 32
        for context in (
            client.accounts(subaccount).calls("CA" + "4" * 32).recordings(RECORDING),
            client.accounts(subaccount).conferences("CF" + "5" * 32).recordings(RECORDING),
        ):
            context.download(tmp_path / "a")
            assert storage.asked[-2][1] == f"/2010-04-01/Accounts/{subaccount}/Recordings/{RECORDING}.mp3"
        with pytest.raises(InvalidValue, match=r"^sid: expected a Recording SID"):
            client.calls("CA" + "4" * 32).recordings("Twilio.CURRENT").download(tmp_path / "b")


@pytest.mark.parametrize(
    ("media_type", "suffix"), [("image/png", ".png"), ("text/plain; charset=utf-8", ".txt"), ("odd/type", "")]
)
async def test_media_in_a_folder_is_named_by_sid_and_type(
    media_type: str, suffix: str, media: Getting, storage: Storage, tmp_path: Path
) -> None:
    storage.media_type = media_type
    got = await media(f"{tmp_path}{os.sep}")
    assert got == Download(tmp_path / f"{MEDIA}{suffix}", len(CONTENT), media_type)
    assert got.path is not None
    assert got.path.read_bytes() == CONTENT
    assert storage.asked[0][1] == f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{MESSAGE}/Media/{MEDIA}"
    assert "authorization" not in storage.asked[1][2]
    buffer = io.BytesIO()
    seen: list[int] = []

    def watch(received: int, total: int | None) -> None:
        seen.append(received)

    await media(buffer, progress=watch)
    assert seen[-1] == len(CONTENT)
    assert buffer.getvalue() == CONTENT
