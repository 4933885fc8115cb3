"""What is wrong with a request, and the status and code that Twilio has for it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Final, TypeAlias, cast

import pytest
from attrs import frozen

from ringback.emulator import ACCOUNT_SID, TEST_ACCOUNT_SID, TEST_AUTH_TOKEN, Emulator
from tests.official.requests import HOME, Answer, ask, login
from tests.official.world import ANNA, OURS

THEIRS: Final = "+15017122669"
SERVICE: Final = "MG" + "0" * 32
Pairs: TypeAlias = "tuple[tuple[str, str], ...]"


@frozen
class Place:
    """Two accounts: the main one with `OURS`, and a subaccount with `THEIRS`."""

    emulator: Emulator
    sub: str
    token: str

    @property
    def sub_login(self) -> str:
        return login(self.sub, self.token)


@pytest.fixture
def place() -> Generator[Place]:
    with Emulator() as emulator, emulator.client() as client:
        emulator.number(OURS)
        sub = client.accounts.create(friendly_name="Branch")
        emulator.number(THEIRS, account_sid=sub.sid)
        yield Place(emulator, sub.sid, str(sub.auth_token))


Request: TypeAlias = "Callable[[Place], Answer]"


def post(path: str, *pairs: tuple[str, str]) -> Request:
    return lambda place: ask(place.emulator, "POST", f"{HOME}{path}", pairs)


def get(path: str, *pairs: tuple[str, str]) -> Request:
    return lambda place: ask(place.emulator, "GET", f"{HOME}{path}", pairs)


def call(*pairs: tuple[str, str]) -> Request:
    usual = {"To": ANNA, "From": OURS, "Twiml": "<Response/>"}
    return post("/Calls.json", *{**usual, **dict(pairs)}.items())


def text(*pairs: tuple[str, str], without: str = "") -> Request:
    usual = {"To": ANNA, "From": OURS, "Body": "Hi"}
    names = {without, *(name for name, _ in pairs)}
    return post("/Messages.json", *(each for each in usual.items() if each[0] not in names), *pairs)


def scheduled(ahead: timedelta, *pairs: tuple[str, str]) -> Request:
    def request(place: Place) -> Answer:
        moment = f"{place.emulator.date + ahead:%Y-%m-%dT%H:%M:%SZ}"
        return text(("ScheduleType", "fixed"), ("SendAt", moment), *pairs, without="From" if pairs else "")(
            place
        )

    return request


def cancel_queued(place: Place) -> Answer:
    sid = text()(place).body["sid"]
    return post(f"/Messages/{sid}.json", ("Status", "canceled"))(place)


def account(sid: str, *pairs: tuple[str, str]) -> Request:
    def request(place: Place) -> Answer:
        return ask(place.emulator, "POST", f"/2010-04-01/Accounts/{sid or place.sub}.json", pairs)

    return request


def reopen(place: Place) -> Answer:
    assert account("", ("Status", "closed"))(place).status == 200
    return account("", ("Status", "active"))(place)


def subaccount_of_subaccount(place: Place) -> Answer:
    return ask(
        place.emulator,
        "POST",
        "/2010-04-01/Accounts.json",
        [],
        authorization=place.sub_login,
    )


def parents_path(place: Place) -> Answer:
    return ask(place.emulator, "GET", f"{HOME}/Messages.json", authorization=place.sub_login)


def number(*pairs: tuple[str, str]) -> Request:
    def request(place: Place) -> Answer:
        with place.emulator.client() as client:
            sid = client.incoming_phone_numbers.list().first()
        assert sid is not None
        return post(f"/IncomingPhoneNumbers/{sid.sid}.json", *pairs)(place)

    return request


def foreign_application(place: Place) -> Answer:
    path = f"/2010-04-01/Accounts/{place.sub}/Applications.json"
    made = ask(place.emulator, "POST", path, [("FriendlyName", "Desk")]).body["sid"]
    return number(("VoiceApplicationSid", str(made)))(place)


def transfer_to_a_stranger(place: Place) -> Answer:
    return number(("AccountSid", TEST_ACCOUNT_SID))(place)


def with_test_credentials(place: Place) -> Answer:
    path = f"/2010-04-01/Accounts/{TEST_ACCOUNT_SID}/Messages.json"
    pairs = [("To", ANNA), ("From", OURS), ("Body", "Hi")]
    return ask(place.emulator, "POST", path, pairs, authorization=login(TEST_ACCOUNT_SID, TEST_AUTH_TOKEN))


NOBODY: Final = "AP" + "0" * 32
CASES: Final[dict[str, tuple[Request, int, int]]] = {
    "call: Timeout": (call(("Timeout", "x")), 400, 21208),
    "call: SendDigits": (call(("SendDigits", "x!")), 400, 21206),
    "call: Method": (call(("Method", "PUT")), 400, 21209),
    "call: ApplicationSid malformed": (call(("ApplicationSid", "AP1")), 400, 21218),
    "call: ApplicationSid unknown": (call(("ApplicationSid", NOBODY)), 400, 21218),
    "call: StatusCallbackEvent": (call(("StatusCallbackEvent", "exploded")), 400, 21626),
    "call: MachineDetection": (call(("MachineDetection", "Maybe")), 400, 21234),
    "call: MachineDetectionTimeout": (call(("MachineDetectionTimeout", "60")), 400, 21234),
    "call: Twiml too long": (call(("Twiml", f"<Response><Say>{'a' * 4000}</Say></Response>")), 400, 32018),
    "message: eleven MediaUrls": (text(*[("MediaUrl", "https://example.com/a.png")] * 11), 400, 21623),
    "message: MediaUrl malformed": (text(("MediaUrl", "cat.png")), 400, 21620),
    "message: ContentSid malformed": (text(("ContentSid", "HX1")), 400, 21655),
    "message: From nobody's": (text(("From", "+15017122777")), 400, 21659),
    "message: From another account's": (text(("From", THEIRS)), 400, 21660),
    "message: From with test credentials": (with_test_credentials, 400, 21606),
    "message: To a short code": (text(("To", "12345")), 400, 21265),
    "message: SendAt without a service": (scheduled(timedelta(hours=1)), 400, 35118),
    "message: SendAt too soon": (
        scheduled(timedelta(minutes=4), ("MessagingServiceSid", SERVICE)),
        400,
        35115,
    ),
    "message: SendAt too late": (scheduled(timedelta(days=36), ("MessagingServiceSid", SERVICE)), 400, 35115),
    "message: cancel one that is queued": (cancel_queued, 409, 30409),
    "list: PageSize": (get("/Messages.json", ("PageSize", "1001")), 400, 20007),
    "list: PageToken": (get("/Messages.json", ("Page", "1"), ("PageToken", "PAx")), 400, 21481),
    "list: Page without its token": (get("/Messages.json", ("Page", "1")), 400, 70002),
    "account: a subaccount's subaccount": (subaccount_of_subaccount, 400, 21101),
    "account: reopened": (reopen, 400, 21479),
    "account: the main one closed": (account(ACCOUNT_SID, ("Status", "closed")), 400, 21477),
    "account: Status": (account("", ("Status", "asleep")), 400, 21475),
    "number: foreign application": (foreign_application, 400, 21420),
    "number: to a stranger": (transfer_to_a_stranger, 400, 21473),
    "login: a subaccount's on its parent's path": (parents_path, 401, 20003),
    "request: over a megabyte": (text(("Body", "a" * 1_000_001)), 413, 20413),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_has_its_code(place: Place, name: str) -> None:
    request, status, code = CASES[name]
    answer = request(place)
    assert answer.refusal == (status, code)
    assert answer.body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert answer.body["status"] == status


def test_short_codes_are_linked_below_sms(place: Place) -> None:
    account = ask(place.emulator, "GET", f"{HOME}.json").body
    links = cast("dict[str, str]", account["subresource_uris"])
    assert links["short_codes"] == f"{HOME}/SMS/ShortCodes.json"
