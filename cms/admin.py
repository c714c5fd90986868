"""The admin site: its home page and navigation, each part only to whom may see it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import reverse
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from billing.models import (
    Account,
    Company,
    JournalEntry,
    Member,
    Posting,
    SessionBill,
    Tariff,
    TariffAssignment,
)
from cms.accounts.models import ApiKey, User
from cms.shared import display
from ocpp_gateway.models import OcppMessage
from rfid.models import CardGroup, RfidCard
from stations.admin import words
from stations.models import (
    ChargingProfile,
    ChargingSession,
    ChargingStation,
    Command,
    CommandBatch,
    ConfigurationChange,
    ConfigurationTemplate,
    Connector,
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
_ROWS = 10

# Their pages list tokens that are as good as passwords, and belong to nobody's work.
for model in (OutstandingToken, BlacklistedToken):
    admin.site.unregister(model)

_MENU: tuple[tuple[str, tuple[tuple[str, str, Any], ...]], ...] = (
    (
        "Operation",
        (
            ("Stations", "ev_station", ChargingStation),
            ("Sessions", "bolt", ChargingSession),
            ("Review queue", "rule", ReviewCase),
            ("Reservations", "event_available", Reservation),
            ("Charging profiles", "speed", ChargingProfile),
            ("Profiles at stations", "tune", ProfileAssignment),
            ("Commands", "terminal", Command),
            ("Batches", "dynamic_feed", CommandBatch),
        ),
    ),
    (
        "Cards",
        (
            ("RFID cards", "contactless", RfidCard),
            ("Card groups", "style", CardGroup),
            ("Local lists", "playlist_add_check", LocalList),
        ),
    ),
    (
        "Money",
        (
            ("Tariffs", "sell", Tariff),
            ("Where tariffs count", "place", TariffAssignment),
            ("Bills", "receipt_long", SessionBill),
            ("Accounts", "account_balance_wallet", Account),
            ("Journal", "menu_book", JournalEntry),
            ("Postings", "list_alt", Posting),
            ("Companies", "apartment", Company),
            ("Members", "badge", Member),
        ),
    ),
    (
        "Files",
        (
            ("Firmware", "memory", FirmwareImage),
            ("Firmware updates", "system_update_alt", FirmwareUpdate),
            ("Logs", "article", LogRequest),
            ("Transfers", "swap_vert", Transfer),
        ),
    ),
    (
        "Security",
        (
            ("Security events", "security", SecurityEvent),
            ("Certificates", "verified_user", StationCertificate),
            ("Installed certificates", "workspace_premium", InstalledCertificate),
            ("Profile upgrades", "shield_lock", ProfileUpgrade),
        ),
    ),
    (
        "Records",
        (
            ("Message log", "forum", OcppMessage),
            ("Meter values", "speed", MeterValue),
            ("Status changes", "timeline", StatusChange),
            ("Configuration changes", "history", ConfigurationChange),
            ("Tolerated", "healing", QuirkTally),
        ),
    ),
    (
        "Setup",
        (
            ("Sites", "location_on", Site),
            ("Configuration templates", "rule_settings", ConfigurationTemplate),
            ("Model quirks", "build", Quirk),
            ("Users", "person", User),
            ("Groups", "group", Group),
            ("API keys", "key", ApiKey),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the sidebar, without what the user may not see."""
    home = {"title": "Home", "icon": "home", "link": reverse("admin:index")}
    groups = [
        {
            "title": title,
            "items": [_item(request, *entry) for entry in entries if _may(request, entry[2])],
        }
        for title, entries in _MENU
    ]
    return [{"items": [home]}, *(group for group in groups if group["items"])]


def _item(request: HttpRequest, title: str, icon: str, model: Any) -> dict[str, Any]:
    item = {"title": title, "icon": icon, "link": _list(model)}
    return {**item, **_badge(request)} if model is ReviewCase else item


def _badge(request: HttpRequest) -> dict[str, str]:
    """How many cases wait for somebody, beside the name of their list."""
    waiting = _waiting(request)
    return {} if waiting == "0" else {"badge": waiting, "badge_variant": "warning"}


