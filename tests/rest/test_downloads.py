"""Recordings and media come whole from a real server that redirects, breaks off and changes its mind."""

from __future__ import annotations

import io
import os
import socket
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ringback import AsyncClient, Client, InvalidValue, NotFound, RequestOptions, RetryPolicy
from ringback._conveniences.downloads import Waiting
from ringback._core.client.config import Config
from ringback._core.operations.exchanges import Exchanges
from ringback._core.operations.retry import DEFAULT_RETRY
from ringback.errors import ApiError, AuthenticationFailed, ResponseInvalid, TransportError
from ringback.http import MAX_ANSWER_SIZE, Headers, Request, Response, Timeout
from ringback.rest import Download
from ringback.webhooks import DialResult, IncomingMessage, ReceivedMedia, RecordResult
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


# --- what isn't there yet ---------------------------------------------------------------------------------


def test_pauses_of_waiting_grow_and_end_at_the_deadline() -> None:
    now = 100.0
    waiting = Waiting.of(21, now)
    pauses: list[float] = []
    while (pause := waiting.pause(now)) is not None:
        pauses.append(pause)
        now += pause
    assert pauses == [0.5, 1, 2, 4, 5, 5, 3.5]
    assert now == 121
    assert Waiting.of(0, now).pause(now) is None


async def test_a_file_that_appears_while_waiting(
    recording: Getting, storage: Storage, tmp_path: Path
) -> None:
    storage.missing = 1
    got = await recording(tmp_path / "a", wait=30)
    assert got == Download(tmp_path / "a", len(CONTENT), "audio/mpeg")
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert [host for host, _, _ in storage.asked] == ["api", "api", "files"]


async def test_media_are_waited_for_as_well(media: Getting, storage: Storage) -> None:
    storage.missing = 1
    buffer = io.BytesIO()
    await media(buffer, wait=30)
    assert buffer.getvalue() == CONTENT


async def test_a_file_that_does_not_appear(recording: Getting, storage: Storage, tmp_path: Path) -> None:
    """The last look is at the deadline; without `wait` there is one."""
    storage.status = 404
    with pytest.raises(NotFound):
        await recording(tmp_path / "a", wait=0.2)
    assert len(storage.asked) == 2
    with pytest.raises(NotFound):
        await recording(tmp_path / "a")
    assert len(storage.asked) == 3
    assert files(tmp_path) == []


async def test_a_file_that_is_gone_after_its_first_half(
    recording: Getting, storage: Storage, tmp_path: Path
) -> None:
    def go(*_: object) -> None:
        storage.status = 404

    storage.breaks = [100_000]
    with pytest.raises(NotFound):
        await recording(tmp_path / "a", wait=3600, progress=go)
    assert [host for host, _, _ in storage.asked] == ["api", "files", "api"]


@pytest.mark.parametrize(("status", "error"), [(401, AuthenticationFailed), (410, ApiError)])
async def test_other_errors_are_not_waited_out(
    status: int, error: type[ApiError], recording: Getting, storage: Storage
) -> None:
    storage.status = status
    with pytest.raises(error):
        await recording(io.BytesIO(), wait=3600)
    assert len(storage.asked) == 1


async def test_a_server_that_hangs_is_not_waited_for(recording: Getting, storage: Storage) -> None:
    storage.hangs = threading.Event()
    once = RequestOptions(retry=RetryPolicy(attempts=1), timeout=0.2)
    began = time.monotonic()
    try:
        with pytest.raises(TransportError):
            await recording(io.BytesIO(), wait=3600, options=once)
    finally:
        storage.hangs.set()
    assert time.monotonic() - began < 20
    assert len(storage.asked) == 1


@pytest.mark.parametrize("wait", [-1, 3601, float("inf"), float("nan"), True, "30", None, 10**400], ids=str)
async def test_waits_that_do_not_exist(
    wait: object, recording: Getting, storage: Storage, tmp_path: Path
) -> None:
    with pytest.raises(InvalidValue, match=r"^wait: expected a number of seconds from 0 to 3600"):
        await recording(tmp_path / "a", wait=wait)
    assert storage.asked == []
    assert files(tmp_path) == []


# --- what a webhook tells of ------------------------------------------------------------------------------


@pytest.fixture(params=["sync", "async"])
def download(request: pytest.FixtureRequest, storage: Storage) -> Getting:
    """`client.download`, either way."""

    async def get(*arguments: Any, **settings: Any) -> Download:
        settings = {"options": RequestOptions(retry=PATIENT), **settings}
        if request.param == "sync":
            with Client(ACCOUNT, "secret", base_url=storage.api) as client:
                return client.download(*arguments, **settings)
        async with AsyncClient(ACCOUNT, "secret", base_url=storage.api) as client_:
            return await client_.download(*arguments, **settings)

    return get


