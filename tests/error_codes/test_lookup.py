"""What is known of Twilio's error codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codegen.error_codes.check import WORDS
from codegen.error_codes.load import ErrorCode, load
from ringback.error_codes import ErrorMeaning, explain, nearest, of_attribute, search

SPEC, _ = load(Path(__file__).parents[2] / "spec" / "error_codes.yaml", "error_codes.yaml")


def test_the_specification_knows_every_code_of_the_dictionary() -> None:
    assert len(SPEC) == 1416
    assert sum(code.level == "warning" for code in SPEC) == 205


@pytest.mark.parametrize("level", ["error", "warning"])
def test_every_code_of_the_specification_is_explained(level: str) -> None:
    for code in SPEC:
        if code.level == level:
            assert explain(code.code) == meaning_of(code)


def meaning_of(code: ErrorCode) -> ErrorMeaning:
    return ErrorMeaning(
        code.code, code.level, code.product, code.meaning, code.status, code.presumed, code.places
    )


def test_what_an_explanation_tells() -> None:
    assert explain(21211) == ErrorMeaning(
        code=21211,
        level="error",
        product="Voice",
        meaning="To isn't a phone number, or is the sender",
        status=400,
        presumed=False,
        places=("calls.create To", "messages.create To"),
    )
    told = explain(12200)
    assert told is not None
    assert (told.level, told.status, told.places) == ("warning", None, ("webhook", "twiml"))
    assert told.url == "https://www.twilio.com/docs/errors/12200"


def test_none_and_what_is_no_code_have_no_meaning() -> None:
    assert explain(None) is None
    assert explain(0) is None
    assert explain(-21211) is None
    assert explain(10**30) is None


def test_places_are_of_the_kinds_that_are_documented() -> None:
    documented = ErrorMeaning.__doc__ or ""
    for word in WORDS:
        assert f"`{word}`" in documented


@pytest.mark.parametrize(
    ("element", "attribute", "code"),
    [
        ("Dial", "timeout", 13212),
        ("Gather", "timeout", 13313),
        ("Sms", "to", 14101),
        ("Dial", "callerId", None),
        ("Shout", "timeout", None),
    ],
)
def test_what_an_attribute_that_cannot_be_used_is_told_with(
    element: str, attribute: str, code: int | None
) -> None:
    assert of_attribute(element, attribute) == explain(code)


def codes(text: str) -> list[int]:
    return [meaning.code for meaning in search(text)]


def test_words_are_found_in_any_order_and_case_and_by_their_beginnings() -> None:
    assert codes("opt out") == codes("OUT, opt") == codes("opt-out")
    assert 21610 in codes("opt out")
    assert 21610 in codes("recipient opted out of this sender")
    assert 21610 not in codes("opt in")
    assert 21610 not in codes("pted")
    assert codes("isn't e.164") == codes("E.164 isn't")


@pytest.mark.parametrize("text", ["", " ", "—", "no such words in here"])
def test_nothing_is_found_where_nothing_fits(text: str) -> None:
    assert search(text) == ()


@given(st.sampled_from(SPEC), st.integers(1, 4))
def test_a_code_is_found_by_words_of_its_meaning(code: ErrorCode, length: int) -> None:
    assert code.code in codes(" ".join(code.meaning.split()[:length]))


@pytest.mark.parametrize("typed", [2121, 212111, 91211])
def test_the_nearest_codes_are_those_that_look_alike(typed: int) -> None:
    assert 21211 in [meaning.code for meaning in nearest(typed)]


@given(st.integers(), st.integers(0, 5))
def test_there_are_as_many_nearest_codes_as_asked_for(code: int, count: int) -> None:
    assert len({meaning.code for meaning in nearest(code, count)}) == count


def test_a_known_code_is_the_nearest_to_itself() -> None:
    assert [nearest(code.code, 1)[0].code for code in SPEC[::50]] == [code.code for code in SPEC[::50]]


def test_nothing_is_loaded_before_somebody_asks() -> None:
    program = (
        "import sys, ringback, ringback.errors, ringback.cli; "
        "assert 'ringback._generated.error_codes' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
