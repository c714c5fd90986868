"""People's pages of cards and groups: a module per noun; panels.py is where apps above join in."""

from __future__ import annotations

from rfid.admin import cards, groups, imports

__all__ = ["cards", "groups", "imports"]
