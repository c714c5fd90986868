"""The admin site: as Unfold has it, without what it makes for every page and ours do not show."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite


class AdminSite(UnfoldAdminSite):
    """Where all our pages are registered."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Every model one may see; looked up where a template shows them, and ours do not."""
        of_unfold = super().get_app_list
        return SimpleLazyObject(lambda: of_unfold(request, app_label))

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The groups of the sidebar, which are made for this request: no copy, no callbacks."""
        navigation = self._get_config("SIDEBAR", request)["navigation"]
        groups: list[dict[str, Any]] = self._get_value(navigation, request)
        home, here = reverse(f"{self.name}:index"), request.path
        for item in (item for group in groups for item in group["items"]):
            link = item["link"]
            item["active"] = here == link if link == home else link in here
            item["has_permission"] = True
            item.setdefault("badge", "")
        return groups
