"""LSNs and positions of changes: fixed-width upper-case hex, so that text order is log order."""

from __future__ import annotations

from dataclasses import dataclass

LSN_BYTES = 10
LSN_DIGITS = 2 * LSN_BYTES
POSITION_DIGITS = 50
MAX_COMMAND_ID = 2**31 - 1


@dataclass(frozen=True, order=True)
class Lsn:
    """A log sequence number: `binary(10)` in SQL Server, 20 hex digits here. Ordered as the log is."""

    hex: str

    def __post_init__(self) -> None:
        if len(self.hex) != LSN_DIGITS or self.hex.strip("0123456789ABCDEF"):
            raise ValueError(f"An LSN is {LSN_DIGITS} upper-case hex digits, not {self.hex!r}")

    @classmethod
    def zero(cls) -> Lsn:
        """The LSN before all others."""
        return cls("0" * LSN_DIGITS)

    @classmethod
    def from_bytes(cls, value: bytes) -> Lsn:
        """The LSN that SQL Server sends as `binary(10)`."""
        return cls(value.hex().upper())

    @property
    def is_zero(self) -> bool:
        """True for 0x00…0, which `fn_cdc_get_min_lsn` gives for a wrong name or a missing permission."""
        return not self.hex.strip("0")

    @property
    def literal(self) -> str:
        """The LSN as a T-SQL literal."""
        return "0x" + self.hex

    def __str__(self) -> str:
        return self.hex


def change_position(start_lsn: bytes, command_id: int | None, seqval: bytes, operation: int) -> str:
    """The position of a change: commit LSN (20), command id (8), seqval (20), operation (2).

    Microsoft's KB3030352: within a commit the order is command id, then seqval, then operation. The command
    id is NULL in change tables made before that update; all their rows then share command id 0.
    """
    return f"{start_lsn.hex()}{command_id or 0:08x}{seqval.hex()}{operation:02x}".upper()


def snapshot_position(watermark: Lsn) -> str:
    """The position of a row read after `watermark`: later than its changes, earlier than all that follow."""
    return watermark.hex.ljust(POSITION_DIGITS, "F")


def earlier_snapshot_position(watermark: Lsn) -> str:
    """The position of a row that an earlier snapshot read after the same watermark."""
    return snapshot_position(watermark)[:-1] + "E"


def commit_lsn(position: str) -> Lsn:
    """The commit LSN of a position."""
    return Lsn(position[:LSN_DIGITS])
