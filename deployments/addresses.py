"""Mail addresses in settings: checked while they are read, so that no mail is lost to a misspelt one."""

from __future__ import annotations

import re
from email.headerregistry import Address, UniqueAddressHeader
from email.policy import default
from typing import Final, cast

LAYERS: Final = ("raw", "staging", "marts", "features")
LONGEST: Final = 254
"""Octets of an address [RFC 5321, 4.5.3.1.3, less the angle brackets]."""
_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_PLAIN: Final = re.compile(rf"[!-?A-~]+@{_LABEL}(?:\.{_LABEL})*")


def addresses_of(text: str) -> tuple[str, ...]:
    """The addresses of a list, separated by commas, each with or without a name.

    Raises:
        ValueError: one of them is no address; names it.
    """
    if re.search(r"[\x00-\x1f\x7f-\x9f]", text):
        raise ValueError(
            "addresses cannot contain line breaks or control characters: put commas between them"
        )
    header = default.header_factory("To", text)
    addresses = cast(UniqueAddressHeader, header).addresses
    wrong = [str(address) if address.username else text for address in addresses if not _is_address(address)]
    if wrong or not addresses or header.defects:
        raise ValueError(
            f"{wrong[0] if wrong else text!r} is no mail address: write name@domain or Name <name@domain>, "
            "with commas between them, and a domain of other letters as xn--…"
        )
    return tuple(str(address) for address in addresses)


def routes_of(text: str) -> dict[str, tuple[str, ...]]:
    """Addresses by layer or owner: `raw: a@x.example; sales@x.example: b@x.example, c@x.example`.

    Raises:
        ValueError: an entry is neither of a layer nor of an owner, or has no addresses; names it.
    """
    routes: dict[str, tuple[str, ...]] = {}
    for entry in filter(None, map(str.strip, text.split(";"))):
        name, colon, addresses = (part.strip() for part in entry.partition(":"))
        if not colon or not (name.lower() in LAYERS or _PLAIN.fullmatch(name)):
            raise ValueError(
                f"{entry!r} begins with no layer ({', '.join(LAYERS)}) and no owner's address: "
                "write `marts: name@domain; owner@domain: name@domain, other@domain`"
            )
        if name.lower() in routes:
            raise ValueError(f"{name!r} is given twice: put its addresses together")
        routes[name.lower()] = addresses_of(addresses)
    return routes


def _is_address(address: Address) -> bool:
    plain = address.addr_spec
    return bool(_PLAIN.fullmatch(plain)) and len(plain) <= LONGEST
