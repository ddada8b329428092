"""The pipeline's user has a key pair and no password; another key takes the place of the first."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from deployments.connections import ConnectionFailed, connect_snowflake
from deployments.settings import SnowflakeSettings
from deployments.snowflake.names import Names
from deployments.snowflake.present import Account
from tests.deployments.conftest import SetUp

PUBLIC = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_pair(folder: Path, name: str) -> tuple[Path, Path]:
    """Files of a private and of its public key."""
    key = rsa.generate_private_key(65537, 2048)
    private, public = folder / f"{name}.p8", folder / f"{name}.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(*PUBLIC))
    return private, public


def test_the_user_logs_in_with_its_key_and_with_nothing_else(
    set_up: SetUp, account: Account, names: Names, snowflake: SnowflakeSettings, tmp_path: Path
) -> None:
    first, second = key_pair(tmp_path, "first"), key_pair(tmp_path, "second")
    name = names.own("PLATFORM")
    assert (
        f"+ user {name}, a service, with the key SHA256:" in set_up("apply", "--public-key", str(first[1]))[1]
    )
    assert "Nothing to do" in set_up("plan", "--public-key", str(first[1]))[1]
    assert [row["type"] for row in account.rows(f"SHOW USERS LIKE '{name}'")] == ["SERVICE"]

    changes = {"user": name, "password": None, "role": name, "warehouse": name, "database": names.database}
    settings = snowflake.model_copy(update={**changes, "private_key_path": first[0]})
    with connect_snowflake(settings, "test") as connection:
        who = connection.cursor().execute("SELECT CURRENT_USER(), CURRENT_ROLE()").fetchone()
    assert who == (name, name)
    other = settings.model_copy(update={"private_key_path": second[0]})
    with pytest.raises(ConnectionFailed, match="login was refused"):
        connect_snowflake(other, "test")

    assert f"~ user {name}: key SHA256:" in set_up("apply", "--public-key", str(second[1]))[1]
    connect_snowflake(other, "test").close()
    with pytest.raises(ConnectionFailed, match="login was refused"):
        connect_snowflake(settings, "test")
    set_up("teardown", "--confirm", names.environment)
    with pytest.raises(ConnectionFailed, match="login was refused"):
        connect_snowflake(other, "test")


def test_a_file_without_an_rsa_key_is_told(set_up: SetUp, tmp_path: Path) -> None:
    file = tmp_path / "key.pub"
    assert "holds no public key in PEM" in set_up("plan", "--public-key", str(file))[1]
    file.write_bytes(ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*PUBLIC))
    code, told = set_up("plan", "--public-key", str(file))
    assert (code, "holds no RSA key" in told) == (2, True)


def test_a_bucket_for_iceberg_tables(set_up: SetUp, account: Account, names: Names) -> None:
    bucket = ("--iceberg-bucket", "s3://lake/tables/", "--iceberg-role", "arn:aws:iam::1:role/snowflake")
    name = names.own("LAKE")
    assert f"+ external volume {name} in s3://lake/tables/" in set_up("apply", *bucket)[1]
    assert "Nothing to do" in set_up("plan", *bucket)[1]
    assert name in account.by_name("SHOW EXTERNAL VOLUMES")
    assert "belong together" in set_up("plan", *bucket[:2])[1]
    assert "no folder of a bucket" in set_up("plan", "--iceberg-bucket", "lake", *bucket[2:])[1]
    set_up("teardown", "--confirm", names.environment)
    assert name not in account.by_name("SHOW EXTERNAL VOLUMES")
