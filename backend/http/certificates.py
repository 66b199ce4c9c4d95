"""Certificate of a gateway: self-signed at first use, or provided by the operator.

Clients do not verify its issuer. Pairing gives them its SHA-256, and afterwards they accept no other
certificate. Therefore its names and dates have no meaning, and a gateway keeps it as long as its data.
"""

import datetime
import ssl
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from backend.core.errors import CertificateUnusable
from backend.core.private_files import create_once
from runtime.terminal import reason

CERTIFICATE_FILE: Final = "gateway.pem"
_FROM: Final = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
_UNTIL: Final = datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC)  # RFC 5280 4.1.2.5: never
_NAME: Final = "kikipounamu gateway"


@dataclass(frozen=True)
class Certificate:
    """Two PEM files, or one with both. ``sha256`` is the hexadecimal digest of the certificate in DER."""

    certificate: Path
    private_key: Path
    sha256: str


def own_certificate(folder: Path) -> Certificate:
    """Return the self-signed certificate of this data folder (ECDSA P-256); made once, then kept."""
    file = folder / CERTIFICATE_FILE
    create_once(file, _self_signed)
    return given_certificate(file, file)


def given_certificate(certificate: Path, private_key: Path) -> Certificate:
    """Return a provided certificate. Raises ``CertificateUnusable`` unless both files are readable and match."""
    from cryptography import x509  # late: a gateway for this computer alone starts sooner without
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        leaf = x509.load_pem_x509_certificates(certificate.read_bytes())[0]
    except (OSError, ValueError) as error:
        raise CertificateUnusable(f"{certificate} has no certificate that can be read: {reason(error)}") from error
    made = Certificate(certificate, private_key, sha256(leaf.public_bytes(Encoding.DER)).hexdigest())
    server_context(made)
    return made


def server_context(certificate: Certificate) -> ssl.SSLContext:
    """Return the TLS context of a listening socket. Raises ``CertificateUnusable``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # An empty password: a prompt at the terminal would keep a service from starting.
        context.load_cert_chain(certificate.certificate, certificate.private_key, password=lambda: b"")
    except (OSError, ValueError) as error:
        files = f"{certificate.certificate} and {certificate.private_key}"
        raise CertificateUnusable(
            f"{files} are not a certificate and its private key without a password: {error}"
        ) from error
    return context


def _self_signed() -> bytes:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _NAME)])
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return secret + certificate.public_bytes(Encoding.PEM)
