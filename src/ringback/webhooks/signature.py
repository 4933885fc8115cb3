"""Who sent a webhook: the HMAC that Twilio makes of URL and form, keyed with the account's auth token.

https://www.twilio.com/docs/usage/security#validating-requests
https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, cast

from attrs import field, frozen

from ringback.errors import InvalidValue, SignatureInvalid, WebhookInvalid
from ringback.http import WebhookRequest
from ringback.webhooks.parameters import Parameters, read_parameters
from ringback.webhooks.urls import UrlParts, query_of

__all__ = [
    "SETTINGS_HEADER",
    "SIGNATURE_HEADER",
    "SignatureAlgorithm",
    "SignatureValidator",
    "body_sha256",
    "sign",
]

SIGNATURE_HEADER: Final = "X-Twilio-Signature"
SETTINGS_HEADER: Final = "X-Twilio-Webhooks-Signature-Settings"

SignatureAlgorithm = Literal["HMAC_SHA1", "HMAC_SHA256"]

_HASHES: Final = {"HMAC_SHA1": hashlib.sha1, "HMAC_SHA256": hashlib.sha256}
_ACCOUNT: Final = re.compile(r"AC[0-9a-fA-F]{32}")


@frozen
class Claim:
    """What a request claims to be signed with, once all of it is readable.

    Attributes:
        signature: The header's bytes.
        url: The URL that Twilio asked for.
        pairs: The parameters that are signed behind the URL.
        keys: The secrets that may have been used.
    """

    signature: bytes
    url: UrlParts
    pairs: tuple[tuple[str, str], ...]
    keys: tuple[str, ...] = field(repr=False)
    algorithm: SignatureAlgorithm

    def matches(self) -> bool:
        """Whether one of the keys made the signature."""
        # Every variant is compared, so that time tells nothing about which one was close.
        matches = [
            hmac.compare_digest(_signature(form, self.pairs, key, self.algorithm), self.signature)
            for form in self.url.signed_forms()
            for key in self.keys
        ]
        return any(matches)


class SignatureValidator:
    """Tells requests of Twilio from those of others.

    Args:
        auth_token: The auth token; several while one is being replaced; or by account SID where requests of
            several accounts come in: then the request's `AccountSid` says which one counts, and all are tried
            where it names none.
        shared_keys: Secrets of webhook shared keys by key id, for requests whose settings header names one.

    Raises:
        InvalidValue: No token, or an empty one.
    """

    __slots__ = ("_by_account", "_shared_keys", "_tokens")

    def __init__(
        self,
        auth_token: str | Mapping[str, str | Sequence[str]] | Sequence[str],
        *,
        shared_keys: Mapping[str, str] | None = None,
    ) -> None:
        self._by_account: dict[str, tuple[str, ...]] | None = None
        if isinstance(auth_token, Mapping):
            self._by_account = {
                account: _secrets("auth_token", given) for account, given in auth_token.items()
            }
            every = [token for tokens in self._by_account.values() for token in tokens]
            self._tokens = _secrets("auth_token", every)
        else:
            self._tokens = _secrets("auth_token", auth_token)
        self._shared_keys = {
            key: _secrets("shared_keys", secret)[0] for key, secret in (shared_keys or {}).items()
        }

    def __repr__(self) -> str:
        accounts = "" if self._by_account is None else f"accounts={sorted(self._by_account)}, "
        keys = sorted(self._shared_keys)
        return f"SignatureValidator({accounts}tokens={len(self._tokens)}, shared_keys={keys})"

    def validate(
        self, request: WebhookRequest, *, url: str | None = None, parameters: Parameters | None = None
    ) -> None:
        """Accept the request or raise.

        Args:
            request: What came in; nothing about it is trusted.
            url: The URL that Twilio asked for, where a proxy makes `request.url` differ from it: see
                `public_url_of`.
            parameters: What `read_parameters` gave, where it was called already.

        Raises:
            SignatureInvalid: It can't be told to be Twilio's. The message says why, and holds no secret.
        """
        if not self.claim(request, url, parameters).matches():
            raise SignatureInvalid("the signature does not match the URL, the parameters and the auth token")

    def is_valid(
        self, request: WebhookRequest, *, url: str | None = None, parameters: Parameters | None = None
    ) -> bool:
        """Whether `validate` accepts the request."""
        try:
            self.validate(request, url=url, parameters=parameters)
        except SignatureInvalid:
            return False
        return True

    def explain(
        self, request: WebhookRequest, *, url: str | None = None, parameters: Parameters | None = None
    ) -> str:
        """Why a request is refused, and which part would have to differ for the signature to match.

        For development: it tries hundreds of variants. It never raises and tells no secret.
        """
        from ringback.webhooks.doctor import diagnose

        return diagnose(self, request, url=url, parameters=parameters)

    def claim(self, request: WebhookRequest, url: str | None, parameters: Parameters | None) -> Claim:
        """What has to be compared.

        Raises:
            SignatureInvalid: There is nothing to compare, or something that no signature covers.
        """
        signature = _only_header(request, SIGNATURE_HEADER)
        if not signature:
            raise SignatureInvalid(f"the header {SIGNATURE_HEADER} is missing or empty")
        if parameters is None:
            try:
                parameters = read_parameters(request)
            except WebhookInvalid as error:
                raise SignatureInvalid(f"the parameters can't be read: {error}") from None
        whole = request.url if url is None else url
        asked = UrlParts.of(whole)
        if asked is None:
            raise SignatureInvalid("the URL of the request is not absolute")
        if "#" in whole:
            raise SignatureInvalid("the URL of the request has a fragment, which is neither sent nor signed")
        if request.method == "GET" and request.body:
            raise SignatureInvalid("a GET request with a body, which no signature covers")
        pairs = parameters.multi_items() if parameters.source == "form" else ()
        _check_body(request, asked, parameters, pairs)
        keys, algorithm = self._keys(request, parameters)
        return Claim(signature.encode("utf-8", "surrogatepass"), asked, pairs, keys, algorithm)

    def secrets(self) -> tuple[str, ...]:
        """Every secret there is; for the doctor, never for showing."""
        return tuple(dict.fromkeys([*self._tokens, *self._shared_keys.values()]))

    def _keys(
        self, request: WebhookRequest, parameters: Parameters
    ) -> tuple[tuple[str, ...], SignatureAlgorithm]:
        parts = (part.partition("=") for part in _only_header(request, SETTINGS_HEADER).split(","))
        settings = {name.strip(): value.strip() for name, _, value in parts}
        algorithm = settings.get("algorithm") or "HMAC_SHA1"
        key = settings.get("key")
        if algorithm not in _HASHES:
            raise SignatureInvalid(f"the header {SETTINGS_HEADER} names an algorithm that is not known")
        if key:
            if key not in self._shared_keys:
                raise SignatureInvalid(f"the header {SETTINGS_HEADER} names a shared key that is not known")
            return (self._shared_keys[key],), cast("SignatureAlgorithm", algorithm)
        if algorithm != "HMAC_SHA1":
            raise SignatureInvalid(f"the header {SETTINGS_HEADER} names no shared key")
        account = parameters.get("AccountSid")
        if self._by_account is None or not account:
            return self._tokens, "HMAC_SHA1"
        if account not in self._by_account:
            shown = f" {account}" if _ACCOUNT.fullmatch(account) else ""
            raise SignatureInvalid(f"no auth token is known for the account{shown} that the request names")
        return self._by_account[account], "HMAC_SHA1"


def sign(
    url: str,
    parameters: Iterable[tuple[str, str]],
    auth_token: str,
    *,
    algorithm: SignatureAlgorithm = "HMAC_SHA1",
) -> str:
    """The value of `X-Twilio-Signature` for a request to `url`.

    Args:
        url: Absolute, as it is asked for; user name and fragment are not signed, a port is (Twilio drops it
            for voice over https).
        parameters: Those of the form; none for GET and JSON. Decoded, repeated names allowed.
        auth_token: The account's auth token, or the secret of a shared key.
        algorithm: `HMAC_SHA256` only with shared keys.

    Raises:
        InvalidValue: `url` is not absolute.
    """
    parts = UrlParts.of(url)
    if parts is None:
        raise InvalidValue("url", url, "an absolute URL")
    return _signature(str(parts), parameters, auth_token, algorithm).decode("ascii")


def body_sha256(body: bytes) -> str:
    """The value of the query parameter `bodySHA256` that covers a JSON body: lower-case hex."""
    return hashlib.sha256(body).hexdigest()


def _signature(url: str, pairs: Iterable[tuple[str, str]], key: str, algorithm: SignatureAlgorithm) -> bytes:
    """The signature of exactly this URL and these pairs, in any order; equal pairs count once."""
    # Code points sort as the bytes of their UTF-8 do. Nothing here can fail, whatever a request holds.
    text = url + "".join(name + value for name, value in sorted(set(pairs)))
    secret = key.encode("utf-8", "surrogatepass")
    return base64.b64encode(
        hmac.new(secret, text.encode("utf-8", "surrogatepass"), _HASHES[algorithm]).digest()
    )


def _check_body(
    request: WebhookRequest, url: UrlParts, parameters: Parameters, pairs: tuple[tuple[str, str], ...]
) -> None:
    """Where no parameter is signed one by one, the body is covered by its hash in the URL, or there is none.

    Else somebody could send a signed URL again with a body of their own, or without the one it had.
    """
    hashes = [
        value
        for name, _, value in (part.partition("=") for part in query_of(str(url)).split("&"))
        if name == "bodySHA256"
    ]
    if pairs or not (hashes or parameters.source == "json"):
        return
    if not hashes:
        raise SignatureInvalid("a JSON body that no signature covers: bodySHA256 is not in the URL")
    computed = body_sha256(request.body).encode()
    if not any(hmac.compare_digest(computed, each.encode("utf-8", "surrogatepass")) for each in hashes):
        raise SignatureInvalid("the body is not the one that bodySHA256 in the URL was made of")


def _only_header(request: WebhookRequest, name: str) -> str:
    values = request.headers.get_all(name)
    if len(values) > 1:
        raise SignatureInvalid(f"the header {name} is there more than once")
    return values[0] if values else ""


def _secrets(name: str, given: str | Sequence[str]) -> tuple[str, ...]:
    secrets = (given,) if isinstance(given, str) else tuple(given)
    if not secrets or not all(secrets):
        raise InvalidValue(name, given, "at least one token, none of them empty", secret=True)
    return secrets
