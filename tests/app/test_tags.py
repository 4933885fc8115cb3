"""Tags in URLs, beside whatever else is there."""

from __future__ import annotations

import pytest

from ringback.app.tags import Tag, read_tag, tagged


@pytest.mark.parametrize(
    ("url", "with_tag"),
    [
        ("https://example.com/voice", "https://example.com/voice?ringback=flow.R.1"),
        ("https://example.com/voice?", "https://example.com/voice?ringback=flow.R.1"),
        ("https://example.com/voice?a=b", "https://example.com/voice?a=b&ringback=flow.R.1"),
        ("https://example.com/voice#rc=2&rp=all", "https://example.com/voice?ringback=flow.R.1#rc=2&rp=all"),
        ("https://example.com/voice?a=b#?", "https://example.com/voice?a=b&ringback=flow.R.1#?"),
    ],
)
def test_they_stand_behind_the_query(url: str, with_tag: str) -> None:
    assert tagged(url, "flow", "R", 1) == with_tag
    assert read_tag(with_tag) == Tag("flow", "R", ("1",))
    assert read_tag(url) is None
