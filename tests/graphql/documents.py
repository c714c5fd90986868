"""The documents of the EV Backend's README, verbatim: every one of them runs unchanged."""

from __future__ import annotations

import re
from pathlib import Path

_TEXT = Path(__file__).with_name("readme.graphql").read_text()
README: dict[str, str] = dict(re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", _TEXT, re.M | re.S))

FILTERED_MARKERS = README["FILTERED_MARKERS"]
MARKERS_UPDATED = README["MARKERS_UPDATED"]
FILTERED_SITE = README["FILTERED_SITE"]
SITE_UPDATED = README["SITE_UPDATED"]
UPDATE_USER = README["UPDATE_USER"]
UPDATE_ADDRESS = README["UPDATE_ADDRESS"]
CHARGING_HISTORIES = README["CHARGING_HISTORIES"]
CREATE_SITE = README["CREATE_SITE"]
USER_CHARGING_HISTORY = README["USER_CHARGING_HISTORY"]
