"""The card reader of a station: asks the system, and remembers for when it is offline."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from tests.simulator.clock import parse
from tests.simulator.configuration import Configuration
from tests.simulator.failures import CallFailed, CallRefused
from tests.simulator.link import Link
from tests.simulator.local_list import LocalList


class CardInfo(NamedTuple):
    """What is known of a card: a status of OCPP, and its group."""

    status: str
    parent_id_tag: str = ""


class CardReader:
    """Authorises cards: online, else from its list or its cache (OCPP 1.6 sections 3.5 and 4.1)."""

    def __init__(self, link: Link, configuration: Configuration, local_list: LocalList):
        self._link, self._configuration, self._list = link, configuration, local_list
        self._cache: dict[str, CardInfo] = {}

    async def authorise(self, id_tag: str) -> CardInfo:
        """Ask the system, or the cache while it cannot be asked."""
        if not self._link.ready.is_set():
            return self._offline(id_tag)
        try:
            answer = await self._link.call("Authorize", {"idTag": id_tag})
        except CallRefused:
            return CardInfo("Invalid")
        except CallFailed:
            return self._offline(id_tag)
        info = answer["idTagInfo"]
        known = CardInfo(info["status"], info.get("parentIdTag", ""))
        if self._configuration.flag("AuthorizationCacheEnabled"):
            self._cache[id_tag.lower()] = known
        return known

    def forget(self) -> None:
        """Empty the cache."""
        self._cache.clear()

    def _offline(self, id_tag: str) -> CardInfo:
        listed = self._list.find(id_tag)
        known = _info(listed) if listed is not None else self._cache.get(id_tag.lower())
        if known is not None and self._configuration.flag("LocalAuthorizeOffline"):
            return known
        if self._configuration.flag("AllowOfflineTxForUnknownId"):
            return CardInfo("Accepted")
        return CardInfo("Invalid")


def _info(listed: dict[str, Any]) -> CardInfo:
    """What the list says of a card; it counts before the cache (section 3.5.2)."""
    expiry = listed.get("expiryDate")
    over = expiry is not None and parse(expiry) <= datetime.now(UTC)
    status = "Expired" if over and listed["status"] == "Accepted" else listed["status"]
    return CardInfo(status, listed.get("parentIdTag", ""))