def recorded(url: str) -> RecordResult:
    """A `<Record>` is done; its file is at `url`."""
    return RecordResult(
        call_sid="CA" + "4" * 32,
        account_sid=ACCOUNT,
        from_="+15017122661",
        to="+15558675310",
        call_status="in-progress",
        api_version="2010-04-01",
        direction="inbound",
        recording_url=url,
        recording_sid=RECORDING,
        duration=3,
    )


def recording_url(base: str) -> str:
    """What a webhook has for a recording."""
    return f"{base}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}"


@pytest.mark.parametrize("format", [None, "wav"])
@pytest.mark.parametrize("kind", ["event", "url"])
async def test_a_recording_that_an_event_tells_of(
    kind: str, format: str | None, download: Getting, storage: Storage, tmp_path: Path
) -> None:
    url = recording_url(storage.api)
    storage.missing = 1
    got = await download(recorded(url) if kind == "event" else url, tmp_path, format=format, wait=30)
    suffix = format or "mp3"
    assert got.path == tmp_path / f"{RECORDING}.{suffix}"
    assert (tmp_path / f"{RECORDING}.{suffix}").read_bytes() == CONTENT
    _, (_, asked, first), (host, _, second) = storage.asked
    assert asked == f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}.{suffix}"
    assert first["authorization"].startswith("Basic ")
    assert host == "files"
    assert "authorization" not in second


async def test_media_that_came_with_a_message(download: Getting, storage: Storage, tmp_path: Path) -> None:
    storage.media_type = "image/png"
    url = f"{storage.api}/2010-04-01/Accounts/{ACCOUNT}/Messages/{MESSAGE}/Media/{MEDIA}"
    storage.missing = 1
    got = await download(ReceivedMedia(url, "image/png"), tmp_path, wait=30)
    assert got == Download(tmp_path / f"{MEDIA}.png", len(CONTENT), "image/png")
    assert storage.asked[0][2]["authorization"].startswith("Basic ")
    with pytest.raises(InvalidValue, match=r"^format: expected None here"):
        await download(ReceivedMedia(url), tmp_path, format="mp3")


async def test_what_broke_off_is_gone_on_with_either_way(
    download: Getting, recording: Getting, storage: Storage, tmp_path: Path
) -> None:
    storage.breaks = [100_000, 0, 0]
    with pytest.raises(TransportError):
        await download(recorded(recording_url(storage.api)), tmp_path)
    assert (await recording(tmp_path / f"{RECORDING}.mp3")).size == len(CONTENT)


async def test_other_urls_are_named_by_their_end(download: Getting, storage: Storage, tmp_path: Path) -> None:
    for path, name in (
        ("a/b.ogg", "b.ogg"),
        ("a/", "download.mp3"),
        ("..", "download.mp3"),
        ("c?d=/e", "c.mp3"),
    ):
        got = await download(f"{storage.api}/{path}", tmp_path)
        assert got.path == tmp_path / name


@pytest.mark.parametrize(
    "url",
    [
        "http://api.twilio.com/a",
        "http://example.com/a",
        "http://127.0.0.1:9/a",
        "ftp://api.twilio.com/a",
        "HTTPS://api.twilio.com/a",
        "https://user:password@api.twilio.com/a",
        "https://api.twilio.com@example.com/a",
        "https://example.com\\@api.twilio.com/a",
        "https://example.com\\.twilio.com/a",
        "https://api.twilio.com./a",
        "https://api..twilio.com/a",
        "https://api.twilio.com:0/a",
        "https://api.twilio.com:99999/a",
        "https://api.twilio.com:/a",
        "https://api.twilio.com",
        "https://api.twilio.com?a",
        "https://api.twilio.com/a b",
        "https://api.twilio.com/a\n",
        "https://api.twilio.com/a\r\nX: y",
        "https://api.twilio.com/ä",
        "https://\uff41pi.twilio.com/a",
        "https://api%2etwilio.com/a",
        "https://api.twilio.com/a#b",
        " https://api.twilio.com/a",
        "//api.twilio.com/a",
        "/2010-04-01/a",
        "",
    ],
)
async def test_urls_that_nothing_is_sent_to(url: str, download: Getting, tmp_path: Path) -> None:
    for source in (url, ReceivedMedia(url)):
        with pytest.raises(InvalidValue, match=r"^source: expected the absolute URL") as caught:
            await download(source, tmp_path)
        assert "password" not in str(caught.value)
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (None, "got NoneType"),
        (7, "got int"),
        (b"https://api.twilio.com/a", "got bytes"),
        (RecordResult, "got RecordResult"),
        (recorded, "got function"),
        (
            IncomingMessage(
                message_sid=MESSAGE,
                account_sid=ACCOUNT,
                from_="+15017122661",
                to="+15558675310",
                body="private",
            ),
            r"one of a message's event\.media.* got IncomingMessage",
        ),
        (recorded(""), "nothing was recorded"),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_what_tells_of_no_file(
    source: object, told: str, download: Getting, storage: Storage, tmp_path: Path
) -> None:
    with pytest.raises(InvalidValue, match=f"^source.*{told}") as caught:
        await download(source, tmp_path)
    assert "private" not in str(caught.value)
    assert storage.asked == []


