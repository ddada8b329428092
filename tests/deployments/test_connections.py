"""Connections that cannot be made are told in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from deployments.connections import ConnectionFailed, connect_snowflake
from deployments.settings import SnowflakeSettings


def locked_key() -> bytes:
    return rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"right"),
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "FileNotFoundError"),
        ("a folder", "IsADirectoryError"),
        (b"no key", "ValueError"),
        (locked_key(), "TypeError"),
    ],
)
def test_a_private_key_that_cannot_be_read_is_named(
    snowflake: SnowflakeSettings, tmp_path: Path, content: bytes | str | None, reason: str
) -> None:
    path = tmp_path / "key.p8"
    if content == "a folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(ConnectionFailed, match=rf"private key .*key\.p8 cannot be read \({reason}\): check"):
        connect_snowflake(snowflake.model_copy(update={"private_key_path": path}), "test")
