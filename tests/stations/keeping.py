"""A station that keeps a local list: takes updates, forgets, refuses, and loses answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from stations.models import ChargingStation, ConfigurationKey, LocalList
from stations.services import commands, list_contents, list_targets, local_lists
from tests.stations import given
from tests.stations.talking import Payload, Reply, hear


class Keeper:
    """The station's side. ``mood`` is what it does with the next updates it is sent:

    well, Failed, NotSupported, VersionMismatch, GenericError, deaf (never hears), mute (takes it,
    and its answer is lost).
    """

    def __init__(self, *, most: int | None = None) -> None:
        self.version, self.entries, self.mood, self.most = 0, dict[str, Any](), "well", most
        self.updates: list[Payload] = []

    def __call__(self, action: str, payload: Payload) -> Reply:
        if action == "GetLocalListVersion":
            return None if self.mood in ("deaf", "mute") else {"listVersion": self.version}
        assert action == "SendLocalList", action
        if self.mood == "deaf":
            return None
        if self.mood == "GenericError":
            return self.mood
        self.updates.append(payload)
        status = self._update(payload) if self.mood in ("well", "mute") else self.mood
        return None if self.mood == "mute" else {"status": status}

    def forget(self) -> None:
        """Lose the list, as a firmware update may do."""
        self.version, self.entries = 0, {}

    def _update(self, payload: Payload) -> str:
        items = payload.get("localAuthorizationList", [])
        if payload["listVersion"] < 1 or (self.most and len(items) > self.most):
            return "Failed"
        if payload["updateType"] == "Full":
            assert all("idTagInfo" in item for item in items)
            self.entries = {}
        elif payload["listVersion"] <= self.version:
            return "VersionMismatch"
        for item in items:
            self.entries.pop(item["idTag"].upper(), None)
            if "idTagInfo" in item:
                self.entries[item["idTag"].upper()] = item["idTagInfo"]
        self.version = payload["listVersion"]
        return "Accepted"


def tells(station: ChargingStation, key: str, value: int) -> None:
    """The station's configuration says so."""
    ConfigurationKey.objects.update_or_create(
        station=station, key=key, defaults={"value": str(value), "read_at": given.NOON}
    )


def pass_time(station: ChargingStation, keeper: Keeper, *, minute: float, passes: int = 1) -> None:
    """The periodic work, and what the station answers, ``passes`` times in ten seconds each."""
    for number in range(passes):
        at = given.after(minute) + timedelta(seconds=10 * number)
        commands.expire_due(at=at)
        list_targets.assign(at=at)
        list_targets.refresh(at=at)
        local_lists.advance(at=at)
        hear(station, keeper, at=at)


def known(station: ChargingStation) -> LocalList:
    """The row as it is now."""
    return LocalList.objects.select_related("target", "content").get(station=station)


def entries(row: LocalList) -> dict[str, Any]:
    """What we think the station has, in its own form."""
    return {
        entry.id_tag.upper(): {
            "status": entry.status,
            **({"expiryDate": entry.expiry} if entry.expiry else {}),
            **({"parentIdTag": entry.parent_id_tag} if entry.parent_id_tag else {}),
        }
        for entry in list_contents.load(row.content).values()
    }
