"""Who sent it: Twilio's algorithm, its vectors, its own library, and people who try to get around it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from ringback.errors import InvalidValue, SignatureInvalid
from ringback.http import WebhookRequest
from ringback.webhooks import (
    SETTINGS_HEADER,
    SIGNATURE_HEADER,
    Parameters,
    SignatureValidator,
    body_sha256,
    read_parameters,
    sign,
)
from ringback.webhooks.keys import Keyring
from ringback.webhooks.signature import claim_of
from tests.webhooks.requests import ACCOUNT, CALL, FORM, get, post, post_json

TOKEN = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"
URL = "https://example.com/voice"
PAIRS = [("CallSid", CALL), ("AccountSid", ACCOUNT), ("From", "+15017122661")]

VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parent / "signature_vectors.json").read_text()
)


def pairs_of(vector: dict[str, Any]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in vector["params"]]


def request_of(vector: dict[str, Any], signature: str) -> WebhookRequest:
    headers = [(SIGNATURE_HEADER, signature)]
    if vector.get("algorithm") == "HMAC_SHA256":
        headers.append((SETTINGS_HEADER, "key=webhooks_sharedkey_x,algorithm=HMAC_SHA256"))
    if "body" in vector:
        return post_json(vector["url"], vector["body"].encode(), headers=headers)
    if vector.get("method") == "GET":
        return get(vector["url"], headers=headers)
    return post(vector["url"], pairs_of(vector), headers=headers)


def validator_of(vector: dict[str, Any]) -> SignatureValidator:
    if vector.get("algorithm") == "HMAC_SHA256":
        return SignatureValidator("of no use", shared_keys={"webhooks_sharedkey_x": vector["token"]})
    return SignatureValidator(vector["token"])


def signed(url: str = URL, pairs: list[tuple[str, str]] = PAIRS, token: str = TOKEN) -> WebhookRequest:
    return post(url, pairs, headers=[(SIGNATURE_HEADER, sign(url, pairs, token))])


def reason(validator: SignatureValidator, request: WebhookRequest, **options: Any) -> str:
    with pytest.raises(SignatureInvalid) as caught:
        validator.validate(request, **options)
    assert not validator.is_valid(request, **options)
    return str(caught.value)


# --- vectors ----------------------------------------------------------------------------------------------


def test_no_vector_is_forgotten() -> None:
    assert (len(VECTORS["positive"]), len(VECTORS["negative"])) == (30, 9)


@pytest.mark.parametrize("vector", VECTORS["positive"], ids=lambda vector: vector["id"])
def test_what_twilio_signs_is_accepted(vector: dict[str, Any]) -> None:
    made = sign(vector["signed_url"], pairs_of(vector), vector["token"], algorithm=vector["algorithm"])
    assert made == vector["expected"]
    # One vector says how a third party signs WebSockets; there the parameters are not in the request.
    given_apart = vector["method"] == "GET" and vector["params"]
    parameters = Parameters(pairs_of(vector)) if given_apart else None
    validator_of(vector).validate(request_of(vector, vector["expected"]), parameters=parameters)


@pytest.mark.parametrize("vector", VECTORS["negative"], ids=lambda vector: vector["id"])
def test_what_twilio_did_not_sign_is_refused(vector: dict[str, Any]) -> None:
    assert reason(validator_of(vector), request_of(vector, vector["signature"]))


# --- the official library ---------------------------------------------------------------------------------


class MultiDict(dict[str, str]):
    """What the official library takes for repeated names."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    def getlist(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]


TEXT = st.text(max_size=8)
NAMES = st.text("abAB_09żé👋", min_size=1, max_size=4)
FORMS = st.lists(st.tuples(NAMES, TEXT), max_size=5)
SEGMENT = st.text("abz09-._~%2F+é", max_size=5)
URLS = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(["example.com", "Phone.example.co.uk", "10.0.0.1"]),
    st.sampled_from(["", ":80", ":443", ":8443"]),
    st.lists(SEGMENT, max_size=3).map(lambda parts: "".join(f"/{part}" for part in parts)),
    st.sampled_from(["", "?a=1", "?a=1&b=%20c&a=", "?To=%2B1501&x=;y"]),
)
TOKENS = st.text(min_size=1, max_size=40)


