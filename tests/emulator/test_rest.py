"""The REST API: authentication, errors, lists, accounts, applications, numbers."""

from __future__ import annotations

import base64
import json
import re
from datetime import date, timedelta
from typing import cast
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback import Client
from ringback._core.operations.operation import Operation
from ringback._core.parameters.kinds import COUNTRY, Kind, Name, Sid
from ringback._generated.api.operations import OPERATIONS
from ringback.emulator import TEST_ACCOUNT_SID, TEST_AUTH_TOKEN, Emulator
from ringback.emulator.rest.api import act_of
from ringback.errors import AuthenticationFailed, InvalidRequest, NotFound
from ringback.http import Headers
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website

API = "/2010-04-01/Accounts"


@pytest.fixture
def client(emulator: Emulator, website: Website) -> Client:
    return emulator.client()


class Raw:
    """Requests as curl would send them: also those that no client lets one send."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.home = f"{API}/{emulator.account_sid}"
        self.headers: Headers = Headers()

    def __call__(
        self,
        method: str,
        path: str,
        form: dict[str, str] | str | None = None,
        login: tuple[str, str] | None = None,
    ) -> tuple[int, dict[str, object]]:
        name, secret = login or (self.emulator.account_sid, self.emulator.auth_token)
        credentials = base64.b64encode(f"{name}:{secret}".encode()).decode()
        body = form if isinstance(form, str) else urlencode(form or {})
        answer = self.emulator.answer(
            method, path, Headers({"authorization": f"Basic {credentials}"}), body.encode("latin-1")
        )
        self.headers = answer.headers
        content = cast("dict[str, object]", json.loads(answer.body)) if answer.body else {}
        return answer.status, content


@pytest.fixture
def raw(emulator: Emulator, website: Website) -> Raw:
    return Raw(emulator)


def test_every_answer_has_an_id(raw: Raw) -> None:
    seen = set[str]()
    for path in (f"{raw.home}/Calls.json", "/nowhere"):
        raw("GET", path)
        assert raw.headers["Twilio-Concurrent-Requests"] == "1"
        seen.add(raw.headers["Twilio-Request-Id"])
    assert len(seen) == 2


@pytest.mark.parametrize(
    "login", [("AC" + "0" * 32, "x"), ("", ""), ("ACeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", "wrong"), ("ä", "ö")]
)
def test_wrong_credentials(raw: Raw, login: tuple[str, str]) -> None:
    status, error = raw("GET", f"{raw.home}/Calls.json", login=login)
    assert (status, error["code"]) == (401, 20003)
    assert raw.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", ["", "Basic", "Basic !", "Bearer abc", "Basic gIA="])
def test_malformed_credentials(emulator: Emulator, header: str) -> None:
    answer = emulator.answer("GET", f"{API}.json", Headers({"Authorization": header}), b"")
    assert answer.status == 401


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, 20404),
        ("GET", "/2010-04-01/Accounts/{sid}/Nothing.json", 404, 20404),
        ("GET", "/2010-04-01/Accounts/{sid}/Calls/CA1.json", 404, 20404),
        ("GET", "/2010-04-01/Accounts/{sid}/Calls/CA" + "0" * 32 + ".json", 404, 20404),
        ("GET", "/2010-04-01/Accounts/AC" + "0" * 32 + "/Calls.json", 404, 20404),
        ("DELETE", "/2010-04-01/Accounts/{sid}/Calls.json", 405, 20004),
        ("PATCH", "/2010-04-01/Accounts/{sid}.json", 405, 20004),
        ("DELETE", "/2010-04-01/Accounts/{sid}/IncomingPhoneNumbers/Local.json", 405, 20004),
    ],
)
def test_wrong_paths_and_methods(raw: Raw, method: str, path: str, status: int, code: int) -> None:
    path = path.format(sid=raw.emulator.account_sid)
    got, error = raw(method, path)
    assert (got, error["code"], error["status"]) == (status, code, status)
    assert error["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert status == 405 or path in str(error["message"])


GOOD_CALL = {"To": ANNA, "From": OURS, "Url": f"{HOME}/x"}
GOOD_TEXT = {"To": ANNA, "From": OURS, "Body": "Hi"}


@pytest.mark.parametrize(
    ("family", "good", "changes", "code"),
    [
        ("Calls", GOOD_CALL, {"To": None}, 21201),
        ("Calls", GOOD_CALL, {"To": ""}, 21201),
        ("Calls", GOOD_CALL, {"From": None}, 21213),
        ("Calls", GOOD_CALL, {"Url": None}, 21200),
        ("Calls", GOOD_CALL, {"Url": "not a url"}, 21205),
        ("Calls", GOOD_CALL, {"To": "hello"}, 21211),
        ("Calls", GOOD_CALL, {"From": "hello"}, 21212),
        ("Calls", GOOD_CALL, {"From": ANNA}, 21210),
        ("Calls", GOOD_CALL, {"Timeout": "601"}, 21208),
        ("Calls", GOOD_CALL, {"Timeout": "soon"}, 21208),
        ("Calls", GOOD_CALL, {"Method": "PUT"}, 21209),
        ("Calls", GOOD_CALL, {"Url": None, "Twiml": "<Response/>" + " " * 4000}, 32018),
        ("Calls", GOOD_CALL, {"Url": None, "ApplicationSid": "AP" + "0" * 32}, 21218),
        ("Calls", GOOD_CALL, {"Url": None, "ApplicationSid": "CA" + "0" * 32}, 21218),
        ("Messages", GOOD_TEXT, {"To": None}, 21604),
        ("Messages", GOOD_TEXT, {"From": None}, 21603),
        ("Messages", GOOD_TEXT, {"Body": None}, 21602),
        ("Messages", GOOD_TEXT, {"Body": "x" * 1601}, 21617),
        ("Messages", GOOD_TEXT, {"To": "client:anna"}, 21211),
        ("Messages", GOOD_TEXT, {"From": "+15550000000"}, 21659),
        ("Messages", GOOD_TEXT, {"From": "#"}, 21212),
        ("Messages", GOOD_TEXT, {"To": OURS}, 21266),
        ("Messages", GOOD_TEXT, {"SendAt": "2026-01-06T00:00:00Z"}, 35118),
        ("IncomingPhoneNumbers", {"PhoneNumber": "+15017120002"}, {"PhoneNumber": "x"}, 21421),
        ("IncomingPhoneNumbers", {"PhoneNumber": "+15017120002"}, {"PhoneNumber": OURS}, 21422),
        ("IncomingPhoneNumbers", {}, {"AreaCode": "5"}, 21451),
    ],
)
def test_what_is_refused(
    raw: Raw, family: str, good: dict[str, str], changes: dict[str, str | None], code: int
) -> None:
    form = {name: text for name, text in {**good, **changes}.items() if text is not None}
    status, error = raw("POST", f"{raw.home}/{family}.json", form)
    assert (status, error["code"]) == (400, code), error
    if good:
        assert raw("POST", f"{raw.home}/{family}.json", good)[0] == 201


def test_numbers_as_people_write_them(raw: Raw) -> None:
    _, call = raw(
        "POST", f"{raw.home}/Calls.json", {**GOOD_CALL, "To": "(555) 867-5310", "From": "501 712 2661"}
    )
    assert (call["to"], call["from"]) == (ANNA, OURS)
    assert (call["to_formatted"], call["from_formatted"]) == ("(555) 867-5310", "(501) 712-2661")


@pytest.mark.parametrize(
    "form", ["\xff=1", "To=%ff", "&".join(f"a{n}=1" for n in range(1001)), "a=" + "x" * 1_000_001]
)
def test_forms_that_can_not_be_read(raw: Raw, form: str) -> None:
    status, error = raw("POST", f"{raw.home}/Calls.json", form)
    assert (status, error["code"]) in {(400, 20001), (413, 20413)}


@given(
    st.sampled_from(["GET", "POST", "DELETE"]),
    st.sampled_from(["Calls", "Messages", "Applications", "IncomingPhoneNumbers", "SMS/Messages", "Balance"]),
    st.dictionaries(
        st.sampled_from(
            ["To", "From", "Url", "Body", "StartTime>", "PageSize", "Page", "PageToken", "Status"]
        ),
        st.text(max_size=20),
    ),
)
def test_no_request_brings_it_down(method: str, family: str, form: dict[str, str]) -> None:
    with Emulator() as emulator:
        raw = Raw(emulator)
        path = f"{raw.home}/{family}.json"
        if method == "GET":
            status, _ = raw("GET", f"{path}?{urlencode(form)}")
        else:
            status, _ = raw(method, path, form)
        assert status in {200, 201, 400, 405}


def test_pages(raw: Raw) -> None:
    for number in range(5):
        raw("POST", f"{raw.home}/Messages.json", {**GOOD_TEXT, "Body": str(number)})

    def bodies(page: dict[str, object]) -> list[str]:
        return [cast("str", each["body"]) for each in cast("list[dict[str, object]]", page["messages"])]

    _, first = raw("GET", f"{raw.home}/Messages.json?PageSize=2&To=%2B15558675310")
    assert bodies(first) == ["4", "3"]
    assert {name: first[name] for name in ("page", "page_size", "start", "end")} == {
        "page": 0,
        "page_size": 2,
        "start": 0,
        "end": 1,
    }
    assert first["previous_page_uri"] is None
    assert str(first["first_page_uri"]).startswith(f"{raw.home}/Messages.json?")
    following = str(first["next_page_uri"])
    assert "Page=1" in following
    assert "PageToken=PA" in following
    # What arrives meanwhile does not move the pages.
    raw("POST", f"{raw.home}/Messages.json", {**GOOD_TEXT, "Body": "new"})
    _, second = raw("GET", following)
    assert bodies(second) == ["2", "1"]
    _, third = raw("GET", str(second["next_page_uri"]))
    assert (bodies(third), third["next_page_uri"]) == (["0"], None)
    assert "PageToken=PB" in str(third["previous_page_uri"])
    assert bodies(raw("GET", str(third["previous_page_uri"]))[1]) == ["2", "1"]
    _, none = raw("GET", f"{raw.home}/Messages.json?To=%2B15550000000")
    assert (none["messages"], none["start"], none["end"], none["next_page_uri"]) == ([], 0, 0, None)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("PageSize=1001", 20007),
        ("PageSize=0", 20006),
        ("PageSize=x", 20006),
        ("PageToken=PAx", 21481),
        ("Page=1", 70002),
        ("StartTime>=yesterday", 20001),
        ("StartTime=2026-02-31", 20001),
        ("Status=asleep", 20001),
    ],
)
def test_lists_that_are_refused(raw: Raw, query: str, code: int) -> None:
    status, error = raw("GET", f"{raw.home}/Calls.json?{query}")
    assert (status, error["code"]) == (400, code)


def test_filters(emulator: Emulator, client: Client) -> None:
    for who in (ANNA, BEN):
        client.calls.create(to=who, from_=OURS, url=f"{HOME}/x")
    emulator.run_until_idle()
    emulator.advance(86_400)
    late = client.calls.create(to=ANNA, from_=OURS, url=f"{HOME}/x")
    emulator.run_until_idle()
    day = date(2026, 1, 5)
    assert len(list(client.calls.list())) == 3
    assert len(list(client.calls.list(to=ANNA))) == 2
    assert [each.sid for each in client.calls.list(start_time_after=day + timedelta(days=1))] == [late.sid]
    assert len(list(client.calls.list(start_time_before=day))) == 2
    assert len(list(client.calls.list(start_time=day, status="completed"))) == 2
    assert not list(client.calls.list(end_time_after=emulator.date + timedelta(hours=1)))
    assert not list(client.calls.list(status="busy"))


def test_applications(client: Client) -> None:
    record = client.applications.create(friendly_name="Desk", voice_url=f"{HOME}/v", voice_method="GET")
    assert (record.sid[:2], record.voice_url, record.voice_method) == ("AP", f"{HOME}/v", "GET")
    changed = client.applications(record.sid).update(voice_url="", sms_url=f"{HOME}/s")
    assert (changed.voice_url, changed.sms_url, changed.friendly_name) == (None, f"{HOME}/s", "Desk")
    assert [each.sid for each in client.applications.list(friendly_name="Desk")] == [record.sid]
    assert not list(client.applications.list(friendly_name="Kitchen"))
    client.applications(record.sid).delete()
    with pytest.raises(NotFound):
        client.applications(record.sid).fetch()


def test_numbers(emulator: Emulator, client: Client) -> None:
    bought = client.incoming_phone_numbers.create(
        area_code="614", friendly_name="Desk", voice_url=f"{HOME}/v"
    )
    assert (bought.phone_number[:5], bought.friendly_name) == ("+1614", "Desk")
    again = client.incoming_phone_numbers.create(area_code="614")
    assert again.phone_number.startswith("+1614")
    assert again.phone_number != bought.phone_number
    free = client.incoming_phone_numbers.toll_free.create(phone_number="+18005550123")
    assert [each.sid for each in client.incoming_phone_numbers.toll_free.list()] == [free.sid]
    assert len(list(client.incoming_phone_numbers.local.list())) == 3
    assert [each.sid for each in client.incoming_phone_numbers.list(phone_number="800555")] == [free.sid]
    client.incoming_phone_numbers(free.sid).delete()
    assert not list(client.incoming_phone_numbers.toll_free.list())
    emulator.phone(ANNA).dial(bought.phone_number)
    emulator.run_until_idle()
    assert [each.to for each in client.calls.list()] == [bought.phone_number]


def test_subaccounts(emulator: Emulator, client: Client, website: Website) -> None:
    emulator.allow_problems(11200)
    sub = client.accounts.create(friendly_name="Branch")
    assert (sub.owner_account_sid, sub.status, len(list(client.accounts.list()))) == (
        emulator.account_sid,
        "active",
        2,
    )
    assert sub.auth_token is not None
    own = Client(sub.sid, sub.auth_token, transport=emulator.transport())
    number = own.incoming_phone_numbers.create(phone_number="+15017120001")
    with pytest.raises(NotFound):
        client.incoming_phone_numbers(number.sid).fetch()
    assert client.accounts(sub.sid).incoming_phone_numbers(number.sid).fetch().account_sid == sub.sid
    with pytest.raises(AuthenticationFailed):
        own.accounts(emulator.account_sid).fetch()
    with pytest.raises(InvalidRequest):
        own.calls.create(to=ANNA, from_=OURS, url=f"{HOME}/x")
    # Webhooks of its calls are signed with its own token.
    website.pages["/branch"] = "<Response><Say>Branch</Say></Response>"
    own.calls.create(to=ANNA, from_=number.phone_number, url=f"{HOME}/branch")
    emulator.run_until_idle()
    assert emulator.problems[-1].message.startswith("HTTP 403")
    assert client.accounts(sub.sid).update(status="suspended").status == "suspended"
    with pytest.raises(InvalidRequest):
        client.accounts(emulator.account_sid).update(status="closed")
    client.accounts(sub.sid).update(status="closed")
    with pytest.raises(AuthenticationFailed):
        Client(sub.sid, "0" * 32, transport=emulator.transport()).calls.list().first()


def test_balance(client: Client) -> None:
    balance = client.balance.fetch()
    assert (str(balance.balance), balance.currency) == ("100.00", "USD")


def test_deleting_calls(emulator: Emulator, client: Client) -> None:
    sid = client.calls.create(to=ANNA, from_=OURS, url=f"{HOME}/x").sid
    with pytest.raises(InvalidRequest) as refused:
        client.calls(sid).delete()
    assert refused.value.status == 409
    emulator.run_until_idle()
    client.calls(sid).delete()
    with pytest.raises(NotFound):
        client.calls(sid).fetch()


MAGIC = "+1500555"


@pytest.mark.parametrize(
    ("family", "form", "code"),
    [
        ("Calls", {"To": ANNA, "From": f"{MAGIC}0006", "Url": HOME}, None),
        ("Calls", {"To": ANNA, "From": f"{MAGIC}0001", "Url": HOME}, 21212),
        ("Calls", {"To": ANNA, "From": OURS, "Url": HOME}, 21210),
        ("Calls", {"To": f"{MAGIC}0001", "From": f"{MAGIC}0006", "Url": HOME}, 21217),
        ("Calls", {"To": f"{MAGIC}0004", "From": f"{MAGIC}0006", "Url": HOME}, 21216),
        ("Calls", {"To": ANNA, "From": f"{MAGIC}0006"}, 21200),
        ("Messages", {"To": ANNA, "From": f"{MAGIC}0006", "Body": "Hi"}, None),
        ("Messages", {"To": ANNA, "From": f"{MAGIC}0007", "Body": "Hi"}, 21606),
        ("Messages", {"To": ANNA, "From": f"{MAGIC}0008", "Body": "Hi"}, 21611),
        ("Messages", {"To": ANNA, "From": OURS, "Body": "Hi"}, 21606),
        ("Messages", {"To": f"{MAGIC}0003", "From": f"{MAGIC}0006", "Body": "Hi"}, 21408),
        ("Messages", {"To": f"{MAGIC}0009", "From": f"{MAGIC}0006", "Body": "Hi"}, 21614),
        ("IncomingPhoneNumbers", {"PhoneNumber": f"{MAGIC}0006"}, None),
        ("IncomingPhoneNumbers", {"PhoneNumber": f"{MAGIC}0000"}, 21422),
        ("IncomingPhoneNumbers", {"PhoneNumber": "x"}, 21421),
        ("IncomingPhoneNumbers", {"AreaCode": "533"}, 21452),
        ("IncomingPhoneNumbers", {"AreaCode": "500"}, None),
    ],
)
def test_magic_numbers(raw: Raw, family: str, form: dict[str, str], code: int | None) -> None:
    login = (TEST_ACCOUNT_SID, TEST_AUTH_TOKEN)
    status, answer = raw("POST", f"{API}/{TEST_ACCOUNT_SID}/{family}.json", form, login)
    assert (status, answer.get("code")) == ((201, None) if code is None else (400, code))
    raw.emulator.run_until_idle()
    assert {each.did for each in raw.emulator.transcript} <= {"refuses"}


def test_test_credentials_reach_little(raw: Raw) -> None:
    login = (TEST_ACCOUNT_SID, TEST_AUTH_TOKEN)
    status, error = raw("GET", f"{API}/{TEST_ACCOUNT_SID}/Calls.json", login=login)
    assert (status, error["code"]) == (403, 20008)
    assert raw("GET", f"{raw.home}/Calls.json", login=login)[0] == 404


HEX = "0" * 32


def fitting(kind: Kind) -> str:
    """Something that the hole of a path may hold."""
    return f"{kind.prefixes[0]}{HEX}" if isinstance(kind, (Sid, Name)) else "US"


def unfitting(kind: Kind) -> list[str]:
    """What isn't of the kind: another kind's SID, one that is cut short, what is no code of a country."""
    if isinstance(kind, Name):
        return [f"AC{HEX}", "..", "%0A"]
    if isinstance(kind, Sid):
        prefix = kind.prefixes[0]
        return [
            f"{'AC' if prefix != 'AC' else 'CA'}{HEX}",
            f"{prefix}{HEX[1:]}",
            f"{prefix}{HEX}0",
            f"{prefix}{HEX[1:]}g",
            "x",
        ]
    assert kind == COUNTRY, "a kind of hole that this test knows no wrong values of"
    return ["USA", "U", "1", "%C3%9CS", f"CA{HEX}"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_the_hole_of_a_path_takes_its_own_kind_only(operation: Operation, raw: Raw) -> None:
    """Every hole of every operation, also of those that the emulator doesn't do: nothing is found."""
    right = [fitting(kind) for kind in operation.path_kinds]
    if operation.path_kinds and "AC" in right[0]:
        right[0] = raw.emulator.account_sid
    shape = re.sub(r"\{\w+\}", "{}", operation.path)
    for place, kind in enumerate(operation.path_kinds):
        for wrong in unfitting(kind):
            path = shape.format(*right[:place], wrong, *right[place + 1 :])
            status, error = raw(operation.method, path)
            assert (status, error["code"]) == (404, 20404), path
            assert error["message"] == f"The requested resource {path} was not found"
    if act_of(operation) is None:
        status, error = raw(operation.method, shape.format(*right))
        assert (status, error["code"]) == (501, 20501), operation.path


def test_a_hole_takes_the_words_that_the_spec_lets_it_hold(raw: Raw) -> None:
    _, queue = raw("POST", f"{raw.home}/Queues.json", {"FriendlyName": "support"})
    members = f"{raw.home}/Queues/{queue['sid']}/Members"
    assert raw("POST", f"{members}/Front.json")[1]["message"] == "The request lacks a parameter: Url"
    assert raw("POST", f"{members}/Back.json")[0] == 404
