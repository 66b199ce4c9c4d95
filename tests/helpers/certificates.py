"""Certificates of test gateways that have names and dates."""

import ssl
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from backend.http.certificates import Certificate, given_certificate


def dated_certificate(folder: Path, first: datetime, last: datetime) -> Certificate:
    """Return a certificate for 127.0.0.1 with these dates."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(first).not_valid_after(last)
    host = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = builder.add_extension(host, critical=True).sign(key, SHA256())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = folder / "dated.pem"
    file.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return given_certificate(file, file)


def trust(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process trust the certificate, as if this computer did."""
    trusting = ssl.create_default_context(cafile=str(certificate.certificate))
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