def official(token: str) -> Any:
    return cast("Any", RequestValidator)(token)


@given(URLS, FORMS, TOKENS, st.sampled_from(["HMAC_SHA1", "HMAC_SHA256"]))
def test_we_accept_what_the_official_library_signs(
    url: str, pairs: list[tuple[str, str]], token: str, algorithm: str
) -> None:
    signature = official(token).compute_signature(url, MultiDict(pairs), algorithm)
    headers = [(SIGNATURE_HEADER, signature), (SETTINGS_HEADER, f"key=k,algorithm={algorithm}")]
    SignatureValidator("other", shared_keys={"k": token}).validate(post(url, pairs, headers=headers))
    if algorithm == "HMAC_SHA1":
        assert sign(url, pairs, token) == signature
        SignatureValidator(["other", token]).validate(post(url, pairs, headers=headers[:1]))


@given(URLS, FORMS, TOKENS)
def test_the_official_library_accepts_what_we_sign(
    url: str, pairs: list[tuple[str, str]], token: str
) -> None:
    assert official(token).validate(url, MultiDict(pairs), sign(url, pairs, token))


@settings(max_examples=200)
@given(
    st.tuples(URLS, URLS),
    st.tuples(FORMS, FORMS),
    st.tuples(TOKENS, TOKENS),
    st.tuples(*[st.booleans()] * 3),
    st.sampled_from(["{}", " {}", "{}=", "x"]),
)
def test_we_refuse_what_the_official_library_refuses(
    urls: tuple[str, str],
    forms: tuple[list[tuple[str, str]], list[tuple[str, str]]],
    tokens: tuple[str, str],
    changed: tuple[bool, ...],
    spoil: str,
) -> None:
    # One thing we know better: a URL without a path is asked for with a slash.
    assume(len({re.sub(r"(?<=[^/])/(?=\?|$)", "", url) for url in urls}) == len(set(urls)))
    url, pairs, token = urls[changed[0]], forms[changed[1]], tokens[changed[2]]
    signature = spoil.format(official(tokens[0]).compute_signature(urls[0], MultiDict(forms[0])))
    request = post(url, pairs, headers=[(SIGNATURE_HEADER, signature)])
    accepted = official(token).validate(url, MultiDict(pairs), signature)
    assert SignatureValidator(token).is_valid(request) is accepted


@given(st.binary(max_size=40).map(lambda raw: json.dumps(raw.hex()).encode()), TOKENS, st.booleans())
def test_json_agrees_with_the_official_library(inner: bytes, token: str, spoiled: bool) -> None:
    body = b'{"a":' + inner + b"}"
    url = f"{URL}?x=1&bodySHA256={body_sha256(body)}"
    signature = official(token).compute_signature(url, {})
    sent = body + b" " * spoiled
    request = post_json(url, sent, headers=[(SIGNATURE_HEADER, signature)])
    assert official(token).validate(url, sent.decode(), signature) is not spoiled
    assert SignatureValidator(token).is_valid(request) is not spoiled


# --- tokens -----------------------------------------------------------------------------------------------


def test_tokens_of_several_accounts() -> None:
    other = "AC" + "f" * 32
    validator = SignatureValidator({ACCOUNT: TOKEN, other: [OTHER, "and its successor"]})
    validator.validate(signed())
    # The token of one account opens no other.
    assert "does not match" in reason(validator, signed(token=OTHER))
    pairs = [("AccountSid", other)]
    validator.validate(signed(pairs=pairs, token="and its successor"))
    stranger = [("AccountSid", "AC" + "e" * 32)]
    assert reason(validator, signed(pairs=stranger)) == (
        f"no auth token is known for the account {stranger[0][1]} that the request names"
    )
    assert "evil" not in reason(validator, signed(pairs=[("AccountSid", "evil\nlog line")]))


def test_where_the_request_names_no_account_every_token_counts() -> None:
    validator = SignatureValidator({ACCOUNT: TOKEN, "AC" + "f" * 32: OTHER})
    for token in (TOKEN, OTHER):
        headers = [(SIGNATURE_HEADER, sign("wss://example.com/media", (), token))]
        validator.validate(get("wss://example.com/media", headers=headers))


