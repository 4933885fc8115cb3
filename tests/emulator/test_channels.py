"""WhatsApp and Messenger."""

from __future__ import annotations

import json

import pytest

from ringback import Client
from ringback.emulator import Attachment, Emulator
from ringback.emulator.control import PREFIX, Control
from ringback.errors import EmulatorError, InvalidRequest
from ringback.http import Headers
from tests.emulator.conftest import ANNA, OURS
from tests.emulator.website import HOME, Website, picture

ON_WHATSAPP = f"whatsapp:{ANNA}"
OURS_ON_WHATSAPP = f"whatsapp:{OURS}"
PAGE = "messenger:4711"
READER = "messenger:reader.1"
SERVICE = "MG" + "1" * 32


@pytest.fixture
def client(emulator: Emulator, website: Website) -> Client:
    return emulator.client()


def send(client: Client, body: str = "Hi", *, to: str = ON_WHATSAPP, from_: str = OURS_ON_WHATSAPP) -> str:
    return client.messages.create(to=to, from_=from_, body=body, status_callback=f"{HOME}/told").sid


def test_a_message_comes_in_by_whatsapp(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/sms"] = "<Response><Message>Welcome</Message></Response>"
    anna = emulator.phone(ON_WHATSAPP).register(name="Anna Bell")
    sid = anna.text(OURS, "Hello")
    assert anna.expect_text("Welcome").from_ == OURS_ON_WHATSAPP
    user = {"ProfileName": "Anna Bell", "WaId": ANNA.removeprefix("+")}
    asked = website.asked[0].given
    assert json.loads(asked.pop("ChannelMetadata")) == {"type": "whatsapp", "data": {"context": user}}
    assert asked == {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": emulator.account_sid,
        "From": ON_WHATSAPP,
        "To": OURS_ON_WHATSAPP,
        "Body": "Hello",
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        "MessageType": "text",
        "ReferralNumMedia": "0",
        **user,
    }
    # The phone's SMS are something else.
    assert not emulator.phone(ANNA).texts
    reply = next(iter(client.messages.list(to=ON_WHATSAPP)))
    assert (reply.from_, reply.direction) == (OURS_ON_WHATSAPP, "outbound-reply")


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("image/png", "image"),
        ("audio/ogg", "audio"),
        ("video/mp4", "video"),
        ("application/pdf", "document"),
    ],
)
def test_what_kind_of_message_it_is(
    emulator: Emulator, website: Website, content_type: str, kind: str
) -> None:
    emulator.phone(ON_WHATSAPP).text(OURS, "", media=[Attachment(b"file", content_type)])
    emulator.run_until_idle()
    assert website.asked[0]["MessageType"] == kind
    assert website.asked[0]["ProfileName"] == ANNA


def test_a_sender_on_whatsapp_may_have_settings_of_its_own(emulator: Emulator, website: Website) -> None:
    sandbox = "whatsapp:+14155238886"
    assert emulator.number(sandbox, sms_url=f"{HOME}/sandbox").startswith("XE")
    emulator.number(OURS_ON_WHATSAPP, sms_url=f"{HOME}/whatsapp")
    anna = emulator.phone(ON_WHATSAPP)
    for to in (sandbox, OURS):
        anna.text(to, "Hello")
    emulator.phone(ANNA).text(OURS, "Hello")
    emulator.run_until_idle()
    assert sorted(website.paths) == ["/sandbox", "/sms", "/whatsapp"]
    with emulator.client() as client:
        assert [each.phone_number for each in client.incoming_phone_numbers.list()] == [OURS]
        assert list(client.short_codes.list()) == []


def test_statuses_on_whatsapp(emulator: Emulator, website: Website, client: Client) -> None:
    anna = emulator.phone(ON_WHATSAPP).receive("read")
    anna.text(OURS, "Hello")
    sid = send(client)
    assert anna.expect_text("Hi").sid == sid
    emulator.run_until_idle()
    told = website.at("/told")
    assert [each["MessageStatus"] for each in told] == ["sending", "sent", "delivered", "read"]
    assert client.messages(sid).fetch().status == "read"
    install = told[0]["ChannelInstallSid"]
    assert install.startswith("XE")
    assert told[-1].given == {
        "MessageSid": sid,
        "SmsSid": sid,
        "AccountSid": emulator.account_sid,
        "MessageStatus": "read",
        "SmsStatus": "read",
        "To": ON_WHATSAPP,
        "From": OURS_ON_WHATSAPP,
        "ApiVersion": "2010-04-01",
        "ChannelPrefix": "whatsapp",
        "ChannelInstallSid": install,
        "ChannelToAddress": ANNA,
        "StructuredMessage": "false",
        "EventType": "READ",
    }
    assert "EventType" not in told[-2].given


def test_after_a_day_only_templates_are_sent(emulator: Emulator, website: Website, client: Client) -> None:
    anna = emulator.phone(ON_WHATSAPP)
    early = send(client)  # she never wrote
    emulator.run_until_idle()
    anna.text(OURS, "Hello")
    emulator.advance(86_390)
    send(client, "In time")
    anna.expect_text("In time")
    emulator.advance(20)
    late = send(client)
    emulator.run_until_idle()
    for sid in (early, late):
        message = client.messages(sid).fetch()
        assert (message.status, message.error_code) == ("undelivered", 63016)
    refused = website.at("/told")[-1]
    assert (refused["ErrorCode"], refused["ChannelStatusMessage"]) == (
        "63016",
        "Free text outside the 24-hour window",
    )
    content = emulator.content_template(
        "Hello {{1}}, your table {{ table }} is ready.", samples={"1": "guest"}
    )
    sent = client.messages.create(
        to=ON_WHATSAPP,
        from_=OURS_ON_WHATSAPP,
        content_sid=content,
        content_variables={"table": "four"},
        status_callback=f"{HOME}/template",
    )
    assert sent.body == "Hello guest, your table four is ready."
    anna.expect_text("Hello guest")
    assert website.at("/template")[-1]["StructuredMessage"] == "true"


