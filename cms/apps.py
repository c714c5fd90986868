"""The roof as a Django app: holds the commands that start and set up the system."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig

from cms import names


class AdminConfig(DjangoAdminConfig):
    """Django's admin, on a site of our own."""

    default_site = "cms.shared.admin.site.AdminSite"


class CmsConfig(AppConfig):
    """Settings, URLs and the commands of the whole system."""

    name = "cms"
    label = "cms"
    verbose_name = "System"

    def ready(self) -> None:
        """Name models in the reader's language, ask our checks, watch what people do."""
        from cms import checks  # noqa: F401
        from cms.audit import watched
        from cms.shared.admin import cells, repeated

        repeated.headers_once()
        cells.made_once()
        names.translate()
        watched.watch()
