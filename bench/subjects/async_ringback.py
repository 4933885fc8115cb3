"""Messages created over HTTP by asyncio and aiohttp."""

from __future__ import annotations

import asyncio
import sys

from bench.subjects import timing
from ringback import AsyncClient
from ringback.transports.aiohttp import AiohttpTransport


async def _main() -> None:
    async with AsyncClient(
        "AC" + "0" * 32, "token", base_url=sys.argv[1], transport=AiohttpTransport()
    ) as client:
        await timing.repeated_async(
            lambda: client.messages.create(
                to="+15558675310", from_="+15017122661", body="Your table is ready."
            ),
            1000,
        )


asyncio.run(_main())
