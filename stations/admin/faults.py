"""Error codes of connectors in plain language (ChargePointErrorCode, OCPP 1.6 section 7.6)."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from stations.models import Connector

_WORDS = {
    "ConnectorLockFailure": gettext_lazy("The plug cannot be locked or unlocked."),
    "EVCommunicationError": gettext_lazy(
        "The station and the vehicle do not understand each other."
    ),
    "GroundFailure": gettext_lazy("The ground fault breaker tripped."),
    "HighTemperature": gettext_lazy("It is too hot inside the station."),
    "InternalError": gettext_lazy("Something inside the station failed."),
    "LocalListConflict": gettext_lazy("Its own list of cards contradicts the system's."),
    "OverCurrentFailure": gettext_lazy("The overcurrent breaker tripped."),
    "OverVoltage": gettext_lazy("The voltage is too high."),
    "PowerMeterFailure": gettext_lazy("The meter cannot be read."),
    "PowerSwitchFailure": gettext_lazy("The power switch does not work."),
    "ReaderFailure": gettext_lazy("The card reader does not work."),
    "ResetFailure": gettext_lazy("It could not restart."),
    "UnderVoltage": gettext_lazy("The voltage is too low."),
    "WeakSignal": gettext_lazy("Its mobile connection is weak."),
    "OtherError": gettext_lazy("The station reports an error of its own."),
}


def plain(row: Connector) -> str:
    """What is wrong with a connector as people say it; empty where nothing is."""
    code = row.error_code
    if code in ("", "NoError"):
        return ""
    known = _WORDS.get(code)
    return str(known) if known else _("The station reports %(code)s.") % {"code": code}


def code(row: Connector) -> str:
    """The codes for the manual: OCPP's, and what the vendor calls it."""
    if row.error_code in ("", "NoError") and not row.vendor_error_code:
        return ""
    vendor = " ".join(filter(None, [row.vendor_id, row.vendor_error_code]))
    own = row.error_code if row.error_code in _WORDS else ""
    return " · ".join(filter(None, [own, vendor]))
