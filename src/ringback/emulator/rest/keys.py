"""API keys and signing keys. https://www.twilio.com/docs/iam/api-keys/key-resource-v2010"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringback.emulator.rest import generic

if TYPE_CHECKING:
    from ringback.emulator.rest.requests import RestRequest
    from ringback.emulator.rest.writing import Body

__all__ = ["ACTS"]


def _create(request: RestRequest) -> Body:
    """The only answer that shows the secret."""
    return generic.create(request, secret=request.network.sids.token("key secret"))


ACTS = {"new_keys.create": _create, "new_signing_keys.create": _create}
