"""Servers with several workers, each kind started for real; only their own processes are ever signalled."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol

from attrs import define, field

if TYPE_CHECKING:
    from tests.workers.application import Setting

__all__ = ["CLUSTERS", "Cluster", "Singles", "gunicorn", "singles", "uvicorn"]

_ROOT: Final = Path(__file__).parents[2]
_PATIENCE: Final = 30.0


class Cluster(Protocol):
    """Workers that serve one application.

    Attributes:
        ports: Where they listen; one port where the server spreads requests itself.
        master: The process that keeps the workers.
    """

    @property
    def ports(self) -> list[int]: ...

    @property
    def master(self) -> int: ...

    def workers(self) -> list[int]:
        """The processes of the workers that live now."""
        ...

    def restart(self) -> None:
        """Renew all workers, as a deployment does."""
        ...


class Served:
    """A server with a master and one port."""

    def __init__(self, command: list[str], environment: dict[str, str], port: int, workers: int) -> None:
        self.ports = [port]
        self._command = command
        self._environment = environment
        self._workers = workers
        self._process = self._start()

    @property
    def master(self) -> int:
        return self._process.pid

    def workers(self) -> list[int]:
        return children(self.master)

    def restart(self) -> None:
        """End it as a system does that renews it, and start it again."""
        self._process.terminate()
        self._process.wait(30)
        self._process = self._start()

    def end(self) -> None:
        """End it at once, with all that it started."""
        _end(self._process)

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", *self._command],
            cwd=_ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _await_answer(self.ports[0], process)
            deadline = time.monotonic() + _PATIENCE
            # One worker is no process of its own under uvicorn.
            while self._workers > 1 and len(children(process.pid)) < self._workers:
                assert time.monotonic() < deadline, "not all workers came up"
                time.sleep(0.02)
        except BaseException:
            _end(process)
            raise
        return process


@define
class Singles:
    """Workers with a port each, in the care of a nursery."""

    ports: list[int]
    process: subprocess.Popen[bytes]
    places: dict[int, int] = field(factory=dict[int, int])

    @property
    def master(self) -> int:
        return self.process.pid

    def workers(self) -> list[int]:
        return children(self.process.pid)

    def restart(self) -> None:
        """Renew one after the other, each when the one before it is there again."""
        for place in range(len(self.ports)):
            before = self.places[place]
            self.renew(place)
            deadline = time.monotonic() + _PATIENCE
            while self.places[place] == before:
                assert time.monotonic() < deadline, "a worker does not end"
                time.sleep(0.02)
            _await_answer(self.ports[place], self.process)

    def renew(self, place: int) -> None:
        """End a worker by SIGTERM; another takes its place when it is gone."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"stop {place}\n".encode())
        self.process.stdin.flush()

    def place_of(self, pid: int) -> int | None:
        """Where a process serves, or None where it is gone."""
        return next((place for place, each in self.places.items() if each == pid), None)

    def listen(self, told: IO[bytes]) -> None:
        for line in told:
            place, pid = json.loads(line)
            self.places[place] = pid


def children(pid: int) -> list[int]:
    """The workers that a process started, of those that live."""
    with suppress(FileNotFoundError, ProcessLookupError):
        started = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(each) for each in started if not _is_helper(each)]
    return []


def _is_helper(pid: str) -> bool:
    """Whether a process only sees to what `multiprocessing` leaves behind."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return b"resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def is_stopped(pid: int) -> bool:
    """Whether a process is stopped."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
    return False


def kill(cluster: Cluster, pid: int, number: signal.Signals = signal.SIGKILL) -> bool:
    """Signal a worker of the cluster, if it still is one; whether it was."""
    if pid not in cluster.workers():
        return False
    os.kill(pid, number)
    return True


@contextmanager
def gunicorn(setting: Setting, port: int, *options: str, workers: int = 4) -> Generator[Served, None, None]:
    """gunicorn with workers that do one request at a time; `-k` among the options says another kind."""
    web = "asgi" if any("uvicorn" in option for option in options) else "wsgi"
    command = ["gunicorn", "--workers", str(workers), "--bind", f"127.0.0.1:{port}"]
    command += ["--log-level", "critical"]
    with _served(setting, port, [*command, *options, f"tests.workers.application:{web}"], workers) as served:
        yield served


@contextmanager
def uvicorn(setting: Setting, port: int, *options: str, workers: int = 2) -> Generator[Served, None, None]:
    """uvicorn with several workers."""
    command = ["uvicorn", "--workers", str(workers), "--port", str(port), "--log-level", "critical"]
    with _served(setting, port, [*command, *options, "tests.workers.application:asgi"], workers) as served:
        yield served


@contextmanager
def singles(setting: Setting, *, kind: str = "uvicorn", workers: int = 4) -> Generator[Singles, None, None]:
    """Workers that requests can be sent to one by one."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.workers.nursery", kind, str(workers)],
        cwd=_ROOT,
        env=_environment() | {"RINGBACK_SETTING": setting.environment()["RINGBACK_PROOF"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout as told, process.stdin:
        listening: threading.Thread | None = None
        try:
            cluster = Singles(json.loads(told.readline()), process)
            listening = threading.Thread(target=cluster.listen, args=(told,))
            listening.start()
            for port in cluster.ports:
                _await_answer(port, process)
            yield cluster
        finally:
            _end(process)
            if listening is not None:
                listening.join(10)


@contextmanager
def _served(setting: Setting, port: int, command: list[str], workers: int) -> Generator[Served, None, None]:
    served = Served(command, _environment() | setting.environment(), port, workers)
    try:
        yield served
    finally:
        served.end()


def _environment() -> dict[str, str]:
    """Workers import what the test imports."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), *sys.path])}


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a server and all that it started, stopped ones as well."""
    for pid in (*children(process.pid), process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    # Whoever was forked meanwhile is in its session, too.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)


def _await_answer(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody answers there."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.settimeout(_PATIENCE)
            connection.sendall(b"GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            if connection.recv(12).startswith(b"HTTP/1."):
                return
        assert process.poll() is None, "the server ended at once"
        assert time.monotonic() < deadline, "the server does not answer"
        time.sleep(0.05)


CLUSTERS: Final = {"gunicorn": gunicorn, "uvicorn": uvicorn}
"""Servers that spread requests themselves."""
