"""How cassettes are kept: where, in what form, and what never gets into one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final, Literal, cast

import vcr

from ringback._generated.api.operations import OPERATIONS
from tests.cassettes.registry import Scenario

FOLDER: Final = Path(__file__).parent.parent.parent / "cassettes"
HOST: Final = "https://api.twilio.com"
ACCOUNT_SID: Final = "AC" + "a" * 32
AUTH_TOKEN: Final = "0" * 32

_KEPT_HEADERS: Final = frozenset(
    {"content-type", "retry-after", "twilio-concurrent-requests", "twilio-request-id"}
)
_SECRET_FIELDS: Final = frozenset({"auth_token", "balance", "credential", "password", "secret"})
_SECRETS: Final = {each.wire for operation in OPERATIONS for each in operation.params if each.secret}
_SECRET_PARAMETERS: Final = re.compile(rf"\b({'|'.join(_SECRETS)})=[^&]*")


def path_of(scenario: Scenario) -> Path:
    """Where a scenario's cassette is."""
    return FOLDER / scenario.module / f"{scenario.name}.yaml"


def open_tape(
    scenario: Scenario, mode: Literal["none", "all"], scrub: Callable[[str], str] = lambda text: text
) -> Any:
    """A cassette, as a context manager; `scrub` rewrites all text on its way in."""

    def before_request(request: Any) -> Any:
        request.uri = scrub(request.uri)
        request.headers = {}
        if request.body:
            body = scrub(cast("bytes", request.body).decode())
            request.body = _SECRET_PARAMETERS.sub(rf"\1={AUTH_TOKEN}", body).encode()
        return request

    def before_response(response: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        headers = cast("Mapping[str, list[str]]", response["headers"])
        response["headers"] = {
            name: values for name, values in headers.items() if name.lower() in _KEPT_HEADERS
        }
        text = cast("bytes", response["body"]["string"]).decode()
        response["body"]["string"] = scrub(_without_secrets(text)).encode()
        return response

    recorder = cast("Any", vcr).VCR(
        record_mode=mode,
        match_on=["method", "uri", "body"],
        before_record_request=before_request,
        before_record_response=before_response,
        decode_compressed_response=True,
    )
    return recorder.use_cassette(str(path_of(scenario)), allow_playback_repeats=False)


def _without_secrets(text: str) -> str:
    if not text:
        return text
    return json.dumps(_scrubbed(json.loads(text)))


def _scrubbed(value: object) -> object:
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return {
            name: ("12.34" if name == "balance" else AUTH_TOKEN)
            if name in _SECRET_FIELDS and item is not None
            else _scrubbed(item)
            for name, item in fields.items()
        }
    if isinstance(value, list):
        return [_scrubbed(item) for item in cast("list[object]", value)]
    return value


def scrubber(replaced: Mapping[str, str]) -> Callable[[str], str]:
    """Replaces each key by its value, plain and percent-encoded."""
    pairs = {**replaced, **{_quoted(old): _quoted(new) for old, new in replaced.items()}}
    pattern = re.compile("|".join(re.escape(old) for old in sorted(pairs, key=len, reverse=True)))
    return lambda text: pattern.sub(lambda match: pairs[match[0]], text)


def _quoted(text: str) -> str:
    return text.replace("+", "%2B").replace(":", "%3A").replace("/", "%2F")
