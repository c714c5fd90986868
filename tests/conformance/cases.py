"""The cases a central system is certified by, and those derived from the specification (D-nn)."""

from __future__ import annotations

CORE = {
    "TC_001_CSMS": "cold boot",
    "TC_003_CSMS": "session, plugged in first",
    "TC_004_1_CSMS": "session, identified first",
    "TC_004_2_CSMS": "identified first, connection times out",
    "TC_005_1_CSMS": "unplugged at the vehicle: the session stops, the connector unlocks",
    "TC_007_CSMS": "session with a cached card",
    "TC_010_CSMS": "remote start, plugged in first",
    "TC_011_1_CSMS": "remote start first",
    "TC_011_2_CSMS": "remote start, connection times out",
    "TC_012_CSMS": "remote stop",
    "TC_013_CSMS": "hard reset",
    "TC_014_CSMS": "soft reset",
    "TC_017_1_CSMS": "unlock without a session, cable not fixed",
    "TC_017_2_CSMS": "unlock without a session, fixed cable",
    "TC_018_1_CSMS": "unlock during a session",
    "TC_019_1_CSMS": "read all configuration keys",
    "TC_019_2_CSMS": "read one configuration key",
    "TC_021_CSMS": "change a configuration key",
    "TC_023_1_CSMS": "card invalid",
    "TC_023_2_CSMS": "card expired",
    "TC_023_3_CSMS": "card blocked",
    "TC_024_CSMS": "lock failure",
    "TC_026_CSMS": "remote start rejected",
    "TC_028_CSMS": "remote stop rejected",
    "TC_030_CSMS": "unlock failure",
    "TC_031_CSMS": "unlock an unknown connector",
    "TC_032_1_CSMS": "boot after a power failure, sessions are stopped",
    "TC_037_1_CSMS": "offline start, card valid",
    "TC_037_3_CSMS": "offline start, card invalid, the session stops",
    "TC_039_CSMS": "offline session",
    "TC_040_1_CSMS": "configuration key not supported",
    "TC_040_2_CSMS": "configuration value invalid",
    "TC_061_CSMS": "clear the authorization cache",
    "TC_064_CSMS": "data transfer to the central system",
}
FIRMWARE = {
    "TC_044_1_CSMS": "firmware: downloaded and installed",
    "TC_044_2_CSMS": "firmware: download failed",
    "TC_044_3_CSMS": "firmware: installation failed",
    "TC_045_1_CSMS": "diagnostics: uploaded",
    "TC_045_2_CSMS": "diagnostics: upload failed",
}
LOCAL_LIST = {
    "TC_042_1_CSMS": "version of the local list: not supported",
    "TC_042_2_CSMS": "version of the local list: empty",
    "TC_043_1_CSMS": "send the local list: not supported",
    "TC_043_3_CSMS": "send the local list: failed",
    "TC_043_4_CSMS": "send the local list: full",
    "TC_043_5_CSMS": "send the local list: differential",
}
RESERVATION = {
    "TC_046_CSMS": "reserved connector, then a session",
    "TC_047_CSMS": "reserved connector, expires",
    "TC_048_1_CSMS": "reservation: faulted",
    "TC_048_2_CSMS": "reservation: occupied",
    "TC_048_3_CSMS": "reservation: unavailable",
    "TC_048_4_CSMS": "reservation: rejected",
    "TC_049_CSMS": "reserved charge point, then a session",
    "TC_051_CSMS": "cancel a reservation",
    "TC_052_CSMS": "cancel a reservation: rejected",
    "TC_053_CSMS": "reserved connector used by a card of the same group",
}
TRIGGER = {
    "TC_054_CSMS": "trigger messages",
    "TC_055_CSMS": "trigger message: rejected",
}
SMART_CHARGING = {
    "TC_056_CSMS": "default profile for sessions",
    "TC_057_CSMS": "profile for one session",
    "TC_059_CSMS": "remote start with a profile",
    "TC_066_CSMS": "composite schedule",
    "TC_067_CSMS": "clear profiles",
}
SECURITY = {
    "TC_073_CSMS": "change the station's password",
    "TC_074_CSMS": "renew the station's certificate",
    "TC_075_1_CSMS": "install a certificate: manufacturer root",
    "TC_075_2_CSMS": "install a certificate: central system root",
    "TC_076_CSMS": "delete a certificate",
    "TC_077_CSMS": "security event: invalid station certificate",
    "TC_078_CSMS": "security event: invalid central system certificate",
    "TC_079_CSMS": "security log",
    "TC_080_CSMS": "signed firmware: installed",
    "TC_081_CSMS": "signed firmware: invalid signature",
    "TC_083_CSMS": "raise the security profile",
    "TC_085_CSMS": "HTTP Basic authentication",
    "TC_086_CSMS": "TLS with a server certificate",
    "TC_087_CSMS": "TLS with a client certificate",
    "TC_088_CSMS": "WebSocket subprotocol",
}
DERIVED = {
    "D-01": "unknown stations, and those that are pending or rejected",
    "D-02": "StartTransaction repeated",
    "D-03": "StartTransaction with a card that is refused",
    "D-04": "StopTransaction of every kind",
    "D-05": "messages late and out of order",
    "D-06": "one card at two stations",
    "D-07": "letter case of an idTag",
    "D-08": "one open call, a queue, late answers",
    "D-09": "answers that are errors, garbage or missing",
    "D-10": "a second socket",
    "D-11": "a dead peer",
    "D-12": "optional members missing",
    "D-13": "meter values of every kind",
    "D-14": "registers and clocks that run backwards",
    "D-15": "start on a connector with an open session",
    "D-16": "commands to an offline station",
    "D-17": "messages of the security whitepaper, known, misplaced and unknown",
    "D-18": "restart of the central system during a session",
}
PROFILES = {
    "Core": CORE,
    "Firmware management": FIRMWARE,
    "Local authorization list": LOCAL_LIST,
    "Reservation": RESERVATION,
    "Remote trigger": TRIGGER,
    "Smart charging": SMART_CHARGING,
    "Security": SECURITY,
    "Derived": DERIVED,
}
CASES = {case: title for cases in PROFILES.values() for case, title in cases.items()}


def begins_its_test(case: str) -> str:
    """How the name of the test of ``case`` begins, up to the words that follow."""
    return f"test_{case.removesuffix('_CSMS').replace('-', '_').lower()}"
