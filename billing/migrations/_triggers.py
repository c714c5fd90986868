"""A step of a migration that puts triggers in place, or takes them away; no model changes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from django.db.migrations.operations.base import Operation


class Triggers(Operation, ABC):
    """Triggers count from here on, or, where ``lifted``, do not: tables change, rows are filled.

    ``says``: what ``migrate`` tells of it.
    """

    reversible = True
    says = ""
    lifted = False

    @abstractmethod
    def install(self, schema_editor: Any) -> None:
        """Put them in place."""

    @abstractmethod
    def remove(self, schema_editor: Any) -> None:
        """Take them away."""

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models stay as they are."""

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        """Install, or lift."""
        (self.remove if self.lifted else self.install)(schema_editor)

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        """The other way round."""
        (self.install if self.lifted else self.remove)(schema_editor)

    def describe(self) -> str:
        """For ``migrate`` to say."""
        return self.says
