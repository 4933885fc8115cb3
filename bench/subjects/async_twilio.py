"""Messages created over HTTP by asyncio and the aiohttp client of twilio-python, led to our server."""
# pyright: basic
# mypy: allow-subclassing-any

from __future__ import annotations

import asyncio
import sys
from typing import Any

from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from bench.subjects import timing

_base_url = sys.argv[1]


class _Redirected(AsyncTwilioHttpClient):
    async def request(self, method: str, url: str, *args: Any, **settings: Any) -> Response:
        url = url.replace("https://api.twilio.com", _base_url)
        return await super().request(method, url, *args, **settings)


async def _main() -> None:
    async with _Redirected() as http_client:
        client = Client("AC" + "0" * 32, "token", http_client=http_client)
        await timing.repeated_async(
            lambda: client.messages.create_async(
                to="+15558675310", from_="+15017122661", body="Your table is ready."
            ),
            1000,
        )


asyncio.run(_main())
