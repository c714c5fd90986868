"""A word by e-mail to who asked for an export, where e-mail is set up."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.template.defaultfilters import filesizeformat

from billing.models import ExportState, ReportExport

logger = logging.getLogger(__name__)


def tell(export: ReportExport) -> None:
    """Say that it is ready or failed. A mail that cannot be sent stops nothing."""
    if not (settings.EMAIL_URL and export.by.email):
        return
    is_ready = export.state == ExportState.READY
    subject = f"{export.file_name} {'is ready' if is_ready else 'could not be made'}"
    try:
        send_mail(subject, _ready(export) if is_ready else _failed(export), None, [export.by.email])
    except Exception as error:  # refused, unreachable, a wrong address: it is all the same here
        logger.warning("No mail about %s: %s", export, error)


def _ready(export: ReportExport) -> str:
    size = filesizeformat(export.size_bytes or 0).replace("\xa0", " ")
    return (
        f"The export you asked for is ready: {export.file_name} ({size}).\n\n{_page(export)}\n\n"
        f"It can be downloaded until {export.expires_at:%Y-%m-%d %H:%M} UTC.\n"
    )


def _failed(export: ReportExport) -> str:
    return f"The export you asked for could not be made: {export.error}\n\n{_page(export)}\n"


def _page(export: ReportExport) -> str:
    return f"{settings.PUBLIC_URL}/admin/billing/reportexport/{export.pk}/change/"
