"""The header Range, by RFC 9110."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringback.emulator.audio import Part, part_of


@pytest.mark.parametrize(
    ("header", "start", "stop"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=0-0", 0, 1),
        ("bytes=500-", 500, 1000),
        ("bytes=999-", 999, 1000),
        ("bytes=-1", 999, 1000),
        ("bytes=-300", 700, 1000),
        ("bytes=-5000", 0, 1000),
        ("bytes=0-5000", 0, 1000),
        ("bytes=5-" + "9" * 10_000, 5, 1000),
        ("bytes=-" + "9" * 10_000, 0, 1000),
        ("bytes=00000000000000000000007-8", 7, 9),
        ("Bytes= 1-2 ", 1, 3),
    ],
)
def test_parts(header: str, start: int, stop: int) -> None:
    part = part_of(header, 1000)
    assert part == Part(206, start, stop, 1000)
    assert part.headers == {"Accept-Ranges": "bytes", "Content-Range": f"bytes {start}-{stop - 1}/1000"}


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-2",
        "bytes=1-2,5-6",
        "bytes=-1-2",
        "bytes=+1-2",
        "bytes=1_0-2_0",
        "bytes=\u0661-\u0662",
        "seconds=1-2",
        "bytes 1-2",
    ],
)
def test_everything_where_it_asks_for_nothing_sensible(header: str | None) -> None:
    part = part_of(header, 1000)
    assert part == Part(200, 0, 1000, 1000)
    assert part.headers == {"Accept-Ranges": "bytes"}


@pytest.mark.parametrize("header", ["bytes=1000-", "bytes=1000-2000", "bytes=-0", f"bytes={'9' * 10_000}-"])
def test_nothing_where_there_is_nothing(header: str) -> None:
    part = part_of(header, 1000)
    assert (part.status, part.start, part.stop) == (416, 0, 0)
    assert part.headers == {"Accept-Ranges": "bytes", "Content-Range": "bytes */1000"}


def test_an_empty_file_has_no_parts() -> None:
    assert part_of("bytes=0-", 0).status == 416
    assert part_of("bytes=-5", 0).status == 416
    assert part_of(None, 0) == Part(200, 0, 0, 0)


@given(st.one_of(st.text(), st.from_regex(r"bytes=[0-9, -]*")), st.integers(0, 10**12))
def test_any_header_gives_a_part_of_the_file(header: str, size: int) -> None:
    part = part_of(header, size)
    assert 0 <= part.start <= part.stop <= size
    assert (part.status == 206) <= (part.start < part.stop)
