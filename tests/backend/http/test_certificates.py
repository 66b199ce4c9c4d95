"""Certificates as files, and as shown in TLS connections."""

import asyncio
import hashlib
import ssl
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from backend.core.errors import CertificateUnusable
from backend.http.certificates import given_certificate, own_certificate, server_context


def test_certificate_is_made_once_and_private(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with ThreadPoolExecutor(4) as several:
        made = set(several.map(own_certificate, [folder] * 8))
    assert len(made) == 1 and made == {own_certificate(folder)}
    assert [(path.name, stat.S_IMODE(path.stat().st_mode)) for path in folder.iterdir()] == [
        ("gateway.pem", 0o600)
    ]


def test_every_gateway_has_its_own_certificate(tmp_path: Path) -> None:
    assert own_certificate(tmp_path / "a").sha256 != own_certificate(tmp_path / "b").sha256


async def test_digest_equals_certificate_seen_by_client(tmp_path: Path) -> None:
    certificate = own_certificate(tmp_path)
    seen = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    seen.check_hostname, seen.verify_mode = False, ssl.CERT_NONE
    server = await asyncio.start_server(
        lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=server_context(certificate)
    )
    async with server:
        port = server.sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=seen)
        tls: ssl.SSLObject = writer.get_extra_info("ssl_object")
        assert hashlib.sha256(tls.getpeercert(binary_form=True) or b"").hexdigest() == certificate.sha256
        writer.close()
        await writer.wait_closed()


def test_given_certificate_may_be_in_two_files(tmp_path: Path) -> None:
    made = own_certificate(tmp_path / "made")
    key, _, leaf = made.certificate.read_text().partition("-----BEGIN CERTIFICATE")
    (tmp_path / "key.pem").write_text(key)
    (tmp_path / "leaf.pem").write_text("-----BEGIN CERTIFICATE" + leaf)
    assert given_certificate(tmp_path / "leaf.pem", tmp_path / "key.pem").sha256 == made.sha256


def test_unusable_certificate_file_is_named(tmp_path: Path) -> None:
    one, other = own_certificate(tmp_path / "a").certificate, own_certificate(tmp_path / "b").certificate
    with pytest.raises(CertificateUnusable, match="not a certificate and its private key"):
        given_certificate(one, other)
    with pytest.raises(CertificateUnusable, match=f"{tmp_path} has no certificate .* read: Is a directory$"):
        given_certificate(tmp_path, one)
    with pytest.raises(CertificateUnusable, match="nowhere.pem"):
        given_certificate(tmp_path / "nowhere.pem", one)
    (tmp_path / "empty.pem").write_text("")
    with pytest.raises(CertificateUnusable, match="empty.pem"):
        given_certificate(tmp_path / "empty.pem", one)


def test_private_key_with_password_is_refused_without_prompt(tmp_path: Path) -> None:
    leaf = own_certificate(tmp_path / "a").certificate
    sealed = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")
    )
    (tmp_path / "key.pem").write_bytes(sealed)
    with pytest.raises(CertificateUnusable, match="password"):
        given_certificate(leaf, tmp_path / "key.pem")
