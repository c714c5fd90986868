"""A session's page in a browser: the chart grows while a station charges, and the table agrees."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.stack.station import PlainStation

_START = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)


class Charging:
    """A session under way at a station of its own, with a reading a minute."""

    def __init__(self, station):
        self._station = station
        self._minute = 0
        self._status("Preparing")
        start = {"connectorId": 1, "idTag": "04AABBCC", "meterStart": 1000}
        answer = station.call("StartTransaction", {**start, "timestamp": self._now()})
        self.number = answer["transactionId"]
        self._status("Charging")

    def reads(self, power_kw, soc):
        """One minute later the meter shows this."""
        self._minute += 1
        values = [
            {"measurand": "Power.Active.Import", "unit": "kW", "value": str(power_kw)},
            {"measurand": "SoC", "unit": "Percent", "value": str(soc)},
            {"measurand": "Energy.Active.Import.Register", "value": str(1000 + self._minute * 100)},
        ]
        said = [{"timestamp": self._now(), "sampledValue": values}]
        payload = {"connectorId": 1, "transactionId": self.number, "meterValue": said}
        self._station.call("MeterValues", payload)

    def pauses(self):
        """The vehicle takes nothing from now on."""
        self._status("SuspendedEV")

    def _status(self, word):
        said = {"connectorId": 1, "errorCode": "NoError", "status": word}
        self._station.call("StatusNotification", {**said, "timestamp": self._now()})

    def _now(self):
        return (_START + timedelta(minutes=self._minute)).isoformat().replace("+00:00", "Z")


@pytest.fixture
def charging(server):
    with PlainStation(server.ws, f"CHART-{secrets.token_hex(4)}") as station:
        yield Charging(station)


def test_the_chart_grows_while_it_charges_and_the_table_has_the_same(visitor, charging):
    for minute in range(5):
        charging.reads(7 + minute, 40 + minute)
    omar = visitor("operator")
    omar.goes(f"/admin/stations/chargingsession/{charging.number}/change/")
    page = omar.page
    chart = page.locator("#session-chart")
    expect(chart).to_have_attribute("data-points", "5")
    drawn = "() => Chart.getChart(document.querySelector('#session-chart canvas'))"
    scales = page.evaluate(f"Object.keys(({drawn})().scales).sort()")
    assert scales == ["kw", "soc", "x"]
    expect(page.locator("[data-live-state]").first).to_have_text("Live")
    charging.reads(22, 45)
    charging.pauses()
    charging.reads(0, 45)
    expect(chart).to_have_attribute("data-points", "7")
    expect(page.locator("#session-story")).to_contain_text("Paused by the vehicle")
    page.get_by_role("button", name="Show as table").click()
    cells = page.locator("#session-table tbody tr td:nth-child(2)")
    expect(cells).to_have_text(["7.0", "8.0", "9.0", "10.0", "11.0", "22.0", "0.0"])
    powers = page.evaluate(f"({drawn})().data.datasets[0].data.map(point => point.y)")
    assert powers == [7, 8, 9, 10, 11, 22, 0]


def test_sections_are_fetched_when_they_are_opened(visitor, charging):
    charging.reads(7, 40)
    phone = visitor("operator", width=390)
    asked: list[str] = []
    phone.page.on("request", lambda request: asked.append(request.url))
    phone.goes(f"/admin/stations/chargingsession/{charging.number}/change/")
    assert not [url for url in asked if "/part-" in url]
    phone.page.get_by_text("Meter values", exact=True).last.click()
    expect(phone.page.locator(".vd-part[open]")).to_contain_text("7.0 kW")
    phone.page.get_by_text("OCPP messages", exact=True).last.click()
    section = phone.page.locator(".vd-part[open]", has_text="Message id")
    expect(section).to_contain_text("StartTransaction")
    assert phone.overflow == 0
