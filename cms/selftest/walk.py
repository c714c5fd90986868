"""The way the self-test takes: each step with its name, whether it went well, and why not."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from django.db import Error

from cms.selftest import services
from cms.selftest.services import Own
from cms.selftest.sockets import App, Failed, Station
from cms.shared import clock
from cms.shared.errors import DomainError

STEP_S = 10.0  # how long each answer may take, before OCPP_TEST_INTERVAL_MULTIPLIER
_QUIET_S = 1.5  # the message log, and who was turned away, are written a moment later
_REGISTER_WH = 1000


class Result(NamedTuple):
    """How a step went; ``why`` is empty where it went well."""

    step: str
    why: str
    seconds: float


class Walk:
    """One self-test against ``url``; ``results()`` takes the steps, and ends by cleaning up."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url, self._seconds = url.rstrip("/"), seconds
        self._own: Own | None = None
        self._open: list[Station | App] = []
        self._number = 0

    def results(self) -> Generator[Result]:
        """Each step as it was taken; after one that failed only the last: cleaning up."""
        steps: dict[str, Callable[[], None]] = {
            "Prepare": self._prepare,
            "BootNotification": self._boot,
            "Login": self._log_in,
            "RemoteStart": self._start,
            "MeterValues": self._meter,
            "ReserveNow": self._reserve,
            "RemoteStop": self._stop,
        }
        try:
            for name, step in steps.items():
                result = _taken(name, step)
                yield result
                if result.why:
                    break
        except BaseException:  # interrupted
            self.clean()
            raise
        yield _taken("Clean-up", self.clean)

    def clean(self) -> None:
        """Leave nothing behind, however it went; once is enough."""
        for socket in self._open:
            socket.close()
        self._open = []
        if self._own is None:
            return
        own = self._own
        self._until(lambda: services.has_left(own))
        time.sleep(_QUIET_S)
        services.remove(own.mark)
        time.sleep(_QUIET_S)
        while services.forget_late(own):
            time.sleep(_QUIET_S)
        self._own = None

    def _prepare(self) -> None:
        services.remove_abandoned(at=clock.now())
        self._own = services.prepare(at=clock.now())

    def _boot(self) -> None:
        own, ws = self._mine, self._url.replace("http", "ws", 1)
        self._station = Station(ws, own.mark, own.station_key, self._seconds)
        self._open.append(self._station)
        said = {"chargePointVendor": "Voltdesk", "chargePointModel": "Self-test"}
        status = self._station.call("BootNotification", said)["status"]
        if status != "Accepted":
            raise Failed(f"the station is {status}, not Accepted")
        for connector in (1, 2):
            self._status(connector, "Available")

    def _log_in(self) -> None:
        ws = self._url.replace("http", "ws", 1)
        self._app = App(ws, self._mine.token, self._seconds)
        self._open.append(self._app)

    def _start(self) -> None:
        mark = self._mine.mark
        wanted = {"chargePointId": mark, "connectorId": 1, "idTag": mark}
        self._app.say("start_charging_request", wanted)
        self._asked("RemoteStartTransaction")
        started = self._station.call(
            "StartTransaction",
            {"connectorId": 1, "idTag": mark, "meterStart": _REGISTER_WH, "timestamp": _now()},
        )
        self._number = int(started["transactionId"])
        _same("idTagInfo", started["idTagInfo"]["status"], "Accepted")
        answer = self._app.told("start_charging_response")
        _same("success", answer["success"], True)
        _same("transactionId", answer["transactionId"], self._number)
        self._status(1, "Charging")

    def _meter(self) -> None:
        sampled = [{"value": str(_REGISTER_WH + 500), "unit": "Wh"}]
        value = {"timestamp": _now(), "sampledValue": sampled}
        said = {"connectorId": 1, "transactionId": self._number, "meterValue": [value]}
        _same("MeterValues.conf", self._station.call("MeterValues", said), {})
        told = self._app.told("meter_values_update", self._is_mine)
        register = told["meterValue"]["energyImportKWh"]
        _same("energyImportKWh", register, (_REGISTER_WH + 500) / 1000)

    def _reserve(self) -> None:
        until = clock.text(clock.now() + timedelta(minutes=15))
        wanted = {"connectorId": 2, "idTag": self._mine.mark, "expiryDate": until}
        self._post(f"admin/{self._mine.mark}/reserve-now?wait=0", wanted)
        _same("connectorId", self._station.asked("ReserveNow")["connectorId"], 2)
        own = self._mine
        if not self._until(lambda: services.is_reserved(own)):
            raise Failed("the reservation was not kept")

    def _stop(self) -> None:
        wanted = {"chargePointId": self._mine.mark, "transactionId": self._number}
        self._app.say("stop_charging_request", wanted)
        asked = self._asked("RemoteStopTransaction")
        _same("transactionId", asked["transactionId"], self._number)
        _same("success", self._app.told("stop_charging_response")["success"], True)
        said = {"transactionId": self._number, "meterStop": _REGISTER_WH + 1000}
        self._station.call("StopTransaction", {**said, "timestamp": _now(), "reason": "Remote"})
        over = self._app.told(
            "charging_status_update",
            lambda data: self._is_mine(data) and data["sessionStatus"] == "Completed",
        )
        _same("energyKWh", over["energyKWh"], 1.0)

    @property
    def _mine(self) -> Own:
        assert self._own is not None
        return self._own

    def _asked(self, action: str) -> dict[str, Any]:
        """What the server asks the station for; where it does not, what it told the app instead."""
        try:
            return self._station.asked(action)
        except Failed as failure:
            if refusal := self._app.refusal():
                raise Failed(f"{failure}; {refusal}") from None
            raise

    def _is_mine(self, data: dict[str, Any]) -> bool:
        return bool(data.get("transactionId") == self._number)

    def _status(self, connector: int, status: str) -> None:
        said: dict[str, Any] = {"connectorId": connector, "status": status, "errorCode": "NoError"}
        said["timestamp"] = _now()
        self._station.call("StatusNotification", said)

    def _post(self, path: str, body: dict[str, Any]) -> None:
        headers = {"Content-Type": "application/json", "X-API-Key": self._mine.api_key}
        request = Request(f"{self._url}/api/{path}", json.dumps(body).encode(), headers)  # noqa: S310
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=self._seconds):
                return
        except HTTPError as refusal:
            raise Failed(f"POST /api/{path}: {refusal.code} {refusal.read()[:200]!r}") from None
        except (URLError, OSError) as error:
            raise Failed(f"POST /api/{path}: {error}") from None

    def _until(self, done: Callable[[], bool]) -> bool:
        end = time.monotonic() + self._seconds
        while not done() and time.monotonic() < end:
            time.sleep(0.05)
        return done()


def summary(results: list[Result]) -> str:
    """All of it in a line: what went well, and what did not and why."""
    failed = [f"{one.step} ({one.why})" for one in results if one.why]
    passed = [one.step for one in results if not one.why]
    said = f"Self-test: {len(passed)} passed ({', '.join(passed)}), {len(failed)} failed"
    return f"{said}: {'; '.join(failed)}" if failed else said


def _taken(name: str, step: Callable[[], None]) -> Result:
    began = time.monotonic()
    why = ""
    try:
        step()
    except (Failed, DomainError) as error:
        why = str(error)
    except (Error, KeyError, TypeError, ValueError) as error:  # the database, or an odd answer
        why = f"{type(error).__name__}: {error}"
    return Result(name, why, time.monotonic() - began)


def _same(what: str, said: Any, wanted: Any) -> None:
    if said != wanted:
        raise Failed(f"{what} is {said!r}, not {wanted!r}")


def _now() -> str:
    """To the millisecond: a start that seems to come before an Available is over as it begins."""
    return clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
