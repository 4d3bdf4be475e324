"""The same sandbox behind TLS that no client may trust, on a port of its own.

Each shape has one flaw and is otherwise as it should be, so that a client is seen to refuse just that; `good`
has none. Keys and certificates are made when the port is opened and are never kept.
"""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kashflow.sandbox.listener import Listener

if TYPE_CHECKING:
    from kashflow.sandbox.server import Sandbox

_OTHER_HOST = "kashflow.example"
_AUTHORITY = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "KashFlow sandbox authority")])
_SERVER = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "KashFlow sandbox")])
_PEM = serialization.Encoding.PEM


class TlsDoor(Listener):
    """A port that leads to the sandbox over TLS of this shape; `authority` is the PEM that vouches for it."""

    def __init__(self, sandbox: Sandbox, shape: str, handler: Any) -> None:
        self._sandbox = sandbox
        host = str(sandbox.server_address[0])
        self._host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  (asked about, not bound)
        self._context, self.authority = _made(shape, self._host)
        super().__init__((host, 0), handler)

    @property
    def url(self) -> str:
        """Where it answers, without a slash at the end."""
        return f"https://{self._host}:{self.server_address[1]}"

    def get_request(self) -> Any:
        # The handshake is left to the thread that reads first: here it would keep others from connecting.
        plain, address = super().get_request()
        return self._context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

    def finish_request(self, request: Any, client_address: Any) -> None:
        handler: Any = self.RequestHandlerClass
        handler(request, client_address, self._sandbox)


def _made(shape: str, host: str) -> tuple[ssl.SSLContext, str]:
    """A server's side of TLS with its certificate, and the authority that signed it."""
    key, authority_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate(_AUTHORITY, _AUTHORITY, authority_key, authority_key, host)
    name = _OTHER_HOST if shape == "wrong_host" else host
    days = (-30, -1) if shape == "expired" else (-1, 30)
    alone = shape == "self_signed"
    own = _certificate(
        _SERVER, _SERVER if alone else _AUTHORITY, key, key if alone else authority_key, name, days
    )
    return _context(own, key, is_old=shape == "old"), authority.public_bytes(_PEM).decode()


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    signed_with: ec.EllipticCurvePrivateKey,
    host: str,
    days: tuple[int, int] = (-1, 30),
) -> x509.Certificate:
    """A certificate for a host, good from the first to the second of `days`, counted from today."""
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days[0]))
        .not_valid_after(now + timedelta(days[1]))
        .add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=subject == _AUTHORITY, path_length=None), critical=True)
        .sign(signed_with, hashes.SHA256())
    )


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _context(
    certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, *, is_old: bool
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    private = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    with tempfile.TemporaryDirectory() as folder:
        both = Path(folder) / "server.pem"
        both.write_bytes(private + certificate.public_bytes(_PEM))
        context.load_cert_chain(both)
    if is_old:
        _only_tls_1_0(context)
    return context


def _only_tls_1_0(context: ssl.SSLContext) -> None:
    # OpenSSL speaks it only at its lowest level of security, and Python warns of it.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1
