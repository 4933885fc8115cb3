"""Servers, certificates and transports for the contract suite."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import trustme

from tests.transports.kinds import KINDS, Face, Make
from tests.transports.server import Server
from tests.transports.tls import client_context, server_context


@pytest.fixture(params=list(KINDS))
def make(request: pytest.FixtureRequest) -> Make:
    """Makes a transport of each kind."""
    kind: Make = KINDS[request.param]
    return kind


@pytest.fixture
def transport(make: Make) -> Iterator[Face]:
    face = make()
    yield face
    face.close()


@pytest.fixture
def making(make: Make) -> Iterator[Callable[[Face], Face]]:
    """Closes what a test makes itself."""
    with ExitStack() as stack:

        def keep(face: Face) -> Face:
            stack.callback(face.close)
            return face

        yield keep


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_server(authority: trustme.CA) -> Iterator[Server]:
    """Speaks TLS, with a certificate for 127.0.0.1 and api.example.test by `authority`."""
    with Server(tls=server_context(authority, "127.0.0.1", "api.example.test")) as server:
        yield server


@pytest.fixture
def trust(authority: trustme.CA) -> ssl.SSLContext:
    """TLS settings of a client that trusts `authority`."""
    return client_context(authority)