def test_of_two_accounts_in_one_request_the_one_that_the_event_gets_counts() -> None:
    other = "AC" + "f" * 32
    validator = SignatureValidator({ACCOUNT: TOKEN, other: OTHER})
    pairs = [("AccountSid", ACCOUNT), ("AccountSid", other)]
    assert not validator.is_valid(signed(pairs=pairs, token=OTHER))
    url = f"{URL}?AccountSid={other}&AccountSid={ACCOUNT}"
    assert not validator.is_valid(get(url, headers=[(SIGNATURE_HEADER, sign(url, (), OTHER))]))
    validator.validate(get(url, headers=[(SIGNATURE_HEADER, sign(url, (), TOKEN))]))


def test_a_token_can_be_replaced_while_calls_go_on() -> None:
    validator = SignatureValidator([TOKEN, OTHER])
    validator.validate(signed())
    validator.validate(signed(token=OTHER))


@pytest.mark.parametrize("token", ["", [], [TOKEN, ""], {}, {ACCOUNT: ""}, {ACCOUNT: []}])
def test_an_empty_token_is_refused(token: Any) -> None:
    with pytest.raises(InvalidValue, match="auth_token: expected at least one token") as caught:
        SignatureValidator(token)
    assert TOKEN not in str(caught.value)
    with pytest.raises(InvalidValue, match="shared_keys"):
        SignatureValidator(TOKEN, shared_keys={"k": ""})


def test_no_secret_is_told() -> None:
    validator = SignatureValidator({ACCOUNT: TOKEN}, shared_keys={"key-id": OTHER})
    assert repr(validator) == f"SignatureValidator(accounts=['{ACCOUNT}'], tokens=1, shared_keys=['key-id'])"
    told = reason(validator, signed(token="wrong")) + validator.explain(signed(token="wrong"))
    assert TOKEN not in told
    assert OTHER not in told
    public = [getattr(validator, name) for name in dir(validator) if not name.startswith("_")]
    assert {each.__name__ for each in public} == {"validate", "is_valid", "explain"}
    assert TOKEN not in repr(claim_of(Keyring(TOKEN, None), signed(), None, None))


# --- shared keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings_header", "told"),
    [
        ("key=k,algorithm=HMAC_MD5", "an algorithm that is not known"),
        ("key=stranger,algorithm=HMAC_SHA256", "a shared key that is not known"),
        ("algorithm=HMAC_SHA256", "names no shared key"),
    ],
)
def test_settings_that_are_not_ours_are_refused(settings_header: str, told: str) -> None:
    validator = SignatureValidator(TOKEN, shared_keys={"k": OTHER})
    signature = sign(URL, PAIRS, TOKEN, algorithm="HMAC_SHA256")
    headers = [(SIGNATURE_HEADER, signature), (SETTINGS_HEADER, settings_header)]
    assert told in reason(validator, post(URL, PAIRS, headers=headers))


def test_a_shared_key_does_not_stand_in_for_the_token_nor_the_other_way() -> None:
    validator = SignatureValidator(TOKEN, shared_keys={"k": OTHER})
    assert not validator.is_valid(signed(token=OTHER))
    headers = [
        (SIGNATURE_HEADER, sign(URL, PAIRS, TOKEN, algorithm="HMAC_SHA256")),
        (SETTINGS_HEADER, "key=k,algorithm=HMAC_SHA256"),
    ]
    assert not validator.is_valid(post(URL, PAIRS, headers=headers))


def test_empty_settings_mean_the_auth_token() -> None:
    headers = [(SIGNATURE_HEADER, sign(URL, PAIRS, TOKEN)), (SETTINGS_HEADER, "")]
    SignatureValidator(TOKEN).validate(post(URL, PAIRS, headers=headers))


# --- URLs -------------------------------------------------------------------------------------------------


def test_the_public_url_counts() -> None:
    request = WebhookRequest("POST", "http://127.0.0.1:8000/voice", signed().headers, post(URL, PAIRS).body)
    validator = SignatureValidator(TOKEN)
    assert not validator.is_valid(request)
    validator.validate(request, url=URL)
    validator.validate(request, url="https://user:secret@example.com/voice")