def test_whatsapp_shows_a_text_with_pictures_alone(
    emulator: Emulator, website: Website, client: Client
) -> None:
    website.pages |= {"/cat.png": picture(), "/menu.pdf": picture(b"%PDF", "application/pdf")}
    anna = emulator.phone(ON_WHATSAPP)
    anna.text(OURS, "Hello")
    for file in ("cat.png", "menu.pdf"):
        client.messages.create(
            to=ON_WHATSAPP, from_=OURS_ON_WHATSAPP, body="Look", media_url=[f"{HOME}/{file}"]
        )
    emulator.run_until_idle()
    assert [(each.body, each.media) for each in anna.texts] == [
        ("Look", (f"{HOME}/cat.png",)),
        ("", (f"{HOME}/menu.pdf",)),
    ]


def test_nothing_of_the_words_of_sms_holds_there(emulator: Emulator, client: Client) -> None:
    anna = emulator.phone(ON_WHATSAPP)
    anna.text(OURS, "STOP")
    send(client)
    anna.expect_text("Hi")
    assert len(anna.texts) == 1


@pytest.mark.parametrize(
    ("to", "from_", "code"),
    [
        (ON_WHATSAPP, OURS, 21910),
        (ANNA, OURS_ON_WHATSAPP, 21910),
        (PAGE, OURS_ON_WHATSAPP, 21910),
        (ON_WHATSAPP, f"whatsapp:{ANNA}", 63007),
        (READER, "messenger:4712", 63007),
        (OURS_ON_WHATSAPP, OURS_ON_WHATSAPP, 63031),
        ("whatsapp:anna", OURS_ON_WHATSAPP, 21211),
        ("messenger:", PAGE, 21211),
        (ON_WHATSAPP, "whatsapp:", 21212),
        ("telegram:anna", OURS, 21211),
    ],
)
def test_what_is_refused(emulator: Emulator, client: Client, to: str, from_: str, code: int) -> None:
    emulator.number(PAGE)
    with pytest.raises(InvalidRequest) as refused:
        send(client, to=to, from_=from_)
    assert (refused.value.status, refused.value.code) == (400, code)


def test_another_accounts_sender(emulator: Emulator, client: Client) -> None:
    account = client.accounts.create()
    emulator.number("whatsapp:+15017120000", account_sid=account.sid)
    with pytest.raises(InvalidRequest) as refused:
        send(client, from_="whatsapp:+15017120000")
    assert refused.value.code == 63007


def test_messenger(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/page"] = "<Response><Message>Welcome</Message></Response>"
    emulator.number(PAGE, sms_url=f"{HOME}/page")
    reader = emulator.phone(READER)
    reader.text(PAGE, "Hello")
    assert reader.expect_text("Welcome").from_ == PAGE
    asked = website.at("/page")[0]
    assert (asked["From"], asked["To"], asked["Body"]) == (READER, PAGE, "Hello")
    assert "ProfileName" not in asked.given
    send(client, to=READER, from_=PAGE)
    reader.expect_text("Hi")
    assert website.at("/told")[-1]["ChannelPrefix"] == "messenger"


def test_services_write_by_whatsapp_as_well(emulator: Emulator, client: Client) -> None:
    anna = emulator.phone(ON_WHATSAPP)
    anna.text(OURS, "Hello")
    client.messages.create(to=ON_WHATSAPP, messaging_service_sid=SERVICE, body="News")
    assert anna.expect_text("News").from_ == OURS_ON_WHATSAPP
    with pytest.raises(InvalidRequest) as refused:
        client.messages.create(to=READER, messaging_service_sid=SERVICE, body="News")
    assert refused.value.code == 21704


def test_phones_stay_on_their_channel(emulator: Emulator, website: Website) -> None:
    with pytest.raises(EmulatorError, match="is on another channel"):
        emulator.phone(ANNA).text(OURS_ON_WHATSAPP, "Hello")
    with pytest.raises(EmulatorError, match="where senders learn of `read`"):
        emulator.phone(ANNA).receive("read")
    with pytest.raises(EmulatorError, match="belongs to an account"):
        emulator.phone(OURS_ON_WHATSAPP)
    with pytest.raises(EmulatorError, match="phone_number: expected"):
        emulator.number("whatsapp:4711")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sid": "HX1"}, "sid: expected HX and 32 hex digits, got 'HX1'"),
        ({"samples": {"1": 2}}, r"samples\['1'\]: expected text, got 2"),
    ],
)
def test_what_is_no_template(emulator: Emulator, arguments: dict[str, object], message: str) -> None:
    with pytest.raises(EmulatorError, match=message):
        emulator.content_template("Hello", **arguments)  # type: ignore[arg-type]


def test_templates_over_http(emulator: Emulator, website: Website, client: Client) -> None:
    sid = "HX" + "a" * 32
    form = f"sid={sid}&body=Code+%7B%7B1%7D%7D".encode()
    assert Control(emulator).answer("POST", f"{PREFIX}contents", "", Headers(), form) == {"sid": sid}
    sent = client.messages.create(to=ANNA, from_=OURS, content_sid=sid, content_variables={"1": "42"})
    assert sent.body == "Code 42"
