"""A second factor: a code by text, or read out where no text arrives, for ten minutes and five tries.

A site makes one `TwoFactor`, mounts its application, calls `await second.send(number)` as somebody logs in,
and then `second.check(number, code)`. Codes are in memory: several workers would keep them where all look.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable

from attrs import define, field

from ringback import Application, AsyncClient, CallFlow, OutgoingCall
from ringback.webhooks import MessageStatusChanged

LIFETIME = 600.0  # seconds


def six_digits() -> str:
    """A code that nobody guesses."""
    return f"{secrets.randbelow(1_000_000):06}"


@define
class Code:
    """What was sent to a number."""

    digits: str = field(repr=False)
    until: float
    tries: int = 5


class TwoFactor:
    """Sends codes from a number of ours, and says whether they are right."""

    def __init__(
        self,
        app: Application,
        client: AsyncClient,
        number: str,
        *,
        make: Callable[[], str] = six_digits,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app, self._client, self._number, self._make, self._clock = app, client, number, make, clock
        self._codes: dict[str, Code] = {}
        self._read_out = app.flow(OutgoingCall)(self.read_out)

    async def send(self, to: str) -> None:
        """Send a new code; the one before is no longer right."""
        self._codes[to] = code = Code(self._make(), self._clock() + LIFETIME)
        body = f"{code.digits} is your code for the Blue Door. Nobody of us will ever ask you for it."

        async def call_instead(changed: MessageStatusChanged) -> None:
            if changed.status in {"undelivered", "failed"}:
                await self._app.dial(self._client, to=to, from_=self._number, answer=self._read_out)

        message = await self._app.text(self._client, to=to, from_=self._number, body=body)
        message.on(MessageStatusChanged, call_instead)

    def check(self, to: str, digits: str) -> bool:
        """Whether it is the code that was sent; it is right once."""
        code = self._codes.get(to)
        if code is None or self._clock() > code.until or code.tries == 0:
            return False
        code.tries -= 1
        if not hmac.compare_digest(code.digits.encode(), digits.encode()):
            return False
        del self._codes[to]
        return True

    async def read_out(self, call: CallFlow) -> None:
        """What is heard; the code isn't in any URL, which Twilio's logs would show."""
        code = self._codes.get(call.to)
        if code is not None:
            call.say(f"Your code is {', '.join(code.digits)}.", loop=2)
