"""What the settings of payments may be."""

import re
from decimal import Decimal
from enum import StrEnum

from appliance.accounts import addresses

MOST_DECIMALS = 77
MOST = 2**256 - 1
"""What a chain holds as one amount."""
_AMOUNT = re.compile(r"[0-9]{1,40}(?:\.[0-9]{1,77})?")
_SYMBOL = re.compile(r"[!-~]{1,16}")


class ProviderName(StrEnum):
    """By whom a payment is confirmed: by nobody yet, a chain, an operator, or by a setting that asks for none."""

    UNSET = ""
    EVM = "evm"
    MANUAL = "manual"
    NONE = "none"


def address(text: str) -> None:
    """Raises ValueError for what is no address; empty is allowed."""
    if text:
        addresses.read(text)


def amount(text: str) -> None:
    """Raises ValueError for what is no amount; empty is allowed."""
    if text and not (_AMOUNT.fullmatch(text) and Decimal(text)):
        raise ValueError("expected an amount such as 25 or 0.005")


def symbol(text: str) -> None:
    """Raises ValueError."""
    if not _SYMBOL.fullmatch(text):
        raise ValueError("expected 1 to 16 letters or signs")


def smallest(text: str, decimals: int) -> int:
    """An amount such as 0.005 in units of which 10^`decimals` make 1. Raises ValueError where it is not a whole number
    of them, or more than a chain can hold.
    """
    whole, _, part = text.partition(".")
    part = part.rstrip("0")
    if len(part) > decimals:
        raise ValueError(f"has more than the token's {decimals} decimals")
    found = int(whole + part.ljust(decimals, "0"))
    if found > MOST:
        raise ValueError("is more than a chain can hold")
    return found


def written(units: int, decimals: int) -> str:
    """The other way: 5000 of 6 decimals is 0.005."""
    digits = f"{units:0{decimals + 1}}"
    whole, part = digits[: len(digits) - decimals], digits[len(digits) - decimals :].rstrip("0")
    return f"{whole}.{part}" if part else whole
