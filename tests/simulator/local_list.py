"""The local authorization list of a station (OCPP 1.6 sections 3.5.2, 5.10 and 5.17)."""

from __future__ import annotations

from typing import Any

from tests.simulator.configuration import Configuration


class LocalList:
    """Cards the station knows by itself. It survives restarts, as the specification wants."""

    def __init__(self, configuration: Configuration):
        self.version = 0
        self._configuration = configuration
        self._entries: dict[str, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def update(self, version: int, kind: str, items: list[dict[str, Any]]) -> str:
        """SendLocalList: gives the status to answer."""
        if not self._configuration.flag("LocalAuthListEnabled"):
            return "NotSupported"
        if kind == "Differential" and version <= self.version:
            return "VersionMismatch"
        entries = dict(self._entries) if kind == "Differential" else {}
        for item in items:
            entries.pop(item["idTag"].lower(), None)
            if "idTagInfo" in item:
                entries[item["idTag"].lower()] = item["idTagInfo"]
        too_many = len(items) > self._configuration.number("SendLocalListMaxLength")
        if too_many or len(entries) > self._configuration.number("LocalAuthListMaxLength"):
            return "Failed"
        self.version, self._entries = version, entries
        return "Accepted"

    def find(self, id_tag: str) -> dict[str, Any] | None:
        """What it says of a card, if the card stands in it."""
        if not self._configuration.flag("LocalAuthListEnabled"):
            return None
        return self._entries.get(id_tag.lower())
