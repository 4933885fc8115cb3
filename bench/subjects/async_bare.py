"""The floor of an asynchronous create over HTTP: aiohttp alone, and `json.loads`."""

from __future__ import annotations

import asyncio
import json
import sys
from urllib.parse import urlencode

import aiohttp

from bench.subjects import timing

_url = f"{sys.argv[1]}/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"
_headers = {
    "Authorization": aiohttp.encode_basic_auth(f"AC{'0' * 32}", "token"),
    "Content-Type": "application/x-www-form-urlencoded",
}


async def _main() -> None:
    async with aiohttp.ClientSession() as session:

        async def create() -> object:
            form = urlencode({"To": "+15558675310", "From": "+15017122661", "Body": "Your table is ready."})
            async with session.post(_url, data=form.encode(), headers=_headers) as answer:
                return json.loads(await answer.read())

        await timing.repeated_async(create, 1000)


asyncio.run(_main())
