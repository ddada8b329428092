"""Reading the little-endian fields of a TDS message, one after the other."""

from __future__ import annotations

import struct

UNICODE = "utf-16-le"


class ProtocolError(Exception):
    """The client sent something that is not TDS 7.4; the message says what."""


class Cursor:
    """A position in the bytes of a message; every read moves it on."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    @property
    def at_end(self) -> bool:
        """True when nothing is left to read."""
        return self.position >= len(self.data)

    def take(self, count: int) -> bytes:
        """The next `count` bytes. Raises ProtocolError when the message is shorter."""
        end = self.position + count
        if end > len(self.data):
            raise ProtocolError(
                f"the message ends after {len(self.data)} bytes, but a field reaches to byte {end}"
            )
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def skip(self, count: int) -> None:
        """Pass over `count` bytes."""
        self.take(count)

    def peek(self) -> int:
        """The next byte, without moving on."""
        byte = self.take(1)[0]
        self.position -= 1
        return byte

    def integer(self, size: int, *, signed: bool = False) -> int:
        """A little-endian integer of `size` bytes."""
        return int.from_bytes(self.take(size), "little", signed=signed)

    def number(self, layout: str) -> float:
        """A little-endian IEEE number; `layout` is struct's `f` or `d`."""
        value: float = struct.unpack("<" + layout, self.take(struct.calcsize(layout)))[0]
        return value

    def text(self, characters: int) -> str:
        """UTF-16 text of so many 16-bit units."""
        return decoded(self.take(2 * characters), UNICODE)

    def b_varchar(self) -> str:
        """Text with a one-byte count of its units."""
        return self.text(self.integer(1))

    def us_varchar(self) -> str:
        """Text with a two-byte count of its units."""
        return self.text(self.integer(2))


def decoded(data: bytes, encoding: str) -> str:
    """Text from the client's bytes. Raises ProtocolError where they are no text of that encoding."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ProtocolError(f"text that is not {encoding}: {error.reason}") from error
