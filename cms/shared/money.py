"""Money is a Decimal in a currency: its minor units, rounding, and sharing out without loss."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from fractions import Fraction
from itertools import pairwise

Amount = Decimal | Fraction | int
# ISO 4217: the currencies in use and how many decimals their minor unit has.
_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP
    BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP
    GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR
    LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB
    PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL
    THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG""",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_EXACT = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX)
DECIMALS = {code: decimals for decimals, codes in _DECIMALS.items() for code in codes.split()}


def decimals(currency: str) -> int:
    """How many decimals amounts in ``currency`` (ISO 4217) have: 2 for EUR, 0 for JPY.

    Raises ValueError where there is no such currency.
    """
    try:
        return DECIMALS[currency]
    except KeyError:
        raise ValueError(f"not a currency: {currency!r}") from None


def rounded(amount: Amount, currency: str) -> Decimal:
    """``amount`` in whole minor units of ``currency``, half up (ties away from zero)."""
    above, below = amount.as_integer_ratio()
    units = (2 * abs(above) * 10 ** decimals(currency) + below) // (2 * below)
    return in_minor_units(units if amount >= 0 else -units, currency)


def is_whole(amount: Amount, currency: str) -> bool:
    """Whether ``amount`` can be paid: it has no part smaller than the minor unit."""
    scaled = Fraction(amount) * 10 ** decimals(currency)
    return not scaled % 1


def in_minor_units(units: int, currency: str) -> Decimal:
    """So many minor units (cents) of ``currency`` as an amount; zero is never negative."""
    return Decimal(units).scaleb(-decimals(currency), _EXACT)


def shared_out(total: Decimal, shares: Sequence[Amount], currency: str) -> list[Decimal]:
    """``total`` as whole minor units in proportion to ``shares``, which are not negative.

    The sum of what it gives is ``total`` to the cent. Raises ValueError where the total is not
    whole, or is not zero and there is nothing to share it by.
    """
    if not is_whole(total, currency):
        raise ValueError(f"{total} {currency} is not in whole minor units")
    if len(shares) == 1 and shares[0]:
        return [total]
    whole = sum((Fraction(share) for share in shares), Fraction(0))
    if not whole and total:
        raise ValueError(f"nothing to share {total} {currency} by")
    running, sums = Fraction(0), [Decimal(0)]
    for share in shares:
        running += Fraction(share)
        sums.append(rounded(Fraction(total) * running / whole if whole else 0, currency))
    # Rounding the running sums loses nothing, and never turns a share negative.
    return [rounded(after - before, currency) for before, after in pairwise(sums)]
