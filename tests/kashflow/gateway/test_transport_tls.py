"""TLS against real sockets: who is trusted, that nothing is sent to anybody else, and how long it may take."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from time import monotonic

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kashflow.gateway.client import Gateway
from kashflow.gateway.errors import NotSent
from kashflow.gateway.transport import Limits, Transport
from tests.kashflow.gateway.servers import answer, listening, read_request
from tests.kashflow.gateway.test_requests import CREATED, INVOICE
from tests.kashflow.gateway.test_transport import gateway_to


def certificate(folder, name: str, *, days: tuple[int, int] = (-1, 1)) -> tuple[str, str]:
    """A self-signed certificate and its key as files, good from and to so many days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    alternative = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    paths[1].write_bytes(private)
    return str(paths[0]), str(paths[1])


def tls_script(cert: str, key: str):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)

    def script(listener, connection):
        with context.wrap_socket(connection, server_side=True) as secure:
            while read_request(listener, secure):
                answer(secure, CREATED)

    return script


@pytest.mark.parametrize(("name", "trusted"), [("127.0.0.1", False), ("kashflow.example", True)])
def test_a_certificate_that_is_not_good_gets_no_byte(tmp_path, name, trusted):
    cert, key = certificate(tmp_path, name)
    with listening(tls_script(cert, key)) as server:
        transport = Transport(server.url.replace("http:", "https:"), ca_file=cert if trusted else None)
        with pytest.raises(NotSent):
            Gateway(transport, "demo", "demo-password").insert_invoice(INVOICE)
    assert (server.connections, server.requests) == (1, [])


def test_a_good_certificate_is_taken_and_the_connection_kept(tmp_path):
    cert, key = certificate(tmp_path, "127.0.0.1")
    with listening(tls_script(cert, key)) as server:
        gateway = Gateway(
            Transport(server.url.replace("http:", "https:"), ca_file=cert), "demo", "demo-password"
        )
        gateway.connect()
        assert gateway.insert_invoice(INVOICE, send_by=monotonic() + 2) == 1042
        assert gateway.insert_invoice(INVOICE) == 1042
    assert (server.connections, len(server.requests)) == (1, 2)


def test_tls_that_never_answers_is_not_sent_within_the_connect_limit():
    def script(listener, connection):
        listener.stop.wait(5)

    with listening(script) as server:
        began = monotonic()
        with pytest.raises(NotSent):
            gateway_to(server.url.replace("http:", "https:"), Limits(connect=0.2)).insert_invoice(INVOICE)
        assert monotonic() - began < 1.5
