"""What the API sends as it is: whole, in part, or only told of."""

from __future__ import annotations

import pytest

from ringback.emulator import Emulator
from ringback.emulator.rest.files import File, Reply
from tests.official.requests import HOME, ask


@pytest.mark.parametrize(
    ("wanted", "status", "body", "told"),
    [
        (None, 200, b"0123456789", None),
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=10-", 416, b"", "bytes */10"),
        ("lines=1", 200, b"0123456789", None),
    ],
)
def test_a_file_is_sent_in_part(wanted: str | None, status: int, body: bytes, told: str | None) -> None:
    reply = Reply.with_file({"Date": "today"}, File.of(b"0123456789", "text/plain"), wanted)
    answer = reply.response("GET")
    assert (answer.status, answer.body, answer.headers.get("Content-Range")) == (status, body, told)
    assert (answer.headers["Content-Type"], answer.headers["Date"]) == ("text/plain", "today")
    head = reply.response("HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (status, b"", str(len(body)))


def test_head_tells_what_get_would_answer(emulator: Emulator) -> None:
    for path in (f"{HOME}/Calls.json", f"{HOME}/Nothing.json"):
        whole, told = ask(emulator, "GET", path), ask(emulator, "HEAD", path)
        assert (told.status, told.content) == (whole.status, b"")
        assert told.headers["Content-Length"] == str(len(whole.content))
        assert told.headers["Content-Type"] == whole.headers["Content-Type"]
