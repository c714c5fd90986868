"""What rings at the doorbell during a test, but for pages: a timer tells them what changed,

perhaps that of the test before.
"""

from __future__ import annotations

from typing import Any

import pytest

from cms.shared import bulletin


def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """A list that grows with every ring: its group and message. Nobody else hears them."""
    rings: list[tuple[str, dict[str, Any]]] = []

    def ring(group: str, message: dict[str, Any]) -> None:
        if group != bulletin.GROUP:
            rings.append((group, message))

    monkeypatch.setattr("cms.shared.live.ring", ring)
    return rings
