"""What one may ask for beside an environment: the pipeline's key, and a bucket for Iceberg tables."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from deployments.snowflake.names import SetUpError


@dataclass(frozen=True)
class PublicKey:
    """An RSA public key, DER in base64, as Snowflake takes it."""

    text: str

    @classmethod
    def read(cls, file: Path) -> PublicKey:
        """The key of a PEM file.

        Raises:
            SetUpError: the file is not there, or holds no RSA public key.
        """
        try:
            key = load_pem_public_key(file.read_bytes())
        except (OSError, ValueError) as error:
            raise SetUpError(
                f"{file} holds no public key in PEM ({type(error).__name__}): see --help."
            ) from None
        if not isinstance(key, RSAPublicKey):
            raise SetUpError(f"{file} holds no RSA key, and Snowflake takes no other: see --help.")
        return cls(
            base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
        )

    @property
    def fingerprint(self) -> str:
        """As DESCRIBE USER shows it."""
        digest = hashlib.sha256(base64.b64decode(self.text)).digest()
        return "SHA256:" + base64.b64encode(digest).decode()


@dataclass(frozen=True)
class Bucket:
    """A folder of a bucket of Amazon S3, and the role by which Snowflake reaches it."""

    url: str
    role_arn: str

    def __post_init__(self) -> None:
        if not (self.url.startswith("s3://") and self.url.endswith("/")):
            raise SetUpError(f"{self.url!r} is no folder of a bucket: write it as s3://bucket/folder/")
        if not self.role_arn.startswith("arn:aws"):
            raise SetUpError(f"{self.role_arn!r} is no role of AWS: give its ARN as --iceberg-role")


@dataclass(frozen=True)
class Options:
    """What was asked for; what is None is left as it is."""

    key: PublicKey | None = None
    bucket: Bucket | None = None
