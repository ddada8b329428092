"""The server's self-signed certificate, made at first start: clients must be told to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandbox import service

VALID = timedelta(days=3650)
HOST, ADDRESS = "localhost", "127.0.0.1"


@dataclass(frozen=True)
class Certificate:
    """Where a certificate and its private key lie, both PEM, both readable by their owner only."""

    file: Path
    key_file: Path


def certificate_in(folder: Path) -> Certificate:
    """The folder's certificate, made where there is none. Raises OSError."""
    found = Certificate(folder / "certificate.pem", folder / "key.pem")
    if not (found.file.exists() and found.key_file.exists()):
        _make(found)
    return found


def _make(certificate: Certificate) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ip_address(ADDRESS))])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    service.write_private(certificate.key_file, pem.decode("ascii"))
    service.write_private(certificate.file, signed.public_bytes(serialization.Encoding.PEM).decode("ascii"))
