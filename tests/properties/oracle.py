"""What has to be stored in the end: computed from the true history alone, whatever arrived how."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from stations.models import ChargingSession, Connector, MeterValue, Reservation, StatusChange
from tests.properties.histories import CARDS, Charge, History, moment


class Told(NamedTuple):
    """What is compared of a session."""

    connector: int
    tag: str
    began: datetime
    meter_start: int
    status: str
    ended: datetime | None
    meter_stop: int | None
    energy_wh: int
    authorization: str
    stop_tag: str
    reasons: tuple[str, ...]
    last_reading_at: datetime | None
    readings: tuple[Any, ...]

    def unmarked(self, mark: str) -> Told:
        """The same with its cards as the history names them."""
        tags = {"tag": self.tag.removesuffix(mark), "stop_tag": self.stop_tag.removesuffix(mark)}
        return self._replace(**tags)


def expected(history: History) -> list[Told]:
    """The sessions as they happened."""
    return sorted(_told(charge) for charge in history.charges)


def _told(charge: Charge) -> Told:
    registers = [s.energy_wh for s in charge.samples if s.energy_wh is not None]
    last = registers[-1] if registers else None
    heard = max((s.second for s in charge.samples), default=None)
    stopped = charge.end is not None
    over = charge.following is not None or charge.released is not None
    ended: int | None = None
    if stopped:
        ended = charge.end
    elif over:
        ended = charge.began if heard is None else heard
    final = charge.meter_stop if stopped else last
    return Told(
        charge.connector,
        charge.tag,
        moment(charge.began),
        charge.meter_start,
        "Completed" if stopped else "Inferred" if over else "Active",
        None if ended is None else moment(ended),
        final if stopped or over else None,
        0 if final is None else final - charge.meter_start,
        CARDS[charge.tag.upper()],
        charge.tag if stopped and charge.names_card else "",
        ("NoStop",) if over and not stopped else (),
        None if heard is None or stopped else moment(heard),
        tuple(
            sorted(
                (moment(s.second), str(s.energy_wh), str(s.power_w), charge.connector)
                for s in charge.samples
            )
        ),
    )


def stored(station_id: int) -> list[Told]:
    """The sessions as they are stored."""
    rows = ChargingSession.objects.filter(station=station_id).select_related("connector")
    return sorted(_stored(row) for row in rows)


def _stored(row: ChargingSession) -> Told:
    assert row.connector is not None, f"{row}: a stop nobody found the session of"
    assert row.started_at is not None
    readings = MeterValue.objects.filter(session=row).select_related("connector")
    return Told(
        row.connector.connector_id,
        row.id_tag,
        row.started_at,
        row.meter_start_wh or 0,
        row.status,
        row.stopped_at,
        row.meter_stop_wh,
        row.energy_wh,
        row.authorization,
        row.stop_id_tag,
        tuple(row.review_reasons),
        None if row.status == "Completed" else row.last_reading_at,
        tuple(
            sorted(
                (r.sampled_at, str(r.energy_wh), str(r.power_w), r.connector.connector_id)
                for r in readings
            )
        ),
    )


def check_reservations(history: History, station_id: int) -> None:
    """Each that was used is, once, by the session that used it."""
    used = Reservation.objects.filter(station=station_id).values_list(
        *("reported_reservation_id", "status"),
        *("session__connector__connector_id", "session__started_at"),
    )
    assert sorted(used) == sorted(
        (c.reservation, "Used", c.connector, moment(c.began))
        for c in history.charges
        if c.reservation is not None
    )


def check_rest(history: History, station_id: int) -> None:
    """Readings of no session, statuses and their history: all that happened, and no more."""
    loose = MeterValue.objects.filter(connector__station=station_id, session=None)
    told = Counter((c, moment(s.second)) for c, s in history.loose)
    assert Counter(loose.values_list("connector__connector_id", "sampled_at")) == told
    changes = StatusChange.objects.filter(connector__station=station_id)
    known = changes.values_list("connector__connector_id", "reported_at", "status")
    free = {(c.connector, moment(-60), "Available") for c in history.charges if c.reservation}
    told_of = {(c, moment(second), status) for second, c, status in history.statuses}
    assert Counter(known) == Counter(free | told_of)
    last = {c: status for _, c, status in sorted(history.statuses)}
    shown = Connector.objects.filter(station=station_id, connector_id__in=last)
    assert dict(shown.values_list("connector_id", "status")) == last
