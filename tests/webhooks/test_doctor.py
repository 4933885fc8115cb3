"""The signature doctor names what differs, and nothing that is secret."""

from __future__ import annotations

import pytest

from ringback.http import WebhookRequest
from ringback.webhooks import SETTINGS_HEADER, SIGNATURE_HEADER, Parameters, SignatureValidator, sign
from tests.webhooks.requests import ACCOUNT, CALL, get, post

TOKEN = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"
URL = "https://phone.example.com/voice?a=1"
PAIRS = [("CallSid", CALL), ("AccountSid", ACCOUNT), ("Body", " spaced ")]


def explain(signed_url: str, seen_url: str, *headers: tuple[str, str]) -> str:
    header = (SIGNATURE_HEADER, sign(signed_url, PAIRS, TOKEN))
    return SignatureValidator(TOKEN).explain(post(seen_url, PAIRS, headers=[header, *headers]))


@pytest.mark.parametrize(
    ("seen", "headers", "told"),
    [
        ("http://phone.example.com/voice?a=1", (), "the scheme were https"),
        (
            "https://127.0.0.1:8000/voice?a=1",
            (("Host", "phone.example.com"),),
            "the host were what the header Host says, phone.example.com",
        ),
        (
            "http://127.0.0.1:8000/voice?a=1",
            (("X-Forwarded-Host", "phone.example.com, inner"),),
            "the scheme were https and the host were what the header X-Forwarded-Host says, phone.example",
        ),
        (
            "https://inner/voice?a=1",
            (("Forwarded", 'for=1.2.3.4;host="phone.example.com";proto=https'),),
            "the host were what the header Forwarded says, phone.example.com",
        ),
        ("https://phone.example.com/voice/?a=1", (), "the path had no slash at its end"),
        ("https://PHONE.example.com/voice?a=1", (), "the host were in small letters"),
    ],
)
def test_what_proxies_change(seen: str, headers: tuple[tuple[str, str], ...], told: str) -> None:
    explained = explain(URL, seen, *headers)
    assert f"It would if {told}" in explained
    assert f"It was checked as {seen.split('/v')[0]}" in explained


def test_a_prefix_that_a_proxy_took_off() -> None:
    told = explain(
        "https://example.com/phone/voice", "https://example.com/voice", ("X-Forwarded-Prefix", "/phone")
    )
    assert "It would if the path began with X-Forwarded-Prefix." in told


def test_a_port_that_a_proxy_hides() -> None:
    told = explain("https://example.com:8443/voice", "https://example.com/voice")
    assert "It would if the port were 8443." in told


def test_a_path_that_was_decoded() -> None:
    told = explain("https://example.com/a%20b", "https://example.com/a b")
    assert "It would if the path were percent-encoded." in told


def test_a_query_that_was_lost_or_added() -> None:
    assert "It would if the URL had no query." in explain(
        "https://example.com/v", "https://example.com/v?x=1"
    )
    header = (SIGNATURE_HEADER, sign(URL, PAIRS, TOKEN))
    request = post(URL, PAIRS, headers=[header])
    told = SignatureValidator(TOKEN).explain(request, url="https://phone.example.com/voice")
    assert "It would if the query were that of the request." in told


@pytest.mark.parametrize(
    ("signed", "seen", "told"),
    [
        ("b=2&a=1&c=3", "a=1&b=2&c=3", "the query's parameters stood in another order"),
        ("b=%202&a=1", "a=1&b=+2", "the query's parameters stood in another order"),
        ("z=1&y=2&x=3&w=4&v=5", "v=5&w=4&x=3&y=2&z=1", "the query's parameters stood in another order"),
        ("a=%2520", "a=%20", "the query's percent signs were encoded once more"),
        ("a=%20", "a=%2520", "the query were percent-decoded"),
        ("a=1;b", "a=1%3Bb", "the query were percent-decoded"),
        ("a=&b=1", "b=1&a=", "the query's parameters stood in another order"),
        ("a&b=1", "a=&b=1", "what is empty had no equals sign"),
        ("a=&b=1", "a&b=1", "names without a value in the query had an equals sign"),
        ("b=1", "a=&b=1", "what is empty in the query were left out"),
    ],
)
def test_a_query_that_was_written_anew(signed: str, seen: str, told: str) -> None:
    explained = explain(f"https://example.com/v?{signed}", f"https://example.com/v?{seen}")
    assert f"It would if {told}." in explained
    assert explain(f"http://example.com/v?{signed}", f"https://example.com/v?{seen}").startswith(
        "The signature does not match. It would if the scheme were http and "
    )


