"""The versions of OCPP we speak, by WebSocket sub-protocol."""

from __future__ import annotations

from typing import NamedTuple

from django.conf import settings

from ocpp_gateway import v16
from ocpp_gateway.dispatch import Route

SUBPROTOCOLS = ("ocpp1.6",)
DEFAULT = "ocpp1.6"  # for a station that offers none


class Chosen(NamedTuple):
    """A sub-protocol of ours, and how to name it to the station: as it spelled it, or not."""

    subprotocol: str
    answered: str | None


def calls(subprotocol: str) -> dict[str, Route]:
    """The calls answered in this dialect, by action."""
    assert subprotocol in SUBPROTOCOLS
    extra = v16.STATION_RESERVATIONS if settings.OCPP_STATION_RESERVATIONS else {}
    return {**v16.CALLS, **extra}


def oddity(offered: list[str]) -> str:
    """How an offer that was taken differs from one name of ours; empty where it does not."""
    if not "".join(offered).strip():
        return "no_subprotocol"
    return "" if set(offered) & set(SUBPROTOCOLS) and "" not in offered else "odd_subprotocol"


def chosen(offered: list[str]) -> Chosen | None:
    """The sub-protocol to speak, or None where all that is offered is unknown here.

    Read leniently: real headers hold empty parts and odd case (KEBA and Grizzl-E).
    """
    names = [name for name in (part.strip() for part in offered) if name]
    if not names:
        return Chosen(DEFAULT, None)
    known = (name for name in names if name.lower() in SUBPROTOCOLS)
    return next((Chosen(name.lower(), name) for name in known), None)
