"""TLS over real sockets, with certificates made for the test."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from protoadmin.clients import errors
from tests.clients.sending import LONG, QUICK, failure, get, post
from tests.clients.server import Server, answer, reset, says


def certificate(folder: Path, address: str) -> tuple[ssl.SSLContext, Path]:
    """Return a server's context with a self-signed certificate for an address, and the certificate's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, key_pem = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    key_pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key_pem)
    return context, pem


def test_self_signed_certificate_means_nothing_was_sent(tmp_path: Path) -> None:
    context, _ = certificate(tmp_path, "127.0.0.1")
    with Server(says(answer("{}")), tls=context) as server:
        error = failure(post, server.url)
        assert server.received == []
    assert type(error) is errors.TlsFailed
    assert not error.may_have_had_effect
    assert "self-signed" in error.explanation


def test_certificate_of_another_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, pem = certificate(tmp_path, "127.0.0.2")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    with Server(says(answer("{}")), tls=context) as server:
        error = failure(post, server.url)
        assert server.received == []
    assert type(error) is errors.TlsFailed
    assert "127.0.0.1" in error.explanation


def test_trusted_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, pem = certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    with Server(says(answer('{"a": 1}')), tls=context) as server:
        assert get(server.url).data == {"a": 1}
        assert post(server.url).data == {"a": 1}
        assert server.connections == 1


def test_drop_after_the_request_is_ambiguous_over_tls_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, pem = certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))
    with Server(lambda sock, received: False, tls=context) as server:
        error = failure(post, server.url)
        assert len(server.received) == 1
    assert type(error) is errors.ConnectionDropped
    assert error.may_have_had_effect


def test_dripping_over_tls_does_not_exceed_the_total(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, pem = certificate(tmp_path, "127.0.0.1")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(pem))

    def respond(sock: socket.socket, received: object) -> bool:
        sock.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(200):
            sock.sendall(b"a")
            time.sleep(0.1)
        return False

    with Server(respond, tls=context) as server:
        error = failure(post, server.url, timeouts=QUICK)
    assert type(error) is errors.ReadTimedOut
    assert error.seconds < LONG / 2


def _waits(sock: socket.socket) -> bool:
    time.sleep(LONG)
    return False


def _closes(sock: socket.socket) -> bool:
    return False


def _resets(sock: socket.socket) -> bool:
    sock.recv(10)
    reset(sock)
    return False


def _speaks_http(sock: socket.socket) -> bool:
    sock.recv(10)
    sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    return False


@pytest.mark.parametrize("greet", [_closes, _resets, _speaks_http])
def test_broken_handshake_means_nothing_was_sent(greet: Callable[[socket.socket], bool]) -> None:
    with Server(says(answer("{}")), greet=greet) as server:
        error = failure(post, server.url.replace("http:", "https:"))
    assert type(error) is errors.TlsFailed
    assert not error.may_have_had_effect


def test_handshake_that_never_comes_is_a_connect_timeout() -> None:
    with Server(says(b""), greet=_waits) as server:
        error = failure(post, server.url.replace("http:", "https:"), timeouts=QUICK)
    assert type(error) is errors.ConnectTimedOut
    assert not error.may_have_had_effect
    assert error.seconds < LONG / 2