def asked_for(url: str, base_url: str = "https://api.twilio.com") -> tuple[Any, Request]:
    """The exchange for a file, and its first request."""
    config = Config.resolve(
        ACCOUNT, "secret", api_key=None, api_secret=None, edge=None, region=None, base_url=base_url
    )
    config.check_url("source", url)
    exchanges = Exchanges(config, Timeout(), DEFAULT_RETRY, MAX_ANSWER_SIZE)
    exchange = exchanges.content(url, RequestOptions(headers={"X-Secret": "mine", "Range": "bytes=5-"}))
    request = next(exchange)
    assert isinstance(request, Request)
    return exchange, request


@pytest.mark.parametrize(
    ("url", "base_url", "trusted"),
    [
        ("https://api.twilio.com/a", "https://api.twilio.com", True),
        ("https://api.twilio.com:443/a", "https://api.twilio.com", True),
        ("https://API.Twilio.COM/a", "https://api.twilio.com", True),
        ("https://api.dublin.ie1.twilio.com/a", "https://api.twilio.com", True),
        ("http://127.0.0.1:8080/a", "http://127.0.0.1:8080", True),
        ("http://[::1]:8080/a", "http://[::1]:8080", True),
        ("https://proxy.example:444/a", "https://proxy.example:444", True),
        ("https://proxy.example/a", "https://proxy.example:444", False),
        ("https://api.twilio.com:444/a", "https://api.twilio.com", False),
        ("https://twilio.com/a", "https://api.twilio.com", False),
        ("https://eviltwilio.com/a", "https://api.twilio.com", False),
        ("https://api.twilio.com.example.com/a", "https://api.twilio.com", False),
        ("https://example.com/https://api.twilio.com/a", "https://api.twilio.com", False),
        ("https://bucket.s3.amazonaws.com/a?X-Amz-Signature=b", "https://api.twilio.com", False),
        ("https://127.0.0.1:8080/a", "http://127.0.0.1:8080", False),
    ],
)
def test_who_gets_the_credentials(url: str, base_url: str, trusted: bool) -> None:
    exchange, request = asked_for(url, base_url)
    assert request.url == url
    assert ("Authorization" in request.headers) is trusted
    assert ("X-Secret" in request.headers) is trusted
    assert request.headers["Range"] == "bytes=5-"
    redirected = exchange.send(Response(302, Headers({"Location": "https://api.twilio.com/b"}), b""))
    assert "Authorization" not in redirected.headers


@pytest.mark.parametrize(
    "location", ["http://example.com/b", "http://api.twilio.com/b", "http://127.0.0.1/b"]
)
def test_a_foreign_file_never_goes_on_over_plain_http(location: str) -> None:
    exchange, _ = asked_for("https://example.com/a")
    with pytest.raises(ResponseInvalid, match="a redirect to no usable address"):
        exchange.send(Response(302, Headers({"Location": location}), b""))


def test_results_of_a_dial_may_have_no_recording(storage: Storage, tmp_path: Path) -> None:
    result = DialResult(
        call_sid="CA" + "4" * 32,
        account_sid=ACCOUNT,
        from_="+15017122661",
        to="+15558675310",
        call_status="in-progress",
        api_version="2010-04-01",
        direction="inbound",
        dial_call_status="no-answer",
    )
    with (
        Client(ACCOUNT, "secret", base_url=storage.api) as client,
        pytest.raises(InvalidValue, match=r"^source\.recording_url of DialResult: expected a URL"),
    ):
        client.download(result, tmp_path)


async def test_errors_do_not_tell_the_signature_of_a_url(download: Getting, tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # nobody listens
        url = f"https://127.0.0.1:{held.getsockname()[1]}/a?X-Amz-Signature=signed"
        with pytest.raises(TransportError) as caught:
            await download(url, tmp_path, wait=3600, options=RequestOptions(retry=RetryPolicy(attempts=1)))
    assert "signed" not in "".join(traceback.format_exception(caught.value))
    assert files(tmp_path) == []
