"""Who may log in: a user with its password, or with a key pair, as a token that its private key has signed.

Source: Snowflake's documentation, "Key-pair authentication and key-pair rotation": RS256, issuer
`ACCOUNT.USER.SHA256:fingerprint of the public key`, subject `ACCOUNT.USER`.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sandbox.snowflake.inert import OBJECTS
from sandbox.snowflake.shows.described import fingerprint

if TYPE_CHECKING:
    from sandbox.snowflake.engine import Engine

WRONG_PASSWORD = ("390100", "Incorrect username or password was specified.")
WRONG_TOKEN = ("390144", "JWT token is invalid.")
KEYS = f"""
SELECT options->>'RSA_PUBLIC_KEY', options->>'RSA_PUBLIC_KEY_2' FROM {OBJECTS}
WHERE kind = 'USER' AND name = ? AND coalesce(options->>'DISABLED', 'FALSE') <> 'TRUE'
"""


def refused(data: Mapping[str, Any], passwords: Mapping[str, str], engine: Engine) -> tuple[str, str] | None:
    """Number and message where a login is refused; None where the user may come in."""
    user = str(data.get("LOGIN_NAME", "")).upper()
    if str(data.get("AUTHENTICATOR", "")).upper() == "SNOWFLAKE_JWT":
        account = str(data.get("ACCOUNT_NAME", "")).upper()
        known = any(_is_signed(str(data.get("TOKEN", "")), account, user, key) for key in _keys(user, engine))
        return None if known else WRONG_TOKEN
    expected, given = passwords.get(user, ""), str(data.get("PASSWORD", ""))
    known = bool(expected) and hmac.compare_digest(expected.encode(), given.encode())
    return None if known else WRONG_PASSWORD


def _keys(user: str, engine: Engine) -> list[str]:
    with engine.duck_conn.cursor() as cursor:
        rows = cursor.execute(KEYS, [user]).fetchall()
    return [key for row in rows for key in row if key]


def _is_signed(token: str, account: str, user: str, public_key: str) -> bool:
    try:
        key = load_der_public_key(base64.b64decode(public_key))
        if not isinstance(key, RSAPublicKey):
            return False
        claims = jwt.decode(token, key, algorithms=["RS256"], options={"require": ["exp", "iss", "sub"]})
    except (ValueError, jwt.PyJWTError):
        return False
    subject = f"{account}.{user}"
    return bool(claims["sub"] == subject and claims["iss"] == f"{subject}.{fingerprint(public_key)}")
