"""How the values of environment variables are read: each raises ValueError for a wrong one."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from decimal import Decimal

from cms.shared.money import DECIMALS

_FALSE, _TRUE = {"0", "false", "no", "off"}, {"1", "true", "yes", "on"}


def text(value: str) -> str:
    """Any text, without surrounding space."""
    return value.strip()


def flag(value: str) -> bool:
    """true/false and their usual spellings."""
    word = value.strip().lower()
    if word not in _FALSE | _TRUE:
        raise ValueError(value)
    return word in _TRUE


def words(value: str) -> list[str]:
    """A comma-separated list, empty parts dropped."""
    return [part.strip() for part in value.split(",") if part.strip()]


def networks(value: str) -> list[str]:
    """A comma-separated list of IP addresses and networks, each as a network."""
    return [str(ipaddress.ip_network(part)) for part in words(value)]


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number from ``low`` to ``high``."""

    def parse(value: str) -> int:
        number = int(value)
        if not low <= number <= high:
            raise ValueError(value)
        return number

    return parse


def decimal(low: float, high: float) -> Callable[[str], float]:
    """A number from ``low`` to ``high``."""

    def parse(value: str) -> float:
        number = float(value)
        if not low <= number <= high:
            raise ValueError(value)
        return number

    return parse


def amount(value: str) -> Decimal:
    """An amount of money that is not negative, with four decimals at most."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,4})?", value.strip()):
        raise ValueError(value)
    return Decimal(value.strip())


def currency(value: str) -> str:
    """The code of a currency, letter case ignored."""
    code = value.strip().upper()
    if code not in DECIMALS:
        raise ValueError(value)
    return code


def one_of(*choices: str) -> Callable[[str], str]:
    """One of a few words, letter case ignored."""

    def parse(value: str) -> str:
        word = value.strip().lower()
        if word not in choices:
            raise ValueError(value)
        return word

    return parse


def url(*schemes: str) -> Callable[[str], str]:
    """A URL with one of ``schemes``; empty means: not used."""

    def parse(value: str) -> str:
        address = value.strip()
        if address and not re.match(rf"({'|'.join(schemes)}):", address):
            raise ValueError(value)
        return address

    return parse


def origins(value: str) -> list[str]:
    """Origins of browsers, separated by commas: scheme and host, with a port where it needs one."""
    found = [part.rstrip("/") for part in words(value)]
    if not all(re.fullmatch(r"https?://[A-Za-z0-9._\[\]:-]+", part) for part in found):
        raise ValueError(value)
    return found


def web_address(value: str) -> str:
    """An http or https URL without query, its trailing slash dropped; empty means: not set."""
    address = value.strip().rstrip("/")
    if address and not re.fullmatch(r"https?://[A-Za-z0-9._\[\]:-]+(/[A-Za-z0-9._~/-]*)?", address):
        raise ValueError(value)
    return address


def tile_address(value: str) -> str:
    """Where map tiles are: an http or https URL with {z}, {x} and {y}; empty means: no tiles.

    ``{s}`` may stand for the first label of its host.
    """
    address = value.strip()
    host = r"(\{s\}\.)?[A-Za-z0-9._-]+(:[0-9]+)?|\[[0-9A-Fa-f:]+\](:[0-9]+)?"
    is_one = re.fullmatch(rf"https?://({host})/[^\s\"'<>;]+", address)
    if address and not (is_one and all(part in address for part in ("{z}", "{x}", "{y}"))):
        raise ValueError(value)
    return address
