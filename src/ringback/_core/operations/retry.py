"""When to try a request again: a policy is a value, the exchange asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from attrs import field, frozen

from ringback._core.client.resource import explained_init
from ringback.errors import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Callable

    from attrs import Attribute

__all__ = ["DEFAULT_RETRY", "NO_RETRY", "RetryPolicy", "to_retry"]


def _within(
    least: float, most: float, allowed: str, *, whole: bool = False
) -> Callable[[object, Attribute[Any], object], None]:
    def check(_: object, attribute: Attribute[Any], value: object) -> None:
        fits = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not (fits and least <= cast("float", value) <= most):
            raise InvalidValue(f"retry.{attribute.name}", value, allowed)

    return check


@explained_init
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

    Raises:
        InvalidValue: A setting is out of its range.
    """

    attempts: int = field(default=4, validator=_within(1, 100, "a whole number from 1 to 100", whole=True))
    backoff: float = field(default=0.5, validator=_within(0, 3600, "seconds, 0 to 3600"))
    longest: float = field(default=20.0, validator=_within(0, 3600, "seconds, 0 to 3600"))
    jitter: float = field(default=0.5, validator=_within(0, 1, "a share from 0 to 1"))

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
        import random  # slow to import, seldom needed

        return seconds * self.jitter * random.random()  # noqa: S311


def to_retry(value: RetryPolicy | None) -> RetryPolicy | None:
    """`value`, or an error where it is no policy.

    Raises:
        InvalidValue: It is something else.
    """
    if value is None or isinstance(cast("object", value), RetryPolicy):
        return value
    raise InvalidValue("retry", value, "a RetryPolicy, such as RetryPolicy(attempts=3)")


DEFAULT_RETRY: Final = RetryPolicy()
NO_RETRY: Final = RetryPolicy(attempts=1)
