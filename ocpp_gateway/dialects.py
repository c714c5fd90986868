"""The versions of OCPP we speak, by WebSocket sub-protocol."""

from __future__ import annotations

from django.conf import settings

from ocpp_gateway import v16
from ocpp_gateway.dispatch import Route

SUBPROTOCOLS = ("ocpp1.6",)
DEFAULT = "ocpp1.6"  # for a station that offers none


def calls(subprotocol: str) -> dict[str, Route]:
    """The calls answered in this dialect, by action."""
    assert subprotocol in SUBPROTOCOLS
    extra = v16.STATION_RESERVATIONS if settings.OCPP_STATION_RESERVATIONS else {}
    return {**v16.CALLS, **extra}


def chosen(offered: list[str]) -> str | None:
    """The sub-protocol to speak, or None where all that is offered is unknown here.

    Read leniently: real headers hold empty parts and odd case (KEBA and Grizzl-E).
    """
    names = [name.strip().lower() for name in offered]
    names = [name for name in names if name]
    if not names:
        return DEFAULT
    return next((name for name in names if name in SUBPROTOCOLS), None)
