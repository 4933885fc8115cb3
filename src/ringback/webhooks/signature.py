"""Who sent a webhook: the HMAC that Twilio makes of URL and form, keyed with the account's auth token.

https://www.twilio.com/docs/usage/security#validating-requests
https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from itertools import islice
from typing import Final

from attrs import evolve, field, frozen

from ringback.errors import InvalidValue, SignatureInvalid, WebhookInvalid
from ringback.http import WebhookRequest
from ringback.webhooks.keys import (
    SETTINGS_HEADER,
    Keyring,
    SignatureAlgorithm,
    check_secret,
    only_header,
)
from ringback.webhooks.parameters import Parameters, read_parameters
from ringback.webhooks.spelling import spellings
from ringback.webhooks.urls import UrlParts, is_handshake, query_of

__all__ = [
    "SETTINGS_HEADER",
    "SIGNATURE_HEADER",
    "SignatureAlgorithm",
    "body_sha256",
    "sign",
]

SIGNATURE_HEADER: Final = "X-Twilio-Signature"
_HASHES: Final[dict[SignatureAlgorithm, str]] = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}

# Strangers decide how long a request is that has to be tried again with its query spelled anew. These many
# bytes may be hashed for that, and characters spelled: it stays within a few milliseconds.
_MOST_HASHED: Final = 2_000_000
_MOST_SPELLED: Final = 40_000


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
        """Whether one of the keys made the signature, for the URL as it is or with its query spelled anew."""
        signed = signed_text(self.pairs).encode("utf-8", "surrogatepass")
        if self._made_for(self.url, signed):
            return True
        query = self.url.query[1:]
        if not query:
            return False
        hashed = (len(str(self.url)) + len(signed)) * len(self.keys)
        tries = min(_MOST_HASHED // hashed, _MOST_SPELLED // len(query))
        others = (evolve(self.url, query=f"?{other}") for other in islice(spellings(query), tries))
        return any(self._made_for(other, signed) for other in others)

    def matches_as_written(self) -> bool:
        """Whether one of the keys made the signature, for the URL as it is."""
        return self._made_for(self.url, signed_text(self.pairs).encode("utf-8", "surrogatepass"))

    def _made_for(self, url: UrlParts, signed: bytes) -> bool:
        # Time tells which variant is right to nobody but who has a right signature: the others wait for all.
        return any(
            hmac.compare_digest(_signature(form, signed, key, self.algorithm), self.signature)
            for form in url.signed_forms()
            for key in self.keys
        )


def claim_of(
    keyring: Keyring, request: WebhookRequest, url: str | None, parameters: Parameters | None
) -> Claim:
    """What has to be compared.

    Raises:
        SignatureInvalid: There is nothing to compare, or something that no signature covers.
    """
    signature = only_header(request, SIGNATURE_HEADER)
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
    if is_handshake(request):
        asked = asked.for_websocket()
    pairs = parameters.multi_items() if parameters.source == "form" else ()
    _check_body(request, asked, parameters, pairs)
    keys, algorithm = keyring.of(request, parameters)
    return Claim(signature.encode("utf-8", "surrogatepass"), asked, pairs, keys, algorithm)


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
        InvalidValue: `url` is not absolute, or `auth_token` is empty or no text.
    """
    parts = UrlParts.of(url)
    if parts is None:
        raise InvalidValue("url", url, "an absolute URL")
    signed = signed_text(parameters).encode("utf-8", "surrogatepass")
    return _signature(str(parts), signed, check_secret("auth_token", auth_token), algorithm).decode("ascii")


def body_sha256(body: bytes) -> str:
    """The value of the query parameter `bodySHA256` that covers a JSON body: lower-case hex."""
    return hashlib.sha256(body).hexdigest()


def signed_text(pairs: Iterable[tuple[str, str]]) -> str:
    """What is signed behind the URL: names and values without anything between them, in a fixed order."""
    # Code points sort as the bytes of their UTF-8 do. Equal pairs count once.
    listed = list(pairs)
    values = dict(listed)
    if len(values) == len(listed):  # as nearly always; names are faster to sort
        return "".join([name + values[name] for name in sorted(values)])
    return "".join([name + value for name, value in sorted(set(listed))])


def _signature(url: str, signed: bytes, key: str, algorithm: SignatureAlgorithm) -> bytes:
    # Nothing here can fail, whatever a request holds.
    text = url.encode("utf-8", "surrogatepass") + signed
    secret = key.encode("utf-8", "surrogatepass")
    return base64.b64encode(hmac.digest(secret, text, _HASHES[algorithm]))


def _check_body(
    request: WebhookRequest, url: UrlParts, parameters: Parameters, pairs: tuple[tuple[str, str], ...]
) -> None:
    """Where no parameter is signed one by one, the body is covered by its hash in the URL, or there is none.

    Else somebody could send a signed URL again with a body of their own, or without the one it had.
    """
    if pairs:
        return
    hashes = [
        value
        for name, _, value in (part.partition("=") for part in query_of(str(url)).split("&"))
        if name == "bodySHA256"
    ]
    if not (hashes or parameters.source == "json"):
        return
    if not hashes:
        raise SignatureInvalid("a JSON body that no signature covers: bodySHA256 is not in the URL")
    computed = body_sha256(request.body).encode()
    if not any(hmac.compare_digest(computed, each.encode("utf-8", "surrogatepass")) for each in hashes):
        raise SignatureInvalid("the body is not the one that bodySHA256 in the URL was made of")
