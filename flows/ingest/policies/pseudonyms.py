"""Values that leave the process as a salted hash only: equal values stay equal, and nobody reads them."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from flows.ingest.tables.types import Mapping

HASHED = Mapping(pa.string(), "VARCHAR(64)")
"""What a hashed column is in the landed file and in Snowflake, whatever it is in the source."""


@dataclass(frozen=True)
class Hasher:
    """HMAC-SHA256 with a secret salt, as 64 hex digits; its own text does not show the salt."""

    salt: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """Tells whether the salt is another one, and nothing else of it."""
        return self._digest(b"the fingerprint of a salt")[:16]

    def hashed(self, values: pa.Array) -> pa.Array:
        """Each value's hash; NULL stays NULL.

        Binary values are hashed as they are, others as the UTF-8 of the text that Arrow makes of them: a
        number is the same in columns of all whole types, a text in those of all text types.
        """
        distinct = pc.dictionary_encode(values)
        plain = distinct.dictionary
        if not pa.types.is_binary(plain.type):
            plain = pc.cast(plain, pa.string()).cast(pa.binary())
        hashes = [None if value is None else self._digest(value) for value in plain.to_pylist()]
        return pa.array(hashes, pa.string()).take(distinct.indices)

    def _digest(self, value: bytes) -> str:
        return hmac.digest(self.salt, value, "sha256").hex()


def hashed(values: pa.RecordBatch, hashers: Sequence[Hasher | None]) -> pa.RecordBatch:
    """A batch in which the columns that have a hasher carry hashes; the others are as they were."""
    if not any(hashers):
        return values
    arrays = [
        column if hasher is None else hasher.hashed(column)
        for column, hasher in zip(values.columns, hashers, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, names=values.schema.names)
