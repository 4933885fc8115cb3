"""Threads for functions that aren't async."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from ringback.app.loops import threads as module
from ringback.app.loops.threads import Threads
from tests.app.twilio import until

if TYPE_CHECKING:
    from concurrent.futures import Future


def test_no_more_than_the_limit_and_nothing_is_lost() -> None:
    threads = Threads(4)
    lock, running, most = threading.Lock(), 0, 0

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.001)
        with lock:
            running -= 1
        return number

    futures: list[Future[int]] = []

    def submit(first: int) -> None:
        for number in range(first, first + 100):
            future = threads.submit(work, number)
            with lock:
                futures.append(future)

    submitting = [threading.Thread(target=submit, args=(first * 100,)) for first in range(5)]
    for thread in submitting:
        thread.start()
    for thread in submitting:
        thread.join()
    assert sorted(future.result(10) for future in futures) == list(range(500))
    assert most == 4
    until(lambda: threads.busy == 0)


def test_one_after_the_other_needs_one_thread() -> None:
    threads = Threads(40)
    idents: set[int] = set()
    for _ in range(20):
        until(lambda: threads.busy == 0)
        idents.add(threads.submit(threading.get_ident).result(10))
    assert len(idents) == 1


def test_they_go_when_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE", 0.02)
    threads = Threads(3)
    for _ in range(20):  # work that comes just as a thread is about to go is done all the same
        futures = [threads.submit(time.sleep, 0.001) for _ in range(6)]
        for future in futures:
            future.result(10)
        time.sleep(0.02)
    until(lambda: threads._count == 0)
    assert threads.busy == 0
    assert threads.submit(lambda: "again").result(10) == "again"


def test_what_is_cancelled_while_it_waits_is_not_done() -> None:
    threads = Threads(1)
    gate = threading.Event()
    first = threads.submit(gate.wait, 10)
    ran: list[int] = []
    second = threads.submit(ran.append, 1)
    assert second.cancel()
    third = threads.submit(ran.append, 2)
    gate.set()
    third.result(10)
    assert first.result(10)
    assert ran == [2]


def test_nothing_that_is_raised_ends_a_thread() -> None:
    threads = Threads(1)

    def leave() -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        threads.submit(leave).result(10)
    assert threads.submit(lambda: 1).result(10) == 1


def test_a_process_waits_for_those_that_are_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_EXIT", 10.0)
    gate = threading.Event()
    left, awaited = Threads(1, awaited=False), Threads(1)
    left.submit(gate.wait, 10)
    awaited.submit(time.sleep, 0.05)
    module._let_finish()
    assert (left.busy, awaited.busy) == (1, 0)
    gate.set()
