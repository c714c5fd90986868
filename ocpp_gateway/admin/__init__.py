"""People's pages of the gateway: the message log."""

from __future__ import annotations

from ocpp_gateway.admin import messages, of_session, on_station

__all__ = ["messages", "of_session", "on_station"]
