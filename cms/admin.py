"""The admin site: its navigation, each part only to whom may see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from auditlog.models import LogEntry
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from billing.models import (
    Account,
    BillingPeriod,
    Company,
    CorrectionLimit,
    CorrectionRequest,
    Invoice,
    Issuer,
    JournalEntry,
    Member,
    Payment,
    Posting,
    SessionBill,
    Tariff,
    TariffAssignment,
)
from cms.accounts.models import ApiKey, User
from cms.audit import admin as audit_admin  # noqa: F401 - registers its page
from cms.shared import scoping
from ocpp_gateway.models import OcppMessage
from rfid.models import CardGroup, RfidCard
from stations.models import (
    ChargingProfile,
    ChargingSession,
    ChargingStation,
    Command,
    CommandBatch,
    ConfigurationChange,
    ConfigurationTemplate,
    FirmwareImage,
    FirmwareUpdate,
    InstalledCertificate,
    LocalList,
    LogRequest,
    MeterValue,
    ProfileAssignment,
    ProfileUpgrade,
    Quirk,
    QuirkTally,
    Reservation,
    ReviewCase,
    SecurityEvent,
    Site,
    StationCertificate,
    StatusChange,
    Transfer,
)

_MOST = 1000  # a number beyond it is shown as 1000+; counting on would be a scan
_MOST_IN_BADGE = 99

# Their pages show what is as good as passwords, and belong to nobody's work.
for model in (OutstandingToken, BlacklistedToken, TOTPDevice, StaticDevice):
    admin.site.unregister(model)


class _Page(NamedTuple):
    """A page that is no list of a model, and who may see it."""

    name: str
    permission: str


if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_MENU: tuple[tuple[StrOrPromise, tuple[tuple[StrOrPromise, str, Any], ...]], ...] = (
    (
        lazy("Operation"),
        (
            (lazy("Stations"), "ev_station", ChargingStation),
            (lazy("Sessions"), "bolt", ChargingSession),
            (lazy("Review queue"), "rule", ReviewCase),
            (lazy("Reservations"), "event_available", Reservation),
            (lazy("Charging profiles"), "speed", ChargingProfile),
            (lazy("Profiles at stations"), "tune", ProfileAssignment),
            (lazy("Commands"), "terminal", Command),
            (lazy("Batches"), "dynamic_feed", CommandBatch),
        ),
    ),
    (
        lazy("Cards"),
        (
            (lazy("RFID cards"), "contactless", RfidCard),
            (lazy("Card groups"), "style", CardGroup),
            (lazy("Local lists"), "playlist_add_check", LocalList),
        ),
    ),
    (
        lazy("Money"),
        (
            (lazy("Billing report"), "monitoring", _Page("billing_report", "billing.view_report")),
            (lazy("Tariffs"), "sell", Tariff),
            (lazy("Where tariffs count"), "place", TariffAssignment),
            (lazy("Bills"), "receipt_long", SessionBill),
            (lazy("Corrections to approve"), "approval_delegation", CorrectionRequest),
            (lazy("Payments"), "credit_card", Payment),
            (lazy("Closed periods"), "lock_clock", BillingPeriod),
            (lazy("Invoices"), "request_quote", Invoice),
            (lazy("Accounts"), "account_balance_wallet", Account),
            (lazy("Journal"), "menu_book", JournalEntry),
            (lazy("Postings"), "list_alt", Posting),
            (lazy("Companies"), "apartment", Company),
            (lazy("Members"), "badge", Member),
            (lazy("Issuer"), "store", Issuer),
            (lazy("Correction limits"), "shield_person", CorrectionLimit),
        ),
    ),
    (
        lazy("Files"),
        (
            (lazy("Firmware"), "memory", FirmwareImage),
            (lazy("Firmware updates"), "system_update_alt", FirmwareUpdate),
            (lazy("Logs"), "article", LogRequest),
            (lazy("Transfers"), "swap_vert", Transfer),
        ),
    ),
    (
        lazy("Security"),
        (
            (lazy("Security events"), "security", SecurityEvent),
            (lazy("Certificates"), "verified_user", StationCertificate),
            (lazy("Installed certificates"), "workspace_premium", InstalledCertificate),
            (lazy("Profile upgrades"), "shield_lock", ProfileUpgrade),
        ),
    ),
    (
        lazy("Records"),
        (
            (lazy("Message log"), "forum", OcppMessage),
            (lazy("Meter values"), "speed", MeterValue),
            (lazy("Status changes"), "timeline", StatusChange),
            (lazy("Configuration changes"), "history", ConfigurationChange),
            (lazy("Audit"), "policy", LogEntry),
            (lazy("Tolerated"), "healing", QuirkTally),
        ),
    ),
    (
        lazy("Setup"),
        (
            (lazy("Sites"), "location_on", Site),
            (lazy("Configuration templates"), "rule_settings", ConfigurationTemplate),
            (lazy("Model quirks"), "build", Quirk),
            (lazy("Users"), "person", User),
            (lazy("Groups"), "group", Group),
            (lazy("API keys"), "key", ApiKey),
        ),
    ),
)


def environment(request: HttpRequest) -> list[str] | None:
    """The badge in the header: which installation this is, where its operator named it."""
    name = settings.ENVIRONMENT_NAME
    return [name, "warning"] if name else None


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the sidebar, without what the user may not see."""
    home = {"title": _("Home"), "icon": "home", "link": reverse("admin:index")}
    groups = [
        {
            "title": title,
            "items": [_item(request, *entry) for entry in entries if may(request, entry[2])],
        }
        for title, entries in _MENU
    ]
    return [{"items": [home]}, *(group for group in groups if group["items"])]


def _item(request: HttpRequest, title: StrOrPromise, icon: str, model: Any) -> dict[str, Any]:
    link = reverse(f"admin:{model.name}") if isinstance(model, _Page) else list_of(model)
    item = {"title": title, "icon": icon, "link": link}
    return {**item, **_badge(request)} if model is ReviewCase else item


def _badge(request: HttpRequest) -> dict[str, str]:
    """How many cases wait for somebody, beside the name of their list."""
    found = waiting(request)
    return {} if found == "0" else {"badge": found, "badge_variant": "warning"}


def waiting(request: Any) -> str:
    """Open review cases; asked for once a page, which may show the number twice."""
    if not hasattr(request, "review_cases_waiting"):
        open_cases = scoping.visible(request.user, ReviewCase.objects.filter(state="Open"))
        request.review_cases_waiting = up_to(open_cases, _MOST_IN_BADGE)
    return str(request.review_cases_waiting)


def may(request: HttpRequest, model: Any) -> bool:
    """Whether this user may see the list of a model, or a page."""
    if isinstance(model, _Page):
        return request.user.has_perm(model.permission)
    return bool(admin.site._registry[model].has_view_permission(request))


def list_of(model: Any, query: str = "") -> str:
    """The address of the list of a model."""
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist") + query


def up_to(rows: Any, most: int = _MOST) -> str:
    """How many ``rows``, without counting beyond what matters."""
    found = len(rows.order_by().values_list("pk")[: most + 1])
    return f"{most}+" if found > most else str(found)
