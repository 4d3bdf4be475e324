"""What the tests of the link share."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.utils import timezone

from kashflow import connections
from kashflow.models import Connection
from settings_app.models import User
from tests import factories
from tests.sandboxes import LiveSandbox


@pytest.fixture
def kashflow(db: None, sandbox: LiveSandbox) -> LiveSandbox:
    """KashFlow is the accounts package, and the sandbox answers; nobody has saved a login."""
    factories.kashflow_on()
    return sandbox


@pytest.fixture
def saved(kashflow: LiveSandbox) -> Callable[..., Connection]:
    """`saved(person)` saves the sandbox's login as that person, the way the page does."""

    def save(by: User | None = None, **login: Any) -> Connection:
        typed = {"username": "demo", "password": "demo", **login}
        return connections.save_login(by=by or factories.user("Admin"), **typed)

    return save


@pytest.fixture
def impostor(tmp_path: Path) -> Iterator[str]:
    """The https address of a server whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = timezone.now()
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}/api/service.asmx"
    server.shutdown()
    server.server_close()
