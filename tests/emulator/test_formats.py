"""Answers as JSON, XML and CSV, by the path's suffix."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Callable

import pytest
from lxml import etree

from ringback.emulator import Emulator
from ringback.http import Headers, Response
from tests.emulator.conftest import OURS
from tests.emulator.website import Website

Get = Callable[[str], Response]


@pytest.fixture
def get(emulator: Emulator, website: Website) -> Get:
    secret = base64.b64encode(f"{emulator.account_sid}:{emulator.auth_token}".encode()).decode()

    def get(path: str) -> Response:
        home = f"/2010-04-01/Accounts/{emulator.account_sid}"
        return emulator.answer("GET", f"{home}/{path}", Headers({"Authorization": f"Basic {secret}"}), b"")

    return get


@pytest.mark.parametrize("suffix", ["", ".xml"])
def test_xml_is_what_comes_without_a_suffix(get: Get, suffix: str) -> None:
    answer = get(f"IncomingPhoneNumbers{suffix}?PageSize=1")
    assert answer.headers["Content-Type"] == "application/xml"
    root = etree.fromstring(answer.body)
    [numbers] = root
    assert (root.tag, numbers.tag, numbers.get("pagesize")) == ("TwilioResponse", "IncomingPhoneNumbers", "1")
    sid = numbers[0].findtext("Sid")
    assert numbers[0].findtext("PhoneNumber") == OURS
    one = etree.fromstring(get(f"IncomingPhoneNumbers/{sid}{suffix}").body)
    assert one.findtext("IncomingPhoneNumber/PhoneNumber") == OURS


def test_csv(get: Get) -> None:
    answer = get("IncomingPhoneNumbers.csv")
    assert answer.headers["Content-Type"] == "text/csv;charset=utf-8"
    [row] = csv.DictReader(io.StringIO(answer.body.decode()))
    assert row["PhoneNumber"] == OURS


def test_refusals(get: Get) -> None:
    for suffix in ("", ".xml", ".csv"):
        answer = get(f"Calls/CA{'0' * 32}{suffix}")
        root = etree.fromstring(answer.body)
        assert (answer.status, root.findtext("RestException/Code")) == (404, "20404")
        assert answer.headers["Content-Type"] == "application/xml"
    for suffix in (".wav", ".mp3", ".txt", ".exe"):
        assert get(f"Calls{suffix}").status == 404


def test_next_pages_keep_their_form(get: Get, emulator: Emulator) -> None:
    emulator.number("+15017122662")
    root = etree.fromstring(get("IncomingPhoneNumbers.xml?PageSize=1").body)
    following = root[0].get("nextpageuri") or ""
    assert (
        etree.fromstring(get(following.partition(emulator.account_sid + "/")[2]).body)[0].get("page") == "1"
    )