def test_a_token_from_a_file_with_its_line_end() -> None:
    request = post(URL, PAIRS, headers=[(SIGNATURE_HEADER, sign(URL, PAIRS, TOKEN))])
    assert "the token had no spaces around it" in SignatureValidator(f"{TOKEN}\n").explain(request)


def test_large_bodies_do_not_keep_it_busy() -> None:
    pairs = [("a", "x" * 900_000)]
    told = SignatureValidator(TOKEN).explain(post(URL, pairs, headers=[(SIGNATURE_HEADER, "x")]))
    assert "With so large a request nothing else was tried." in told


def test_a_query_that_was_signed_like_a_form() -> None:
    signature = sign("wss://example.com/ws", [("foo", "bar")], TOKEN)
    request = get("wss://example.com/ws?foo=bar", headers=[(SIGNATURE_HEADER, signature)])
    assert "signed like a form" in SignatureValidator(TOKEN).explain(request)


def test_parameters_that_were_changed_on_the_way() -> None:
    validator = SignatureValidator(TOKEN)
    request = post(URL, PAIRS, headers=[(SIGNATURE_HEADER, sign(URL, PAIRS, TOKEN))])
    trimmed = Parameters([(name, value.strip()) for name, value in PAIRS])
    assert "It would if the parameters were those of the body." in validator.explain(
        request, parameters=trimmed
    )
    request = post(URL, PAIRS, headers=[(SIGNATURE_HEADER, sign(URL, trimmed.multi_items(), TOKEN))])
    assert "It would if the values had no spaces around them." in validator.explain(request)
    request = post(URL, PAIRS, headers=[(SIGNATURE_HEADER, sign(URL, (), TOKEN))])
    assert "It would if no form parameters were signed." in validator.explain(request)


def test_a_token_of_another_account() -> None:
    validator = SignatureValidator({ACCOUNT: TOKEN, "AC" + "f" * 32: OTHER})
    request = post(URL, PAIRS, headers=[(SIGNATURE_HEADER, sign(URL, PAIRS, OTHER))])
    told = validator.explain(request)
    assert "It would if another of the tokens were used" in told
    assert OTHER not in told


def test_what_nothing_explains() -> None:
    request = post(URL, PAIRS, headers=[(SIGNATURE_HEADER, sign(URL, PAIRS, "unknown"))])
    told = SignatureValidator(TOKEN).explain(request)
    assert "Most likely the auth token is an old one" in told
    assert "with the path /voice, a query, 3 form parameters and 1 key." in told


def test_what_is_right_and_what_is_no_claim_at_all() -> None:
    validator = SignatureValidator(TOKEN)
    right = post(URL, PAIRS, headers=[(SIGNATURE_HEADER, sign(URL, PAIRS, TOKEN))])
    assert validator.explain(right) == "The signature matches."
    assert "X-Twilio-Signature is missing" in validator.explain(post(URL, PAIRS))
    unknown = post(URL, PAIRS, headers=[(SIGNATURE_HEADER, "x"), (SETTINGS_HEADER, "key=k")])
    assert "a shared key that is not known" in validator.explain(unknown)


def test_a_body_that_is_unreadable_is_no_trouble_where_parameters_are_given() -> None:
    request = WebhookRequest("POST", URL, [(SIGNATURE_HEADER, "x"), ("Content-Type", "text/xml")], b"<a/>")
    told = SignatureValidator(TOKEN).explain(request, parameters=Parameters(PAIRS))
    assert "The signature does not match" in told


def test_many_parameters_do_not_keep_it_busy() -> None:
    pairs = [(f"p{number}", "x" * 50) for number in range(900)]
    told = SignatureValidator(TOKEN).explain(post(URL, pairs, headers=[(SIGNATURE_HEADER, "x")]))
    assert "With so many parameters nothing else was tried." in told
    assert "900 form parameters" in told
