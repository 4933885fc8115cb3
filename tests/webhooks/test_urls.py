"""The URL that Twilio asked for, behind proxies."""

from __future__ import annotations

import pytest

from ringback.errors import InvalidValue
from ringback.http import WebhookRequest
from ringback.webhooks import public_url_of
from ringback.webhooks.urls import UrlParts


def seen(url: str, **headers: str) -> WebhookRequest:
    return WebhookRequest("POST", url, {name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    ("public_url", "url", "expected"),
    [
        ("https://example.com", "http://127.0.0.1:8000/voice?a=%20b", "https://example.com/voice?a=%20b"),
        ("https://example.com/", "http://127.0.0.1/", "https://example.com/"),
        ("https://example.com/phone", "http://inner/phone/voice", "https://example.com/phone/voice"),
        ("https://example.com/phone/", "http://inner/voice", "https://example.com/phone/voice"),
        ("https://example.com/phone", "http://inner/phones", "https://example.com/phone/phones"),
        ("https://example.com/phone", "http://inner/phone", "https://example.com/phone"),
        ("https://example.com:8443", "http://inner/%7Ea//b", "https://example.com:8443/%7Ea//b"),
        ("https://user:secret@example.com/#rc=2", "http://inner/voice", "https://example.com/voice"),
        ("https://example.com", "/voice", "/voice"),
    ],
)
def test_the_public_url_settles_where_it_is(public_url: str, url: str, expected: str) -> None:
    request = seen(url, X_Forwarded_Host="evil.example", X_Forwarded_Proto="ws")
    assert public_url_of(request, public_url=public_url) == expected
    assert public_url_of(request, public_url=public_url, trust_forwarded=True) == expected


@pytest.mark.parametrize("public_url", ["", "example.com", "ftp://example.com", "https://example.com/?a=1"])
def test_a_public_url_that_is_none(public_url: str) -> None:
    with pytest.raises(
        InvalidValue, match="public_url: expected an absolute http or https URL without a query"
    ):
        public_url_of(seen("http://inner/"), public_url=public_url)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"X_Forwarded_Proto": "https", "X_Forwarded_Host": "example.com"}, "https://example.com/v?a=1"),
        (
            {"X_Forwarded_Proto": "https, http", "X_Forwarded_Host": "example.com:8443, b"},
            "https://example.com:8443/v?a=1",
        ),
        ({"X_Forwarded_Proto": "HTTPS"}, "https://inner:8000/v?a=1"),
        ({"X_Forwarded_Host": "[::1]:80"}, "http://[::1]:80/v?a=1"),
        (
            {"Forwarded": 'for=1.2.3.4;proto=https;host="example.com:1", host=b'},
            "https://example.com:1/v?a=1",
        ),
        ({"Forwarded": "proto=https", "X_Forwarded_Host": "example.com"}, "https://example.com/v?a=1"),
        ({"X_Forwarded_Proto": "javascript", "X_Forwarded_Host": "a/b?c#d"}, "http://inner:8000/v?a=1"),
        ({"X_Forwarded_Host": "user@example.com"}, "http://inner:8000/v?a=1"),
        ({"X_Forwarded_Host": ""}, "http://inner:8000/v?a=1"),
        ({}, "http://inner:8000/v?a=1"),
    ],
)
def test_forwarded_headers_count_only_where_they_are_trusted(headers: dict[str, str], expected: str) -> None:
    request = seen("http://inner:8000/v?a=1", **headers)
    assert public_url_of(request, trust_forwarded=True) == expected
    assert public_url_of(request) == request.url


def test_urls_are_put_together_as_they_were() -> None:
    for url in ("https://example.com", "http://A.b:8/c//d/?e=f&&g", "wss://[::1]:1/é%20?", "https://x?y"):
        parts = UrlParts.of(url)
        assert parts is not None
        assert str(parts) == url
