"""Files of messages: fetched, passed on, downloaded."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from ringback import Application, Client, IncomingMessage
from ringback.emulator import Attachment, Emulator, serving
from ringback.errors import EmulatorError, NotFound
from ringback.http import Headers, Response, WebhookResponse
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import HOME, Website, picture

CAT = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 400  # more than a document may have


@pytest.fixture
def client(emulator: Emulator, website: Website) -> Client:
    website.pages["/cat"] = picture(CAT)
    return emulator.client()


def ask(emulator: Emulator, path: str, **headers: str) -> Response:
    login = base64.b64encode(f"{emulator.account_sid}:{emulator.auth_token}".encode()).decode()
    return emulator.answer("GET", path, Headers({"Authorization": f"Basic {login}", **headers}), b"")


def place(emulator: Emulator) -> str:
    """The path of the one file that there is."""
    with emulator.held() as network:
        (media,) = network.store.media.values()
    return f"/2010-04-01/Accounts/{media.account_sid}/Messages/{media.parent_sid}/Media/{media.sid}"


def test_files_that_are_sent_are_fetched(emulator: Emulator, website: Website, client: Client) -> None:
    sent = client.messages.create(to=ANNA, from_=OURS, media_url=[f"{HOME}/cat"])
    (media,) = client.messages(sent.sid).media.list()
    assert media.content_type == "application/octet-stream"  # its name tells nothing
    emulator.run_until_idle()
    assert [(each.method, each.pairs) for each in website.at("/cat")] == [("GET", ())]
    assert client.messages(sent.sid).media(media.sid).fetch().content_type == "image/png"
    assert client.messages(sent.sid).fetch().status == "delivered"
    assert f"fetches GET {HOME}/cat → image/png, {len(CAT)} bytes" in str(emulator.transcript)


def test_files_can_be_downloaded(
    emulator: Emulator, website: Website, client: Client, tmp_path: Path
) -> None:
    sent = client.messages.create(to=ANNA, from_=OURS, media_url=[f"{HOME}/cat"])
    emulator.run_until_idle()
    (media,) = client.messages(sent.sid).media.list()
    download = client.messages(sent.sid).media(media.sid).download(tmp_path)
    assert download.path is not None
    assert (download.path.suffix, download.content_type) == (".png", "image/png")
    assert download.path.read_bytes() == CAT


def test_applications_download_what_phones_send(
    emulator: Emulator, website: Website, client: Client, tmp_path: Path
) -> None:
    app = Application(public_url="https://example.org/photos", auth_token=emulator.auth_token)
    came: list[bytes] = []

    @app.on(IncomingMessage)
    def keep(message: IncomingMessage) -> None:
        for number, media in enumerate(message.media):
            path = client.download(media, tmp_path / str(number)).path
            assert path is not None
            came.append(path.read_bytes())

    emulator.install(app, "+15017120000")
    anna = emulator.phone(ANNA)
    anna.text("+15017120000", "Look", media=[Attachment(b"GIF89a", "image/gif"), f"{HOME}/cat"])
    emulator.run_until_idle()
    assert came == [b"GIF89a", CAT]


@pytest.mark.parametrize("suffix", [".json", ""])
def test_the_record_and_the_file_have_addresses_of_their_own(
    emulator: Emulator, client: Client, suffix: str
) -> None:
    emulator.phone(ANNA).text(OURS, "Look", media=[Attachment(b"GIF89a", "image/gif")])
    answer = ask(emulator, f"{place(emulator)}{suffix}")
    if suffix:
        assert answer.headers["Content-Type"].startswith("application/json")
        assert b'"content_type": "image/gif"' in answer.body
    else:
        assert (answer.headers["Content-Type"], answer.body) == ("image/gif", b"GIF89a")


@pytest.mark.parametrize(
    ("method", "suffix", "headers", "status"),
    [
        ("GET", "", {}, 200),
        ("HEAD", "", {}, 200),
        ("GET", "", {"Authorization": "Basic bm9ib2R5OnNlY3JldA=="}, 401),
        ("GET", ".json", {}, 401),
        ("DELETE", ".json", {}, 401),
        ("DELETE", "", {}, 401),
    ],
)
def test_whoever_knows_its_address_gets_a_file(
    emulator: Emulator, client: Client, method: str, suffix: str, headers: dict[str, str], status: int
) -> None:
    emulator.phone(ANNA).text(OURS, "Look", media=[Attachment(b"GIF89a", "image/gif")])
    answer = emulator.answer(method, f"{place(emulator)}{suffix}", Headers(headers), b"")
    assert answer.status == status
    assert client.messages.list().first()


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({"Range": "bytes=3-"}, 206, b"89a"),
        ({"Range": "bytes=6-"}, 416, b""),
    ],
)
def test_a_part_of_a_file(
    emulator: Emulator, client: Client, headers: dict[str, str], status: int, body: bytes
) -> None:
    emulator.phone(ANNA).text(OURS, "Look", media=[Attachment(b"GIF89a", "image/gif")])
    answer = ask(emulator, place(emulator), **headers)
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize("suffix", [".wav", ".txt", "/Nothing"])
def test_what_is_no_address_of_a_file(emulator: Emulator, client: Client, suffix: str) -> None:
    emulator.phone(ANNA).text(OURS, "Look", media=[Attachment(b"GIF89a", "image/gif")])
    assert ask(emulator, f"{place(emulator)}{suffix}").status == 404


def test_a_file_that_is_elsewhere(emulator: Emulator, website: Website, client: Client) -> None:
    sid = emulator.phone(ANNA).text(OURS, "Look", media=["https://example.org/a.jpg?size=2"])
    emulator.run_until_idle()
    assert website.asked[0]["MediaContentType0"] == "image/jpeg"
    (media,) = client.messages(sid).media.list()
    with pytest.raises(NotFound, match=r"was not fetched: https://example\.org"):
        client.download(website.asked[0]["MediaUrl0"], "nowhere")
    client.messages(sid).media(media.sid).delete()
    with pytest.raises(NotFound):
        client.messages(sid).media(media.sid).fetch()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (WebhookResponse(404), 11200),
        (picture(b"<html/>", "text/html"), 12300),
        (picture(b"what", ""), 12300),
        (picture(bytes(5_000_001)), 11751),
        (picture(bytes(5_000_001), "audio/mpeg"), 11751),
    ],
)
def test_files_that_can_not_be_sent(
    emulator: Emulator, website: Website, client: Client, answer: WebhookResponse, code: int
) -> None:
    emulator.allow_problems(code)
    website.pages["/cat"] = answer
    sent = client.messages.create(
        to=ANNA, from_=OURS, media_url=[f"{HOME}/cat"], status_callback=f"{HOME}/told"
    )
    emulator.run_until_idle()
    failed = client.messages(sent.sid).fetch()
    assert (failed.status, failed.error_code) == ("failed", code)
    assert [each["MessageStatus"] for each in website.at("/told")] == ["sending", "failed"]
    assert [each.code for each in emulator.problems] == [code]
    assert not emulator.phone(ANNA).texts


def test_what_a_phone_sends_comes_in_all_the_same(
    emulator: Emulator, website: Website, client: Client
) -> None:
    emulator.allow_problems(11200)
    website.pages["/cat"] = WebhookResponse(404)
    sid = emulator.phone(ANNA).text(OURS, "Look", media=[f"{HOME}/cat"])
    assert client.messages(sid).fetch().status == "receiving"
    emulator.run_until_idle()
    assert (website.at("/sms")[0]["SmsStatus"], website.at("/sms")[0]["NumMedia"]) == ("received", "1")
    assert client.messages(sid).fetch().status == "received"


def test_applications_pass_on_what_they_get(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/sms"] = lambda asked: (
        f"<Response><Message><Media>{asked['MediaUrl0']}</Media></Message></Response>"
    )
    emulator.phone(ANNA).text(OURS, "Look", media=[Attachment(CAT, "image/png")])
    emulator.run_until_idle()
    (reply,) = (each for each in client.messages.list() if each.direction == "outbound-reply")
    (media,) = client.messages(reply.sid).media.list()
    assert media.content_type == "image/png"
    assert ask(emulator, media.uri.removesuffix(".json")).body == CAT


def test_files_between_own_numbers(emulator: Emulator, website: Website, client: Client) -> None:
    emulator.number("+15017120000", sms_url=f"{HOME}/other")
    client.messages.create(to="+15017120000", from_=OURS, media_url=[f"{HOME}/cat"])
    emulator.run_until_idle()
    asked = website.at("/other")[0]
    assert asked["MediaContentType0"] == "image/png"
    assert ask(emulator, asked["MediaUrl0"].removeprefix("https://api.twilio.com")).body == CAT
    assert len(website.at("/cat")) == 1


def test_over_http(tmp_path: Path) -> None:
    website = Website({"/cat": picture(CAT)})
    with website.served() as url, Emulator(clock="auto") as emulator, serving(emulator) as home:
        emulator.number(OURS, sms_url=f"{url}/sms")
        emulator.phone(ANNA).text(OURS, "Look", media=[f"{url}/cat"])
        emulator.run_until_idle()
        with Client(emulator.account_sid, emulator.auth_token, base_url=home) as client:
            path = client.download(website.at("/sms")[0]["MediaUrl0"], tmp_path).path
        assert path is not None
        assert path.read_bytes() == CAT


@pytest.mark.parametrize(
    ("content", "content_type", "message"),
    [
        ("text", "image/png", "content: expected bytes, got 'text'"),
        (b"x", "png", "content_type: expected such as image/png, got 'png'"),
        (b"x", "image/png\r\nX: y", "content_type: expected such as image/png, got .*"),
    ],
)
def test_attachments_are_files(content: bytes, content_type: str, message: str) -> None:
    with pytest.raises(EmulatorError, match=message):
        Attachment(content, content_type)


def test_what_is_no_file(emulator: Emulator, client: Client) -> None:
    with pytest.raises(EmulatorError, match=r"media: expected an Attachment, or an .*, got 'cat\.png'"):
        emulator.phone(ANNA).text(OURS, "Look", media=["cat.png"])
