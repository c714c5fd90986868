"""The configuration keys of a station (OCPP 1.6 section 9)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

MEASURANDS = (
    "Energy.Active.Import.Register",
    "Power.Active.Import",
    "Current.Import",
    "Voltage",
    "SoC",
)
_PROFILES = "Core,FirmwareManagement,LocalAuthListManagement,Reservation,RemoteTrigger"


def _whole_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _true_or_false(text: str) -> bool:
    return text.lower() in ("true", "false")


def _measurands(text: str) -> bool:
    return all(name in MEASURANDS for name in _names(text))


def _basic_auth_key(text: str) -> bool:
    """Hexadecimal, 16 to 20 bytes (OCPP-J 1.6 section 6.2.1)."""
    return 32 <= len(text) <= 40 and all(sign in "0123456789abcdefABCDEF" for sign in text)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


class _Key(NamedTuple):
    value: str
    valid: Callable[[str], bool] | None = None  # None: only to be read
    secret: bool = False
    takes_reboot: bool = False


_KEYS: dict[str, _Key] = {
    "AllowOfflineTxForUnknownId": _Key("false", _true_or_false),
    "AuthorizationCacheEnabled": _Key("true", _true_or_false),
    "AuthorizationKey": _Key("", _basic_auth_key, secret=True),
    "AuthorizeRemoteTxRequests": _Key("true", _true_or_false),
    "ClockAlignedDataInterval": _Key("0"),
    "ConnectionTimeOut": _Key("60", _whole_number),
    "ConnectorPhaseRotation": _Key("NotApplicable"),
    "GetConfigurationMaxKeys": _Key("50"),
    "HeartbeatInterval": _Key("60", _whole_number),
    "LocalAuthListEnabled": _Key("true", _true_or_false),
    "LocalAuthListMaxLength": _Key("1000"),
    "LocalAuthorizeOffline": _Key("true", _true_or_false),
    "LocalPreAuthorize": _Key("false"),
    "MeterValuesAlignedData": _Key(""),
    "MeterValuesSampledData": _Key(",".join(MEASURANDS), _measurands),
    "MeterValueSampleInterval": _Key("10", _whole_number),
    "NumberOfConnectors": _Key("1"),
    "ReserveConnectorZeroSupported": _Key("true"),
    "ResetRetries": _Key("0"),
    "SendLocalListMaxLength": _Key("20"),
    "StopTransactionOnEVSideDisconnect": _Key("true"),
    "StopTransactionOnInvalidId": _Key("true", _true_or_false),
    "StopTxnAlignedData": _Key(""),
    "StopTxnSampledData": _Key("", _measurands),
    "SupportedFeatureProfiles": _Key(_PROFILES),
    "TransactionMessageAttempts": _Key("5", _whole_number),
    "TransactionMessageRetryInterval": _Key("2", _whole_number),
    "UnlockConnectorOnEVSideDisconnect": _Key("true"),
    "WebSocketPingInterval": _Key("20", _whole_number, takes_reboot=True),
}


class Configuration:
    """What the station is set to; ``changed`` happens at every change."""

    def __init__(self, settings: Mapping[str, str] | None = None):
        self.changed = asyncio.Event()
        self._values = {name: key.value for name, key in _KEYS.items()}
        for name, value in (settings or {}).items():
            self.set(name, value)

    def text(self, name: str) -> str:
        """The value of a key."""
        return self._values[name]

    def number(self, name: str) -> int:
        """The value of a key that holds a whole number."""
        return int(self._values[name])

    def flag(self, name: str) -> bool:
        """The value of a key that holds true or false."""
        return self._values[name].lower() == "true"

    def names(self, name: str) -> list[str]:
        """The value of a key that holds a list with commas."""
        return _names(self._values[name])

    def set(self, name: str, value: str) -> None:
        """Set a key from within the station: nothing is read-only here. Raises KeyError."""
        if name not in _KEYS:
            raise KeyError(name)
        self._values[name] = value
        self.changed.set()
        self.changed.clear()

    def change(self, name: str, value: str) -> str:
        """ChangeConfiguration: gives the status to answer (section 5.3)."""
        key = _KEYS.get(name)
        if key is None:
            return "NotSupported"
        if key.valid is None or not key.valid(value):
            return "Rejected"
        self.set(name, value)
        return "RebootRequired" if key.takes_reboot else "Accepted"

    def listed(self, names: Iterable[str] = ()) -> tuple[list[dict[str, Any]], list[str]]:
        """GetConfiguration: the keys asked for (or all), and the names it does not know.

        Of more names than GetConfigurationMaxKeys it looks at the first only, as real ones do.
        """
        wanted = list(names)[: self.number("GetConfigurationMaxKeys")] or list(_KEYS)
        known = [self._entry(name) for name in wanted if name in _KEYS]
        return known, [name for name in wanted if name not in _KEYS]

    def _entry(self, name: str) -> dict[str, Any]:
        entry: dict[str, Any] = {"key": name, "readonly": _KEYS[name].valid is None}
        if not _KEYS[name].secret:
            entry["value"] = self._values[name]
        return entry