def _waiting(request: Any) -> str:
    """Open review cases; asked for once a page, which may show the number twice."""
    if not hasattr(request, "review_cases_waiting"):
        open_cases = ReviewCase.objects.filter(state="Open")
        request.review_cases_waiting = _up_to(open_cases, _MOST_IN_BADGE)
    return str(request.review_cases_waiting)


def _may(request: HttpRequest, model: Any) -> bool:
    return bool(admin.site._registry[model].has_view_permission(request))


def _list(model: Any, query: str = "") -> str:
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist") + query


def home(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the home page shows: counts, what charges now, and what somebody should look at."""
    may_stations = _may(request, ChargingStation)
    may_sessions = _may(request, ChargingSession)
    total = ChargingStation.objects.count() if may_stations else 0
    return {
        **context,
        "cards": [
            *(_station_cards(total) if may_stations else []),
            *(_session_cards() if may_sessions else []),
            *([_review_card(request)] if _may(request, ReviewCase) else []),
            *([_command_card()] if _may(request, Command) else []),
        ],
        "charging": _charging() if may_sessions else None,
        "troubles": _troubles() if may_stations else None,
        "is_new": may_stations and not total,
        "add_station_url": reverse("admin:stations_chargingstation_add")
        if request.user.has_perm("stations.add_chargingstation")
        else "",
        "charger_url": f"{'wss' if request.is_secure() else 'ws'}://{request.get_host()}/ocpp/",
    }


def _card(title: str, value: str, url: str, note: str = "") -> dict[str, str]:
    return {"title": title, "value": value, "url": url, "note": note}


def _up_to(rows: Any, most: int = _MOST) -> str:
    """How many ``rows``, without counting beyond what matters."""
    found = len(rows.order_by().values_list("pk")[: most + 1])
    return f"{most}+" if found > most else str(found)


def _station_cards(total: int) -> list[dict[str, str]]:
    online = ChargingStation.objects.filter(online=True).count()
    faulted = Connector.objects.filter(status="Faulted").count()
    return [
        _card("Online", f"{online} / {total}", _list(ChargingStation, "?online=1"), "stations"),
        _card("Faulted", str(faulted), _list(ChargingStation), "connectors"),
    ]


def _session_cards() -> list[dict[str, str]]:
    charging = _up_to(ChargingSession.objects.filter(status="Active"))
    return [
        _card(
            "Under way",
            charging,
            _list(ChargingSession, "?status__exact=Active"),
            "charging sessions",
        ),
    ]


def _review_card(request: HttpRequest) -> dict[str, str]:
    return _card("To review", _waiting(request), _list(ReviewCase), "cases that wait for somebody")


def _command_card() -> dict[str, str]:
    waiting = _up_to(Command.objects.filter(status__in=["Waiting", "Sent"]))
    return _card("Unanswered", waiting, _list(Command, "?range=24h"), "commands under way")


def _charging() -> list[dict[str, Any]]:
    rows = ChargingSession.objects.filter(status="Active").select_related("station", "connector")
    return [
        {
            "link": display.link(row, f"#{row.pk}"),
            "station": display.link(row.station),
            "connector": row.connector.connector_id if row.connector else display.NOTHING,
            "energy": display.kwh(row.energy_wh),
            "power": display.kw(row.power_w),
            "length": words.session_length(row),
        }
        for row in rows[:_ROWS]
    ]


def _troubles() -> list[dict[str, Any]]:
    """Faulted connectors first, then stations that wait for a decision or are away."""
    faulted = Connector.objects.filter(status="Faulted").select_related("station")
    pending = ChargingStation.objects.filter(registration="Pending")
    away = ChargingStation.objects.filter(online=False).order_by("-disconnected_at")
    return [
        *(
            {
                "station": display.link(row.station),
                "what": words.connector(row),
                "detail": f"connector {row.connector_id} {row.error_code} {row.info}".strip(),
                "since": display.ago(row.status_received_at),
            }
            for row in faulted[:_ROWS]
        ),
        *(
            {
                "station": display.link(row),
                "what": words.registration(row),
                "detail": "waits to be accepted",
                "since": display.ago(row.created_at),
            }
            for row in pending[:_ROWS]
        ),
        *(
            {
                "station": display.link(row),
                "what": words.online(row),
                "detail": "",
                "since": display.ago(row.disconnected_at),
            }
            for row in away[:_ROWS]
        ),
    ][:_ROWS]
