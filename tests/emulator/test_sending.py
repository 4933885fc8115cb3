"""What messages are sent with, what is refused, and what becomes of them."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeAlias
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback import Client
from ringback.emulator import Emulator, Settings
from ringback.emulator.engine.messaging.smart_encoding import smart_encoded
from ringback.emulator.engine.people import OnText
from ringback.error_codes import explain
from ringback.errors import ApiError, InvalidRequest
from ringback.http import Headers
from ringback.rest import Message, segments
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website, picture

SERVICE = "MG" + "1" * 32
OTHERS = ("+15017120001", "+15017120002")


Given: TypeAlias = "dict[str, object]"


@pytest.fixture
def client(emulator: Emulator, website: Website) -> Client:
    return emulator.client()


def send(client: Client, given: Given | None = None, to: str = ANNA) -> Message:
    form = {"body": "Hi", "status_callback": f"{HOME}/told", **(given or {})}
    if "messaging_service_sid" not in form:
        form = {"from_": OURS, **form}
    create: Any = client.messages.create
    message: Message = create(to=to, **form)
    return message


def code_of(client: Client, given: Given | None = None, to: str = ANNA) -> int | None:
    """The code for which a message is refused."""
    with pytest.raises(InvalidRequest) as refused:
        send(client, given, to)
    assert refused.value.status == 400
    return refused.value.code


def refusal(emulator: Emulator, *pairs: tuple[str, str]) -> int | None:
    """The code for which a request is refused that no client would send."""
    given = {name for name, _ in pairs}
    usual = [each for each in {"To": ANNA, "From": OURS, "Body": "Hi"}.items() if each[0] not in given]
    login = base64.b64encode(f"{emulator.account_sid}:{emulator.auth_token}".encode()).decode()
    answer = emulator.answer(
        "POST",
        f"/2010-04-01/Accounts/{emulator.account_sid}/Messages.json",
        Headers({"Authorization": f"Basic {login}"}),
        urlencode([*usual, *pairs]).encode(),
    )
    assert answer.status in {201, 400}
    code = json.loads(answer.body).get("code")
    return code if isinstance(code, int) else None


def statuses(website: Website) -> list[str]:
    return [each["MessageStatus"] for each in website.at("/told")]


@pytest.mark.parametrize(
    ("on_text", "code"),
    [
        ("undelivered", 30005),
        ("unreachable", 30003),
        ("landline", 30006),
        ("blocked", 30004),
        ("filtered", 30007),
    ],
)
def test_phones_that_do_not_get_it(
    emulator: Emulator, website: Website, client: Client, on_text: OnText, code: int
) -> None:
    emulator.phone(ANNA).receive(on_text)
    sent = send(client)
    emulator.run_until_idle()
    message, meaning = client.messages(sent.sid).fetch(), explain(code)
    assert meaning is not None
    assert (message.status, message.error_code, message.error_message) == (
        "undelivered",
        code,
        meaning.meaning,
    )
    assert statuses(website) == ["sending", "sent", "undelivered"]
    told = website.at("/told")[-1]
    assert (told["ErrorCode"], told["RawDlrDoneDate"]) == (str(code), "2601050900")


def test_prices_come_when_it_is_over(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/cat.png"] = picture()
    emulator.phone(BEN).receive("fail")
    long, mms, lost = (
        send(client, {"body": "x" * 161}),
        send(client, {"media_url": [f"{HOME}/cat.png"]}),
        send(client, to=BEN),
    )
    assert (long.price, long.num_segments) == (None, 2)
    emulator.run_until_idle()
    prices = [client.messages(each.sid).fetch().price for each in (long, mms, lost)]
    assert prices == [Decimal("-0.0166"), Decimal("-0.0220"), None]
    came = emulator.phone(ANNA).text(OURS, "Thanks")
    emulator.run_until_idle()
    assert client.messages(came).fetch().price == Decimal("-0.0083")
    counted = {each.category: each.count for each in client.usage.records.list()}
    assert {name: count for name, count in counted.items() if name.startswith(("sms", "mms")) and count} == {
        "sms": 2,
        "sms-outbound": 1,
        "sms-outbound-longcode": 1,
        "sms-inbound": 1,
        "sms-inbound-longcode": 1,
        "mms": 1,
        "mms-outbound": 1,
        "mms-outbound-longcode": 1,
    }


def test_who_waits_too_long_is_not_sent(website: Website) -> None:
    with Emulator(settings=Settings(send=10)) as emulator:
        emulator.mount(HOME, website)
        emulator.number(OURS)
        client = emulator.client()
        late, good = send(client, {"validity_period": 9}), send(client, {"validity_period": 10})
        emulator.run_until_idle()
        failed = client.messages(late.sid).fetch()
        assert (failed.status, failed.error_code, failed.date_sent) == ("failed", 30036, None)
        assert client.messages(good.sid).fetch().status == "delivered"


@pytest.mark.parametrize(("body", "status"), [("x" * 160, "delivered"), ("x" * 161, "failed")])
def test_what_is_too_dear_is_not_sent(emulator: Emulator, client: Client, body: str, status: str) -> None:
    sent = send(client, {"body": body, "max_price": Decimal("0.01")})
    emulator.run_until_idle()
    message = client.messages(sent.sid).fetch()
    assert (message.status, message.error_code) == (status, 30010 if status == "failed" else None)


def test_a_suspended_account_sends_nothing_more(emulator: Emulator, website: Website, client: Client) -> None:
    account = client.accounts.create()
    emulator.number(OTHERS[0], account_sid=account.sid)
    sub = client.accounts(account.sid)
    sent = sub.messages.create(to=ANNA, from_=OTHERS[0], body="Hi")
    client.accounts(account.sid).update(status="suspended")
    emulator.run_until_idle()
    client.accounts(account.sid).update(status="active")
    message = sub.messages(sent.sid).fetch()
    assert (message.status, message.error_code) == ("failed", 30002)


def test_smart_encoding_saves_segments(emulator: Emulator, client: Client) -> None:
    body = "\u201cIt\u2019s ready\u201d \u2014 " + "x" * 100
    plain, smart = send(client, {"body": body}), send(client, {"body": body, "smart_encoded": True})
    assert (plain.num_segments, smart.num_segments) == (2, 1)
    assert smart.body == body
    emulator.phone(ANNA).expect_text("ready")
    assert emulator.phone(ANNA).expect_text("ready").body == '"It\'s ready" - ' + "x" * 100


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_smart_encoding_twice_is_smart_encoding(text: str) -> None:
    assert smart_encoded(smart_encoded(text)) == smart_encoded(text)


def test_what_becomes_of_look_alikes_is_gsm() -> None:
    alike = "\u00ab\u00bb\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u00a0\u200b\u2022\uff01\u00bd\u00a9`"
    assert smart_encoded(alike) == '""\'\'""--... *!1/2(c)\''
    assert segments(smart_encoded(alike)).encoding == "GSM-7"


def test_a_long_text_as_one_mms(emulator: Emulator, client: Client) -> None:
    sent = send(client, {"body": "x" * 1000, "send_as_mms": True})
    assert (sent.sid[:2], sent.num_segments, sent.num_media) == ("MM", 1, 0)
    text = emulator.phone(ANNA).expect_text()
    assert (len(text.body), text.media) == (1000, ())


# Services


def test_a_service_keeps_its_senders(emulator: Emulator, website: Website, client: Client) -> None:
    for number in OTHERS:
        emulator.number(number)
    people = [f"+1555867530{last}" for last in range(6)]
    sent = [send(client, {"messaging_service_sid": SERVICE}, to) for to in people]
    assert {(each.status, each.from_, each.num_segments) for each in sent} == {("accepted", None, 0)}
    emulator.run_until_idle()
    used = [client.messages(each.sid).fetch() for each in sent]
    assert [each.from_ for each in used] == [OURS, *OTHERS] * 2
    assert {each.num_segments for each in used} == {1}
    again = [send(client, {"messaging_service_sid": SERVICE}, to) for to in reversed(people)]
    emulator.run_until_idle()
    assert [client.messages(each.sid).fetch().from_ for each in reversed(again)] == [OURS, *OTHERS] * 2
    told = [each for each in website.at("/told") if each["MessageSid"] == sent[0].sid]
    assert [each["MessageStatus"] for each in told] == ["queued", "sending", "sent", "delivered"]
    assert {(each["From"], each["MessagingServiceSid"]) for each in told} == {(OURS, SERVICE)}


def test_a_service_chooses_anew_when_its_sender_is_gone(emulator: Emulator, client: Client) -> None:
    emulator.number(OTHERS[0])
    send(client, {"messaging_service_sid": SERVICE})
    emulator.run_until_idle()
    (ours,) = client.incoming_phone_numbers.list(phone_number=OURS)
    client.incoming_phone_numbers(ours.sid).delete()
    send(client, {"messaging_service_sid": SERVICE})
    emulator.run_until_idle()
    assert [each.from_ for each in emulator.phone(ANNA).texts] == [OURS, OTHERS[0]]


def test_answers_come_to_the_service(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/sms"] = "<Response><Message>Thanks</Message></Response>"
    send(client, {"from_": SERVICE})
    anna = emulator.phone(ANNA)
    anna.expect_text("Hi")
    came = anna.text(OURS, "Hello")
    emulator.phone(BEN).text(OURS, "Hello")
    anna.expect_text("Thanks")
    emulator.run_until_idle()
    by = {each["From"]: each.given.get("MessagingServiceSid") for each in website.at("/sms")}
    assert by == {ANNA: SERVICE, BEN: None}
    assert client.messages(came).fetch().messaging_service_sid == SERVICE
    replies = {each.to: each.messaging_service_sid for each in client.messages.list(from_=OURS)}
    assert replies == {ANNA: SERVICE, BEN: None}


def test_a_service_with_a_sender(emulator: Emulator, client: Client) -> None:
    emulator.number(OTHERS[0])
    sent = send(client, {"messaging_service_sid": SERVICE, "from_": OTHERS[0]})
    assert (sent.from_, sent.status, sent.messaging_service_sid) == (OTHERS[0], "accepted", SERVICE)
    assert emulator.phone(ANNA).expect_text().from_ == OTHERS[0]


def test_a_service_without_senders() -> None:
    with Emulator() as emulator:
        assert code_of(emulator.client(), {"messaging_service_sid": SERVICE}) == 21704


# Schedules


@pytest.mark.parametrize("minutes", [5, 35 * 24 * 60])
def test_it_is_sent_in_time(emulator: Emulator, website: Website, client: Client, minutes: int) -> None:
    at = emulator.date + timedelta(minutes=minutes)
    sent = client.messages.create(
        to=ANNA,
        messaging_service_sid=SERVICE,
        body="Hi",
        schedule_type="fixed",
        send_at=at,
        status_callback=f"{HOME}/told",
    )
    assert (sent.status, sent.from_) == ("scheduled", None)
    emulator.advance(minutes * 60 - 1)
    assert statuses(website) == []
    emulator.advance(10)
    assert statuses(website) == ["queued", "sending", "sent", "delivered"]
    found = list(client.messages.list(date_sent=at.date()))
    assert [each.sid for each in found] == [sent.sid]


def test_a_time_without_a_type_is_ignored(emulator: Emulator, client: Client) -> None:
    at = emulator.date + timedelta(hours=1)
    sent = client.messages.create(to=ANNA, messaging_service_sid=SERVICE, body="Hi", send_at=at)
    assert sent.status == "accepted"


def test_who_is_told_of_a_cancellation(emulator: Emulator, website: Website, client: Client) -> None:
    sent = client.messages.create(
        to=ANNA,
        messaging_service_sid=SERVICE,
        body="Hi",
        schedule_type="fixed",
        send_at=emulator.date + timedelta(hours=1),
        status_callback=f"{HOME}/told",
    )
    with pytest.raises(ApiError) as refused:
        client.messages(sent.sid).delete()
    assert (refused.value.status, refused.value.code) == (409, 20009)
    assert client.messages(sent.sid).update(status="canceled").status == "canceled"
    emulator.run_until_idle()
    assert statuses(website) == ["canceled"]
    with pytest.raises(ApiError) as refused:
        client.messages(sent.sid).update(status="canceled")
    assert (refused.value.status, refused.value.code) == (409, 30409)
    client.messages(sent.sid).delete()
    emulator.advance(7200)
    assert not emulator.phone(ANNA).texts


# Redaction, deletion, feedback


@pytest.mark.parametrize("seconds", [0, 0.6])
def test_what_is_under_way_stays(emulator: Emulator, client: Client, seconds: float) -> None:
    sent = send(client)
    emulator.advance(seconds)
    for act in (client.messages(sent.sid).delete, lambda: client.messages(sent.sid).update(body="")):
        with pytest.raises(ApiError) as refused:
            act()
        assert (refused.value.status, refused.value.code) == (409, 20009)
    emulator.run_until_idle()
    assert emulator.phone(ANNA).texts[0].body == "Hi"
    redacted = client.messages(sent.sid).update(body="")
    assert (redacted.body, redacted.status) == ("", "delivered")
    with pytest.raises(InvalidRequest) as malformed:
        client.messages(sent.sid).update(body="Something else")
    assert malformed.value.code == 20001


def test_deletion_takes_the_files_along(emulator: Emulator, website: Website, client: Client) -> None:
    website.pages["/cat.png"] = picture()
    sent = send(client, {"media_url": [f"{HOME}/cat.png"]})
    emulator.run_until_idle()
    client.messages(sent.sid).delete()
    with emulator.held() as network:
        assert not network.store.media


def test_feedback_is_for_those_who_said_so(emulator: Emulator, client: Client) -> None:
    with pytest.raises(InvalidRequest, match="ProvideFeedback"):
        client.messages(send(client).sid).feedback.create()
    sent = client.messages.create(to=ANNA, from_=OURS, body="Hi", provide_feedback=True)
    feedback = client.messages(sent.sid).feedback
    first = feedback.create(outcome="unconfirmed")
    emulator.advance(5)
    second = feedback.create()
    assert (first.outcome, second.outcome) == ("unconfirmed", "confirmed")
    assert second.date_created == first.date_created < second.date_updated


# Senders


@pytest.mark.parametrize("name", ["ACME", "Acme & Co", "R2-D2", "a" * 11])
def test_names_send_where_they_may(emulator: Emulator, client: Client, name: str) -> None:
    send(client, {"from_": name}, to="+4915112345678")
    assert emulator.phone("+4915112345678").expect_text().from_ == name
    assert code_of(client, {"from_": name}) == 21606
    assert code_of(client, {"from_": name, "media_url": [f"{HOME}/a.png"]}, to="+4915112345678") == 21621


@pytest.mark.parametrize("name", ["a" * 12, "Äcme", "#", "client:anna"])
def test_what_is_no_name(client: Client, name: str) -> None:
    assert code_of(client, {"from_": name}, to="+4915112345678") == 21212


def test_short_codes_send(emulator: Emulator, website: Website, client: Client) -> None:
    emulator.number("12345", sms_url=f"{HOME}/short")
    send(client, {"from_": "12345"})
    anna = emulator.phone(ANNA)
    assert anna.expect_text().from_ == "12345"
    anna.text("12345", "Hello")
    emulator.run_until_idle()
    assert website.at("/short")[0]["To"] == "12345"
    counted = {each.category: each.count for each in client.usage.records.list()}
    assert [counted[f"sms-{way}-shortcode"] for way in ("outbound", "inbound")] == [1, 1]


@pytest.mark.parametrize(
    ("pairs", "code"),
    [
        ([("From", "+15017122777")], 21659),
        ([("From", "54321")], 21659),
        ([("MediaUrl", "https://example.com/a.png")] * 11, 21623),
        ([("MediaUrl", "cat.png")], 21620),
        ([("MessagingServiceSid", "MG1")], 21705),
        ([("ContentSid", "HX1")], 21655),
        ([("ContentSid", "HX" + "0" * 32)], 21655),
        ([("ContentVariables", '{"1": "x"}')], 21654),
        ([("StatusCallback", "nowhere")], 21609),
        ([("StatusCallback", "https://under_score.example.com/")], 21609),
        ([("StatusCallback", "https://example.com/" + "x" * 4000)], 21609),
        ([("ValidityPeriod", "0")], 21624),
        ([("ValidityPeriod", "36001")], 21624),
        ([("MaxPrice", "0")], 21627),
        ([("MaxPrice", "much")], 21627),
        ([("ScheduleType", "weekly")], 35126),
        ([("ScheduleType", "fixed")], 35111),
        ([("ContentRetention", "maybe")], 30029),
        ([("AddressRetention", "maybe")], 30030),
    ],
)
def test_what_is_refused(
    emulator: Emulator, website: Website, pairs: list[tuple[str, str]], code: int
) -> None:
    assert refusal(emulator, *pairs) == code


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ("[1]", 21656),
        ('"x"', 21656),
        ('{"1": 2}', 21656),
        ("{", 21656),
        ("", 21656),
        ("[" * 100_000, 21656),
        ('{"1": "' + "x" * 1600 + '"}', 21658),
        ("{}", None),
    ],
)
def test_what_fills_a_template(
    emulator: Emulator, website: Website, variables: str, code: int | None
) -> None:
    content = emulator.content_template("Hello {{1}}")
    assert refusal(emulator, ("ContentSid", content), ("ContentVariables", variables)) == code


def test_another_accounts_number(emulator: Emulator, client: Client) -> None:
    account = client.accounts.create()
    emulator.number(OTHERS[0], account_sid=account.sid)
    assert code_of(client, {"from_": OTHERS[0]}) == 21660


# Replies


@pytest.mark.parametrize(
    ("attributes", "code"),
    [('to="nobody"', 14101), (f'from="{BEN}"', 14102), (f'to="whatsapp:{BEN}"', 21910)],
)
def test_replies_that_can_not_go(emulator: Emulator, website: Website, attributes: str, code: int) -> None:
    emulator.allow_problems(code)
    website.pages["/sms"] = (
        f"<Response><Message {attributes}>Lost</Message><Message>Kept</Message></Response>"
    )
    emulator.phone(ANNA).text(OURS, "Hi")
    assert emulator.phone(ANNA).expect_text().body == "Kept"
    assert [each.code for each in emulator.problems] == [code]


def test_replies_from_another_number_and_name(emulator: Emulator, website: Website) -> None:
    emulator.number(OTHERS[0])
    website.pages["/sms"] = (
        f'<Response><Message from="{OTHERS[0]}">One</Message><Message from="ACME">Two</Message></Response>'
    )
    emulator.phone(ANNA).text(OURS, "Hi")
    emulator.run_until_idle()
    assert [each.from_ for each in emulator.phone(ANNA).texts] == [OTHERS[0], "ACME"]


def test_quick_replies_are_a_loop(emulator: Emulator, website: Website, client: Client) -> None:
    emulator.allow_problems(14107)
    website.pages["/sms"] = '<Response><Message action="/told">Hi there</Message></Response>'
    anna = emulator.phone(ANNA)
    for _ in range(17):
        anna.text(OURS, "Hi")
        emulator.advance(2)
    assert len(anna.texts) == 15
    failed = [each for each in client.messages.list(to=ANNA) if each.status == "failed"]
    assert [each.error_code for each in failed] == [14107, 14107]
    assert website.at("/told")[-1]["ErrorCode"] == "14107"
    assert [each.code for each in emulator.problems] == [14107, 14107]
    emulator.phone(BEN).text(OURS, "Hi")
    emulator.phone(BEN).expect_text("Hi there")
    emulator.advance(30)
    anna.text(OURS, "Hi")
    anna.expect_text("Hi there")


def test_two_of_our_numbers_do_not_answer_each_other_for_ever(
    emulator: Emulator, website: Website, client: Client
) -> None:
    emulator.allow_problems(14107)
    emulator.number(OTHERS[0], sms_url=f"{HOME}/sms")
    website.pages["/sms"] = "<Response><Message>Who is this?</Message></Response>"
    send(client, to=OTHERS[0])
    emulator.run_until_idle()
    assert len(website.at("/sms")) == 1 + 15 + 15


# Lists


def test_filters(emulator: Emulator, website: Website, client: Client) -> None:
    emulator.number(OTHERS[0])
    first = send(client)
    emulator.run_until_idle()
    emulator.advance(86_400)
    second = send(client, {"from_": OTHERS[0]}, to=BEN)
    emulator.run_until_idle()
    waiting = send(client)
    day = emulator.date.date()

    def sids(**filters: Any) -> list[str]:
        return [each.sid for each in client.messages.list(**filters)]

    assert sids() == [waiting.sid, second.sid, first.sid]
    assert sids(to="(555) 867-5310") == [waiting.sid, first.sid]
    assert sids(from_=OTHERS[0]) == [second.sid]
    assert sids(from_=OURS, to=BEN) == []
    assert sids(date_sent=day) == [second.sid]
    assert sids(date_sent_before=day - timedelta(days=1)) == [first.sid]
    assert sids(date_sent_after=day) == [second.sid]


# A world that is gone back to


def test_messages_under_way_go_on_in_another_world(
    emulator: Emulator, website: Website, client: Client
) -> None:
    content = emulator.content_template("Hello {{1}}")
    emulator.phone(BEN).text(OURS, "STOP")
    emulator.advance(5)
    later = client.messages.create(
        to=ANNA,
        messaging_service_sid=SERVICE,
        body="Later",
        schedule_type="fixed",
        send_at=emulator.date + timedelta(hours=1),
    )
    now = send(client, {"body": "Now"})
    emulator.advance(0.6)
    snapshot = emulator.snapshot()
    with Emulator() as other:
        other.mount(HOME, website)
        other.restore(snapshot)
        again = other.client()
        assert [each.body for each in again.messages.list(to=ANNA)] == ["Now", "Later"]
        other.phone(ANNA).expect_text("Now")
        assert code_of(again, to=BEN) == 21610
        assert send(again, {"content_sid": content}).body == "Hello "
        other.advance(3590)
        assert again.messages(later.sid).fetch().status == "scheduled"
        other.advance(20)
        assert again.messages(later.sid).fetch().status == "delivered"
        assert again.messages(now.sid).fetch().status == "delivered"
