"""Certificates that nobody outside these tests trusts."""

from __future__ import annotations

import ssl

import trustme


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """What a server with these names needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with authority.issue_cert(*names).private_key_and_cert_chain_pem.tempfile() as path:
        context.load_cert_chain(path)
    return context


def client_context(authority: trustme.CA) -> ssl.SSLContext:
    """What a client that trusts `authority` needs."""
    return ssl.create_default_context(cadata=authority.cert_pem.bytes().decode())
