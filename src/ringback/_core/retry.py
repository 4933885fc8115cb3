"""When to try a request again: a policy is a value, the exchange asks it."""

from __future__ import annotations

import random
from typing import Final

from attrs import field, frozen, validators

__all__ = ["DEFAULT_RETRY", "NO_RETRY", "RetryPolicy"]


@frozen(kw_only=True)
class RetryPolicy:
    """How often and how patiently a request is repeated.

    What may be repeated is not a setting: a failed connect and a 429 always, since nothing was done; a
    time-out, a broken connection and a 5xx for GET and DELETE alone; a POST whose outcome is unknown never.

    Attributes:
        attempts: Tries in all, the first included; 1 switches retrying off.
        backoff: Seconds before the second try; doubles with each further one.
        longest: Seconds between two tries at most; a longer `Retry-After` ends the trying at once.
        jitter: Share of each pause that is left to chance, 0 to 1.
    """

    attempts: int = field(default=4, validator=validators.ge(1))
    backoff: float = field(default=0.5, validator=validators.ge(0))
    longest: float = field(default=20.0, validator=validators.ge(0))
    jitter: float = field(default=0.5, validator=[validators.ge(0), validators.le(1)])

    def pause(self, attempt: int, retry_after: float | None = None) -> float | None:
        """Seconds to wait after try number `attempt` (1-based), or None where no further try is due."""
        if attempt >= self.attempts:
            return None
        if retry_after is not None:
            # Spread out what all clients were told to do at the same second.
            return None if retry_after > self.longest else retry_after + self._chance(self.backoff)
        base = min(self.longest, self.backoff * 2.0 ** (attempt - 1))
        return base - self._chance(base)

    def _chance(self, seconds: float) -> float:
        return seconds * self.jitter * random.random()  # noqa: S311


DEFAULT_RETRY: Final = RetryPolicy()
NO_RETRY: Final = RetryPolicy(attempts=1)
