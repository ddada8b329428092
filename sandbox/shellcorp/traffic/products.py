"""The catalogue: prices, pictures, discontinued articles."""

from __future__ import annotations

import random
import struct
import zlib
from decimal import Decimal

from sandbox.shellcorp.traffic.transaction import Transaction

DRAWN = """
SELECT TOP (1) product_code, list_price
FROM dbo.products
WHERE RIGHT(product_code, 5) >= %s
ORDER BY RIGHT(product_code, 5)
"""
HIGHEST = "SELECT CAST(MAX(RIGHT(product_code, 5)) AS int) FROM dbo.products"
SET_PRICE = "UPDATE dbo.products SET list_price = %s WHERE product_code = %s"
SET_PICTURE = "UPDATE dbo.products SET picture = %s WHERE product_code = %s"
SET_DISCONTINUED = "UPDATE dbo.products SET is_discontinued = %s WHERE product_code = %s"
LARGE_PIXELS = 180


def change_price(t: Transaction) -> None:
    """Up or down by at most a tenth; the picture stays untouched."""
    product, price = _draw(t)
    factor = Decimal(t.random.randint(90, 110)) / 100
    t.execute(SET_PRICE, max((price * factor).quantize(Decimal("0.0001")), Decimal("0.99")), product)


def change_picture(t: Transaction) -> None:
    """Another picture, small or of nearly 100 kB, or none."""
    product, _ = _draw(t)
    size = t.random.choice((None, 1, 16, LARGE_PIXELS))
    t.execute(SET_PICTURE, None if size is None else noise_png(t.random, size), product)


def discontinue_product(t: Transaction) -> None:
    """Take an article out of the catalogue, or back into it."""
    product, _ = _draw(t)
    t.execute(SET_DISCONTINUED, t.chance(0.3), product)


def noise_png(rng: random.Random, size: int) -> bytes:
    """A PNG of size x size random pixels: noise does not compress, so its bytes are about 3 x size²."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    pixels = b"".join(b"\0" + rng.randbytes(3 * size) for _ in range(size))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(pixels))
        + chunk(b"IEND", b"")
    )


def _draw(t: Transaction) -> tuple[str, Decimal]:
    start = t.random.randint(0, t.first(HIGHEST)[0])
    product, price = t.first(DRAWN, f"{start:05d}")
    return product, price
