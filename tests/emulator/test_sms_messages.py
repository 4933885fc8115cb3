"""The older path of messages, as old clients ask it."""

from __future__ import annotations

import base64
import json
from typing import cast
from urllib.parse import urlencode

import pytest

from ringback.emulator import TEST_ACCOUNT_SID, TEST_AUTH_TOKEN, Attachment, Emulator
from ringback.http import Headers
from tests.emulator.conftest import ANNA, BEN, OURS
from tests.emulator.website import HOME, Website

TEXT = {"To": ANNA, "From": OURS, "Body": "Hi"}
KEYS = {
    *("sid", "account_sid", "date_created", "date_updated", "date_sent", "to", "from", "body", "status"),
    *("direction", "price", "price_unit", "api_version", "uri"),
}


class Old:
    """A client of the older path."""

    def __init__(
        self, emulator: Emulator, account_sid: str | None = None, auth_token: str | None = None
    ) -> None:
        self._emulator = emulator
        sid = account_sid or emulator.account_sid
        login = f"{sid}:{auth_token or emulator.auth_token}".encode()
        self._headers = Headers({"Authorization": f"Basic {base64.b64encode(login).decode()}"})
        self.home = f"/2010-04-01/Accounts/{sid}/SMS/Messages"

    def __call__(self, method: str, path: str = "", **form: str) -> tuple[int, dict[str, object]]:
        target = f"{self.home}{path}.json"
        pairs = urlencode(form)
        get = method == "GET"
        answer = self._emulator.answer(
            method,
            f"{target}?{pairs}" if get and pairs else target,
            self._headers,
            b"" if get else pairs.encode(),
        )
        return answer.status, cast("dict[str, object]", json.loads(answer.body))

    def list(self, **filters: str) -> list[dict[str, object]]:
        status, page = self("GET", **filters)
        assert status == 200
        return cast("list[dict[str, object]]", page["sms_messages"])


@pytest.fixture
def old(emulator: Emulator, website: Website) -> Old:
    return Old(emulator)


def test_its_records_have_keys_and_addresses_of_their_own(emulator: Emulator, old: Old) -> None:
    status, text = old("POST", **TEXT)
    assert (status, text["status"]) == (201, "queued")
    assert set(text) == KEYS
    assert text["uri"] == f"{old.home}/{text['sid']}.json"
    assert old("GET", f"/{text['sid']}")[1] == text
    _, page = old("GET")
    assert page["sms_messages"] == [text]
    assert str(page["first_page_uri"]).startswith(f"{old.home}.json?")


def test_its_statuses(emulator: Emulator, old: Old) -> None:
    emulator.phone(BEN).receive("undelivered")
    for to in (ANNA, BEN):
        old("POST", **{**TEXT, "To": to})
    emulator.advance(0.6)
    assert [each["status"] for each in old.list()] == ["sending", "sending"]
    emulator.run_until_idle()
    emulator.phone(ANNA).text(OURS, "Hello")
    assert old.list()[0]["status"] == "received"
    assert [each["status"] for each in old.list()] == ["received", "failed", "sent"]
    assert [each["status"] for each in old.list(To=BEN)] == ["failed"]


def test_its_one_callback_says_whether_it_was_sent(emulator: Emulator, website: Website, old: Old) -> None:
    emulator.phone(BEN).receive("fail")
    for to in (ANNA, BEN):
        old("POST", **{**TEXT, "To": to}, StatusCallback=f"{HOME}/told")
    emulator.run_until_idle()
    told = {each["To"]: each["SmsStatus"] for each in website.at("/told")}
    assert (told, len(website.at("/told"))) == ({ANNA: "sent", BEN: "failed"}, 2)


def test_it_knows_texts_alone(emulator: Emulator, old: Old) -> None:
    sid = emulator.phone(ANNA).text(OURS, "Look", media=[Attachment(b"GIF89a", "image/gif")])
    assert old("GET", f"/{sid}")[0] == 404
    assert old.list() == []
    _, text = old("POST", **TEXT, MediaUrl=f"{HOME}/cat.png")
    assert str(text["sid"]).startswith("SM")
    assert old("GET", f"/{text['sid']}/Media")[0] == 404


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Body": "x" * 161}, 21605),
        ({"Body": ""}, 21602),
        ({"To": ""}, 21604),
        ({"To": "12345"}, 21265),
        ({"From": ""}, 21603),
        ({"From": ANNA}, 21659),
        ({"From": "MG" + "0" * 32}, 21212),
        ({"StatusCallback": "nowhere"}, 21609),
    ],
)
def test_what_it_refuses(old: Old, changes: dict[str, str], code: int) -> None:
    status, refusal = old("POST", **{**TEXT, **changes})
    assert (status, refusal["code"]) == (400, code)


@pytest.mark.parametrize(("method", "path"), [("POST", "/SM" + "0" * 32), ("DELETE", "")])
def test_what_it_never_did(old: Old, method: str, path: str) -> None:
    assert old(method, path)[0] == 405


def test_test_credentials(emulator: Emulator) -> None:
    old = Old(emulator, TEST_ACCOUNT_SID, TEST_AUTH_TOKEN)
    status, text = old("POST", **{**TEXT, "From": "+15005550006"})
    assert (status, set(text)) == (201, KEYS)
    assert old("GET")[0] == 403
