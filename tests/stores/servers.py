"""Redis and PostgreSQL on loopback, each started for the tests and ended with them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["postgres", "redis"]

_PATIENCE: Final = 30.0


def free_port() -> int:
    """A port that nobody has right now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def redis(port: int | None = None) -> Generator[str, None, None]:
    """A Redis server that keeps nothing on disk; its URL."""
    port = port or free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with (
        _folder() as folder,
        _running([*command, "--dir", str(folder), "--unixsocket", str(folder / "socket")], port),
    ):
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def postgres() -> Generator[str, None, None]:
    """A PostgreSQL server with a database; its URL."""
    port = free_port()
    # It refuses to run as root, so that root lends it the user that came with Debian's package.
    user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with _folder() as folder:
        if user:
            shutil.chown(folder, "postgres")
        data = str(folder / "data")
        subprocess.run(
            [*user, _program("initdb"), "-D", data, "-U", "tests", "-A", "trust", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=folder,
        )
        server = [*user, _program("postgres"), "-D", data, "-p", str(port), "-k", str(folder), "-F"]
        with _running([*server, "-c", "listen_addresses=127.0.0.1"], port):
            _wait_until_ready(port)
            yield f"postgresql://tests@127.0.0.1:{port}/postgres"


@contextmanager
def _folder() -> Generator[Path, None, None]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def _running(command: list[str], port: int) -> Generator[None, None, None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    try:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, f"{command} ended at once"
                assert time.monotonic() < deadline, f"{command} does not listen"
                time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _wait_until_ready(port: int) -> None:
    """It listens before it is ready, and refuses until then."""
    deadline = time.monotonic() + _PATIENCE
    while subprocess.run([_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]).returncode:
        assert time.monotonic() < deadline, "PostgreSQL does not get ready"
        time.sleep(0.02)


def _program(name: str) -> str:
    """Debian keeps PostgreSQL's own programs out of PATH."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]))
    assert found is not None, f"{name} is not installed: `make test` installs it where it may"
    return found
