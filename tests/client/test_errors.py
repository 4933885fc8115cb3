"""What an error tells of the value that is at fault."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.errors import InvalidValue, TwimlError
from ringback.twiml import Message, Say

PRIVATE = "Dear Anna, the results of your test are here"


def shown(value: object) -> str:
    return InvalidValue("x", value, "y").value


class TestTexts:
    @pytest.mark.parametrize("value", [PRIVATE, [PRIVATE], {"Body": PRIVATE}, Say(PRIVATE), PRIVATE.encode()])
    def test_only_their_beginning_is_shown(self, value: object) -> None:
        assert len(shown(value).partition("…")[0]) <= 22
        assert "results" not in str(TwimlError("x", value, "y"))

    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=20))
    def test_never_more_than_twenty_characters(self, text: str) -> None:
        text = f"{text[:1]}ä{text}"
        assert shown(text) == f"{text[:20]!r}… ({len(text)} characters)"

    def test_of_an_element_neither(self) -> None:
        with pytest.raises(TwimlError) as caught:
            Message(PRIVATE + "\x0b")
        assert "results" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    ["CA" + "0" * 32, "https://example.com/phone/a/path/that/has/no/person", "wss://example.com/" + "x" * 40],
)
def test_what_programmers_write_is_shown_whole(value: str) -> None:
    assert shown(value) == repr(value)


def test_of_an_address_the_query_is_not() -> None:
    value = shown("https://example.com/phone?caller=+15558675310")
    assert value == "'https://example.com/phone'… (45 characters)"


@pytest.mark.parametrize(
    "value", ["https://me:s3cret@example.com/", "HTTP://me:s3cret@x", "socks5://s3cret@x"]
)
def test_of_a_password_nothing(value: str) -> None:
    assert shown(value) == "***"


def test_what_has_no_text_has_a_type() -> None:
    assert re.fullmatch(r"<int>|\d+… \(.*", shown(10**5000))
