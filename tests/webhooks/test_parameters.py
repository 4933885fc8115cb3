"""A request -> its parameters, or a refusal with the right status."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.errors import WebhookInvalid
from ringback.http import WebhookRequest
from ringback.webhooks import Parameters, read_parameters
from ringback.webhooks.parameters import ParameterSource
from tests.webhooks.requests import FORM, get, post, post_json


def refused(request: WebhookRequest, **limits: int) -> int:
    with pytest.raises(WebhookInvalid) as caught:
        read_parameters(request, **limits)
    return caught.value.status


def test_a_form_is_decoded() -> None:
    read = read_parameters(post(pairs=[("Body", "50% + tax & more=yes ą👋"), ("FromCity", "")]))
    assert dict(read) == {"Body": "50% + tax & more=yes ą👋", "FromCity": ""}
    assert read.source == "form"


def test_the_query_of_a_posts_url_holds_no_parameters() -> None:
    read = read_parameters(post("https://example.com/voice?tenant=7&CallSid=CA9", [("CallSid", "CA1")]))
    assert read.multi_items() == (("CallSid", "CA1"),)


def test_the_query_of_a_get_holds_them() -> None:
    read = read_parameters(get("https://example.com/voice?tenant=7&CallSid=CA1&From=%2B1501#rc=2"))
    assert dict(read) == {"tenant": "7", "CallSid": "CA1", "From": "+1501"}
    assert read.source == "query"


def test_of_a_repeated_name_the_first_of_a_form_counts_and_the_last_of_a_query() -> None:
    form = read_parameters(post(pairs=[("To", "+1"), ("From", "+3"), ("To", "+2")]))
    assert form["To"] == "+1"
    assert form.get_all("To") == ("+1", "+2")
    assert form.multi_items() == (("To", "+1"), ("From", "+3"), ("To", "+2"))
    assert list(form) == ["To", "From"]
    assert len(form) == 2
    # Twilio's parameters stand behind those of the URL that was configured.
    assert read_parameters(get("https://example.com/voice?To=ours&To=%2B2"))["To"] == "+2"


def test_the_members_of_a_json_object_are_parameters() -> None:
    body = {"Sid": "KX1", "SequenceNumber": 1, "Content": {"a": ["ż"]}, "Final": True, "Name": None}
    read = read_parameters(post_json("https://example.com/x", json.dumps(body).encode()))
    assert dict(read) == {
        "Sid": "KX1",
        "SequenceNumber": "1",
        "Content": '{"a":["ż"]}',
        "Final": "true",
        "Name": "",
    }
    assert read.source == "json"


def test_an_empty_post_has_no_parameters() -> None:
    assert read_parameters(WebhookRequest("POST", "https://example.com/")).multi_items() == ()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (WebhookRequest("PUT", "https://example.com/"), 405),
        (WebhookRequest("POST", "https://example.com/", body=b"a=b"), 415),
        (WebhookRequest("POST", "https://example.com/", {"Content-Type": "text/xml"}, b"<a/>"), 415),
        (WebhookRequest("POST", "https://example.com/", {"Content-Type": "multipart/form-data"}, b"x"), 415),
        (
            WebhookRequest(
                "POST", "https://example.com/", {"Content-Type": f"{FORM}; charset=UTF-16"}, b"a=b"
            ),
            415,
        ),
        (
            WebhookRequest(
                "POST", "https://example.com/", {"Content-Type": FORM, "Content-Encoding": "gzip"}, b"a=b"
            ),
            415,
        ),
        (WebhookRequest("POST", "https://example.com/", {"Content-Type": FORM}, b"Body=%zz"), 400),
        (WebhookRequest("POST", "https://example.com/", {"Content-Type": FORM}, b"Body=%"), 400),
        (WebhookRequest("POST", "https://example.com/", {"Content-Type": FORM}, b"Body=%ff"), 400),
        (WebhookRequest("POST", "https://example.com/", {"Content-Type": FORM}, b"Body=\xff"), 400),
        (get("https://example.com/?Body=%ff"), 400),
        (get("https://example.com/?Body=\ud800"), 400),
        (post_json("https://example.com/", b"[]"), 400),
        (post_json("https://example.com/", b"{"), 400),
        (post_json("https://example.com/", b'{"a":NaN}'), 400),
        (post_json("https://example.com/", b'{"a":"\\ud800"}'), 400),
        (post_json("https://example.com/", b'{"a":' + b"1" * 5000 + b"}"), 400),
        (post_json("https://example.com/", b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"), 400),
        (post_json("https://example.com/", b"\xff"), 400),
    ],
)
def test_what_cannot_be_read_is_refused(request_: WebhookRequest, status: int) -> None:
    assert refused(request_) == status


@pytest.mark.parametrize("content_type", [f"{FORM}; charset=UTF-8", f'{FORM.upper()};charset="utf-8"', FORM])
def test_forms_are_known_by_any_spelling_of_their_type(content_type: str) -> None:
    request = WebhookRequest("POST", "https://example.com/", {"content-type": content_type}, b"a=b")
    assert dict(read_parameters(request)) == {"a": "b"}


def test_limits() -> None:
    large = WebhookRequest("POST", "https://example.com/", {"Content-Type": FORM}, b"a=" + b"b" * 1_000_000)
    assert refused(large) == 413
    assert len(read_parameters(large, max_body=2_000_000)["a"]) == 1_000_000
    assert refused(get("https://example.com/?a=" + "b" * 1_000_000)) == 414
    thousand = [(f"p{number}", "x") for number in range(1000)]
    assert refused(post(pairs=thousand)) == 400
    assert refused(get("https://example.com/?" + "&".join(f"{name}=x" for name, _ in thousand))) == 400
    assert refused(post_json("https://example.com/", json.dumps(dict(thousand)).encode())) == 400
    assert len(read_parameters(post(pairs=thousand[1:]))) == 999
    assert len(read_parameters(post(pairs=thousand), max_parameters=1001)) == 1000


def test_a_repr_shows_no_values() -> None:
    assert repr(Parameters({"Body": "I am ill", "From": "+1501"})) == "Parameters(Body, From)"


@given(
    st.builds(
        WebhookRequest,
        method=st.sampled_from(["GET", "POST", "HEAD", ""]),
        url=st.one_of(
            st.text(st.characters()),
            st.text("abc=&%+0f?#", max_size=30).map("https://example.com/?".__add__),
        ),
        headers=st.lists(
            st.tuples(
                st.sampled_from(["Content-Type", "Content-Encoding", "content-type"]),
                st.one_of(st.sampled_from([FORM, "application/json", f"{FORM};charset=utf-8"]), st.text()),
            ),
            max_size=3,
        ),
        body=st.one_of(
            st.binary(max_size=60),
            st.text("abc=&%+0f\x00é", max_size=30).map(str.encode),
            st.recursive(
                st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
                lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
                max_leaves=5,
            ).map(lambda value: json.dumps(value).encode()),
        ),
    )
)
def test_no_request_does_more_than_be_refused(request: WebhookRequest) -> None:
    try:
        read = read_parameters(request)
    except WebhookInvalid as error:
        status, texts = error.status, []
    else:
        status, texts = 400, [text for pair in read.multi_items() for text in pair]
    assert 400 <= status < 500
    assert "".join(texts).encode("utf-8").decode("utf-8") == "".join(texts)


# What separates, quotes, and doesn't quite: escapes of ASCII, of text beyond it, and of no text at all.
pieces = st.sampled_from(
    [*"&=+%;#aA0 ąß👋", "%2B", "%2b", "%26", "%3D", "%25", "%c3%b6", "%C3", "%", "%zz", "%00", "%ff"]
)


@given(st.lists(pieces, max_size=30).map("".join))
def test_forms_are_read_as_the_standard_library_reads_them(text: str) -> None:
    request = WebhookRequest("POST", "https://example.com/", {"Content-Type": FORM}, text.encode())
    try:
        expected = parse_qsl(text, keep_blank_values=True, encoding="utf-8", errors="strict")
    except UnicodeDecodeError:
        assert refused(request) == 400
        return
    if re.search("%(?![0-9A-Fa-f]{2})", text):
        assert refused(request) == 400
    else:
        assert read_parameters(request).multi_items() == tuple(expected)


@given(
    st.lists(st.tuples(st.sampled_from(["To", "From", "Body"]), st.text(max_size=2)), max_size=6),
    st.sampled_from(["form", "query", "json"]),
)
def test_parameters_are_a_mapping(pairs: list[tuple[str, str]], source: ParameterSource) -> None:
    read = Parameters(pairs, source=source)
    counts = pairs if source == "query" else pairs[::-1]
    values = {name: dict(counts)[name] for name, _ in pairs}
    assert dict(read) == dict(read.items()) == values
    assert list(read) == list(read.keys()) == [name for name, _ in read.items()] == list(values)
    assert list(read.values()) == list(values.values())
    assert len(read) == len(values)
    for name in ("To", "From", "Body"):
        assert (name in read) == (name in values)
        assert read.get(name, 0) == values.get(name, 0)
