"""Refusals."""

from __future__ import annotations

import pytest

from ringback import ApiError, Client
from ringback.errors import AuthenticationFailed, InvalidRequest, NotFound
from tests.cassettes.registry import OURS, WRONG_TOKEN, Wait, scenario


@scenario("errors", live=True)
def invalid_number(client: Client, _wait: Wait) -> None:
    with pytest.raises(InvalidRequest) as caught:
        client.messages.create(to="+1", from_=OURS, body="Hello")
    assert (caught.value.status, caught.value.code) == (400, 21211)
    assert caught.value.more_info == "https://www.twilio.com/docs/errors/21211"


@scenario("errors", live=True)
def unknown_resource(client: Client, _wait: Wait) -> None:
    with pytest.raises(NotFound) as caught:
        client.calls("CA" + "0" * 32).fetch()
    assert caught.value.code == 20404
    assert "/Calls/CA" in caught.value.message


@scenario("errors", live=True, wrong_token=True)
def wrong_token(client: Client, _wait: Wait) -> None:
    with pytest.raises(AuthenticationFailed) as caught:
        client.account.fetch()
    assert caught.value.code == 20003
    assert isinstance(caught.value, ApiError)
    assert WRONG_TOKEN not in str(caught.value)
