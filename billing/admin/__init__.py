"""What finance staff see: tariffs and bills."""

from __future__ import annotations

from billing.admin import bills, tariffs

__all__ = ["bills", "tariffs"]