@pytest.mark.parametrize(
    ("asked", "signed_url"),
    [
        ("https://example.com/v", "https://example.com:443/v"),
        ("https://example.com:443/v", "https://example.com/v"),
        ("https://example.com:8443/v", "https://example.com/v"),
        ("http://example.com/v", "http://example.com:80/v"),
        ("https://[::1]:8443/v", "https://[::1]/v"),
        ("wss://example.com/v", "wss://example.com:443/v"),
        ("wss://example.com/v", "wss://example.com/v/"),
        ("wss://example.com/v/?a=1", "wss://example.com/v?a=1"),
        ("https://example.com/", "https://example.com"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com/?x=1", "https://example.com?x=1"),
        ("https://example.com:8443/", "https://example.com"),
    ],
)
def test_ports_and_slashes_that_twilio_adds_or_drops(asked: str, signed_url: str) -> None:
    headers = [(SIGNATURE_HEADER, sign(signed_url, (), TOKEN))]
    SignatureValidator(TOKEN).validate(get(asked, headers=headers))


def test_only_a_root_has_a_slash_too_many() -> None:
    for asked, signed_url in ((f"{URL}/", URL), (URL, f"{URL}/"), (URL, "https://example.com")):
        headers = [(SIGNATURE_HEADER, sign(signed_url, (), TOKEN))]
        assert not SignatureValidator(TOKEN).is_valid(get(asked, headers=headers))


@pytest.mark.parametrize("asked", ["wss://example.com/media", "https://example.com/media"])
def test_a_handshake_is_signed_for_a_socket(asked: str) -> None:
    headers = [(SIGNATURE_HEADER, sign("wss://example.com/media", (), TOKEN))]
    handshake = get("http://127.0.0.1/media", headers=[*headers, ("Upgrade", "WebSocket")])
    SignatureValidator(TOKEN).validate(handshake, url=asked)
    # It stands for nothing else.
    validator = SignatureValidator(TOKEN)
    assert not validator.is_valid(get("https://example.com/media", headers=headers))
    posted = post("https://example.com/media", (), headers=[*headers, ("Upgrade", "websocket")])
    assert not validator.is_valid(posted)
    for_https = [(SIGNATURE_HEADER, sign("https://example.com/media", (), TOKEN)), ("Upgrade", "websocket")]
    assert not validator.is_valid(get("https://example.com/media", headers=for_https))


@pytest.mark.parametrize("url", ["/voice", "example.com/voice", "", "https://", "https://a:b:c/", "https:/x"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    assert "not absolute" in reason(SignatureValidator(TOKEN), signed(), url=url)
    with pytest.raises(InvalidValue, match="an absolute URL"):
        sign(url, (), TOKEN)


# --- people who try ---------------------------------------------------------------------------------------


def test_a_body_of_ones_own_is_not_covered_by_a_signed_url() -> None:
    validator = SignatureValidator(TOKEN)
    url = f"{URL}?CallSid={CALL}"
    header = (SIGNATURE_HEADER, sign(url, (), TOKEN))
    validator.validate(get(url, headers=[header]))
    assert "bodySHA256 is not in the URL" in reason(validator, post_json(url, b'{"a":1}', headers=[header]))
    assert "does not match" in reason(validator, post(url, [("Digits", "1")], headers=[header]))
    with_body = WebhookRequest("GET", url, [header], b"Digits=1")
    assert "a GET request with a body" in reason(validator, with_body)
    assert "can't be read" in reason(validator, WebhookRequest("PUT", url, [header], b"Digits=1"))


def test_the_body_of_json_can_neither_be_taken_away_nor_changed_nor_called_a_form() -> None:
    validator = SignatureValidator(TOKEN)
    body = b'{"Sid":"KX1"}'
    url = f"{URL}?bodySHA256={body_sha256(body)}"
    header = (SIGNATURE_HEADER, sign(url, (), TOKEN))
    validator.validate(post_json(url, body, headers=[header]))
    told = "the body is not the one"
    assert told in reason(validator, post_json(url, b"{}", headers=[header]))
    assert told in reason(validator, post_json(url, b"", headers=[header]))
    assert told in reason(validator, post(url, (), headers=[header]))
    assert told in reason(validator, get(url, headers=[header]))
    assert told in reason(validator, WebhookRequest("POST", url, [("Content-Type", FORM), header], b"&&&"))


def test_a_parameter_more_or_less_or_moved_into_the_url_is_noticed() -> None:
    validator = SignatureValidator(TOKEN)
    header = (SIGNATURE_HEADER, sign(URL, PAIRS, TOKEN))
    for pairs in (PAIRS[:-1], [*PAIRS, ("Digits", "1")], [*PAIRS[:-1], ("From", "+1")]):
        assert not validator.is_valid(post(URL, pairs, headers=[header]))
    assert not validator.is_valid(post(f"{URL}?Digits=1", PAIRS, headers=[header]))


@pytest.mark.parametrize("name", [SIGNATURE_HEADER, SETTINGS_HEADER])
def test_a_header_twice_is_refused(name: str) -> None:
    right = (SIGNATURE_HEADER, sign(URL, PAIRS, TOKEN))
    request = post(URL, PAIRS, headers=[right, (name, right[1]), (name.lower(), right[1])])
    assert "more than once" in reason(SignatureValidator(TOKEN), request)


def test_without_a_signature() -> None:
    assert reason(SignatureValidator(TOKEN), post(URL, PAIRS)) == (
        "the header X-Twilio-Signature is missing or empty"
    )


def test_parameters_that_were_read_already() -> None:
    request = signed(f"{URL}?tenant=7")
    SignatureValidator(TOKEN).validate(request, parameters=read_parameters(request))
    url = f"{URL}?CallSid={CALL}"
    asked = get(url, headers=[(SIGNATURE_HEADER, sign(url, (), TOKEN))])
    SignatureValidator(TOKEN).validate(asked, parameters=read_parameters(asked))


@pytest.mark.parametrize("part", ["url", "parameters", "signature", "token"])
def test_text_that_is_no_unicode_does_no_harm(part: str) -> None:
    lone = "\ud800"
    request = post(URL, PAIRS, headers=[(SIGNATURE_HEADER, lone if part == "signature" else "x" * 28)])
    url = f"{URL}/{lone}" if part == "url" else URL
    parameters = Parameters([("Body", lone if part == "parameters" else "a")])
    validator = SignatureValidator(lone if part == "token" else TOKEN)
    assert "does not match" in reason(validator, request, url=url, parameters=parameters)
    assert "does not match" in validator.explain(request, url=url, parameters=parameters)


ANYTHING = st.text(st.characters(), max_size=20)


@settings(max_examples=200, deadline=None)
@given(
    st.builds(
        WebhookRequest,
        method=st.sampled_from(["GET", "POST", "OPTIONS"]),
        url=ANYTHING | ANYTHING.map("https://example.com/".__add__) | ANYTHING.map("https://".__add__),
        headers=st.lists(
            st.tuples(
                st.sampled_from([SIGNATURE_HEADER, SETTINGS_HEADER, "Content-Type", "Host", "Forwarded"]),
                ANYTHING
                | st.sampled_from([FORM, "application/json", "key=k,algorithm=HMAC_SHA256", "a" * 28]),
            ),
            max_size=5,
        ),
        body=st.binary(max_size=40) | st.sampled_from([b"AccountSid=x&a=%F0%9F%91%8B", b'{"AccountSid":1}']),
    ),
    st.none() | ANYTHING,
    st.none() | st.lists(st.tuples(ANYTHING, ANYTHING), max_size=4).map(Parameters),
)
def test_hostile_requests_are_refused_and_nothing_else(
    request: WebhookRequest, url: str | None, parameters: Parameters | None
) -> None:
    validator = SignatureValidator({ACCOUNT: TOKEN}, shared_keys={"k": OTHER})
    told = reason(validator, request, url=url, parameters=parameters)
    told += validator.explain(request, url=url, parameters=parameters)
    assert TOKEN not in told
    assert OTHER not in told
