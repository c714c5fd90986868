"""The paths of what charging costs, below /api."""

from __future__ import annotations

from billing.api.costs import CostViews
from billing.api.refunds import RefundViews
from billing.api.tariffs import AssignmentViews, TariffViews, VersionViews
from billing.api.wallets import PostingViews, WalletViews
from cms.shared.api import route

_tariff = "tariffs/<number:tariff_id>"

urlpatterns = [
    route("tariffs", TariffViews.as_view({"get": "list", "post": "create"}), "tariffs"),
    route(_tariff, TariffViews.as_view({"get": "retrieve"}), "tariff"),
    route(
        f"{_tariff}/versions",
        VersionViews.as_view({"get": "list", "post": "create"}),
        "tariff-versions",
    ),
    route(
        f"{_tariff}/assignments",
        AssignmentViews.as_view({"get": "list", "post": "create"}),
        "tariff-assignments",
    ),
    route(
        f"{_tariff}/assignments/<number:assignment_id>",
        AssignmentViews.as_view({"delete": "destroy"}),
        "tariff-assignment",
    ),
    route(
        "sessions/<number:transaction_id>/cost",
        CostViews.as_view({"get": "retrieve"}),
        "session-cost",
    ),
    route("wallet", WalletViews.as_view({"get": "retrieve"}), "wallet"),
    route("wallet/postings", PostingViews.as_view({"get": "list"}), "wallet-postings"),
    route("wallet/statement", WalletViews.as_view({"get": "statement"}), "wallet-statement"),
    route("wallet/top-up", WalletViews.as_view({"post": "top_up"}), "wallet-top-up"),
    route("wallet/refund", RefundViews.as_view({"post": "create"}), "wallet-refund"),
]
