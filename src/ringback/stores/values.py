"""What stores agree on: how long a name may be, how large a value, how long it is kept.

Each operation of `RunStore` that takes more than one name has a check of its own here, which refuses what any
of the stores couldn't keep, before it is asked.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from ringback._core.limits import check_count, number
from ringback.errors import InvalidValue
from ringback.stores.store import NEVER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeGuard

__all__ = [
    "LONGEST_TIMEOUT",
    "check_append",
    "check_begin",
    "check_call",
    "check_claim",
    "check_due",
    "check_key",
    "check_prefix",
    "check_pulse",
    "check_run",
    "check_tell",
    "check_value",
    "check_worker",
]

LONGEST_TIMEOUT: Final = 60  # seconds

_LONGEST_KEY: Final = 512
_LONGEST_CALL: Final = 256
_LONGEST_NOTE: Final = 2_000
_LARGEST: Final = 1_000_000
_LONGEST_TTL: Final = 31 * 86_400.0
_LAST_EPOCH: Final = 2**31 - 1
_MOST: Final = 1_000  # runs, fields or workers named at once

_is_worker = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch
_is_name = re.compile(r"[A-Za-z0-9_.:#/-]{1,128}").fullmatch


def check_prefix(prefix: str) -> str:
    """The prefix, if it is one: short, and nothing that a key can't hold."""
    if not _is_text(prefix) or len(prefix) > _LONGEST_KEY // 4:
        raise InvalidValue("prefix", prefix, f"at most {_LONGEST_KEY // 4} characters, none of them NUL")
    return prefix


def check_key(key: str) -> None:
    """Refuse what isn't a key."""
    if not _is_text(key) or not 0 < len(key) <= _LONGEST_KEY:
        raise InvalidValue("key", key, f"1 to {_LONGEST_KEY} characters, none of them NUL")


def check_value(key: str, value: bytes, ttl: float) -> None:
    """Refuse what isn't kept."""
    check_key(key)
    _check_bytes("value", value)
    _check_ttl("ttl", ttl)


def check_worker(worker: str, field: str = "worker") -> None:
    """Refuse what isn't a worker's id."""
    if not _is_text(worker) or not _is_worker(worker):
        raise InvalidValue(field, worker, "1 to 64 of A-Z, a-z, 0-9, - and _")


def check_run(run: str) -> None:
    """Refuse what isn't a run's id."""
    _check_name("run", run)


def check_call(call: str) -> None:
    """Refuse what no run leads."""
    if not _is_text(call) or not 0 < len(call) <= _LONGEST_CALL:
        raise InvalidValue("call", call, f"1 to {_LONGEST_CALL} characters, none of them NUL")


def check_begin(
    call: str,
    run: str,
    fields: Mapping[str, bytes],
    *,
    owner: str,
    epoch: int,
    before: str | None,
    note: bytes,
    due: float,
    ttl: float,
) -> None:
    """Refuse what `begin` can't do."""
    check_call(call)
    check_run(run)
    check_worker(owner, "owner")
    if before is not None:
        _check_name("before", before)
    if len(fields) > _MOST:
        raise InvalidValue("fields", f"{len(fields)} of them", f"at most {_MOST}")
    for name, value in fields.items():
        _check_name("field", name)
        _check_bytes(name, value)
    _check_epoch(epoch, 1)
    _check_note(note, 0)
    _check_when(due)
    _check_ttl("ttl", ttl)


def check_append(
    run: str,
    field: str,
    value: bytes,
    *,
    epoch: int | None,
    want: Sequence[str],
    wake: Sequence[str],
    note: bytes,
    due: float | None,
    ttl: float,
) -> None:
    """Refuse what `append` can't do."""
    check_run(run)
    _check_name("field", field)
    _check_bytes("value", value)
    if epoch is not None:
        _check_epoch(epoch, 0)
    for argument, named in (("want", want), ("wake", wake)):
        if isinstance(named, str):
            raise InvalidValue(argument, named, "a sequence of names")
        if len(named) > _MOST:
            raise InvalidValue(argument, f"{len(named)} of them", f"at most {_MOST}")
    for name in want:
        _check_name("want", name)
    for worker in wake:
        check_worker(worker, "wake")
    _check_note(note, 0)
    if due is not None:
        _check_when(due)
    _check_ttl("ttl", ttl)


def check_claim(run: str, epoch: int, me: str, ttl: float) -> None:
    """Refuse what `claim` can't do."""
    check_run(run)
    _check_epoch(epoch, 0)
    check_worker(me, "me")
    _check_ttl("ttl", ttl)


def check_due(most: int, again: float) -> None:
    """Refuse what `due` can't do."""
    check_count("most", most, most=_MOST)
    _check_ttl("again", again)


def check_pulse(me: str, ttl: float) -> None:
    """Refuse what `pulse` can't do."""
    check_worker(me, "me")
    _check_ttl("ttl", ttl)


def check_tell(worker: str, note: bytes) -> None:
    """Refuse what `tell` can't do: an empty note would say that the mailbox is open."""
    check_worker(worker)
    _check_note(note, 1)


def _is_text(text: object) -> TypeGuard[str]:
    """Whether it is a text that every store can keep: PostgreSQL no NUL, none of them a lone surrogate."""
    if not isinstance(text, str) or "\x00" in text:
        return False
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return False
    return True


def _check_name(field: str, name: str) -> None:
    if not _is_text(name) or not _is_name(name):
        raise InvalidValue(field, name, "1 to 128 of A-Z, a-z, 0-9, and - _ . : # /")


def _check_bytes(field: str, value: bytes) -> None:
    if not isinstance(value, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidValue(field, type(value).__name__, "bytes")
    if len(value) > _LARGEST:
        raise InvalidValue(field, f"{len(value)} bytes", f"at most {_LARGEST} bytes")


def _check_note(note: bytes, least: int) -> None:
    if not isinstance(note, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidValue("note", type(note).__name__, "bytes")
    if not least <= len(note) <= _LONGEST_NOTE:
        raise InvalidValue("note", f"{len(note)} bytes", f"{least} to {_LONGEST_NOTE} bytes")


def _check_epoch(epoch: int, least: int) -> None:
    if not least <= number(epoch) <= _LAST_EPOCH:
        raise InvalidValue("epoch", epoch, f"{least} to {_LAST_EPOCH}")


def _check_when(due: float) -> None:
    if not 0 <= number(due) <= _LONGEST_TTL and due != NEVER:
        raise InvalidValue("due", due, f"0 to {_LONGEST_TTL:.0f} seconds, or NEVER")


def _check_ttl(field: str, seconds: float) -> None:
    if not 0.001 <= number(seconds) <= _LONGEST_TTL:
        raise InvalidValue(field, seconds, f"0.001 to {_LONGEST_TTL:.0f} seconds")
