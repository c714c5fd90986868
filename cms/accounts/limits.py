"""On a user's page: the sites somebody is limited to, and who may change whose account."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as lazy

from cms.accounts.models import SiteLimit, User
from cms.shared import scoping
from cms.shared.admin import TabularInline


class SitesInline(TabularInline):
    """The sites somebody is limited to. Superusers set limits: nobody loosens their own."""

    model = SiteLimit
    fields = ("site",)
    autocomplete_fields = ("site",)
    extra = 0
    verbose_name = lazy("site")
    verbose_name_plural = lazy("Limited to these sites (none: all sites)")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who sees the user."""
        return request.user.has_perm("accounts.view_user") or self.has_add_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)


def is_above(request: HttpRequest, user: User) -> bool:
    """Whether somebody could gain by another's account: its power, or the sites it sees."""
    if is_superuser(request) or user == request.user:
        return False
    if user.is_superuser or not user.is_staff:
        return user.is_superuser
    if scoping.limit_of(request.user) is not None:
        return True
    # Also of who may not log in now: an account can be opened again.
    held = Permission.objects.filter(Q(user=user) | Q(group__user=user)).distinct()
    names = held.values_list("content_type__app_label", "codename")
    return not request.user.has_perms([f"{app}.{codename}" for app, codename in names])


def is_superuser(request: HttpRequest) -> bool:
    """Whether nobody limits what they do."""
    return request.user.is_authenticated and request.user.is_superuser
